/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory/address_space.h"

#include <string.h>

#include "memory/ram.h"
#include "util/machine_lock.h"

static const MemTxAttrs nobody;

typedef struct {
    MemoryRegion root, ram, rom, io;
    AddressSpace as;
    uint8_t regs[16];
    unsigned calls, last_size;
    hwaddr last_offset;
    uint64_t last_value;
} Board;

static uint64_t board_read(void *opaque, hwaddr offset, unsigned size)
{
    Board *b = opaque;
    uint64_t value = 0;

    b->calls++;
    b->last_offset = offset;
    b->last_size = size;
    memcpy(&value, b->regs + offset, size);
    return value;
}

static void board_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Board *b = opaque;

    b->calls++;
    b->last_offset = offset;
    b->last_size = size;
    b->last_value = value;
    memcpy(b->regs + offset, &value, size);
}

static const MemoryOps any_size_ops = { .read = board_read, .write = board_write };
static const MemoryOps word_ops = {
    .read = board_read, .write = board_write, .min_access = 4, .max_access = 4
};
static const MemoryOps byte_impl_ops = { .read = board_read, .write = board_write, .impl_max = 1 };
static const MemoryOps wide_impl_ops = { .read = board_read, .write = board_write, .impl_min = 4 };
static const MemoryOps big_ops = { .read = board_read, .write = board_write, .endian = ENDIAN_BIG };
static const MemoryOps big_byte_ops = {
    .read = board_read, .write = board_write, .impl_max = 1, .endian = ENDIAN_BIG
};
static const MemoryOps unaligned_ops = { .read = board_read,
                                         .write = board_write,
                                         .unaligned = true };

static void board_init(Board *b, const MemoryOps *ops)
{
    memset(b, 0, sizeof(*b));
    machine_lock();
    memory_region_init(&b->root, NULL, "root", UINT64_MAX);
    g_assert_true(memory_region_init_ram(&b->ram, NULL, "ram", 0x10000, NULL));
    g_assert_true(memory_region_init_rom(&b->rom, NULL, "rom", 0x1000, NULL));
    memory_region_init_io(&b->io, NULL, ops, b, "io", sizeof(b->regs));
    memory_region_add(&b->root, 0x1000, &b->rom);
    memory_region_add(&b->root, 0x2000, &b->io);
    memory_region_add(&b->root, 0x80000000, &b->ram);
    address_space_init(&b->as, &b->root, "memory");
    machine_unlock();
}

static void board_cleanup(Board *b)
{
    machine_lock();
    address_space_cleanup(&b->as);
    object_unref(&b->root.object);
    object_unref(&b->ram.object);
    object_unref(&b->rom.object);
    object_unref(&b->io.object);
    machine_unlock();
    rcu_drain();
}

static void test_ram_keeps_what_was_written(void)
{
    Board b;
    char text[6] = "";
    uint64_t value;

    board_init(&b, &any_size_ops);
    g_assert_cmpint(address_space_write(&b.as, 0x80000ffd, "hello", 6, nobody), ==, MEMTX_OK);
    g_assert_cmpint(address_space_read(&b.as, 0x80000ffd, text, 6, nobody), ==, MEMTX_OK);
    g_assert_cmpstr(text, ==, "hello");
    g_assert_cmpint(address_space_store(&b.as, 0x80000001, 4, ENDIAN_BIG, 0x12345678, nobody), ==,
                    MEMTX_OK);
    g_assert_cmpint(address_space_load(&b.as, 0x80000001, 4, ENDIAN_LITTLE, &value, nobody), ==,
                    MEMTX_OK);
    g_assert_cmphex(value, ==, 0x78563412);
    board_cleanup(&b);
}

static void test_rom_ignores_guests_and_obeys_debuggers(void)
{
    MemTxAttrs debugger = { .debug = 1 };
    Board b;
    uint64_t value;

    board_init(&b, &any_size_ops);
    g_assert_cmpint(address_space_store(&b.as, 0x1000, 4, ENDIAN_LITTLE, 5, nobody), ==, MEMTX_OK);
    address_space_load(&b.as, 0x1000, 4, ENDIAN_LITTLE, &value, nobody);
    g_assert_cmphex(value, ==, 0);
    g_assert_cmpint(address_space_write(&b.as, 0x1000, "\x07", 1, debugger), ==, MEMTX_OK);
    address_space_load(&b.as, 0x1000, 4, ENDIAN_LITTLE, &value, nobody);
    g_assert_cmphex(value, ==, 7);
    board_cleanup(&b);
}

static void test_nothing_there_is_a_decode_error(void)
{
    Board b;
    uint64_t value = 1;
    uint8_t bytes[4] = { 1, 1, 1, 1 };

    board_init(&b, &any_size_ops);
    g_assert_cmpint(address_space_load(&b.as, 0, 8, ENDIAN_LITTLE, &value, nobody), ==,
                    MEMTX_DECODE_ERROR);
    g_assert_cmphex(value, ==, 0);
    /* half in RAM, half behind it: the first half is still done */
    memset(ram_block_host(b.ram.ram) + 0xfffe, 0xaa, 2);
    g_assert_cmpint(address_space_read(&b.as, 0x8000fffe, bytes, 4, nobody), ==,
                    MEMTX_DECODE_ERROR);
    g_assert_cmpmem(bytes, 4, "\xaa\xaa\0\0", 4);
    /* around the end of the address space */
    g_assert_cmpint(address_space_read(&b.as, UINT64_MAX, bytes, 4, nobody), ==,
                    MEMTX_DECODE_ERROR);
    board_cleanup(&b);
}

static void test_wrong_size_is_refused(void)
{
    Board b;
    uint64_t value;

    board_init(&b, &word_ops);
    g_assert_cmpint(address_space_load(&b.as, 0x2000, 2, ENDIAN_LITTLE, &value, nobody), ==,
                    MEMTX_DECODE_ERROR);
    g_assert_cmpint(address_space_load(&b.as, 0x2000, 8, ENDIAN_LITTLE, &value, nobody), ==,
                    MEMTX_DECODE_ERROR);
    g_assert_cmpint(address_space_load(&b.as, 0x2002, 4, ENDIAN_LITTLE, &value, nobody), ==,
                    MEMTX_DECODE_ERROR);
    g_assert_cmpint(b.calls, ==, 0);
    g_assert_cmpint(address_space_load(&b.as, 0x2004, 4, ENDIAN_LITTLE, &value, nobody), ==,
                    MEMTX_OK);
    g_assert_cmpint(b.calls, ==, 1);
    board_cleanup(&b);
}

static void test_buffers_are_cut_to_what_the_device_takes(void)
{
    Board b;
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, back[8];

    board_init(&b, &word_ops);
    g_assert_cmpint(address_space_write(&b.as, 0x2004, bytes, 8, nobody), ==, MEMTX_OK);
    g_assert_cmpint(b.calls, ==, 2);
    g_assert_cmpint(b.last_offset, ==, 8);
    g_assert_cmphex(b.last_value, ==, 0x08070605);
    g_assert_cmpint(address_space_read(&b.as, 0x2004, back, 8, nobody), ==, MEMTX_OK);
    g_assert_cmpmem(bytes, 8, back, 8);
    board_cleanup(&b);
}

static void test_narrow_handlers_see_pieces(void)
{
    Board b;
    uint64_t value;

    board_init(&b, &byte_impl_ops);
    address_space_store(&b.as, 0x2008, 4, ENDIAN_LITTLE, 0x04030201, nobody);
    g_assert_cmpint(b.calls, ==, 4);
    g_assert_cmpmem(b.regs + 8, 4, "\1\2\3\4", 4);
    address_space_load(&b.as, 0x2008, 8, ENDIAN_BIG, &value, nobody);
    g_assert_cmphex(value, ==, 0x0102030400000000);
    board_cleanup(&b);
}

static void test_wide_handlers_see_whole_words(void)
{
    Board b;
    uint64_t value;

    board_init(&b, &wide_impl_ops);
    memcpy(b.regs, "\1\2\3\4", 4);
    address_space_load(&b.as, 0x2002, 1, ENDIAN_LITTLE, &value, nobody);
    g_assert_cmphex(value, ==, 3);
    g_assert_cmpint(b.last_offset, ==, 0);
    g_assert_cmpint(b.last_size, ==, 4);
    address_space_store(&b.as, 0x2006, 2, ENDIAN_LITTLE, 0xbeef, nobody);
    g_assert_cmpint(b.last_offset, ==, 4);
    g_assert_cmphex(b.last_value, ==, 0xbeef0000);
    board_cleanup(&b);
}

static void test_big_endian_device_swaps(void)
{
    Board b;
    uint64_t value;

    board_init(&b, &big_ops);
    address_space_store(&b.as, 0x2000, 4, ENDIAN_BIG, 0x01020304, nobody);
    g_assert_cmphex(b.last_value, ==, 0x01020304);
    address_space_store(&b.as, 0x2000, 4, ENDIAN_LITTLE, 0x01020304, nobody);
    g_assert_cmphex(b.last_value, ==, 0x04030201);
    board_cleanup(&b);

    board_init(&b, &big_byte_ops);
    address_space_store(&b.as, 0x2000, 4, ENDIAN_BIG, 0x01020304, nobody);
    g_assert_cmpmem(b.regs, 4, "\1\2\3\4", 4);
    address_space_load(&b.as, 0x2000, 4, ENDIAN_LITTLE, &value, nobody);
    g_assert_cmphex(value, ==, 0x04030201);
    board_cleanup(&b);
}

static void test_unaligned_is_cut_at_alignment(void)
{
    Board b;
    uint64_t value;

    board_init(&b, &unaligned_ops);
    memcpy(b.regs, "\0\1\2\3\4\5\6\7\10", 9);
    g_assert_cmpint(address_space_load(&b.as, 0x2001, 8, ENDIAN_LITTLE, &value, nobody), ==,
                    MEMTX_OK);
    g_assert_cmphex(value, ==, 0x0807060504030201);
    g_assert_cmpint(b.calls, ==, 4); /* 1 + 2 + 4 + 1 */
    board_cleanup(&b);
}

static void test_debugger_and_memory_only_leave_devices_alone(void)
{
    MemTxAttrs debugger = { .debug = 1 }, memory_only = { .memory_only = 1 };
    Board b;
    uint64_t value;

    board_init(&b, &any_size_ops);
    g_assert_cmpint(address_space_load(&b.as, 0x2000, 4, ENDIAN_LITTLE, &value, debugger), ==,
                    MEMTX_DECODE_ERROR);
    g_assert_cmpint(address_space_load(&b.as, 0x2000, 4, ENDIAN_LITTLE, &value, memory_only), ==,
                    MEMTX_ERROR);
    g_assert_cmpint(b.calls, ==, 0);
    board_cleanup(&b);
}

static void test_map_gives_contiguous_ram_and_unmap_marks_it(void)
{
    Board b;
    uint64_t length = 0x100000;

    board_init(&b, &any_size_ops);
    memory_region_set_dirty_logging(&b.ram, DIRTY_DISPLAY, true);
    ram_test_and_clear_dirty(b.ram.ram, DIRTY_DISPLAY, 0, 0x10000);
    uint8_t *host = address_space_map(&b.as, 0x80001000, &length, true, nobody);
    g_assert_true(host == ram_block_host(b.ram.ram) + 0x1000);
    g_assert_cmphex(length, ==, 0xf000);
    address_space_unmap(&b.as, host, length, true, 0x1001);
    g_assert_false(ram_is_dirty(b.ram.ram, DIRTY_DISPLAY, 0));
    g_assert_true(ram_is_dirty(b.ram.ram, DIRTY_DISPLAY, 0x1000));
    g_assert_true(ram_is_dirty(b.ram.ram, DIRTY_DISPLAY, 0x2000));
    g_assert_false(ram_is_dirty(b.ram.ram, DIRTY_DISPLAY, 0x3000));
    length = 1;
    g_assert_null(address_space_map(&b.as, 0x2000, &length, false, nobody));
    length = 1;
    g_assert_null(address_space_map(&b.as, 0x1000, &length, true, nobody));
    memory_region_set_dirty_logging(&b.ram, DIRTY_DISPLAY, false);
    board_cleanup(&b);
}

/* A device whose register write makes it read its own register. */
typedef struct {
    Object object;
    MemoryRegion io;
    AddressSpace *as;
    MemTxResult inner;
    unsigned depth;
} Loop;

static void loop_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Loop *loop = opaque;

    g_assert_cmpint(++loop->depth, ==, 1);
    loop->inner = address_space_store(loop->as, 0x3000, 4, ENDIAN_LITTLE, 0, nobody);
    loop->depth--;
}

static const MemoryOps loop_ops = { .write = loop_write };
static const ObjectClass loop_class = { .name = "test-loop", .instance_size = sizeof(Loop) };

static void test_device_cannot_reach_itself(void)
{
    Board b;

    board_init(&b, &any_size_ops);
    Loop *loop = (Loop *)object_new(&loop_class);
    loop->as = &b.as;
    machine_lock();
    memory_region_init_io(&loop->io, &loop->object, &loop_ops, loop, "loop", 4);
    memory_region_add(&b.root, 0x3000, &loop->io);
    machine_unlock();
    g_assert_cmpint(address_space_store(&b.as, 0x3000, 4, ENDIAN_LITTLE, 0, nobody), ==, MEMTX_OK);
    g_assert_cmpint(loop->inner, ==, MEMTX_ERROR);
    machine_lock();
    memory_region_remove(&b.root, &loop->io);
    object_unref(&loop->object);
    machine_unlock();
    rcu_drain();
    board_cleanup(&b);
}

/* A device that goes while somebody still looks at its region. */
static bool loop_finalized;

static void loop_finalize(Object *obj)
{
    loop_finalized = true;
}

static const ObjectClass mortal_class = { .name = "test-mortal",
                                          .instance_size = sizeof(Loop),
                                          .finalize = loop_finalize };

static void test_owner_outlives_readers(void)
{
    Board b;

    board_init(&b, &any_size_ops);
    Loop *loop = (Loop *)object_new(&mortal_class);
    machine_lock();
    memory_region_init_io(&loop->io, &loop->object, &loop_ops, loop, "loop", 4);
    memory_region_add(&b.root, 0x3000, &loop->io);
    rcu_read_lock();
    MemorySection section = address_space_find(&b.as, 0x3000, false, nobody);
    memory_region_remove(&b.root, &loop->io);
    object_unref(&loop->object);
    machine_unlock();
    g_usleep(20000); /* time enough to do it wrong */
    g_assert_false(loop_finalized);
    g_assert_true(section.region->opaque == loop);
    rcu_read_unlock();
    rcu_drain();
    g_assert_true(loop_finalized);
    board_cleanup(&b);
}

/* An IOMMU that swaps pages 0 and 1, and refuses writes to page 2. */
typedef struct {
    MemoryRegion iommu;
    AddressSpace as, *target;
} Swapper;

static IommuEntry swapper_translate(void *opaque, hwaddr address, bool write, MemTxAttrs attrs)
{
    Swapper *s = opaque;
    hwaddr page = address >> 12;

    return (IommuEntry){ .target = s->target,
                         .mask = 0xfff,
                         .address = 0x80000000 + ((page < 2 ? page ^ 1 : page) << 12),
                         .rights = page < 2    ? MEMORY_READ | MEMORY_WRITE
                                   : page == 2 ? MEMORY_READ
                                               : 0 };
}

static const IommuOps swapper_ops = { .translate = swapper_translate };

static void test_iommu_translates_page_by_page(void)
{
    Board b;
    Swapper s = { .target = &b.as };
    uint8_t bytes[0x2000];

    board_init(&b, &any_size_ops);
    machine_lock();
    memory_region_init_iommu(&s.iommu, NULL, &swapper_ops, &s, "iommu", UINT64_MAX);
    address_space_init(&s.as, &s.iommu, "dma");
    machine_unlock();
    memset(ram_block_host(b.ram.ram), 1, 0x1000);
    memset(ram_block_host(b.ram.ram) + 0x1000, 2, 0x1000);
    g_assert_cmpint(address_space_read(&s.as, 0x800, bytes, 0x1000, nobody), ==, MEMTX_OK);
    g_assert_cmpint(bytes[0], ==, 2);
    g_assert_cmpint(bytes[0x7ff], ==, 2);
    g_assert_cmpint(bytes[0x800], ==, 1);
    g_assert_cmpint(address_space_read(&s.as, 0x2000, bytes, 8, nobody), ==, MEMTX_OK);
    g_assert_cmpint(address_space_write(&s.as, 0x2000, bytes, 8, nobody), ==, MEMTX_DECODE_ERROR);
    g_assert_cmpint(address_space_read(&s.as, 0x3000, bytes, 8, nobody), ==, MEMTX_DECODE_ERROR);
    MemorySection section = address_space_find(&s.as, 0x2ffc, false, nobody);
    g_assert_cmphex(section.length, ==, 4);
    g_assert_cmphex(section.rights, ==, MEMORY_READ | MEMORY_EXEC);
    s.target = &s.as; /* hostile: points at itself */
    g_assert_cmpint(address_space_read(&s.as, 0, bytes, 8, nobody), ==, MEMTX_DECODE_ERROR);
    machine_lock();
    address_space_cleanup(&s.as);
    object_unref(&s.iommu.object);
    machine_unlock();
    board_cleanup(&b);
}

static void test_rom_device_switches_between_memory_and_device(void)
{
    Board b;
    MemoryRegion flash;
    uint64_t value;

    board_init(&b, &any_size_ops);
    machine_lock();
    g_assert_true(memory_region_init_rom_device(&flash, NULL, &any_size_ops, &b, "flash",
                                                RAM_PAGE_BYTES, NULL));
    memory_region_add(&b.root, 0x10000, &flash);
    machine_unlock();
    memcpy(memory_region_ram_pointer(&flash), "\1\2\3\4", 4);
    memcpy(b.regs, "\11\12\13\14", 4);
    address_space_load(&b.as, 0x10000, 4, ENDIAN_LITTLE, &value, nobody);
    g_assert_cmphex(value, ==, 0x04030201);
    g_assert_cmpint(address_space_store(&b.as, 0x10004, 4, ENDIAN_LITTLE, 5, nobody), ==, MEMTX_OK);
    g_assert_cmpint(b.calls, ==, 1); /* writes always reach the device */
    g_assert_cmpint(b.last_offset, ==, 4);
    machine_lock();
    memory_region_set_romd(&flash, false);
    machine_unlock();
    address_space_load(&b.as, 0x10000, 4, ENDIAN_LITTLE, &value, nobody);
    g_assert_cmphex(value, ==, 0x0c0b0a09);
    machine_lock();
    memory_region_set_romd(&flash, true);
    machine_unlock();
    uint8_t bytes[4];
    address_space_read(&b.as, 0x10000, bytes, 4, nobody);
    g_assert_cmpmem(bytes, 4, "\1\2\3\4", 4);
    machine_lock();
    object_unref(&flash.object);
    machine_unlock();
    board_cleanup(&b);
}

typedef struct {
    MemoryListener listener;
    hwaddr address;
    uint64_t length;
    unsigned calls;
} IommuWatch;

static void on_iommu_changed(MemoryListener *listener, hwaddr address, uint64_t length)
{
    IommuWatch *watch = container_of(listener, IommuWatch, listener);

    watch->address = address;
    watch->length = length;
    watch->calls++;
}

static void test_iommu_changes_reach_listeners_as_addresses(void)
{
    IommuWatch watch = { .listener = { .iommu_changed = on_iommu_changed } };
    Swapper s = { 0 };
    MemoryRegion root, window;

    machine_lock();
    memory_region_init(&root, NULL, "root", UINT64_MAX);
    memory_region_init_iommu(&s.iommu, NULL, &swapper_ops, &s, "iommu", UINT64_MAX);
    memory_region_init_alias(&window, NULL, "window", &s.iommu, 0x4000, 0x2000);
    memory_region_add(&root, 0x10000, &window);
    address_space_init(&s.as, &root, "dma");
    address_space_add_listener(&s.as, &watch.listener);
    memory_region_iommu_notify(&s.iommu, 0x1000, 0x1000); /* outside the window */
    g_assert_cmpint(watch.calls, ==, 0);
    memory_region_iommu_notify(&s.iommu, 0x5000, 0x10000);
    g_assert_cmpint(watch.calls, ==, 1);
    g_assert_cmphex(watch.address, ==, 0x11000);
    g_assert_cmphex(watch.length, ==, 0x1000);
    memory_region_iommu_notify(&s.iommu, 0, UINT64_MAX);
    g_assert_cmphex(watch.address, ==, 0x10000);
    g_assert_cmphex(watch.length, ==, 0x2000);
    address_space_cleanup(&s.as);
    object_unref(&window.object);
    object_unref(&s.iommu.object);
    object_unref(&root.object);
    machine_unlock();
    rcu_drain();
}

static void test_tree_is_printed_as_people_know_it(void)
{
    Board b;
    MemoryRegion high;
    g_autoptr(GString) text = g_string_new(NULL);

    board_init(&b, &any_size_ops);
    machine_lock();
    memory_region_init_alias(&high, NULL, "high", &b.ram, 0x8000, 0x8000);
    memory_region_add_overlap(&b.root, 0x100000000, &high, 1);
    memory_print_tree(&b.as, false, text);
    g_assert_cmpstr(text->str, ==,
                    "address-space: memory\n"
                    "  0000000000000000-ffffffffffffffff (prio 0, i/o): root\n"
                    "    0000000000001000-0000000000001fff (prio 0, rom): rom\n"
                    "    0000000000002000-000000000000200f (prio 0, i/o): io\n"
                    "    0000000080000000-000000008000ffff (prio 0, ram): ram\n"
                    "    0000000100000000-0000000100007fff (prio 1, ram): alias high @ram "
                    "0000000000008000-000000000000ffff\n\n");
    g_string_truncate(text, 0);
    memory_print_tree(&b.as, true, text);
    g_assert_cmpstr(text->str, ==,
                    "FlatView #0\n AS \"memory\", root: root\n Root memory region: root\n"
                    "  0000000000001000-0000000000001fff (prio 0, rom): rom\n"
                    "  0000000000002000-000000000000200f (prio 0, i/o): io\n"
                    "  0000000080000000-000000008000ffff (prio 0, ram): ram\n"
                    "  0000000100000000-0000000100007fff (prio 0, ram): ram @0000000000008000\n\n");
    object_unref(&high.object);
    machine_unlock();
    board_cleanup(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address-space/ram", test_ram_keeps_what_was_written);
    g_test_add_func("/address-space/rom", test_rom_ignores_guests_and_obeys_debuggers);
    g_test_add_func("/address-space/nothing", test_nothing_there_is_a_decode_error);
    g_test_add_func("/address-space/wrong-size", test_wrong_size_is_refused);
    g_test_add_func("/address-space/cut", test_buffers_are_cut_to_what_the_device_takes);
    g_test_add_func("/address-space/narrow", test_narrow_handlers_see_pieces);
    g_test_add_func("/address-space/wide", test_wide_handlers_see_whole_words);
    g_test_add_func("/address-space/big-endian", test_big_endian_device_swaps);
    g_test_add_func("/address-space/unaligned", test_unaligned_is_cut_at_alignment);
    g_test_add_func("/address-space/debug", test_debugger_and_memory_only_leave_devices_alone);
    g_test_add_func("/address-space/map", test_map_gives_contiguous_ram_and_unmap_marks_it);
    g_test_add_func("/address-space/self", test_device_cannot_reach_itself);
    g_test_add_func("/address-space/owner", test_owner_outlives_readers);
    g_test_add_func("/address-space/iommu", test_iommu_translates_page_by_page);
    g_test_add_func("/address-space/rom-device",
                    test_rom_device_switches_between_memory_and_device);
    g_test_add_func("/address-space/iommu-notify", test_iommu_changes_reach_listeners_as_addresses);
    g_test_add_func("/address-space/print", test_tree_is_printed_as_people_know_it);
    return g_test_run();
}

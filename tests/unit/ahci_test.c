/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk on an AHCI port: commands one by one and queued, as drivers make them, and as nobody
 * should. */
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "block/backend.h"
#include "tests/unit/pci_fixture.h"

enum {
    AHCI = PCI_DEVFN(5, 0),
    LIST = 0x10000,
    RECEIVED = 0x11000,
    TABLE = 0x12000,
    DATA = 0x20000
};
enum { TABLE_BYTES = 0x400, SECTOR = 512, SECTORS = 4096 };
enum { GHC = 0x04, IS = 0x08 };
enum { PORT_CLB = 0x100, PORT_FB = 0x108, PORT_IS = 0x110, PORT_IE = 0x114, PORT_CMD = 0x118 };
enum { PORT_TFD = 0x120, PORT_SIG = 0x124, PORT_SSTS = 0x128, PORT_SCTL = 0x12c };
enum { PORT_SERR = 0x130, PORT_SACT = 0x134, PORT_CI = 0x138 };
#define BAR 0xe0000000u

typedef struct {
    PciFixture f;
    BlockBackend *backend;
    PciDevice *ahci;
    Device *drive;
    char *path;
} Rig;

static uint32_t get(Rig *r, unsigned reg)
{
    return fixture_load(&r->f.device, BAR + reg, 4);
}

static void put(Rig *r, unsigned reg, uint32_t value)
{
    fixture_store(&r->f.device, BAR + reg, 4, value);
}

static char *make_image(void)
{
    g_autofree char *content = g_malloc(SECTORS * SECTOR);
    char *path;
    int fd = g_file_open_tmp("rhea-ahci-XXXXXX", &path, NULL);

    for (unsigned i = 0; i < SECTORS * SECTOR; i++) {
        content[i] = (char)(i / SECTOR);
    }
    g_assert_cmpint(write(fd, content, SECTORS * SECTOR), ==, SECTORS * SECTOR);
    close(fd);
    return path;
}

static void add_drive(Rig *r, const char *class_name)
{
    static const BlockOpen how = { .format = "raw", .flags = BLOCK_OPEN_WRITABLE };
    Machine *machine = r->f.device.machine;
    Object *drives = object_child(r->f.device.root, "drives");

    drives =
        drives ? drives : object_new_child(r->f.device.root, "drives", &block_drives_class, NULL);
    r->path = make_image();
    r->backend = block_backend_open(drives, "disk", r->path, &how, NULL);
    g_assert_nonnull(r->backend);
    const ObjectClass *class = object_class_by_name(class_name), *ide = object_class_by_name("IDE");
    Bus *bus = bus_find(&machine->object, "ide.0", container_of(ide, BusClass, object), NULL);
    r->drive = machine_add_device(machine, "drive", container_of(class, DeviceClass, object));
    g_assert_true(property_set(&r->drive->object, "drive", "disk", NULL));
    g_assert_true(device_realize(r->drive, bus, NULL));
}

static void open_port(Rig *r)
{
    put(r, GHC, 2);
    put(r, PORT_CLB, LIST);
    put(r, PORT_FB, RECEIVED);
    put(r, PORT_CMD, 0x10);
    put(r, PORT_SERR, 0xffffffff);
    put(r, PORT_IE, 0xffffffff);
    put(r, PORT_CMD, 0x11);
}

static void start(Rig *r, const char *class_name)
{
    *r = (Rig){ 0 };
    pci_fixture_init(&r->f, "q35-pcihost", "ICH9-LPC", PCI_DEVFN(31, 0));
    r->ahci = pci_add(r->f.device.machine, r->f.root, "ahci", AHCI, NULL);
    g_assert_nonnull(r->ahci);
    add_drive(r, class_name);
    g_assert_true(machine_reset(r->f.device.machine, NULL));
    pci_fixture_write(&r->f, AHCI, PCI_BAR0 + 20, 4, BAR);
    pci_fixture_write(&r->f, AHCI, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    open_port(r);
}

static void stop(Rig *r)
{
    device_unrealize(r->drive);
    pci_fixture_cleanup(&r->f);
    g_unlink(r->path);
    g_free(r->path);
}

/* A command in @slot with one piece of memory, at DATA + slot * 0x2000. */
static void make_command(Rig *r, unsigned slot, uint8_t code, uint64_t lba, unsigned sectors)
{
    DeviceFixture *f = &r->f.device;
    uint64_t table = TABLE + slot * TABLE_BYTES;
    bool queued = code == 0x60 || code == 0x61;
    uint8_t fis[20] = { 0x27, 0x80, code, 0, lba, lba >> 8, lba >> 16, 0x40, lba >> 24, lba >> 32 };

    fis[queued ? 3 : 12] = sectors;
    fis[queued ? 11 : 13] = sectors >> 8;
    if (queued) {
        fis[12] = slot << 3;
    }
    for (unsigned i = 0; i < sizeof(fis); i++) {
        fixture_store(f, table + i, 1, fis[i]);
    }
    fixture_store(f, LIST + 32 * slot, 4, 5 | 1 << 16);
    fixture_store(f, LIST + 32 * slot + 8, 8, table);
    fixture_store(f, table + 0x80, 8, DATA + slot * 0x2000);
    fixture_store(f, table + 0x8c, 4, MAX(sectors, 1) * SECTOR - 1);
}

static void issue(Rig *r, uint32_t slots, bool queued)
{
    if (queued) {
        put(r, PORT_SACT, slots);
    }
    put(r, PORT_CI, slots);
    block_backend_drain(r->backend, NULL);
}

static void test_a_port_tells_of_its_drive(void)
{
    Rig r;

    start(&r, "ide-hd");
    g_assert_cmphex(get(&r, PORT_SIG), ==, 0x101);
    g_assert_cmphex(get(&r, PORT_SSTS), ==, 0x123);
    g_assert_cmphex(get(&r, PORT_TFD) & 0xff, ==, 0x50);
    g_assert_cmphex(get(&r, PORT_SSTS + 0x80), ==, 0);
    make_command(&r, 0, 0xec, 0, 1);
    issue(&r, 1, false);
    g_assert_cmphex(get(&r, PORT_CI), ==, 0);
    g_assert_cmphex(fixture_load(&r.f.device, LIST + 4, 4), ==, SECTOR);
    g_assert_cmphex(fixture_load(&r.f.device, DATA + 120, 4), ==, SECTORS);
    g_assert_cmphex(fixture_load(&r.f.device, DATA + 150, 2), ==, 31);
    stop(&r);
}

static void test_dma_moves_sectors_and_interrupts(void)
{
    Rig r;

    start(&r, "ide-hd");
    make_command(&r, 3, 0x25, 77, 2);
    issue(&r, 1 << 3, false);
    g_assert_cmphex(get(&r, PORT_CI), ==, 0);
    g_assert_cmphex(get(&r, PORT_IS), ==, 1);
    g_assert_cmphex(get(&r, IS), ==, 1);
    g_assert_cmphex(fixture_load(&r.f.device, DATA + 3 * 0x2000, 1), ==, 77);
    g_assert_cmphex(fixture_load(&r.f.device, DATA + 3 * 0x2000 + SECTOR, 1), ==, 78);
    g_assert_cmphex(fixture_load(&r.f.device, RECEIVED + 0x40, 1), ==, 0x34);
    fixture_store(&r.f.device, DATA, 8, 0x55);
    make_command(&r, 0, 0x35, 4095, 1);
    issue(&r, 1, false);
    make_command(&r, 0, 0xea, 0, 0);
    issue(&r, 1, false);
    g_autofree char *content = NULL;
    g_assert_true(g_file_get_contents(r.path, &content, NULL, NULL));
    g_assert_cmphex(content[4095 * SECTOR], ==, 0x55);
    stop(&r);
}

static void test_queued_commands_end_each_with_its_bit(void)
{
    Rig r;

    start(&r, "ide-hd");
    for (unsigned i = 0; i < 32; i++) {
        make_command(&r, i, 0x60, i * 8, 8);
    }
    issue(&r, 0xffffffff, true);
    g_assert_cmphex(get(&r, PORT_CI), ==, 0);
    g_assert_cmphex(get(&r, PORT_SACT), ==, 0);
    g_assert_cmphex(get(&r, PORT_IS) & 8, ==, 8);
    for (unsigned i = 0; i < 32; i++) {
        g_assert_cmphex(fixture_load(&r.f.device, DATA + i * 0x2000 + 7 * SECTOR, 1), ==,
                        (i * 8 + 7) & 0xff);
    }
    stop(&r);
}

static void test_a_queued_error_stops_the_queue_and_is_logged(void)
{
    Rig r;

    start(&r, "ide-hd");
    make_command(&r, 2, 0x60, SECTORS, 8);
    make_command(&r, 4, 0x60, 0, 8);
    issue(&r, 1 << 2 | 1 << 4, true);
    g_assert_cmphex(get(&r, PORT_IS) >> 30 & 1, ==, 1);
    g_assert_cmphex(get(&r, PORT_SACT), ==, 1 << 2 | 1 << 4);
    g_assert_cmphex(get(&r, PORT_TFD), ==, 0x1051);
    put(&r, PORT_CMD, 0x10);
    put(&r, PORT_CMD, 0x11);
    make_command(&r, 0, 0x2f, 0x10, 1);
    issue(&r, 1, false);
    g_assert_cmphex(fixture_load(&r.f.device, DATA, 1), ==, 2);
    g_assert_cmphex(fixture_load(&r.f.device, DATA + 3, 1), ==, 0x10);
    stop(&r);
}

static void test_a_short_list_of_memory_is_an_error(void)
{
    Rig r;

    start(&r, "ide-hd");
    make_command(&r, 0, 0x25, 0, 8);
    fixture_store(&r.f.device, TABLE + 0x8c, 4, SECTOR - 1);
    issue(&r, 1, false);
    g_assert_cmphex(get(&r, PORT_TFD) & 1, ==, 1);
    g_assert_cmphex(get(&r, PORT_CI), ==, 1);
    stop(&r);
}

static void test_reset_of_the_port_ends_what_is_under_way(void)
{
    Rig r;

    start(&r, "ide-hd");
    make_command(&r, 0, 0x60, 0, 8);
    put(&r, PORT_SACT, 1);
    put(&r, PORT_CI, 1);
    put(&r, PORT_CMD, 0x10);
    put(&r, PORT_SCTL, 1);
    put(&r, PORT_SCTL, 0);
    g_assert_cmphex(get(&r, PORT_TFD) & 0x80, ==, 0x80);
    block_backend_drain(r.backend, NULL);
    g_assert_cmphex(get(&r, PORT_TFD) & 0xff, ==, 0x50);
    g_assert_cmphex(get(&r, PORT_SACT), ==, 0);
    g_assert_cmphex(get(&r, PORT_SERR), ==, 1 << 26);
    stop(&r);
}

static void hostile(const char *class_name)
{
    static const uint32_t values[] = { 0, 1, 0x11, 0x7fffffff, 0xffffffff, LIST, 0xfffff000, BAR };
    Rig r;

    start(&r, class_name);
    for (unsigned code = 0; code < 256; code++) {
        make_command(&r, code % 32, code, code * 977, code % 5);
        fixture_store(&r.f.device, LIST + code % 32 * 32, 4, 5 | (code % 3 ? 0xffff0000u : 0));
        fixture_store(&r.f.device, TABLE + code % 32 * TABLE_BYTES + 0x80, 8,
                      code % 4 ? DATA : BAR + 0x100);
        fixture_store(&r.f.device, TABLE + code % 32 * TABLE_BYTES + 0x40, 8,
                      code * 0x9e3779b97f4a7c15ull);
        issue(&r, 1u << code % 32, code & 1);
        put(&r, PORT_CMD, 0x10);
        put(&r, PORT_CMD, code % 7 ? 0x11 : 0x19);
    }
    fixture_check_state(&r.f.device);
    for (unsigned reg = 0; reg < 0x400; reg += 4) {
        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
            put(&r, reg, values[i]);
            get(&r, reg);
            fixture_store(&r.f.device, BAR + reg + i % 4, 1, values[i]);
        }
        block_backend_drain(r.backend, NULL);
    }
    fixture_check_state(&r.f.device);
    pci_fixture_hostile(&r.f, AHCI, PCI_CONFIG_BYTES);
    block_backend_drain(r.backend, NULL);
    stop(&r);
}

static void test_hostile_guest_of_a_disk(void)
{
    hostile("ide-hd");
}

static void test_hostile_guest_of_a_cd(void)
{
    hostile("ide-cd");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ahci/a_port_tells_of_its_drive", test_a_port_tells_of_its_drive);
    g_test_add_func("/ahci/dma_moves_sectors_and_interrupts",
                    test_dma_moves_sectors_and_interrupts);
    g_test_add_func("/ahci/queued_commands_end_each_with_its_bit",
                    test_queued_commands_end_each_with_its_bit);
    g_test_add_func("/ahci/a_queued_error_stops_the_queue_and_is_logged",
                    test_a_queued_error_stops_the_queue_and_is_logged);
    g_test_add_func("/ahci/a_short_list_of_memory_is_an_error",
                    test_a_short_list_of_memory_is_an_error);
    g_test_add_func("/ahci/reset_of_the_port_ends_what_is_under_way",
                    test_reset_of_the_port_ends_what_is_under_way);
    g_test_add_func("/ahci/hostile_guest_of_a_disk", test_hostile_guest_of_a_disk);
    g_test_add_func("/ahci/hostile_guest_of_a_cd", test_hostile_guest_of_a_cd);
    return g_test_run();
}

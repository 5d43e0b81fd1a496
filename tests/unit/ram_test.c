/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory/ram.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "memory/backend.h"
#include "qom/user_object.h"
#include "util/rcu.h"

enum { PAGES = 200, BYTES = PAGES * RAM_PAGE_BYTES };

static RamBlock *block_new(void)
{
    RamBlock *block = ram_block_new("test", BYTES, NULL);

    g_assert_nonnull(block);
    return block;
}

static void test_dirty_bits_are_by_client_and_page(void)
{
    RamBlock *block = block_new();

    ram_written(block, 0, BYTES); /* nobody listens */
    g_assert_false(ram_is_dirty(block, DIRTY_DISPLAY, 0));
    ram_set_dirty_logging(block, DIRTY_DISPLAY, true);
    g_assert_true(ram_is_dirty(block, DIRTY_DISPLAY, BYTES - 1)); /* begins dirty */
    g_assert_true(ram_test_and_clear_dirty(block, DIRTY_DISPLAY, 0, BYTES));
    g_assert_false(ram_test_and_clear_dirty(block, DIRTY_DISPLAY, 0, BYTES));
    ram_written(block, 63 * RAM_PAGE_BYTES + 4095, 2);
    g_assert_false(ram_is_dirty(block, DIRTY_DISPLAY, 62 * RAM_PAGE_BYTES));
    g_assert_true(ram_is_dirty(block, DIRTY_DISPLAY, 63 * RAM_PAGE_BYTES));
    g_assert_true(ram_is_dirty(block, DIRTY_DISPLAY, 64 * RAM_PAGE_BYTES));
    g_assert_false(ram_is_dirty(block, DIRTY_DISPLAY, 65 * RAM_PAGE_BYTES));
    g_assert_false(ram_is_dirty(block, DIRTY_MIGRATION, 63 * RAM_PAGE_BYTES));
    g_assert_false(ram_test_and_clear_dirty(block, DIRTY_DISPLAY, 0, 63 * RAM_PAGE_BYTES));
    g_assert_true(ram_test_and_clear_dirty(block, DIRTY_DISPLAY, 64 * RAM_PAGE_BYTES, 1));
    g_assert_true(ram_is_dirty(block, DIRTY_DISPLAY, 63 * RAM_PAGE_BYTES));
    g_assert_cmpint(ram_dirty_clients(block), ==, 1 << DIRTY_DISPLAY);
    ram_set_dirty_logging(block, DIRTY_DISPLAY, true);
    ram_set_dirty_logging(block, DIRTY_DISPLAY, false);
    g_assert_cmpint(ram_dirty_clients(block), ==, 1 << DIRTY_DISPLAY);
    ram_set_dirty_logging(block, DIRTY_DISPLAY, false);
    g_assert_cmpint(ram_dirty_clients(block), ==, 0);
    ram_block_free(block);
    rcu_drain();
}

static void test_random_ranges_agree_with_an_array(void)
{
    RamBlock *block = block_new();
    bool model[PAGES] = { false };

    ram_set_dirty_logging(block, DIRTY_MIGRATION, true);
    ram_test_and_clear_dirty(block, DIRTY_MIGRATION, 0, BYTES);
    for (int round = 0; round < 2000; round++) {
        int at = g_test_rand_int_range(0, BYTES), length = g_test_rand_int_range(1, BYTES - at + 1);
        bool write = g_test_rand_int_range(0, 3) > 0, any = false;
        length = write ? MIN(length, 3 * RAM_PAGE_BYTES) : length;
        for (int page = at / RAM_PAGE_BYTES; page <= (at + length - 1) / RAM_PAGE_BYTES; page++) {
            any |= model[page];
            model[page] = write;
        }
        if (write) {
            ram_written(block, (ram_offset)at, (uint64_t)length);
        } else {
            g_assert_cmpint(
                ram_test_and_clear_dirty(block, DIRTY_MIGRATION, (ram_offset)at, (uint64_t)length),
                ==, any);
        }
        for (unsigned page = 0; page < PAGES; page++) {
            g_assert_cmpint(ram_is_dirty(block, DIRTY_MIGRATION, page * RAM_PAGE_BYTES), ==,
                            model[page]);
        }
    }
    ram_block_free(block);
    rcu_drain();
}

typedef struct {
    ram_offset written, cleaned;
    uint64_t written_bytes;
    unsigned writes, cleans;
} Heard;

static void hear_written(void *opaque, RamBlock *block, ram_offset at, uint64_t length)
{
    Heard *heard = opaque;

    heard->written = at;
    heard->written_bytes = length;
    heard->writes++;
}

static void hear_cleaned(void *opaque, RamBlock *block, ram_offset at, uint64_t length)
{
    ((Heard *)opaque)->cleans++;
}

static void test_code_pages_report_writes(void)
{
    Heard heard = { 0 };
    RamCodeOps ops = { .written = hear_written, .cleaned = hear_cleaned, .opaque = &heard };
    RamBlock *block = block_new();

    ram_set_code_ops(&ops);
    ram_page_set_code(block, 2 * RAM_PAGE_BYTES + 5, true);
    g_assert_true(ram_page_has_code(block, 2 * RAM_PAGE_BYTES));
    ram_written(block, 0, 2 * RAM_PAGE_BYTES);
    g_assert_cmpint(heard.writes, ==, 0);
    ram_written(block, 2 * RAM_PAGE_BYTES - 1, 2);
    g_assert_cmpint(heard.writes, ==, 1);
    g_assert_cmpint(heard.written_bytes, ==, 2);
    ram_page_set_code(block, 2 * RAM_PAGE_BYTES, false);
    ram_written(block, 0, BYTES);
    g_assert_cmpint(heard.writes, ==, 1);
    ram_set_dirty_logging(block, DIRTY_DISPLAY, true);
    g_assert_cmpint(heard.cleans, ==, 1);
    ram_test_and_clear_dirty(block, DIRTY_DISPLAY, 0, BYTES);
    g_assert_cmpint(heard.cleans, ==, 2);
    ram_set_code_ops(NULL);
    ram_block_free(block);
    rcu_drain();
}

static void test_blocks_are_found_by_host_address(void)
{
    RamBlock *a = block_new(), *b = block_new();
    ram_offset at;

    g_assert_true(ram_block_from_host(ram_block_host(b) + 5, &at) == b);
    g_assert_cmpint(at, ==, 5);
    g_assert_true(ram_block_from_host(ram_block_host(a) + BYTES - 1, &at) == a);
    g_assert_null(ram_block_from_host(&at, &at));
    uint8_t *host = ram_block_host(a);
    ram_block_free(a);
    g_assert_null(ram_block_from_host(host, &at));
    ram_block_free(b);
    rcu_drain();
}

static void test_absurd_sizes_are_refused(void)
{
    static const uint64_t sizes[] = {
        0, 1, 4095, 1ull << 50, 1ull << 62, 1ull << 63, -(1ull << 12)
    };

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ram_block_new("absurd", sizes[i], &error));
        g_assert_nonnull(strstr(error->message, "absurd"));
        g_assert_null(strchr(error->message, '\n'));
    }
}

static Object *backend_new(const char *class)
{
    return object_new(object_class_by_name(class));
}

static void test_file_back_end_keeps_contents(void)
{
    g_autofree char *dir = g_dir_make_tmp("ram-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "memory", NULL);
    struct stat st;

    for (int round = 0; round < 2; round++) {
        Object *obj = backend_new("memory-backend-file");
        g_assert_true(property_set(obj, "mem-path", path, NULL));
        g_assert_true(property_set(obj, "size", "64k", NULL));
        g_assert_true(property_set(obj, "offset", "4k", NULL));
        g_assert_true(user_object_complete(obj, NULL));
        uint8_t *host = ram_block_host(memory_backend_block(obj));
        g_assert_cmpint(host[5], ==, round ? 77 : 0);
        host[5] = 77;
        object_unref(obj);
        rcu_drain();
    }
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 68 * 1024);

    Object *obj = backend_new("memory-backend-file");
    g_autoptr(GError) error = NULL;
    property_set(obj, "mem-path", path, NULL);
    property_set(obj, "size", "1M", NULL);
    g_assert_false(user_object_complete(obj, &error)); /* longer than the file */
    g_assert_nonnull(strstr(error->message, "69632 bytes"));
    object_unref(obj);
    g_unlink(path);
    g_rmdir(dir);
}

static void test_back_ends_check_their_properties(void)
{
    static const char *const bad[][4] = {
        { "memory-backend-ram", "size", "0", "'size' is missing" },
        { "memory-backend-ram", "size", "5", "not a multiple" },
        { "memory-backend-file", "size", "4k", "'mem-path' is missing" },
        { "memory-backend-file", "mem-path", "/no/such/place/x", "cannot open" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        Object *obj = backend_new(bad[i][0]);
        g_assert_true(property_set(obj, bad[i][1], bad[i][2], NULL));
        g_assert_false(user_object_complete(obj, &error));
        g_assert_nonnull(strstr(error->message, bad[i][3]));
        g_assert_null(memory_backend_block(obj));
        object_unref(obj);
    }
    Object *obj = backend_new("memory-backend-memfd");
    property_set(obj, "size", "2M", NULL);
    g_assert_true(user_object_complete(obj, NULL));
    g_assert_cmpint(ram_block_fd(memory_backend_block(obj)), >=, 0);
    g_assert_false(property_set(obj, "size", "4M", NULL)); /* frozen */
    object_unref(obj);
    rcu_drain();
}

static const MachineClass board_class = {
    .object = { .name = "ram-board", .parent = &machine_class.object },
};

static void test_machine_takes_a_back_end(void)
{
    Machine *machine = (Machine *)object_new(&board_class.object);
    Object *backend = backend_new("memory-backend-ram");
    g_autoptr(GError) error = NULL;

    property_set(backend, "size", "2M", NULL);
    g_assert_true(user_object_complete(backend, NULL));
    machine->memory_backend = backend;
    machine->ram_bytes = 1 << 20;
    g_assert_false(machine_init_ram(machine, "ram", &error));
    g_assert_cmpstr(error->message, ==, "memory-backend: it has 2 MiB, the machine 1 MiB");
    machine->ram_bytes = 2 << 20;
    g_assert_true(machine_init_ram(machine, "ram", NULL));
    g_assert_true(memory_region_ram_block(&machine->ram) == memory_backend_block(backend));
    machine_free(machine);
    object_unref(backend);
    rcu_drain();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ram/dirty", test_dirty_bits_are_by_client_and_page);
    g_test_add_func("/ram/random", test_random_ranges_agree_with_an_array);
    g_test_add_func("/ram/code", test_code_pages_report_writes);
    g_test_add_func("/ram/from-host", test_blocks_are_found_by_host_address);
    g_test_add_func("/ram/absurd", test_absurd_sizes_are_refused);
    g_test_add_func("/ram/file", test_file_back_end_keeps_contents);
    g_test_add_func("/ram/back-ends", test_back_ends_check_their_properties);
    g_test_add_func("/ram/machine", test_machine_takes_a_back_end);
    return g_test_run();
}

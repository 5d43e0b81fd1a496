/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small devices of boards: clock, finisher, firmware configuration, flash, HTIF. */
#include <string.h>
#include <unistd.h>

#include "hw/char/riscv_htif.h"
#include "hw/nvram/fw_cfg.h"
#include "tests/unit/device_fixture.h"

static void start(DeviceFixture *f, const char *class_name, const char *const *properties)
{
    fixture_init(f);
    fixture_add(f, class_name, properties);
    fixture_place(f);
}

static uint64_t rtc_now(DeviceFixture *f)
{
    uint64_t low = fixture_read(f, 0, 4);
    return fixture_read(f, 4, 4) << 32 | low;
}

static void test_rtc_can_be_set_and_rings(void)
{
    DeviceFixture f;
    start(&f, "goldfish-rtc", NULL);
    uint64_t year_2040 = 2208988800ull * 1000000000;
    fixture_write(&f, 4, 4, year_2040 >> 32);
    fixture_write(&f, 0, 4, (uint32_t)year_2040);
    g_assert_cmpuint(rtc_now(&f) - year_2040, <, 60ull * 1000000000);
    fixture_write(&f, 0x10, 4, 1);
    fixture_write(&f, 0xc, 4, year_2040 >> 32);
    fixture_write(&f, 0x8, 4, (uint32_t)year_2040 - 1); /* in the past: at once */
    g_assert_cmpint(f.level[0], ==, 1);
    g_assert_cmpuint(fixture_read(&f, 0x18, 4), ==, 0);
    fixture_write(&f, 0x1c, 4, 1);
    g_assert_cmpint(f.level[0], ==, 0);
    fixture_write(&f, 0xc, 4, UINT32_MAX);
    fixture_write(&f, 0x8, 4, UINT32_MAX);
    g_assert_cmpuint(fixture_read(&f, 0x18, 4), ==, 1);
    fixture_write(&f, 0x14, 4, 1);
    g_assert_cmpuint(fixture_read(&f, 0x18, 4), ==, 0);
    fixture_cleanup(&f);
}

static void test_finisher(void)
{
    static const struct {
        uint32_t value;
        int status;
        ShutdownCause cause;
    } rows[] = {
        { 0x5555, 0, SHUTDOWN_GUEST_OFF },
        { 0x73333, 7, SHUTDOWN_GUEST_EXIT },
        { 0x01003333, 1, SHUTDOWN_GUEST_EXIT },
        { 0x3333, 1, SHUTDOWN_GUEST_EXIT },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        DeviceFixture f;
        start(&f, "sifive-test", NULL);
        fixture_write(&f, 0, 4, rows[i].value);
        g_assert_cmpint(f.shutdown_status, ==, rows[i].status);
        g_assert_cmpint(f.shutdown_cause, ==, rows[i].cause);
        fixture_write(&f, 0, 4, 0x7777);
        g_assert_cmpuint(f.resets, ==, 1);
        fixture_cleanup(&f);
    }
}

static void select_item(DeviceFixture *f, uint16_t key)
{
    fixture_write(f, 8, 2, GUINT16_SWAP_LE_BE(key));
}

static void test_fw_cfg_reads_items(void)
{
    DeviceFixture f;
    start(&f, "fw-cfg-mmio", NULL);
    g_assert_true(fw_cfg_add_file(f.dev, "opt/name", "contents", 8, NULL));
    g_assert_false(fw_cfg_add_file(f.dev, "opt/name", "", 0, NULL));
    select_item(&f, FW_CFG_SIGNATURE);
    g_assert_cmphex(fixture_read(&f, 0, 4), ==, 0x554d4551); /* "QEMU" in memory order */
    g_assert_cmphex(fixture_read(&f, 0, 8), ==, 0);
    select_item(&f, FW_CFG_FIRST_FILE);
    g_assert_cmphex(fixture_read(&f, 0, 1), ==, 'c');
    g_assert_cmphex(fixture_read(&f, 0, 2), ==, 'o' | 'n' << 8);
    select_item(&f, 0xfff);
    g_assert_cmphex(fixture_read(&f, 0, 8), ==, 0);
    g_assert_cmphex(fixture_read(&f, 16, 8), ==, GUINT64_SWAP_LE_BE(0x51454d5520434647));

    /* DMA: select and read the directory to 0x2000 */
    fixture_store(&f, 0x1000, 4, GUINT32_SWAP_LE_BE((uint32_t)FW_CFG_FILE_DIR << 16 | 8 | 2));
    fixture_store(&f, 0x1004, 4, GUINT32_SWAP_LE_BE(4 + 64));
    fixture_store(&f, 0x1008, 8, GUINT64_SWAP_LE_BE(0x2000));
    fixture_write(&f, 16, 8, GUINT64_SWAP_LE_BE(0x1000));
    g_assert_cmphex(fixture_load(&f, 0x1000, 4), ==, 0);
    g_assert_cmphex(fixture_load(&f, 0x2000, 4), ==, GUINT32_SWAP_LE_BE(1));
    g_assert_cmpstr((char *)memory_region_ram_pointer(&f.machine->ram) + 0x200c, ==, "opt/name");

    /* to where nothing is, and 4 GiB of it */
    fixture_store(&f, 0x1000, 4, GUINT32_SWAP_LE_BE(2));
    fixture_store(&f, 0x1004, 4, UINT32_MAX);
    fixture_store(&f, 0x1008, 8, GUINT64_SWAP_LE_BE(1ull << 40));
    fixture_write(&f, 20, 4, GUINT32_SWAP_LE_BE(0x1000));
    g_assert_cmphex(fixture_load(&f, 0x1000, 4), ==, GUINT32_SWAP_LE_BE(1));
    fixture_cleanup(&f);
}

static const char *const small_flash[] = {
    "size", "1M", "sector-length", "65536", NULL, NULL, NULL
};

static void test_flash_without_a_file(void)
{
    DeviceFixture f;
    start(&f, "cfi-pflash01", small_flash);
    g_assert_cmphex(fixture_read(&f, 0x1000, 8), ==, UINT64_MAX);
    fixture_write(&f, 0x55 * 4, 4, 0x00980098);
    g_assert_cmphex(fixture_read(&f, 0x10 * 4, 4), ==, 0x00510051);
    fixture_write(&f, 0, 4, 0x00ff00ff);
    fixture_write(&f, 0x1000, 4, 0x00400040);
    fixture_write(&f, 0x1000, 4, 0x12345678);
    g_assert_cmphex(fixture_read(&f, 0x1000, 4), ==, 0x00800080);
    fixture_write(&f, 0, 4, 0x00ff00ff);
    g_assert_cmphex(fixture_read(&f, 0x1000, 4), ==, 0x12345678);
    fixture_write(&f, 0x1000, 4, 0x00400040);
    fixture_write(&f, 0x1000, 4, 0xffff0000); /* bits can only be cleared */
    fixture_write(&f, 0, 4, 0x00ff00ff);
    g_assert_cmphex(fixture_read(&f, 0x1000, 4), ==, 0x12340000);
    fixture_check_state(&f);
    fixture_cleanup(&f);
}

static void buffered_write(DeviceFixture *f)
{
    fixture_write(f, 0x20000, 4, 0x00e800e8);
    fixture_write(f, 0x20000, 4, 1);
    fixture_write(f, 0x20000, 4, 0x11111111);
    fixture_write(f, 0x20004, 4, 0x22222222);
    fixture_write(f, 0x20000, 4, 0x00d000d0);
    g_assert_cmphex(fixture_read(f, 0x20000, 4), ==, 0x00800080);
    fixture_write(f, 0, 4, 0x00ff00ff);
}

static void test_flash_writes_its_file(void)
{
    DeviceFixture f;
    g_autofree char *path = NULL;
    g_autofree char *contents = NULL;
    gsize length;
    int fd = g_file_open_tmp("flash-XXXXXX", &path, NULL);
    g_assert_cmpint(write(fd, "\1\2\3\4", 4), ==, 4);
    close(fd);
    const char *const properties[] = { "size", "1M", "sector-length", "65536", "file", path, NULL };
    start(&f, "cfi-pflash01", properties);
    g_assert_cmphex(fixture_read(&f, 0, 8), ==, 0xffffffff04030201);
    buffered_write(&f);
    g_assert_cmphex(fixture_read(&f, 0x20000, 8), ==, 0x2222222211111111);
    fixture_cleanup(&f);
    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    g_assert_cmpuint(length, >=, 0x20008);
    g_assert_cmpmem(contents + 0x20000, 4, "\x11\x11\x11\x11", 4);
    g_assert_cmpmem(contents, 4, "\1\2\3\4", 4);

    start(&f, "cfi-pflash01", properties);
    g_assert_cmphex(fixture_read(&f, 0x20000, 8), ==, 0x2222222211111111);
    fixture_write(&f, 0x20000, 4, 0x00200020);
    fixture_write(&f, 0x20000, 4, 0x00d000d0);
    fixture_write(&f, 0, 4, 0x00ff00ff);
    g_assert_cmphex(fixture_read(&f, 0x20000, 8), ==, UINT64_MAX);
    fixture_cleanup(&f);
    unlink(path);
}

static void test_flash_hostile(void)
{
    DeviceFixture f;
    start(&f, "cfi-pflash01", small_flash);
    fixture_hostile(&f, 0x200);
    fixture_cleanup(&f);
}

static void start_htif(DeviceFixture *f)
{
    fixture_init(f);
    fixture_add(f, "riscv-htif", NULL);
    g_assert_true(device_realize(f->dev, NULL, NULL));
    g_assert_true(machine_reset(f->machine, NULL));
    riscv_htif_place(f->dev, 0x8000, 0x8040);
}

static void test_htif_console_and_exit(void)
{
    DeviceFixture f;
    start_htif(&f);
    fixture_store(&f, 0x8000, 8, 1ull << 56 | 1ull << 48 | 'A');
    fixture_store(&f, 0x8000, 4, 'B');
    g_assert_cmpstr(f.host->written->str, ==, "A");
    fixture_store(&f, 0x8004, 4, 0x01010000);
    g_assert_cmpstr(f.host->written->str, ==, "AB");
    g_assert_cmphex(fixture_load(&f, 0x8000, 8), ==, 0);
    g_assert_cmpuint(fixture_type(&f, "x"), ==, 0);
    fixture_store(&f, 0x8000, 8, 1ull << 56);
    g_assert_cmpuint(fixture_type(&f, "xy"), ==, 1);
    g_assert_cmphex(fixture_load(&f, 0x8040, 8), ==, 1ull << 56 | 0x100 | 'x');

    static const uint64_t words[] = { 64, 1, 0x9100, 5 };
    for (unsigned i = 0; i < 4; i++) {
        fixture_store(&f, 0x9000 + 8 * i, 8, words[i]);
    }
    memcpy((char *)memory_region_ram_pointer(&f.machine->ram) + 0x9100, "hello", 5);
    fixture_store(&f, 0x8000, 8, 0x9000);
    g_assert_cmpstr(f.host->written->str, ==, "ABhello");
    g_assert_cmpuint(fixture_load(&f, 0x9000, 8), ==, 5);
    g_assert_cmpint(f.shutdown_status, ==, -1);
    fixture_check_state(&f);
    fixture_store(&f, 0x8000, 8, 3 << 1 | 1);
    g_assert_cmpint(f.shutdown_status, ==, 3);
    fixture_cleanup(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/board-devices/rtc", test_rtc_can_be_set_and_rings);
    g_test_add_func("/board-devices/finisher", test_finisher);
    g_test_add_func("/board-devices/fw-cfg", test_fw_cfg_reads_items);
    g_test_add_func("/board-devices/flash", test_flash_without_a_file);
    g_test_add_func("/board-devices/flash-file", test_flash_writes_its_file);
    g_test_add_func("/board-devices/flash-hostile", test_flash_hostile);
    g_test_add_func("/board-devices/htif", test_htif_console_and_exit);
    return g_test_run();
}

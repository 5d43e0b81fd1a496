/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that only PCs have, on their boards. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/device/qtest_client.h"

enum { LPC = 31 << 3, PM_PORT = 0x600, TCO_PORT = PM_PORT + 0x60, RCBA = 0xfed1c000u };
enum { GCS = RCBA + 0x3410, NO_REBOOT = 0x20, SECOND_TIMEOUT = 2, TIMEOUT = 8 };
enum { FW_CFG = 0x510, FW_CFG_DMA = 0x514, REQUEST = 0x1000, CONTENTS = 0x2000 };
enum { DMA_ERROR = 1, DMA_SELECT = 8, DMA_WRITE = 16, FILE_DIRECTORY = 0x19, ENTRY_BYTES = 64 };

static char letter(unsigned size)
{
    return size == 1 ? 'b' : size == 2 ? 'w' : 'l';
}

static uint32_t in(QtestClient *c, unsigned port, unsigned size)
{
    const char *answer = qtest_client_ask(c, "in%c %#x", letter(size), port);
    return g_ascii_strtoull(answer, NULL, 0);
}

static void out(QtestClient *c, unsigned port, unsigned size, uint32_t value)
{
    qtest_client_ask(c, "out%c %#x %#x", letter(size), port, value);
}

static void config_write(QtestClient *c, unsigned devfn, unsigned offset, uint32_t value)
{
    out(c, 0xcf8, 4, 0x80000000 | devfn << 8 | offset);
    out(c, 0xcfc, 4, value);
}

static void test_ports_are_where_guests_look(void)
{
    static const uint16_t serial[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
    static const uint16_t parallel[] = { 0x378, 0x278, 0x3bc };
    static const char *const boards[] = { "pc", "q35", "isapc" };
    for (unsigned board = 0; board < G_N_ELEMENTS(boards); board++) {
        g_autofree char *options =
            g_strdup_printf("-M %s -m 64 -nodefaults -serial null -serial null -serial null "
                            "-serial null -parallel null -parallel null -parallel null",
                            boards[board]);
        QtestClient *c = qtest_client_start("x86_64", options);
        for (unsigned i = 0; i < G_N_ELEMENTS(serial); i++) {
            g_assert_cmphex(in(c, serial[i] + 5, 1), ==, 0x60);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(parallel); i++) {
            g_assert_cmphex(in(c, parallel[i] + 1, 1), ==, 0xdf);
        }
        out(c, 0x02, 1, 0x34); /* channel 1 of the first 8237: its address */
        out(c, 0x02, 1, 0x12);
        out(c, 0x0c, 1, 0);
        g_assert_cmphex(in(c, 0x02, 1), ==, 0x34);
        g_assert_cmphex(in(c, 0x02, 1), ==, 0x12);
        qtest_client_stop(c);
    }
}

static void write_all(QtestClient *c, unsigned first, unsigned last)
{
    static const uint8_t values[] = { 0, 1, 0x0f, 0x10, 0x55, 0x7f, 0x80, 0xaa, 0xf0, 0xff };
    for (unsigned port = first; port <= last; port++) {
        for (unsigned v = 0; v < G_N_ELEMENTS(values); v++) {
            out(c, port, 1, values[v]);
            in(c, port, 1);
        }
    }
}

static void test_ports_take_every_value(void)
{
    static const struct {
        uint16_t first, last;
    } ranges[] = { { 0x00, 0x0f },   { 0x20, 0x21 },   { 0x40, 0x43 },   { 0x60, 0x61 },
                   { 0x64, 0x64 },   { 0x70, 0x71 },   { 0x80, 0x8f },   { 0xa0, 0xa1 },
                   { 0xc0, 0xdf },   { 0xf0, 0xf1 },   { 0x378, 0x37f }, { 0x3c0, 0x3cf },
                   { 0x3f8, 0x3ff }, { 0x443, 0x443 }, { 0x480, 0x48f }, { 0x4d0, 0x4d1 },
                   { 0x1ce, 0x1cf } };
    static const char *const options[] = {
        "-M pc -m 64 -serial null -parallel null -device ib700 -vga std",
        "-M isapc -m 64 -serial null -parallel null -device ib700 -vga std",
    };
    for (unsigned board = 0; board < G_N_ELEMENTS(options); board++) {
        QtestClient *c = qtest_client_start("x86_64", options[board]);
        for (unsigned r = 0; r < G_N_ELEMENTS(ranges); r++) {
            write_all(c, ranges[r].first, ranges[r].last);
        }
        qtest_client_ask(c, "system_reset");
        g_assert_cmphex(in(c, 0x3fd, 1), ==, 0x60);
        qtest_client_stop(c);
    }
}

static void test_tco_counts_twice(void)
{
    const int64_t tick_ns = 600000000;
    QtestClient *c = qtest_client_start("x86_64", "-M q35 -m 64 -nodefaults -action watchdog=none");
    config_write(c, LPC, 0x40, PM_PORT | 1);
    config_write(c, LPC, 0x44, 0x80);
    config_write(c, LPC, 0xf0, RCBA | 1);
    g_assert_cmphex(qtest_client_read(c, GCS, 4) & NO_REBOOT, ==, NO_REBOOT);
    qtest_client_write(c, GCS, 4, 0);
    out(c, TCO_PORT + 0x12, 2, 5);
    out(c, TCO_PORT, 2, 1);
    qtest_client_step(c, 20 * tick_ns);
    g_assert_cmphex(in(c, TCO_PORT + 4, 2) & TIMEOUT, ==, 0); /* halted */
    out(c, TCO_PORT + 8, 2, 0);
    qtest_client_step(c, 4 * tick_ns);
    g_assert_cmphex(in(c, TCO_PORT + 4, 2) & TIMEOUT, ==, 0);
    qtest_client_step(c, 2 * tick_ns);
    g_assert_cmphex(in(c, TCO_PORT + 4, 2) & TIMEOUT, ==, TIMEOUT);
    g_assert_cmphex(in(c, TCO_PORT + 6, 2) & SECOND_TIMEOUT, ==, 0);
    qtest_client_step(c, 5 * tick_ns);
    g_assert_cmphex(in(c, TCO_PORT + 6, 2) & SECOND_TIMEOUT, ==, SECOND_TIMEOUT);
    for (unsigned at = 0; at < 32; at++) {
        for (unsigned value = 0; value < 256; value += 5) {
            out(c, TCO_PORT + at, 1, value);
        }
        out(c, TCO_PORT + (at & ~3u), 4, 0xffffffff);
    }
    qtest_client_stop(c);
}

/* The key of file @name, by the directory. */
static uint16_t find_file(QtestClient *c, const char *name)
{
    uint8_t entry[ENTRY_BYTES];
    unsigned count = 0;
    out(c, FW_CFG, 2, FILE_DIRECTORY);
    for (unsigned i = 0; i < 4; i++) {
        count = count << 8 | in(c, FW_CFG + 1, 1);
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned at = 0; at < sizeof(entry); at++) {
            entry[at] = in(c, FW_CFG + 1, 1);
        }
        if (strcmp((char *)entry + 8, name) == 0) {
            return entry[4] << 8 | entry[5];
        }
    }
    g_error("there is no file '%s'", name);
}

/* Returns what is left of the request's control word. */
static uint32_t dma_write(QtestClient *c, uint16_t key, uint32_t length)
{
    uint32_t control = GUINT32_TO_BE((uint32_t)key << 16 | DMA_SELECT | DMA_WRITE);
    uint32_t size = GUINT32_TO_BE(length);
    uint64_t address = GUINT64_TO_BE((uint64_t)CONTENTS);
    qtest_client_write_bytes(c, REQUEST, &control, sizeof(control));
    qtest_client_write_bytes(c, REQUEST + 4, &size, sizeof(size));
    qtest_client_write_bytes(c, REQUEST + 8, &address, sizeof(address));
    out(c, FW_CFG_DMA, 4, 0);
    out(c, FW_CFG_DMA + 4, 4, GUINT32_SWAP_LE_BE(REQUEST));
    qtest_client_read_bytes(c, REQUEST, &control, sizeof(control));
    return GUINT32_FROM_BE(control);
}

static void test_vmcoreinfo_is_written_within_its_bounds(void)
{
    uint8_t text[16] = { 1, 0, 1, 0, 64, 0, 0, 0, 0, 0x10 };
    QtestClient *c = qtest_client_start("x86_64", "-M pc -m 64 -nodefaults -device vmcoreinfo "
                                                  "-device vmgenid");
    uint16_t key = find_file(c, "etc/vmcoreinfo");
    qtest_client_write_bytes(c, CONTENTS, text, sizeof(text));
    g_assert_cmphex(dma_write(c, key, sizeof(text)), ==, 0);
    out(c, FW_CFG, 2, key);
    for (unsigned i = 0; i < sizeof(text); i++) {
        g_assert_cmphex(in(c, FW_CFG + 1, 1), ==, text[i]);
    }
    g_assert_cmphex(dma_write(c, key, sizeof(text) + 1), ==, DMA_ERROR);
    g_assert_cmphex(dma_write(c, key, UINT32_MAX), ==, DMA_ERROR);
    g_assert_cmphex(dma_write(c, FILE_DIRECTORY, 4), ==, DMA_ERROR); /* read-only */
    g_assert_cmphex(dma_write(c, find_file(c, "etc/vmgenid_addr"), 8), ==, 0);
    qtest_client_ask(c, "system_reset");
    out(c, FW_CFG, 2, key);
    g_assert_cmphex(in(c, FW_CFG + 1, 1), ==, 1); /* the host's format: ELF */
    g_assert_cmphex(in(c, FW_CFG + 1, 1), ==, 0);
    g_assert_cmphex(in(c, FW_CFG + 1, 1), ==, 0);
    qtest_client_stop(c);
}

static void test_option_roms_have_a_place_among_what_boots(void)
{
    static const char expected[] =
        "/pci@i0cf8/pci8086,2922@1f,2/drive@0/disk@0\n/rom@genroms/own.rom";
    g_autofree char *folder = g_dir_make_tmp("rhea-rom-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "own.rom", NULL);
    g_autofree char *options =
        g_strdup_printf("-M q35 -m 64 -bios %s -nodefaults -option-rom file=%s,bootindex=5 "
                        "-drive file=%s,format=raw,if=none,id=d,readonly=on -device "
                        "ide-hd,drive=d,bootindex=4,bus=ide.0",
                        path, path, path);
    /* also what firmware and a disk are read from */
    static const char rom[65536] = "\x55\xaa\x01";
    char text[sizeof(expected)];

    g_assert_true(g_file_set_contents(path, rom, sizeof(rom), NULL));
    QtestClient *c = qtest_client_start("x86_64", options);
    out(c, FW_CFG, 2, find_file(c, "bootorder"));
    for (unsigned i = 0; i < sizeof(text); i++) {
        text[i] = in(c, FW_CFG + 1, 1);
    }
    g_assert_cmpstr(text, ==, expected);
    qtest_client_stop(c);
    g_unlink(path);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pc/ports", test_ports_are_where_guests_look);
    g_test_add_func("/pc/hostile", test_ports_take_every_value);
    g_test_add_func("/pc/tco", test_tco_counts_twice);
    g_test_add_func("/pc/vmcoreinfo", test_vmcoreinfo_is_written_within_its_bounds);
    g_test_add_func("/pc/option-rom-order", test_option_roms_have_a_place_among_what_boots);
    return g_test_run();
}

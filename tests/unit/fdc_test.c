/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/block/fdc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/isa_fixture.h"

enum { IMAGE_BYTES = 1474560, DOR = 0x3f2, MSR = 0x3f4, FIFO = 0x3f5, DIR_PORT = 0x3f7, LINE = 6 };
enum { BUFFER = 0x20000 };

typedef struct {
    IsaFixture isa;
    char *path;
    uint8_t image[IMAGE_BYTES];
} Bench;

static Bench b;

static void setup(const char *readonly)
{
    for (unsigned i = 0; i < IMAGE_BYTES; i++) {
        b.image[i] = i / 512 * 3 + i;
    }
    int fd = g_file_open_tmp("rhea-fdc-XXXXXX", &b.path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, b.image, IMAGE_BYTES), ==, IMAGE_BYTES);
    close(fd);
    isa_fixture_init(&b.isa);
    isa_fixture_add(&b.isa, "i8257", NULL);
    isa_fixture_add(&b.isa, "isa-fdc",
                    (const char *const[]){ "file0", b.path, "readonly0", readonly, NULL });
    isa_fixture_reset(&b.isa);
    isa_out(&b.isa, DOR, 0x18);
    isa_out(&b.isa, DOR, 0x1c);
}

static void teardown(void)
{
    isa_fixture_cleanup(&b.isa);
    unlink(b.path);
    g_free(b.path);
}

static void command(const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmphex(isa_in(&b.isa, MSR) & 0xc0, ==, 0x80);
        isa_out(&b.isa, FIFO, bytes[i]);
    }
}
#define COMMAND(...) command((const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))

static void expect(const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while ((isa_in(&b.isa, MSR) & 0xd0) == 0xd0) {
        g_string_append_printf(text, "%s%02x", text->len ? " " : "", isa_in(&b.isa, FIFO));
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void after_reset(void)
{
    static const char *const answers[] = { "c0 00", "c1 00", "c2 00", "c3 00", "80" };
    g_assert_cmpint(b.isa.f.level[LINE], ==, 1);
    for (unsigned i = 0; i < 5; i++) {
        COMMAND(0x08);
        expect(answers[i]);
    }
    g_assert_cmpint(b.isa.f.level[LINE], ==, 0);
    isa_out(&b.isa, DIR_PORT, 0); /* 500 kbit/s */
}

static void program_dma(unsigned mode, unsigned bytes)
{
    isa_out(&b.isa, 0x0c, 0);
    isa_out(&b.isa, 0x04, 0);
    isa_out(&b.isa, 0x04, 0);
    isa_out(&b.isa, 0x05, (bytes - 1) & 0xff);
    isa_out(&b.isa, 0x05, (bytes - 1) >> 8);
    isa_out(&b.isa, 0x81, BUFFER >> 16);
    isa_out(&b.isa, 0x0b, mode | 2);
    isa_out(&b.isa, 0x0a, 2);
}

static void assert_memory(unsigned from, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        g_assert_cmphex(fixture_load(&b.isa.f, BUFFER + i, 1), ==, b.image[from + i]);
    }
}

static void test_read_by_dma(void)
{
    setup("off");
    after_reset();
    g_assert_cmphex(isa_in(&b.isa, DIR_PORT) & 0x80, ==, 0x80);
    COMMAND(0x0f, 0x00, 5);
    COMMAND(0x08);
    expect("20 05");
    g_assert_cmphex(isa_in(&b.isa, DIR_PORT) & 0x80, ==, 0);
    program_dma(0x44, 3 * 512);
    COMMAND(0xe6, 0x00, 5, 0, 17, 2, 18, 27, 0xff); /* multi-track: 17, 18, then the other side */
    fixture_check_state(&b.isa.f);
    fixture_step(&b.isa.f, 1000000);
    g_assert_cmpint(b.isa.f.level[LINE], ==, 1);
    expect("04 00 00 05 01 02 02");
    assert_memory((5 * 36 + 16) * 512, 3 * 512);
    program_dma(0x44, 2 * 512);
    COMMAND(0x46, 0x00, 5, 0, 18, 2, 18, 27, 0xff); /* one side: the cylinder ends first */
    fixture_step(&b.isa.f, 1000000);
    expect("40 80 00 06 00 01 02");
    COMMAND(0x46, 0x00, 6, 0, 1, 2, 18, 27, 0xff);
    expect("40 04 10 06 00 01 02");
    COMMAND(0x46, 0x01, 5, 0, 1, 2, 18, 27, 0xff); /* an empty drive */
    expect("41 01 00 05 00 01 02");
    COMMAND(0x4a, 0x04);
    expect("04 00 00 05 01 01 02");
    COMMAND(0x07, 0x00);
    COMMAND(0x08);
    expect("20 00");
    teardown();
}

static void test_write_and_format(void)
{
    uint8_t sector[512];
    setup("off");
    after_reset();
    for (unsigned i = 0; i < 512; i++) {
        fixture_store(&b.isa.f, BUFFER + i, 1, i ^ 0x5a);
    }
    program_dma(0x48, 512);
    COMMAND(0x45, 0x04, 0, 1, 3, 2, 18, 27, 0xff);
    fixture_step(&b.isa.f, 1000000);
    expect("04 00 00 00 01 04 02");
    FILE *file = fopen(b.path, "rb");
    fseek(file, 20 * 512, SEEK_SET);
    g_assert_cmpuint(fread(sector, 1, 512, file), ==, 512);
    g_assert_cmphex(sector[7], ==, 7 ^ 0x5a);
    for (unsigned i = 0; i < 18; i++) {
        fixture_store(&b.isa.f, BUFFER + 4 * i, 4, 0x02000000 | (i + 1) << 16);
    }
    program_dma(0x48, 18 * 4);
    COMMAND(0x4d, 0x00, 2, 18, 27, 0xf6);
    fixture_step(&b.isa.f, 1000000);
    g_assert_cmphex(isa_in(&b.isa, FIFO), ==, 0x00);
    fseek(file, 17 * 512, SEEK_SET);
    g_assert_cmpuint(fread(sector, 1, 512, file), ==, 512);
    g_assert_cmphex(sector[511], ==, 0xf6);
    fclose(file);
    teardown();
    setup("on");
    after_reset();
    COMMAND(0x45, 0x00, 0, 0, 3, 2, 18, 27, 0xff);
    expect("40 02 00 00 00 03 02");
    COMMAND(0x04, 0x00);
    expect("78");
    teardown();
}

static void test_programmed_transfer(void)
{
    setup("off");
    after_reset();
    COMMAND(0x03, 0xdf, 0x03); /* no DMA */
    COMMAND(0x46, 0x00, 0, 0, 2, 2, 3, 27, 0xff);
    for (unsigned i = 0; i < 1024; i++) {
        g_assert_cmphex(isa_in(&b.isa, MSR), ==, 0xf0);
        g_assert_cmphex(isa_in(&b.isa, FIFO), ==, b.image[512 + i]);
    }
    expect("40 80 00 01 00 01 02");
    COMMAND(0x10);
    expect("90");
    COMMAND(0x94);
    expect("10");
    COMMAND(0x1f);
    expect("80");
    teardown();
}

static void test_hostile_values(void)
{
    setup("off");
    isa_hostile(&b.isa, 0x3f0, 8);
    for (unsigned first = 0; first < 0x100; first++) {
        for (unsigned fill = 0; fill < 0x100; fill += 15) {
            isa_out(&b.isa, DOR, 0);
            isa_out(&b.isa, DOR, 0x0c);
            isa_out(&b.isa, DIR_PORT, 0);
            isa_out(&b.isa, FIFO, first);
            for (unsigned i = 0; i < 40; i++) {
                isa_out(&b.isa, FIFO, i == 1 || i == 5 ? 2 : fill);
                isa_in(&b.isa, FIFO);
            }
            fixture_step(&b.isa.f, 100000);
        }
        fixture_check_state(&b.isa.f);
    }
    teardown();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fdc/read", test_read_by_dma);
    g_test_add_func("/fdc/write", test_write_and_format);
    g_test_add_func("/fdc/programmed", test_programmed_transfer);
    g_test_add_func("/fdc/hostile", test_hostile_values);
    return g_test_run();
}

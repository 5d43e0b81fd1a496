/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/unit/isa_fixture.h"

/* A device that moves what the test tells it to. */
typedef struct {
    IsaFixture isa;
    IsaDevice *dev;
    uint8_t bytes[0x20000];
    uint32_t chunk;
    bool reads;
} Bench;

static uint32_t handler(void *opaque, unsigned channel, uint32_t position, uint32_t size)
{
    Bench *b = opaque;
    uint32_t length = MIN(b->chunk, size - position);
    if (b->reads) {
        return position + isa_dma_read(b->dev, channel, b->bytes + position, position, length);
    }
    return position + isa_dma_write(b->dev, channel, b->bytes + position, position, length);
}

static void setup(Bench *b, bool words)
{
    memset(b, 0, sizeof(*b));
    isa_fixture_init(&b->isa);
    const char *const second[] = { "dshift", "1",          "base",  "0xc0", "page-base",
                                   "0x88",   "pageh-base", "0x488", NULL };
    Device *dev = isa_fixture_add(&b->isa, "i8257", words ? second : NULL);
    b->dev = container_of(dev, IsaDevice, device);
    isa_fixture_reset(&b->isa);
    b->chunk = 512;
    for (unsigned i = 0; i < sizeof(b->bytes); i++) {
        b->bytes[i] = i * 7 + i / 256;
    }
}

static void out16(Bench *b, uint16_t port, unsigned value)
{
    isa_out(&b->isa, port, value);
    isa_out(&b->isa, port, value >> 8);
}

static void test_block_to_memory(void)
{
    Bench b;
    setup(&b, false);
    isa_out(&b.isa, 0x0c, 0);
    out16(&b, 0x04, 0x3000);
    out16(&b, 0x05, 1023);
    isa_out(&b.isa, 0x81, 0x02);
    isa_out(&b.isa, 0x0b, 0x46); /* single, to memory, channel 2 */
    isa_out(&b.isa, 0x0a, 2);
    isa_dma_set_handler(b.dev, 2, handler, &b);
    isa_dma_request(b.dev, 2, true);
    fixture_step(&b.isa.f, 1000000);
    g_assert_cmphex(isa_in(&b.isa, 0x08), ==, 0x44); /* terminal count, still requested */
    g_assert_cmphex(isa_in(&b.isa, 0x08), ==, 0x40);
    g_assert_cmphex(isa_in(&b.isa, 0x0f), ==, 0xff); /* masked itself */
    g_assert_cmphex(isa_in(&b.isa, 0x05), ==, 0xff);
    g_assert_cmphex(isa_in(&b.isa, 0x05), ==, 0xff);
    for (unsigned i = 0; i < 1024; i++) {
        g_assert_cmphex(fixture_load(&b.isa.f, 0x23000 + i, 1), ==, b.bytes[i]);
    }
    g_assert_cmphex(fixture_load(&b.isa.f, 0x23400, 1), ==, 0);
    isa_fixture_cleanup(&b.isa);
}

static void test_words_with_auto_init(void)
{
    Bench b;
    setup(&b, true);
    fixture_store(&b.isa.f, 0x1fffe, 2, 0x1234);
    fixture_store(&b.isa.f, 0x00000, 2, 0x5678);
    b.reads = true;
    isa_out(&b.isa, 0xd8, 0);
    out16(&b, 0xc4, 0xffff); /* word address: the last before it wraps */
    out16(&b, 0xc6, 1);
    isa_out(&b.isa, 0x8b, 0x01); /* bit 0 does not count */
    isa_out(&b.isa, 0xd6, 0x59);
    isa_out(&b.isa, 0xd4, 1);
    g_assert_true(isa_dma_is_auto_init(b.dev, 5));
    isa_dma_set_handler(b.dev, 5, handler, &b);
    b.chunk = 2;
    isa_dma_request(b.dev, 5, true);
    fixture_step(&b.isa.f, 0);
    isa_dma_request(b.dev, 5, false);
    fixture_step(&b.isa.f, 1000000);
    g_assert_cmphex(b.bytes[0] | b.bytes[1] << 8, ==, 0x1234);
    g_assert_cmphex(isa_in(&b.isa, 0xc6) | isa_in(&b.isa, 0xc6) << 8, ==, 0);
    isa_dma_request(b.dev, 5, true);
    fixture_step(&b.isa.f, 0);
    isa_dma_request(b.dev, 5, false);
    fixture_step(&b.isa.f, 1000000);
    g_assert_cmphex(isa_in(&b.isa, 0xd0), ==, 0x02);
    g_assert_cmphex(isa_in(&b.isa, 0xc6) | isa_in(&b.isa, 0xc6) << 8, ==, 1);
    isa_fixture_cleanup(&b.isa);
}

static void test_hostile_values(void)
{
    Bench b;
    setup(&b, false);
    for (unsigned i = 0; i < 4; i++) {
        isa_dma_set_handler(b.dev, i, handler, &b);
        isa_dma_request(b.dev, i, true);
    }
    isa_hostile(&b.isa, 0x00, 16);
    isa_hostile(&b.isa, 0x80, 8);
    isa_hostile(&b.isa, 0x480, 8);
    isa_fixture_cleanup(&b.isa);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8257/block", test_block_to_memory);
    g_test_add_func("/i8257/words", test_words_with_auto_init);
    g_test_add_func("/i8257/hostile", test_hostile_values);
    return g_test_run();
}

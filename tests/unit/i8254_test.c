/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/i8254.h"

#include "tests/unit/isa_fixture.h"

enum { COUNTER0 = 0x40, COUNTER2 = 0x42, CONTROL = 0x43, PORT61 = 0x61 };

static void setup(IsaFixture *isa)
{
    isa_fixture_init(isa);
    Device *pit = isa_fixture_add(isa, "isa-pit", NULL);
    g_autofree char *path = object_path(&pit->object);
    isa_fixture_add(isa, "isa-pcspk", (const char *const[]){ "pit", path, NULL });
    isa_fixture_reset(isa);
}

static void ticks(IsaFixture *isa, int64_t count)
{
    int64_t now = isa->f.now_ns * I8254_HZ / 1000000000;
    int64_t ns = ((now + count) * 1000000000 + I8254_HZ - 1) / I8254_HZ;
    fixture_step(&isa->f, ns - isa->f.now_ns);
}

static unsigned latch(IsaFixture *isa, unsigned counter)
{
    isa_out(isa, CONTROL, counter << 6);
    unsigned low = isa_in(isa, COUNTER0 + counter);
    return low | isa_in(isa, COUNTER0 + counter) << 8;
}

static void program(IsaFixture *isa, unsigned counter, unsigned mode, unsigned count)
{
    isa_out(isa, CONTROL, counter << 6 | 0x30 | mode << 1);
    isa_out(isa, COUNTER0 + counter, count);
    isa_out(isa, COUNTER0 + counter, count >> 8);
}

static void test_terminal_count(void)
{
    IsaFixture isa;
    setup(&isa);
    program(&isa, 0, 0, 1000);
    g_assert_cmpint(isa.f.level[0], ==, 0);
    ticks(&isa, 400);
    g_assert_cmpuint(latch(&isa, 0), ==, 600);
    ticks(&isa, 599);
    g_assert_cmpint(isa.f.level[0], ==, 0);
    ticks(&isa, 1);
    g_assert_cmpint(isa.f.level[0], ==, 1);
    ticks(&isa, 1);
    g_assert_cmphex(latch(&isa, 0), ==, 0xffff);
    isa_out(&isa, COUNTER0, 10); /* first byte: output low, stopped */
    g_assert_cmpint(isa.f.level[0], ==, 0);
    isa_fixture_cleanup(&isa);
}

static void test_rate_generator(void)
{
    IsaFixture isa;
    setup(&isa);
    program(&isa, 0, 2, 1193);
    unsigned before = isa.f.edges;
    ticks(&isa, 11930);
    g_assert_cmpuint(isa.f.edges - before, ==, 20);
    isa_out(&isa, COUNTER0, 0xe8); /* 1000, from the end of the period on */
    isa_out(&isa, COUNTER0, 0x03);
    ticks(&isa, 1192);
    g_assert_cmpuint(latch(&isa, 0), ==, 1);
    ticks(&isa, 1);
    g_assert_cmpuint(latch(&isa, 0), ==, 1000);
    program(&isa, 0, 2, 2); /* too fast to show */
    ticks(&isa, 10000);
    isa_fixture_cleanup(&isa);
}

static void test_bcd_and_read_back(void)
{
    IsaFixture isa;
    setup(&isa);
    isa_out(&isa, CONTROL, 0x31 | 4 << 1); /* counter 0, mode 4, BCD */
    isa_out(&isa, CONTROL, 0xe2);          /* status of counter 0 */
    g_assert_cmphex(isa_in(&isa, COUNTER0), ==, 0xc0 | 0x39);
    isa_out(&isa, COUNTER0, 0x00);
    isa_out(&isa, COUNTER0, 0x10);
    ticks(&isa, 1);
    isa_out(&isa, CONTROL, 0xc2); /* both */
    g_assert_cmphex(isa_in(&isa, COUNTER0), ==, 0xb9);
    g_assert_cmphex(isa_in(&isa, COUNTER0), ==, 0x99);
    g_assert_cmphex(isa_in(&isa, COUNTER0), ==, 0x09);
    ticks(&isa, 1000);
    isa_out(&isa, CONTROL, 0xc2);
    isa_in(&isa, COUNTER0);
    g_assert_cmphex(isa_in(&isa, COUNTER0) | isa_in(&isa, COUNTER0) << 8, ==, 0x9999);
    isa_fixture_cleanup(&isa);
}

static void test_gate_of_counter_2(void)
{
    IsaFixture isa;
    setup(&isa);
    program(&isa, 2, 0, 1000); /* how kernels measure the TSC */
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x23, ==, 0);
    ticks(&isa, 5000);
    isa_out(&isa, PORT61, 1);
    ticks(&isa, 500);
    isa_out(&isa, PORT61, 0);
    ticks(&isa, 5000);
    isa_out(&isa, PORT61, 1);
    ticks(&isa, 499);
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x23, ==, 1);
    ticks(&isa, 1);
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x23, ==, 0x21);
    isa_out(&isa, PORT61, 0);
    program(&isa, 2, 1, 100); /* one-shot */
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x20, ==, 0x20);
    isa_out(&isa, PORT61, 1);
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x20, ==, 0);
    ticks(&isa, 100);
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x20, ==, 0x20);
    program(&isa, 2, 3, 11); /* odd: 6 up, 5 down */
    ticks(&isa, 5);
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x20, ==, 0x20);
    ticks(&isa, 1);
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x20, ==, 0);
    ticks(&isa, 5);
    g_assert_cmphex(isa_in(&isa, PORT61) & 0x20, ==, 0x20);
    isa_hostile(&isa, COUNTER0, 4);
    isa_hostile(&isa, PORT61, 1);
    isa_fixture_cleanup(&isa);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8254/terminal-count", test_terminal_count);
    g_test_add_func("/i8254/rate-generator", test_rate_generator);
    g_test_add_func("/i8254/bcd", test_bcd_and_read_back);
    g_test_add_func("/i8254/gate", test_gate_of_counter_2);
    return g_test_run();
}

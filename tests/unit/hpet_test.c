/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/hpet.h"

#include "tests/unit/device_fixture.h"

enum { CONFIG = 0x10, STATUS = 0x20, COUNTER = 0xf0, TIMER0 = 0x100, TIMER1 = 0x120 };
enum { LEVEL = 2, ENABLE = 4, PERIODIC = 8, SET = 0x40, WIDE_32 = 0x100, MESSAGE = 0x4000 };
enum { PIN_2 = 2, PIN_20 = 20, LINE_0 = 40, LINE_8 = 41, ROUTE_20 = 20 << 9 };

static void setup(DeviceFixture *f)
{
    fixture_init(f);
    fixture_add(f, "hpet", (const char *const[]){ "msi", "on", NULL });
    fixture_place(f);
    device_connect_irq(f->dev, NULL, PIN_2, fixture_irq(f, PIN_2));
    device_connect_irq(f->dev, NULL, PIN_20, fixture_irq(f, PIN_20));
    device_connect_irq(f->dev, "legacy", HPET_LEGACY_PIT, fixture_irq(f, LINE_0));
    device_connect_irq(f->dev, "legacy", HPET_LEGACY_RTC, fixture_irq(f, LINE_8));
}

static void teardown(DeviceFixture *f)
{
    fixture_check_state(f);
    fixture_cleanup(f);
}

static void test_counter(void)
{
    DeviceFixture f;
    setup(&f);
    g_assert_cmphex(fixture_read(&f, 0, 8), ==, 0x009896808086a201);
    fixture_step(&f, 1000);
    g_assert_cmphex(fixture_read(&f, COUNTER, 8), ==, 0);
    fixture_write(&f, COUNTER + 4, 4, 1);
    fixture_write(&f, CONFIG, 8, 1);
    fixture_step(&f, 1000);
    g_assert_cmphex(fixture_read(&f, COUNTER, 8), ==, 0x100000064);
    g_assert_cmphex(fixture_read(&f, COUNTER + 4, 4), ==, 1);
    fixture_write(&f, CONFIG, 8, 0);
    fixture_step(&f, 1000);
    g_assert_cmphex(fixture_read(&f, COUNTER, 4), ==, 0x64);
    teardown(&f);
}

static void test_one_shot_level(void)
{
    DeviceFixture f;
    setup(&f);
    fixture_write(&f, TIMER0, 8, LEVEL | ENABLE | ROUTE_20);
    fixture_write(&f, TIMER0 + 8, 8, 100);
    fixture_write(&f, CONFIG, 8, 1);
    fixture_step(&f, 999);
    g_assert_cmpint(f.level[PIN_20], ==, 0);
    fixture_step(&f, 1);
    g_assert_cmpint(f.level[PIN_20], ==, 1);
    g_assert_cmphex(fixture_read(&f, STATUS, 8), ==, 1);
    fixture_write(&f, STATUS, 8, 1);
    g_assert_cmpint(f.level[PIN_20], ==, 0);
    fixture_write(&f, TIMER0, 8, LEVEL | ENABLE | 3 << 9); /* no such route */
    g_assert_cmphex(fixture_read(&f, TIMER0, 4) & 31 << 9, ==, ROUTE_20);
    teardown(&f);
}

static void test_periodic_edge(void)
{
    DeviceFixture f;
    setup(&f);
    fixture_write(&f, CONFIG, 8, 1);
    fixture_write(&f, TIMER0, 4, ENABLE | PERIODIC | SET | WIDE_32 | 2 << 9);
    fixture_write(&f, TIMER0 + 8, 4, 10000);
    unsigned before = f.edges;
    fixture_step(&f, 1000000);
    g_assert_cmpuint((f.edges - before) / 2, ==, 10);
    fixture_write(&f, TIMER0, 4, ENABLE | PERIODIC | SET | WIDE_32 | 2 << 9);
    fixture_write(&f, TIMER0 + 8, 4, 150000); /* accumulator */
    fixture_write(&f, TIMER0 + 8, 4, 20000);  /* period */
    before = f.edges;
    fixture_step(&f, 1000000);
    g_assert_cmpuint((f.edges - before) / 2, ==, 3);
    fixture_write(&f, TIMER0 + 8, 4, 1); /* as fast as it goes */
    fixture_step(&f, 1000000);
    teardown(&f);
}

static void test_legacy_lines(void)
{
    DeviceFixture f;
    setup(&f);
    Irq *pit = device_irq_input(f.dev, NULL, HPET_LEGACY_PIT);
    irq_raise(pit);
    g_assert_cmpint(f.level[LINE_0], ==, 1);
    fixture_write(&f, CONFIG, 8, 3);
    g_assert_cmpint(f.level[LINE_0], ==, 0);
    unsigned before = f.edges;
    irq_pulse(pit);
    g_assert_cmpuint(f.edges, ==, before);
    fixture_write(&f, TIMER1, 8, ENABLE | ROUTE_20);
    fixture_write(&f, TIMER1 + 8, 8, 5000);
    fixture_step(&f, 50000);
    g_assert_cmpuint(f.edges, ==, before + 2);
    teardown(&f);
}

static void test_message(void)
{
    DeviceFixture f;
    setup(&f);
    fixture_write(&f, TIMER0 + 0x10, 8, 0x0000400000001234);
    fixture_write(&f, TIMER0, 4, ENABLE | MESSAGE);
    fixture_write(&f, TIMER0 + 8, 8, 10);
    fixture_write(&f, CONFIG, 8, 1);
    fixture_step(&f, 100);
    g_assert_cmphex(fixture_load(&f, 0x4000, 4), ==, 0x1234);
    teardown(&f);
}

static void test_hostile_values(void)
{
    DeviceFixture f;
    setup(&f);
    fixture_hostile(&f, 0x200);
    fixture_write(&f, CONFIG, 8, 1);
    fixture_step(&f, 1000000);
    teardown(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hpet/counter", test_counter);
    g_test_add_func("/hpet/one-shot", test_one_shot_level);
    g_test_add_func("/hpet/periodic", test_periodic_edge);
    g_test_add_func("/hpet/legacy", test_legacy_lines);
    g_test_add_func("/hpet/message", test_message);
    g_test_add_func("/hpet/hostile", test_hostile_values);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/rtc/mc146818.h"

#include "hw/core/host_input.h"
#include "tests/unit/isa_fixture.h"

enum { SECOND_NS = 1000000000, LINE = 8 };

static void setup(IsaFixture *isa, const char *policy)
{
    g_assert_true(host_input_set_rtc("2024-02-28T23:59:58", "vm", NULL));
    isa_fixture_init(isa);
    isa_fixture_add(isa, "mc146818rtc", (const char *const[]){ "lost-tick-policy", policy, NULL });
    isa_fixture_reset(isa);
}

static uint8_t get(IsaFixture *isa, uint8_t reg)
{
    isa_out(isa, 0x70, reg);
    return isa_in(isa, 0x71);
}

static void put(IsaFixture *isa, uint8_t reg, uint8_t value)
{
    isa_out(isa, 0x70, reg | 0x80); /* as with NMI masked */
    isa_out(isa, 0x71, value);
}

static void assert_time(IsaFixture *isa, const char *expected)
{
    g_autofree char *text = g_strdup_printf("%02x%02x-%02x-%02x %02x:%02x:%02x",
                                            get(isa, MC146818_CENTURY), get(isa, 9), get(isa, 8),
                                            get(isa, 7), get(isa, 4), get(isa, 2), get(isa, 0));
    g_assert_cmpstr(text, ==, expected);
}

static void test_calendar(void)
{
    IsaFixture isa;
    setup(&isa, "discard");
    assert_time(&isa, "2024-02-28 23:59:58");
    g_assert_cmphex(get(&isa, 6), ==, 4); /* Wednesday */
    fixture_step(&isa.f, 2ll * SECOND_NS);
    assert_time(&isa, "2024-02-29 00:00:00");
    put(&isa, 0x0b, 0x82); /* set */
    put(&isa, 9, 0x99);
    put(&isa, MC146818_CENTURY, 0x19);
    put(&isa, 8, 0x12);
    put(&isa, 7, 0x31);
    put(&isa, 4, 0x23);
    put(&isa, 2, 0x59);
    put(&isa, 0, 0x59);
    fixture_step(&isa.f, 5ll * SECOND_NS);
    assert_time(&isa, "1999-12-31 23:59:59");
    put(&isa, 0x0b, 0x02);
    fixture_step(&isa.f, 1ll * SECOND_NS);
    assert_time(&isa, "2000-01-01 00:00:00");
    put(&isa, 0x0b, 0x04); /* binary, 12 hours */
    g_assert_cmphex(get(&isa, 4), ==, 12);
    fixture_step(&isa.f, 13 * 3600ll * SECOND_NS);
    g_assert_cmphex(get(&isa, 4), ==, 0x81);
    isa_fixture_reset(&isa);
    g_assert_cmphex(get(&isa, 4), ==, 0x81);
    isa_fixture_cleanup(&isa);
}

static void test_update_and_alarm(void)
{
    IsaFixture isa;
    setup(&isa, "discard");
    fixture_step(&isa.f, SECOND_NS - 100000);
    g_assert_cmphex(get(&isa, 0x0a), ==, 0xa6); /* update in progress */
    fixture_step(&isa.f, 100000);
    g_assert_cmphex(get(&isa, 0x0a), ==, 0x26);
    g_assert_cmphex(get(&isa, 0x0c) & 0x30, ==, 0x10);
    put(&isa, 1, 0x05);
    put(&isa, 3, 0xff);
    put(&isa, 5, 0x00);
    put(&isa, 0x0b, 0x22);
    fixture_step(&isa.f, 5ll * SECOND_NS);
    g_assert_cmpint(isa.f.level[LINE], ==, 0);
    fixture_step(&isa.f, 1ll * SECOND_NS);
    g_assert_cmpint(isa.f.level[LINE], ==, 1);
    fixture_check_state(&isa.f);
    g_assert_cmphex(get(&isa, 0x0c) & 0xb0, ==, 0xb0);
    g_assert_cmpint(isa.f.level[LINE], ==, 0);
    put(&isa, 0x0b, 0x12);
    fixture_step(&isa.f, 1ll * SECOND_NS);
    g_assert_cmphex(get(&isa, 0x0c) & 0x90, ==, 0x90);
    isa_fixture_cleanup(&isa);
}

static void test_periodic(void)
{
    IsaFixture isa;
    setup(&isa, "discard");
    put(&isa, 0x0a, 0x2f); /* 2 Hz */
    put(&isa, 0x0b, 0x42);
    fixture_step(&isa.f, SECOND_NS / 2);
    g_assert_cmphex(get(&isa, 0x0c) & 0xc0, ==, 0xc0);
    g_assert_cmphex(get(&isa, 0x0c), ==, 0);
    fixture_step(&isa.f, 5ll * SECOND_NS); /* missed ones are one */
    g_assert_cmphex(get(&isa, 0x0c) & 0xc0, ==, 0xc0);
    g_assert_cmphex(get(&isa, 0x0c), ==, 0);
    isa_fixture_cleanup(&isa);
    setup(&isa, "slew");
    put(&isa, 0x0a, 0x2f);
    put(&isa, 0x0b, 0x42);
    fixture_step(&isa.f, 2ll * SECOND_NS);
    for (int i = 0; i < 4; i++) {
        g_assert_cmphex(get(&isa, 0x0c) & 0xc0, ==, 0xc0);
    }
    g_assert_cmphex(get(&isa, 0x0c), ==, 0);
    isa_fixture_cleanup(&isa);
}

static void test_cmos_and_hostile_values(void)
{
    IsaFixture isa;
    setup(&isa, "slew");
    mc146818_set_cmos(isa.f.dev, 0x34, 0x5a);
    g_assert_cmphex(get(&isa, 0x34), ==, 0x5a);
    put(&isa, 0x7f, 0xa5);
    isa_fixture_reset(&isa);
    g_assert_cmphex(get(&isa, 0x7f), ==, 0xa5);
    g_assert_cmphex(get(&isa, 0x0d), ==, 0x80);
    for (unsigned reg = 0; reg < 0x100; reg++) {
        for (unsigned value = 0; value < 0x100; value += 3) {
            put(&isa, reg, value);
            get(&isa, reg);
        }
        fixture_step(&isa.f, SECOND_NS / 100);
    }
    isa_hostile(&isa, 0x70, 2);
    isa_fixture_cleanup(&isa);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mc146818/calendar", test_calendar);
    g_test_add_func("/mc146818/alarm", test_update_and_alarm);
    g_test_add_func("/mc146818/periodic", test_periodic);
    g_test_add_func("/mc146818/hostile", test_cmos_and_hostile_values);
    return g_test_run();
}

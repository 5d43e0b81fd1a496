/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/clock.h"

typedef struct {
    Device device;
    Clock in, out;
    unsigned changes;
} Pll;

static void pll_changed(void *opaque)
{
    ((Pll *)opaque)->changes++;
}

static const DeviceClass pll_class = {
    .object = { .name = "test-pll", .parent = &device_class.object, .instance_size = sizeof(Pll) },
};

static Pll *pll_new(void)
{
    Pll *pll = (Pll *)object_new(&pll_class.object);

    clock_init(&pll->in, &pll->device, "in", pll_changed, pll);
    clock_init(&pll->out, &pll->device, "out", NULL, NULL);
    return pll;
}

static void test_frequency_follows_the_source(void)
{
    Pll *a = pll_new(), *b = pll_new(), *c = pll_new();

    clock_connect(&b->in, &a->out);
    clock_connect(&c->in, &b->in);
    clock_drive_hz(&a->out, 10000000);
    g_assert_cmpuint(clock_hz(&b->in), ==, 10000000);
    g_assert_cmpuint(c->changes, ==, 1);
    clock_set_ratio(&c->in, 5, 2);
    g_assert_cmpuint(clock_hz(&c->in), ==, 25000000);
    clock_drive_hz(&a->out, 10000000); /* no change */
    g_assert_cmpuint(c->changes, ==, 2);
    clock_drive_hz(&a->out, 0);
    g_assert_cmpuint(clock_hz(&c->in), ==, 0);
    g_autofree char *hz = property_get(&a->out.object, "hz", NULL);
    g_assert_cmpstr(hz, ==, "0");
    object_unref(&b->device.object); /* in the middle: c keeps what it had */
    clock_drive_hz(&a->out, 5);
    object_unref(&a->device.object);
    object_unref(&c->device.object);
}

static void test_ticks_and_time(void)
{
    Pll *pll = pll_new();

    g_assert_cmpint(clock_ticks_to_ns(&pll->out, 1), ==, INT64_MAX);
    g_assert_cmpuint(clock_ns_to_ticks(&pll->out, 1000), ==, 0);
    clock_drive_hz(&pll->out, 1000000000);
    g_assert_cmpint(clock_ticks_to_ns(&pll->out, 1000), ==, 1000);
    g_assert_cmpuint(clock_ns_to_ticks(&pll->out, 1000), ==, 1000);
    g_assert_cmpuint(clock_ns_to_ticks(&pll->out, -1), ==, 0);
    g_assert_cmpint(clock_ticks_to_ns(&pll->out, UINT64_MAX), ==, INT64_MAX);
    clock_drive_hz(&pll->out, UINT64_MAX); /* faster than can be told */
    g_assert_cmpuint(clock_hz(&pll->out), ==, 0);
    clock_drive_hz(&pll->out, 32768);
    g_assert_cmpuint(clock_hz(&pll->out), ==, 32768);
    object_unref(&pll->device.object);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/follow", test_frequency_follows_the_source);
    g_test_add_func("/clock/ticks", test_ticks_and_time);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/host_input.h"

#include <string.h>

#include "hw/core/rng_backend.h"

static const MachineClass board_class = {
    .object = { .name = "input-board", .parent = &machine_class.object },
};

typedef struct {
    Machine *machine;
    ClockSet *clocks;
} World;

static void setup(World *w, gconstpointer unused)
{
    w->clocks = clock_set_new(NULL);
    w->machine = (Machine *)object_new(&board_class.object);
    w->machine->clocks = w->clocks;
}

static void teardown(World *w, gconstpointer unused)
{
    machine_free(w->machine);
    clock_set_free(w->clocks);
}

static void test_unseeded_bytes_differ(World *w, gconstpointer unused)
{
    uint8_t a[64] = { 0 }, b[64] = { 0 };

    host_input_random(w->machine, a, sizeof(a));
    host_input_random(w->machine, b, sizeof(b));
    g_assert_cmpint(memcmp(a, b, sizeof(a)), !=, 0);
}

static void test_wall_time_is_the_hosts_by_default(World *w, gconstpointer unused)
{
    int64_t before = clock_ns(w->clocks, CLOCK_KIND_HOST);
    int64_t now = host_input_wall_ns(w->machine);

    g_assert_cmpint(now, >=, before);
    g_assert_cmpint(now, <=, clock_ns(w->clocks, CLOCK_KIND_HOST));
}

static void test_date_follows_the_clock_asked_for(World *w, gconstpointer unused)
{
    g_assert_true(host_input_set_rtc("2006-06-17T16:01:21", "vm", NULL));
    g_assert_cmpint(host_input_wall_ns(w->machine), ==, 1150560081ll * 1000000000);
    clock_set_virtual_ns(w->clocks, 5);
    g_assert_cmpint(host_input_wall_ns(w->machine), ==, 1150560081ll * 1000000000 + 5);
    g_assert_true(host_input_set_rtc("utc", "host", NULL));
}

static void test_wrong_options_are_refused(World *w, gconstpointer unused)
{
    static const char *const bases[] = { "", "tomorrow", "2006-13-01", "1900-01-01", "9999-01-01" };
    static const char *const seeds[] = { "", "x", "1x", "-1", "99999999999999999999" };

    for (size_t i = 0; i < G_N_ELEMENTS(bases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(host_input_set_rtc(bases[i], NULL, &error));
        g_assert_nonnull(strstr(error->message, "-rtc base="));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(seeds); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(host_input_set_seed(seeds[i], &error));
        g_assert_nonnull(strstr(error->message, "-seed"));
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(host_input_set_rtc(NULL, "sun", &error));
    g_assert_cmpstr(error->message, ==, "-rtc clock=sun: expected host, rt or vm");
}

static Object *backend_new(const char *class)
{
    return object_new(object_class_by_name(class));
}

static void test_back_ends_give_bytes(World *w, gconstpointer unused)
{
    Object *builtin = backend_new("rng-builtin"), *file = backend_new("rng-random");
    uint8_t bytes[32] = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_true(user_object_complete(builtin, NULL));
    g_assert_cmpuint(rng_backend_fill(builtin, w->machine, bytes, 32), ==, 32);
    g_assert_true(user_object_complete(file, NULL));
    g_assert_cmpuint(rng_backend_fill(file, w->machine, bytes, 32), ==, 32);
    object_unref(file);
    file = backend_new("rng-random");
    property_set(file, "filename", "/dev/null", NULL);
    g_assert_true(user_object_complete(file, NULL));
    g_assert_cmpuint(rng_backend_fill(file, w->machine, bytes, 32), ==, 0);
    object_unref(file);
    file = backend_new("rng-random");
    property_set(file, "filename", "/no/such/file", NULL);
    g_assert_false(user_object_complete(file, &error));
    g_assert_nonnull(strstr(error->message, "'/no/such/file'"));
    object_unref(file);
    object_unref(builtin);
}

/* Last, since a seed stays. */
static void test_seeded_bytes_repeat_in_each_machine(World *w, gconstpointer unused)
{
    World other;
    uint8_t a[64], b[64];

    g_assert_true(host_input_set_seed("42", NULL));
    setup(&other, NULL);
    host_input_random(w->machine, a, sizeof(a));
    host_input_random(other.machine, b, sizeof(b));
    g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
    host_input_random(w->machine, b, sizeof(b));
    g_assert_cmpint(memcmp(a, b, sizeof(a)), !=, 0);
    teardown(&other, NULL);
}

#define ADD(name, fn) g_test_add(name, World, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/host-input/unseeded", test_unseeded_bytes_differ);
    ADD("/host-input/wall", test_wall_time_is_the_hosts_by_default);
    ADD("/host-input/date", test_date_follows_the_clock_asked_for);
    ADD("/host-input/refuse", test_wrong_options_are_refused);
    ADD("/host-input/back-ends", test_back_ends_give_bytes);
    ADD("/host-input/seeded", test_seeded_bytes_repeat_in_each_machine);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/timer.h"

#include "util/atomic.h"

enum { MS = 1000000 };

typedef struct {
    ClockSet *clocks;
    int64_t now_ns; /* fake guest time */
    Timer timers[4];
    GString *fired;
    unsigned notified;
} Fixture;

typedef struct {
    Fixture *f;
    char mark;
} Mark;

static int64_t fake_source(void *opaque)
{
    return atomic_read((int64_t *)opaque);
}

static void fire(void *opaque)
{
    Mark *mark = opaque;

    g_string_append_c(mark->f->fired, mark->mark);
}

static Mark marks[4];

static void setup(Fixture *f, gconstpointer unused)
{
    f->clocks = clock_set_new(NULL);
    f->fired = g_string_new(NULL);
    for (int i = 0; i < 4; i++) {
        marks[i] = (Mark){ f, (char)('a' + i) };
        timer_init(&f->timers[i], f->clocks, CLOCK_KIND_VIRTUAL, fire, &marks[i]);
    }
    clock_set_virtual_source(f->clocks, fake_source, &f->now_ns);
}

static void teardown(Fixture *f, gconstpointer unused)
{
    clock_set_free(f->clocks);
    g_string_free(f->fired, TRUE);
}

static void test_timers_fire_in_order_of_time_then_arming(Fixture *f, gconstpointer unused)
{
    timer_set_ns(&f->timers[0], 30);
    timer_set_ns(&f->timers[1], 10);
    timer_set_ns(&f->timers[2], 20);
    timer_set_ns(&f->timers[3], 10);
    g_assert_cmpint(clock_deadline_ns(f->clocks, CLOCK_KIND_VIRTUAL), ==, 10);
    g_assert_false(clock_run(f->clocks, CLOCK_KIND_VIRTUAL));
    f->now_ns = 20;
    g_assert_true(clock_run(f->clocks, CLOCK_KIND_VIRTUAL));
    g_assert_cmpstr(f->fired->str, ==, "bdc");
    g_assert_true(timer_is_pending(&f->timers[0]));
    g_assert_false(timer_is_pending(&f->timers[1]));
    timer_cancel(&f->timers[0]);
    g_assert_cmpint(clock_deadline_ns(f->clocks, CLOCK_KIND_VIRTUAL), ==, -1);
}

static void rearm_in_past(void *opaque)
{
    Fixture *f = opaque;

    g_string_append_c(f->fired, 'r');
    timer_set_ns(&f->timers[0], 0);
}

static void test_timer_that_rearms_in_the_past_does_not_hog(Fixture *f, gconstpointer unused)
{
    timer_init(&f->timers[0], f->clocks, CLOCK_KIND_VIRTUAL, rearm_in_past, f);
    timer_set_ns(&f->timers[0], INT64_MIN);
    timer_set_ns(&f->timers[1], 5);
    f->now_ns = 10;
    g_assert_true(clock_run(f->clocks, CLOCK_KIND_VIRTUAL));
    g_assert_cmpint((int)f->fired->len, <=, 2);
    g_assert_true(clock_run(f->clocks, CLOCK_KIND_VIRTUAL));
    timer_cancel(&f->timers[0]);
    timer_cancel(&f->timers[1]);
}

static void cancel_other(void *opaque)
{
    Fixture *f = opaque;

    timer_cancel(&f->timers[1]);
}

static void test_cancelled_by_an_earlier_one_it_stays_silent(Fixture *f, gconstpointer unused)
{
    timer_init(&f->timers[0], f->clocks, CLOCK_KIND_VIRTUAL, cancel_other, f);
    timer_set_ns(&f->timers[0], 1);
    timer_set_ns(&f->timers[1], 2);
    f->now_ns = 10;
    clock_run(f->clocks, CLOCK_KIND_VIRTUAL);
    g_assert_cmpstr(f->fired->str, ==, "");
}

static void count_notification(void *opaque)
{
    ((Fixture *)opaque)->notified++;
}

static void test_notify_only_when_the_deadline_comes_nearer(Fixture *f, gconstpointer unused)
{
    clock_set_notify(f->clocks, CLOCK_KIND_VIRTUAL, count_notification, f);
    timer_set_ns(&f->timers[0], 100);
    g_assert_cmpint(f->notified, ==, 1);
    timer_set_ns(&f->timers[1], 200);
    g_assert_cmpint(f->notified, ==, 1);
    timer_set_ns(&f->timers[2], 50);
    g_assert_cmpint(f->notified, ==, 2);
}

static void test_virtual_time_stops_and_jumps(Fixture *f, gconstpointer unused)
{
    clock_set_virtual_source(f->clocks, NULL, NULL);
    g_assert_cmpint(clock_ns(f->clocks, CLOCK_KIND_VIRTUAL), ==, 0);
    clock_set_virtual_ns(f->clocks, 5000);
    g_assert_cmpint(clock_ns(f->clocks, CLOCK_KIND_VIRTUAL), ==, 5000);
    clock_set_enable_virtual(f->clocks, true);
    int64_t a = clock_ns(f->clocks, CLOCK_KIND_VIRTUAL);
    g_assert_cmpint(a, >=, 5000);
    clock_set_enable_virtual(f->clocks, false);
    int64_t b = clock_ns(f->clocks, CLOCK_KIND_VIRTUAL);
    g_assert_cmpint(b, >=, a);
    g_assert_cmpint(clock_ns(f->clocks, CLOCK_KIND_VIRTUAL), ==, b);
    clock_set_virtual_source(f->clocks, fake_source, &f->now_ns);
    f->now_ns = 7;
    clock_set_virtual_ns(f->clocks, 1000);
    f->now_ns = 10;
    g_assert_cmpint(clock_ns(f->clocks, CLOCK_KIND_VIRTUAL), ==, 1003);
}

/* A stopped virtual clock holds its timers; realtime ones fire from the main loop. */
static void test_main_loop_fires(Fixture *f, gconstpointer unused)
{
    clock_set_virtual_source(f->clocks, NULL, NULL);
    timer_set_ns(&f->timers[1], 0);
    timer_init(&f->timers[0], f->clocks, CLOCK_KIND_REALTIME, fire, &marks[0]);
    timer_init(&f->timers[2], f->clocks, CLOCK_KIND_HOST, fire, &marks[2]);
    timer_set_ns(&f->timers[0], clock_ns(f->clocks, CLOCK_KIND_REALTIME) + 2 * MS);
    while (f->fired->len == 0) {
        g_main_context_iteration(NULL, TRUE);
    }
    timer_set_ns(&f->timers[2], clock_ns(f->clocks, CLOCK_KIND_HOST) + 2 * MS);
    while (f->fired->len == 1) {
        g_main_context_iteration(NULL, TRUE);
    }
    clock_set_enable_virtual(f->clocks, true);
    while (f->fired->len == 2) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpstr(f->fired->str, ==, "acb");
}

static gpointer hammer(gpointer data)
{
    Fixture *f = data;

    for (int i = 0; i < 20000; i++) {
        timer_set_ns(&f->timers[i & 3], i * 17 % 1000);
        clock_ns(f->clocks, CLOCK_KIND_VIRTUAL_RT);
        if (i % 5 == 0) {
            timer_cancel(&f->timers[i % 3]);
        }
    }
    return NULL;
}

static void test_any_thread_may_arm(Fixture *f, gconstpointer unused)
{
    GThread *threads[2];

    for (int i = 0; i < 2; i++) {
        threads[i] = g_thread_new("hammer", hammer, f);
    }
    for (int i = 0; i < 2000; i++) {
        clock_set_enable_virtual(f->clocks, i & 1);
        atomic_set(&f->now_ns, i % 1000);
        clock_run(f->clocks, CLOCK_KIND_VIRTUAL);
    }
    for (int i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
    }
    f->now_ns = 1000;
    clock_run(f->clocks, CLOCK_KIND_VIRTUAL);
    g_assert_cmpint(clock_deadline_ns(f->clocks, CLOCK_KIND_VIRTUAL), ==, -1);
}

#define ADD(name, fn) g_test_add(name, Fixture, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/timer/order", test_timers_fire_in_order_of_time_then_arming);
    ADD("/timer/past", test_timer_that_rearms_in_the_past_does_not_hog);
    ADD("/timer/cancel", test_cancelled_by_an_earlier_one_it_stays_silent);
    ADD("/timer/notify", test_notify_only_when_the_deadline_comes_nearer);
    ADD("/timer/virtual", test_virtual_time_stops_and_jumps);
    ADD("/timer/loop", test_main_loop_fires);
    ADD("/timer/threads", test_any_thread_may_arm);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/coroutine.h"

#include <glib.h>

#include "util/co_queue.h"

static void count_three(void *opaque)
{
    int *count = opaque;
    for (int i = 0; i < 3; i++) {
        ++*count;
        coroutine_yield();
    }
}

static void test_enter_continues_after_the_yield(void)
{
    int count = 0;
    Coroutine *co = coroutine_new(count_three, &count);
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(count, ==, i);
        coroutine_enter(co);
    }
    coroutine_enter(co);
    g_assert_cmpint(count, ==, 3);
    g_assert_null(coroutine_self());
}

static void enter_inner(void *opaque)
{
    Coroutine *self = coroutine_self();
    Coroutine *inner = coroutine_new(count_three, opaque);
    for (int i = 0; i < 4; i++) {
        coroutine_enter(inner);
        g_assert_true(coroutine_self() == self);
    }
}

static void test_enter_nests(void)
{
    int count = 0;
    coroutine_enter(coroutine_new(enter_inner, &count));
    g_assert_cmpint(count, ==, 3);
}

/* Floating point and preserved registers live through a switch. */
static void add_up(void *opaque)
{
    double *sum = opaque, local = 0;
    for (int i = 1; i <= 100; i++) {
        local += 1.0 / i;
        coroutine_yield();
    }
    *sum = local;
}

static void test_many_keep_their_own_state(void)
{
    Coroutine *all[200];
    double sums[200] = { 0 };
    for (int i = 0; i < 200; i++) {
        all[i] = coroutine_new(add_up, &sums[i]);
    }
    for (int round = 0; round < 101; round++) {
        for (int i = 0; i < 200; i++) {
            coroutine_enter(all[i]);
        }
    }
    for (int i = 0; i < 200; i++) {
        g_assert_cmpfloat_with_epsilon(sums[i], 5.187377517639621, 1e-9);
    }
}

typedef struct {
    CoMutex mutex;
    CoQueue queue;
    GString *order;
    char name;
} Shared;

static void lock_and_wait(void *opaque)
{
    Shared *shared = opaque;
    char name = shared->name;
    co_mutex_lock(&shared->mutex);
    g_string_append_c(shared->order, name);
    co_queue_wait(&shared->queue, &shared->mutex);
    g_string_append_c(shared->order, g_ascii_toupper(name));
    co_mutex_unlock(&shared->mutex);
}

static void test_queue_wakes_in_order_and_mutex_is_held(void)
{
    Shared shared = { .order = g_string_new("") };
    for (char name = 'a'; name <= 'd'; name++) {
        shared.name = name;
        coroutine_enter(coroutine_new(lock_and_wait, &shared));
    }
    g_assert_true(co_queue_wake_one(&shared.queue));
    g_assert_cmpstr(shared.order->str, ==, "abcdA");
    co_queue_wake_all(&shared.queue);
    g_assert_cmpstr(shared.order->str, ==, "abcdABCD");
    g_assert_false(co_queue_wake_one(&shared.queue));
    g_assert_null(shared.mutex.holder);
    g_string_free(shared.order, TRUE);
}

static void hold_and_yield(void *opaque)
{
    Shared *shared = opaque;
    char name = shared->name;
    co_mutex_lock(&shared->mutex);
    g_string_append_c(shared->order, name);
    coroutine_yield();
    co_mutex_unlock(&shared->mutex);
}

static void test_mutex_is_handed_over_in_order(void)
{
    Shared shared = { .order = g_string_new(""), .name = 'a' };
    Coroutine *first = coroutine_new(hold_and_yield, &shared);
    coroutine_enter(first);
    shared.name = 'b';
    Coroutine *second = coroutine_new(hold_and_yield, &shared);
    coroutine_enter(second);
    g_assert_cmpstr(shared.order->str, ==, "a");
    coroutine_enter(first);
    g_assert_cmpstr(shared.order->str, ==, "ab");
    coroutine_enter(second);
    g_string_free(shared.order, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/coroutine/yield", test_enter_continues_after_the_yield);
    g_test_add_func("/coroutine/nested", test_enter_nests);
    g_test_add_func("/coroutine/many", test_many_keep_their_own_state);
    g_test_add_func("/coroutine/queue", test_queue_wakes_in_order_and_mutex_is_held);
    g_test_add_func("/coroutine/mutex", test_mutex_is_handed_over_in_order);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting among the coroutines of one thread. */
#include "util/co_queue.h"

#include <glib.h>

/* Lives on the stack of the coroutine that waits. */
struct CoWaiter {
    Coroutine *coroutine;
    CoWaiter *next;
};

static void coroutine_fn wait_in(CoQueue *queue)
{
    CoWaiter waiter = { .coroutine = coroutine_self() };
    if (queue->head) {
        queue->tail->next = &waiter;
    } else {
        queue->head = &waiter;
    }
    queue->tail = &waiter;
    coroutine_yield();
}

void coroutine_fn co_queue_wait(CoQueue *queue, CoMutex *mutex)
{
    if (mutex) {
        co_mutex_unlock(mutex);
    }
    wait_in(queue);
    if (mutex) {
        co_mutex_lock(mutex);
    }
}

bool co_queue_wake_one(CoQueue *queue)
{
    CoWaiter *waiter = queue->head;
    if (!waiter) {
        return false;
    }
    queue->head = waiter->next;
    coroutine_wake(waiter->coroutine);
    return true;
}

void co_queue_wake_all(CoQueue *queue)
{
    /* Who waits again while this runs is not woken twice. */
    CoQueue all = *queue;
    *queue = (CoQueue){ 0 };
    while (co_queue_wake_one(&all)) {
    }
}

void coroutine_fn co_mutex_lock(CoMutex *mutex)
{
    if (mutex->holder) {
        g_assert(mutex->holder != coroutine_self());
        wait_in(&mutex->waiting); /* the unlock hands the mutex over */
        g_assert(mutex->holder == coroutine_self());
        return;
    }
    mutex->holder = coroutine_self();
}

void coroutine_fn co_mutex_unlock(CoMutex *mutex)
{
    g_assert(mutex->holder == coroutine_self());
    CoWaiter *next = mutex->waiting.head;
    mutex->holder = next ? next->coroutine : NULL;
    co_queue_wake_one(&mutex->waiting);
}

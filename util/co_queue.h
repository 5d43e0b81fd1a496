/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting among the coroutines of one thread: a queue, a mutex, a barrier for what is under way. */
#pragma once

#include "util/coroutine.h"

typedef struct CoWaiter CoWaiter;

/* Coroutines that wait for something, first come first served. All zero is an empty one. */
typedef struct {
    CoWaiter *head, *tail;
} CoQueue;

/* Held over waits by one coroutine. All zero is a free one. */
typedef struct {
    Coroutine *holder;
    CoQueue waiting;
} CoMutex;

/** co_queue_wait - until woken; @mutex (may be NULL) is free meanwhile and held again afterwards */
void coroutine_fn co_queue_wait(CoQueue *queue, CoMutex *mutex);
/** co_queue_wake_one - false when nobody waits */
bool co_queue_wake_one(CoQueue *queue);
void co_queue_wake_all(CoQueue *queue);

void coroutine_fn co_mutex_lock(CoMutex *mutex);
void coroutine_fn co_mutex_unlock(CoMutex *mutex);

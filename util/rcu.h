/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read-copy-update: readers never wait, what they may still see is freed after they left. A face of
 * liburcu that registers threads by itself (and tells the thread sanitizer about the order that
 * liburcu guarantees).
 */
#pragma once

#if defined(__SANITIZE_THREAD__)
#define RCU_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RCU_TSAN 1
#endif
#endif

#ifndef RCU_TSAN
#define _LGPL_SOURCE /* inline readers */
#endif
#include <stdbool.h>
#include <urcu/urcu-memb.h>

typedef struct rcu_head RcuHead;

#ifdef RCU_TSAN
extern char rcu_tsan_tag;
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#endif

extern __thread bool rcu_thread_known;

/** rcu_register_thread - done by the first rcu_read_lock() of a thread; undone when it ends */
void rcu_register_thread(void);

/* May nest. What is read inside by atomic_load_acquire() stays valid until the matching unlock. */
static inline void rcu_read_lock(void)
{
    if (__builtin_expect(!rcu_thread_known, 0)) {
        rcu_register_thread();
    }
    urcu_memb_read_lock();
}

static inline void rcu_read_unlock(void)
{
#ifdef RCU_TSAN
    __tsan_release(&rcu_tsan_tag);
#endif
    urcu_memb_read_unlock();
}

/** rcu_call - run @fn(@head) in a thread of its own once every reader of now has left */
void rcu_call(RcuHead *head, void (*fn)(RcuHead *head));

/** rcu_drain - wait until every earlier rcu_call() has run. Context: no read lock, no machine lock
 * held */
void rcu_drain(void);

/** rcu_synchronize - wait until every reader of now has left. Context: no read lock held */
void rcu_synchronize(void);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one lock under which devices run. It stands in util/ because timers and guest memory accesses
 * take it. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** machine_lock - taking it twice in one thread is a programming error (machine_lock_held() tells)
 */
void machine_lock(void);
void machine_unlock(void);
bool machine_lock_held(void);

/* How much the lock was wanted since the program began. */
typedef struct {
    uint64_t taken, waited; /* how often; how often somebody else had it */
    uint64_t wait_ns;       /* in all */
} MachineLockProfile;

/** machine_lock_profile - Context: lock held */
void machine_lock_profile(MachineLockProfile *profile);
/** machine_lock_wait - drop the lock until @cond is signalled, for at most @timeout_ms, and take it
 * again; like all waits on conditions it may return early */
void machine_lock_wait(pthread_cond_t *cond, unsigned timeout_ms);

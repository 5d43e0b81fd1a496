/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one lock under which devices run. */
#include "util/machine_lock.h"

#include <glib.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread bool held;
static MachineLockProfile profile; /* guarded by mutex */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void machine_lock(void)
{
    g_assert(!held);
    if (pthread_mutex_trylock(&mutex) != 0) {
        uint64_t begin_ns = now_ns();
        pthread_mutex_lock(&mutex);
        profile.waited++;
        profile.wait_ns += now_ns() - begin_ns;
    }
    profile.taken++;
    held = true;
}

void machine_lock_profile(MachineLockProfile *out)
{
    g_assert(held);
    *out = profile;
}

void machine_unlock(void)
{
    g_assert(held);
    held = false;
    pthread_mutex_unlock(&mutex);
}

bool machine_lock_held(void)
{
    return held;
}

void machine_lock_wait(pthread_cond_t *cond, unsigned timeout_ms)
{
    enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };
    struct timespec until;

    g_assert(held);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(timeout_ms % 1000) * NS_PER_MS;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    held = false;
    pthread_cond_timedwait(cond, &mutex, &until);
    held = true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one lock under which devices run. */
#include "util/machine_lock.h"

#include <glib.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread bool held;

void machine_lock(void)
{
    g_assert(!held);
    pthread_mutex_lock(&mutex);
    held = true;
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

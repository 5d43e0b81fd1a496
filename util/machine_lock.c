/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one lock under which devices run. */
#include "util/machine_lock.h"

#include <glib.h>

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

void machine_lock_wait(pthread_cond_t *cond)
{
    g_assert(held);
    held = false;
    pthread_cond_wait(cond, &mutex);
    held = true;
}

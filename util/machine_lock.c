/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one lock under which devices run. */
#include "util/machine_lock.h"

#include <glib.h>

static GMutex mutex;
static __thread bool held;

void machine_lock(void)
{
    g_assert(!held);
    g_mutex_lock(&mutex);
    held = true;
}

void machine_unlock(void)
{
    g_assert(held);
    held = false;
    g_mutex_unlock(&mutex);
}

bool machine_lock_held(void)
{
    return held;
}

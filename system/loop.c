/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main loop: GLib's, with the machine lock dropped while it waits. */
#include "system/loop.h"

#include "util/machine_lock.h"

static gint poll_unlocked(GPollFD *fds, guint count, gint timeout_ms)
{
    machine_unlock();
    gint ready = g_poll(fds, count, timeout_ms);
    machine_lock();
    return ready;
}

void loop_init(void)
{
    machine_lock();
    g_main_context_set_poll_func(NULL, poll_unlocked);
}

void loop_cleanup(void)
{
    g_main_context_set_poll_func(NULL, NULL);
    machine_unlock();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main loop: GLib's, with the machine lock dropped while it waits. */
#pragma once

#include <glib.h>

/** loop_init - from here on the calling (main) thread holds the machine lock, except while its loop
 * waits */
void loop_init(void);
/** loop_cleanup - give the lock back */
void loop_cleanup(void);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controlling terminal in raw mode, and back again on every way out. */
#pragma once

#include <stdbool.h>

/**
 * terminal_set_raw - every key goes to the guest at once and unechoed
 * @fd:      no terminal: nothing happens
 * @signals: Ctrl-C, Ctrl-\ and Ctrl-Z still raise their signals
 *
 * From here on the old modes come back at exit(), on terminal_restore(), when a fatal signal ends
 * the process, and while it is stopped; a process in the background leaves the terminal alone until
 * it is brought to the front.
 */
void terminal_set_raw(int fd, bool signals);
/** terminal_restore - the modes before terminal_set_raw(). Context: any, also a signal handler */
void terminal_restore(void);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitors: people and programs that steer a machine over character devices. */
#pragma once

#include "chardev/chardev.h"
#include "schema/command.h"

typedef struct Monitors Monitors;

typedef enum { MONITOR_HUMAN, MONITOR_QMP, MONITOR_QMP_PRETTY } MonitorKind;

/** monitors_new - all monitors of one machine; @context is copied, without .monitor and .events */
Monitors *monitors_new(const CommandContext *context);
/** monitors_free - says what is still to be said, for a bounded time, then closes. Context: machine
 * lock, as for all of these */
void monitors_free(Monitors *monitors);
/** monitors_add - put a monitor on @chardev; it is served as soon as the main loop runs. Whoever
 * else calls a socket meanwhile gets another of the kind */
bool monitors_add(Monitors *monitors, Chardev *chardev, MonitorKind kind, GError **errp);
/** monitors_take_fd - the descriptor that a client named @name with getfd, now the caller's; -1
 * with error */
int monitors_take_fd(Monitor *monitor, const char *name, GError **errp);
/** monitors_events - where events go to reach every QMP client */
EventSink *monitors_events(Monitors *monitors);

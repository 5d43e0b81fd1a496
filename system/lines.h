/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host side of serial lines and consoles, made from -chardev, -serial and -nographic. */
#pragma once

#include "chardev/mux.h"
#include "system/config.h"

/** lines_open - make every character device below @parent, and put those of serial lines into
 * @machine */
bool lines_open(const Config *config, Object *parent, Machine *machine, const ChardevMuxOps *ops,
                void *ops_opaque, GError **errp);
/** lines_open_monitors - the device of each of -mon, -monitor, -qmp and -qmp-pretty, added to
 * @chardevs in their order */
bool lines_open_monitors(const Config *config, Object *parent, GPtrArray *chardevs,
                         const ChardevMuxOps *ops, void *ops_opaque, GError **errp);
/** lines_wants_console - the terminal is a console although no option says so */
bool lines_wants_console(const Config *config);
/** lines_open_one - make or find the device that @text (as for -serial) describes; "none" is an
 * error here */
Chardev *lines_open_one(const Config *config, Object *parent, const char *text, const char *label,
                        GError **errp);
/** lines_check - every serial line that was asked for has a device that uses it */
bool lines_check(const Config *config, const Machine *machine, GError **errp);
/** lines_close - flush and close everything below @parent */
void lines_close(Object *parent);

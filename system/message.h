/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that writes to the user: a line on stderr, "program: message". */
#pragma once

#include <glib.h>
#include <stdbool.h>

/** message_set_program - what lines begin with */
void message_set_program(const char *program);
/** message_set_format - -msg: put the time and the guest's name in front */
void message_set_format(bool timestamp, bool guest_name);
/** message_set_guest - the name that guest_name shows; NULL: none */
void message_set_guest(const char *name);
/** message_error - print why something failed, as one line */
void message_error(const GError *error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dump-guest-memory: a core file of the guest, written while the machine is stopped. */
#pragma once

#include <stdbool.h>

typedef struct Dump Dump;

/** dump_is_active - one is being written: the machine must not run; NULL is fine */
bool dump_is_active(const Dump *dump);
/** dump_free - waits until the present piece is written, and leaves the rest */
void dump_free(Dump *dump);

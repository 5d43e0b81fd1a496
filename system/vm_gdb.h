/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debugger's door into a machine: -gdb, -s, and the monitor's gdbserver. */
#pragma once

#include "system/vm.h"

/** vm_gdb_open - serve debuggers on the device that @text describes, as for -serial, where a socket
 * is a server that waits for nobody; "none": close. What was open before is closed first */
bool vm_gdb_open(Vm *vm, const char *text, GError **errp);
void vm_gdb_close(Vm *vm);

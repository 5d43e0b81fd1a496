/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remote debugging of a guest: the server side of gdb's protocol on a character device. Each vCPU
 * is a thread of the one process; all-stop mode. Spec: gdb manual, appendix E.
 */
#pragma once

#include "accel/accel.h"
#include "chardev/chardev.h"

typedef struct GdbStub GdbStub;

/* What the layer above does for the debugger. Context: machine lock, main thread */
typedef struct {
    void (*start)(void *opaque); /* let the machine go on */
    void (*stop)(void *opaque);
    void (*quit)(void *opaque);
    /* a line of the human monitor, about vCPU @cpu; the caller frees what it says */
    char *(*command)(void *opaque, const char *line, unsigned cpu);
} GdbOps;

/** gdbstub_new - serve debuggers on @chardev; NULL with error: it is taken, or the machine has no
 * CPU that can be debugged */
GdbStub *gdbstub_new(Machine *machine, Accel *accel, Chardev *chardev, const GdbOps *ops,
                     void *opaque, GError **errp);
/** gdbstub_free - the debugger hears that the program ended; its points are taken back */
void gdbstub_free(GdbStub *stub);
/** gdbstub_stopped - the machine stopped, for whatever reason: tell the debugger */
void gdbstub_stopped(GdbStub *stub);
/** gdbstub_ended - the machine ends with exit status @status */
void gdbstub_ended(GdbStub *stub, int status);

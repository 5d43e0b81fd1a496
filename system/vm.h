/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One machine with everything around it: tree, accelerator, lines, run state, and the requests that
 * end it. */
#pragma once

#include "accel/accel.h"
#include "accel/qtest/qtest.h"
#include "gdbstub/gdbstub.h"
#include "monitor/monitor.h"
#include "schema/types.h"
#include "system/config.h"
#include "system/dump.h"

typedef struct Vm Vm;

/* All guarded by the machine lock. */
struct Vm {
    const Config *config;
    Object *root; /* of the composition tree: "machine", "objects", "chardevs" */
    Object *objects, *chardevs, *drives;
    GPtrArray *drive_places; /* DrivePlace *, owned: of -drive and the like */
    Machine *machine;        /* a reference */
    Accel *accel;
    Qtest *qtest; /* NULL: no test socket */
    Monitors *monitors;
    bool gdb_asks;   /* a monitor command of the debugger is running */
    GdbStub *gdb;    /* NULL: nobody may debug */
    ConfigLife life; /* as the configuration says, or set-action since; its strings are not ours */
    Dump *dump;      /* of guest memory, the newest; NULL */
    GMainLoop *loop;
    GPtrArray *signals; /* GSource * */
    /* asked for by a guest or the host, handled in the main loop */
    bool shutdown_wanted, reset_wanted, reset_by_guest, debug_wanted;
    bool suspend_wanted, watchdog_stop_wanted, io_error_wanted;
    WakeCause wake_cause; /* WAKE_NONE: nobody woke it */
    ShutdownCause cause;
    int status;
    GSource *request; /* pending handler of the above */
    int exit_status;
};

/** vm_new - make the machine that @config describes and bring it to its power-on state, stopped */
Vm *vm_new(const Config *config, GError **errp);
/** vm_run - start it (unless -S), and serve it until it ends; returns the exit status of the
 * process */
int vm_run(Vm *vm);
void vm_free(Vm *vm);

/* Context of these: main thread. */
void vm_start(Vm *vm);
/** vm_stop - bring all vCPUs and guest time to a stop; @state says why */
void vm_stop(Vm *vm, RunState state);
/** vm_reset - as if the reset button was pressed; keeps running if it was */
bool vm_reset(Vm *vm, GError **errp);

/** vm_watch_signals - SIGINT, SIGTERM and SIGHUP end the machine in order from here on */
void vm_watch_signals(Vm *vm);

/** vm_events - where events about the machine go; NULL before there are monitors */
EventSink *vm_events(Vm *vm);
/** vm_add_device - as -device does: "driver", "id", "bus" and properties of the device */
bool vm_add_device(Vm *vm, const Keyval *keys, GError **errp);

/** vm_watchdog_expired - do what the user wants then */
void vm_watchdog_expired(Machine *machine);
void vm_request_watchdog_stop(Vm *vm);
void vm_set_watchdog_action(Vm *vm, QmpWatchdogAction action);

extern const MachineOps vm_machine_ops;
/** vm_request_io_stop - a drive failed: stop soon */
void vm_request_io_stop(Vm *vm);
/** vm_request_quit - Ctrl-A x and the monitor's quit; any thread with the lock */
void vm_request_quit(Vm *vm);

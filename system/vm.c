/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run state: start, stop, reset, and the requests that end a machine. vm_setup.c makes it. */
#include "system/vm.h"

#include <glib-unix.h>
#include <signal.h>

#include "block/backend.h"
#include "schema/events.h"
#include "system/lines.h"
#include "system/message.h"

#define ACCEL_METHOD(vm, slot) CLASS_METHOD(&(vm)->accel->object, accel_class, AccelClass, slot)

EventSink *vm_events(Vm *vm)
{
    return vm->monitors ? monitors_events(vm->monitors) : NULL;
}

static void resume(Vm *vm)
{
    void (*resume_all)(Accel *) = ACCEL_METHOD(vm, resume_all);
    vm->machine->run_state = RUN_STATE_RUNNING;
    clock_set_enable_virtual(vm->machine->clocks, true);
    block_backend_resume_all(vm->drives);
    if (resume_all) {
        resume_all(vm->accel);
    }
}

static void halt(Vm *vm)
{
    void (*pause_all)(Accel *) = ACCEL_METHOD(vm, pause_all);
    if (pause_all) {
        pause_all(vm->accel);
    }
    block_backend_drain_all(vm->drives);
    clock_set_enable_virtual(vm->machine->clocks, false);
}

void vm_start(Vm *vm)
{
    RunState state = vm->machine->run_state;
    if (state != RUN_STATE_RUNNING && state != RUN_STATE_SUSPENDED) {
        qmp_event_resume(vm_events(vm));
        resume(vm);
    }
}

/* Without an event: for machines that end. */
static bool stop_silently(Vm *vm, RunState state)
{
    RunState before = vm->machine->run_state;
    bool running = before == RUN_STATE_RUNNING ||
                   (before == RUN_STATE_SUSPENDED && state != RUN_STATE_SUSPENDED);
    if (running) {
        halt(vm);
    }
    vm->machine->run_state = state;
    return running;
}

void vm_stop(Vm *vm, RunState state)
{
    if (stop_silently(vm, state)) {
        qmp_event_stop(vm_events(vm));
        if (vm->gdb) {
            gdbstub_stopped(vm->gdb);
        }
    }
}

/* As a stop, but that time goes on: a clock may wake the guest. */
static void handle_suspend(Vm *vm)
{
    void (*pause_all)(Accel *) = ACCEL_METHOD(vm, pause_all);
    if (vm->machine->run_state == RUN_STATE_RUNNING) {
        if (pause_all) {
            pause_all(vm->accel);
        }
        vm->machine->run_state = RUN_STATE_SUSPENDED;
        qmp_event_suspend(vm_events(vm));
    }
}

static void handle_wake(Vm *vm)
{
    g_autoptr(GError) error = NULL;
    if (vm->machine->run_state != RUN_STATE_SUSPENDED) {
        return;
    }
    vm->machine->waking = vm->wake_cause;
    bool done = machine_reset(vm->machine, &error);
    vm->machine->waking = WAKE_NONE;
    if (done) {
        qmp_event_wakeup(vm_events(vm));
        resume(vm);
    } else {
        message_error(error);
        vm_stop(vm, RUN_STATE_INTERNAL_ERROR);
    }
}

bool vm_reset(Vm *vm, GError **errp)
{
    bool running = vm->machine->run_state == RUN_STATE_RUNNING ||
                   vm->machine->run_state == RUN_STATE_SUSPENDED;
    if (running) {
        halt(vm);
    }
    vm->machine->run_state = running ? RUN_STATE_PAUSED : RUN_STATE_PRELAUNCH;
    if (!machine_reset(vm->machine, errp)) {
        return false;
    }
    if (running) {
        resume(vm);
    }
    return true;
}

static void end(Vm *vm, int status)
{
    if (vm->gdb) {
        gdbstub_ended(vm->gdb, status);
    }
    vm->exit_status = status;
    g_main_loop_quit(vm->loop);
}

static void tell_shutdown(Vm *vm, QmpShutdownCause reason)
{
    bool guest = reason >= QMP_SHUTDOWN_CAUSE_GUEST_SHUTDOWN;
    QmpShutdownEvent event = { .guest = guest, .reason = reason };
    qmp_event_shutdown(vm_events(vm), &event);
}

static void tell_panic(Vm *vm, QmpGuestPanicAction action)
{
    qmp_event_guest_panicked(vm_events(vm), &(QmpGuestPanickedEvent){ .action = action });
}

static void handle_panic(Vm *vm)
{
    switch (vm->life.on_panic) {
    case CONFIG_ON_PANIC_SHUTDOWN:
        tell_panic(vm, QMP_GUEST_PANIC_ACTION_POWEROFF);
        tell_shutdown(vm, QMP_SHUTDOWN_CAUSE_GUEST_PANIC);
        vm_stop(vm, RUN_STATE_GUEST_PANICKED);
        if (vm->life.on_shutdown == CONFIG_ON_SHUTDOWN_POWEROFF) {
            end(vm, 0);
        }
        break;
    case CONFIG_ON_PANIC_PAUSE:
        tell_panic(vm, QMP_GUEST_PANIC_ACTION_PAUSE);
        vm_stop(vm, RUN_STATE_GUEST_PANICKED);
        break;
    case CONFIG_ON_PANIC_EXIT_FAILURE:
        tell_panic(vm, QMP_GUEST_PANIC_ACTION_POWEROFF);
        tell_shutdown(vm, QMP_SHUTDOWN_CAUSE_GUEST_PANIC);
        vm_stop(vm, RUN_STATE_GUEST_PANICKED);
        end(vm, 1);
        break;
    case CONFIG_ON_PANIC_NONE: tell_panic(vm, QMP_GUEST_PANIC_ACTION_RUN); break;
    }
}

static QmpShutdownCause wire_cause(ShutdownCause cause)
{
    switch (cause) {
    case SHUTDOWN_HOST_SIGNAL: return QMP_SHUTDOWN_CAUSE_HOST_SIGNAL;
    case SHUTDOWN_HOST_QUIT: return QMP_SHUTDOWN_CAUSE_HOST_QMP_QUIT;
    case SHUTDOWN_GUEST_OFF:
    case SHUTDOWN_GUEST_SLEEP:
    case SHUTDOWN_GUEST_EXIT: return QMP_SHUTDOWN_CAUSE_GUEST_SHUTDOWN;
    case SHUTDOWN_GUEST_PANIC: return QMP_SHUTDOWN_CAUSE_GUEST_PANIC;
    case SHUTDOWN_ERROR: return QMP_SHUTDOWN_CAUSE_HOST_ERROR;
    }
    g_assert_not_reached();
}

/* What the guest asked for leaves the machine, stopped, if the user wants that. */
static void shut_down(Vm *vm, QmpShutdownCause reason)
{
    bool by_host = vm->cause == SHUTDOWN_HOST_SIGNAL || vm->cause == SHUTDOWN_HOST_QUIT;
    bool off = vm->cause == SHUTDOWN_GUEST_OFF || vm->cause == SHUTDOWN_GUEST_SLEEP;
    if (vm->cause == SHUTDOWN_GUEST_SLEEP) {
        qmp_event_suspend_disk(vm_events(vm));
    }
    tell_shutdown(vm, reason);
    if (off && vm->life.on_shutdown == CONFIG_ON_SHUTDOWN_PAUSE) {
        vm_stop(vm, RUN_STATE_SHUTDOWN);
        return;
    }
    stop_silently(vm, vm->cause == SHUTDOWN_ERROR ? RUN_STATE_INTERNAL_ERROR : RUN_STATE_SHUTDOWN);
    end(vm, by_host ? 0 : vm->cause == SHUTDOWN_ERROR && !vm->status ? 1 : vm->status);
}

static void handle_shutdown(Vm *vm)
{
    if (vm->cause == SHUTDOWN_GUEST_PANIC) {
        handle_panic(vm);
    } else {
        shut_down(vm, wire_cause(vm->cause));
    }
}

static void handle_reset(Vm *vm)
{
    g_autoptr(GError) error = NULL;
    bool guest = vm->reset_by_guest;
    if (guest && vm->life.on_reboot == CONFIG_ON_REBOOT_SHUTDOWN) {
        vm->cause = SHUTDOWN_GUEST_OFF;
        vm->status = 0;
        shut_down(vm, QMP_SHUTDOWN_CAUSE_GUEST_RESET);
    } else if (!vm_reset(vm, &error)) {
        message_error(error);
        end(vm, 1);
    } else {
        qmp_event_reset(
            vm_events(vm),
            &(QmpResetEvent){ .guest = guest,
                              .reason = guest ? QMP_SHUTDOWN_CAUSE_GUEST_RESET
                                              : QMP_SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET });
    }
}

static gboolean on_request(gpointer opaque)
{
    Vm *vm = opaque;
    g_clear_pointer(&vm->request, g_source_unref);
    if (vm->shutdown_wanted) {
        vm->shutdown_wanted = vm->reset_wanted = vm->debug_wanted = false;
        vm->suspend_wanted = vm->io_error_wanted = false;
        handle_shutdown(vm);
    } else if (vm->reset_wanted) {
        vm->reset_wanted = vm->suspend_wanted = false;
        handle_reset(vm);
    }
    if (vm->suspend_wanted) {
        vm->suspend_wanted = false;
        handle_suspend(vm);
    }
    if (vm->wake_cause) {
        handle_wake(vm);
        vm->wake_cause = WAKE_NONE;
    }
    if (vm->watchdog_stop_wanted) {
        vm->watchdog_stop_wanted = false;
        vm_stop(vm, RUN_STATE_WATCHDOG);
    }
    if (vm->debug_wanted) {
        vm->debug_wanted = false;
        vm_stop(vm, RUN_STATE_DEBUG);
    }
    if (vm->io_error_wanted) {
        vm->io_error_wanted = false;
        vm_stop(vm, RUN_STATE_IO_ERROR);
    }
    return G_SOURCE_REMOVE;
}

static void wake(Vm *vm)
{
    if (!vm->request) {
        vm->request = g_idle_source_new();
        g_source_set_priority(vm->request, G_PRIORITY_HIGH);
        g_source_set_callback(vm->request, on_request, vm, NULL);
        g_source_attach(vm->request, NULL);
    }
}

/* The first request counts; the host's wins over a guest's that was not handled yet. */
static void request_shutdown(Machine *machine, ShutdownCause cause, int status)
{
    Vm *vm = machine->ops_opaque;
    bool by_host = cause == SHUTDOWN_HOST_SIGNAL || cause == SHUTDOWN_HOST_QUIT;
    if (!vm->shutdown_wanted || by_host) {
        vm->shutdown_wanted = true;
        vm->cause = cause;
        vm->status = status;
    }
    wake(vm);
}

static void request_reset(Machine *machine, bool by_guest)
{
    Vm *vm = machine->ops_opaque;
    vm->reset_wanted = true;
    vm->reset_by_guest = by_guest;
    wake(vm);
}

static void request_debug(Machine *machine)
{
    Vm *vm = machine->ops_opaque;
    vm->debug_wanted = true;
    wake(vm);
}

static void request_suspend(Machine *machine)
{
    Vm *vm = machine->ops_opaque;
    vm->suspend_wanted = true;
    wake(vm);
}

static void request_wake(Machine *machine, WakeCause cause)
{
    Vm *vm = machine->ops_opaque;
    vm->wake_cause = cause;
    wake(vm);
}

void vm_request_watchdog_stop(Vm *vm)
{
    vm->watchdog_stop_wanted = true;
    wake(vm);
}

const MachineOps vm_machine_ops = { .request_shutdown = request_shutdown,
                                    .request_reset = request_reset,
                                    .request_debug = request_debug,
                                    .request_suspend = request_suspend,
                                    .request_wake = request_wake,
                                    .watchdog_expired = vm_watchdog_expired };

void vm_request_io_stop(Vm *vm)
{
    vm->io_error_wanted = true;
    wake(vm);
}

void vm_request_quit(Vm *vm)
{
    request_shutdown(vm->machine, SHUTDOWN_HOST_QUIT, 0);
}

static gboolean on_signal(gpointer opaque)
{
    Vm *vm = opaque;
    request_shutdown(vm->machine, SHUTDOWN_HOST_SIGNAL, 0);
    return G_SOURCE_CONTINUE;
}

void vm_watch_signals(Vm *vm)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        GSource *source = g_unix_signal_source_new(numbers[i]);
        g_source_set_callback(source, on_signal, vm, NULL);
        g_source_attach(source, NULL);
        g_ptr_array_add(vm->signals, source);
    }
}

int vm_run(Vm *vm)
{
    if (!vm->config->life.paused) {
        vm_start(vm);
    }
    g_main_loop_run(vm->loop);
    stop_silently(vm, RUN_STATE_SHUTDOWN);
    return vm->exit_status;
}

void vm_free(Vm *vm)
{
    if (!vm) {
        return;
    }
    for (guint i = 0; i < vm->signals->len; i++) {
        GSource *source = g_ptr_array_index(vm->signals, i);
        g_source_destroy(source);
        g_source_unref(source);
    }
    g_ptr_array_unref(vm->signals);
    g_ptr_array_unref(vm->drive_places);
    dump_free(vm->dump);
    qtest_free(vm->qtest);
    g_clear_pointer(&vm->gdb, gdbstub_free);
    monitors_free(vm->monitors);
    vm->monitors = NULL;
    lines_close(vm->chardevs);
    if (vm->machine) {
        ClockSet *clocks = vm->machine->clocks;
        machine_unlock();
        machine_free(vm->machine);
        machine_lock();
        clock_set_free(clocks);
    }
    if (vm->accel) {
        void (*cleanup)(Accel *) = ACCEL_METHOD(vm, cleanup);
        if (cleanup) {
            cleanup(vm->accel);
        }
        object_unref(&vm->accel->object);
    }
    if (vm->request) {
        g_source_destroy(vm->request);
        g_source_unref(vm->request);
    }
    object_unref(vm->root);
    g_main_loop_unref(vm->loop);
    g_free(vm);
}

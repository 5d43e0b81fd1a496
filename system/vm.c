/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run state: start, stop, reset, and the requests that end a machine. vm_setup.c makes it. */
#include "system/vm.h"

#include <glib-unix.h>
#include <signal.h>

#include "system/lines.h"
#include "system/message.h"

#define ACCEL_METHOD(vm, slot) CLASS_METHOD(&(vm)->accel->object, accel_class, AccelClass, slot)

void vm_start(Vm *vm)
{
    void (*resume_all)(Accel *) = ACCEL_METHOD(vm, resume_all);
    if (vm->machine->run_state == RUN_STATE_RUNNING) {
        return;
    }
    vm->machine->run_state = RUN_STATE_RUNNING;
    clock_set_enable_virtual(vm->machine->clocks, true);
    if (resume_all) {
        resume_all(vm->accel);
    }
}

void vm_stop(Vm *vm, RunState state)
{
    void (*pause_all)(Accel *) = ACCEL_METHOD(vm, pause_all);
    if (vm->machine->run_state == RUN_STATE_RUNNING) {
        if (pause_all) {
            pause_all(vm->accel);
        }
        clock_set_enable_virtual(vm->machine->clocks, false);
    }
    vm->machine->run_state = state;
}

bool vm_reset(Vm *vm, GError **errp)
{
    RunState before = vm->machine->run_state;
    vm_stop(vm, RUN_STATE_PAUSED);
    vm->machine->run_state = before == RUN_STATE_RUNNING ? RUN_STATE_PAUSED : RUN_STATE_PRELAUNCH;
    if (!machine_reset(vm->machine, errp)) {
        return false;
    }
    if (before == RUN_STATE_RUNNING) {
        vm_start(vm);
    }
    return true;
}

static void end(Vm *vm, int status)
{
    vm->exit_status = status;
    g_main_loop_quit(vm->loop);
}

static void handle_panic(Vm *vm)
{
    switch (vm->config->life.on_panic) {
    case CONFIG_ON_PANIC_SHUTDOWN:
        vm_stop(vm, RUN_STATE_GUEST_PANICKED);
        if (vm->config->life.on_shutdown == CONFIG_ON_SHUTDOWN_POWEROFF) {
            end(vm, 0);
        }
        break;
    case CONFIG_ON_PANIC_PAUSE: vm_stop(vm, RUN_STATE_GUEST_PANICKED); break;
    case CONFIG_ON_PANIC_EXIT_FAILURE:
        vm_stop(vm, RUN_STATE_GUEST_PANICKED);
        end(vm, 1);
        break;
    case CONFIG_ON_PANIC_NONE: break;
    }
}

static void handle_shutdown(Vm *vm)
{
    bool by_host = vm->cause == SHUTDOWN_HOST_SIGNAL || vm->cause == SHUTDOWN_HOST_QUIT;
    if (vm->cause == SHUTDOWN_GUEST_PANIC) {
        handle_panic(vm);
        return;
    }
    vm_stop(vm, vm->cause == SHUTDOWN_ERROR ? RUN_STATE_INTERNAL_ERROR : RUN_STATE_SHUTDOWN);
    if (vm->cause == SHUTDOWN_GUEST_OFF &&
        vm->config->life.on_shutdown == CONFIG_ON_SHUTDOWN_PAUSE) {
        return;
    }
    end(vm, by_host ? 0 : vm->cause == SHUTDOWN_ERROR && !vm->status ? 1 : vm->status);
}

static void handle_reset(Vm *vm)
{
    g_autoptr(GError) error = NULL;
    if (vm->reset_by_guest && vm->config->life.on_reboot == CONFIG_ON_REBOOT_SHUTDOWN) {
        vm->cause = SHUTDOWN_GUEST_OFF;
        vm->status = 0;
        handle_shutdown(vm);
    } else if (!vm_reset(vm, &error)) {
        message_error(error);
        end(vm, 1);
    }
}

static gboolean on_request(gpointer opaque)
{
    Vm *vm = opaque;
    g_clear_pointer(&vm->request, g_source_unref);
    if (vm->shutdown_wanted) {
        vm->shutdown_wanted = vm->reset_wanted = false;
        handle_shutdown(vm);
    } else if (vm->reset_wanted) {
        vm->reset_wanted = false;
        handle_reset(vm);
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

const MachineOps vm_machine_ops = { .request_shutdown = request_shutdown,
                                    .request_reset = request_reset };

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
    vm_stop(vm, RUN_STATE_SHUTDOWN);
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
    qtest_free(vm->qtest);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ties the debugging stub to the life of a machine. */
#include "system/vm_gdb.h"

#include <string.h>

#include "monitor/human.h"
#include "schema/commands.h"
#include "system/lines.h"
#include "util/error.h"

static void start(void *opaque)
{
    vm_start(opaque);
}

static void stop(void *opaque)
{
    vm_stop(opaque, RUN_STATE_PAUSED);
}

static void quit(void *opaque)
{
    vm_request_quit(opaque);
}

static char *command(void *opaque, const char *line, unsigned cpu)
{
    Vm *vm = opaque;
    CommandContext context = { .vm = vm,
                               .root = vm->root,
                               .machine = vm->machine,
                               .arch = vm->config->arch,
                               .events = vm_events(vm) };

    vm->gdb_asks = true;
    char *said = human_run(&context, line, cpu);
    vm->gdb_asks = false;
    return said;
}

static const GdbOps ops = { .start = start, .stop = stop, .quit = quit, .command = command };

void vm_gdb_close(Vm *vm)
{
    Object *line = object_child(vm->chardevs, "gdb");

    g_clear_pointer(&vm->gdb, gdbstub_free);
    if (line) {
        chardev_close(object_cast(line, &chardev_class.object));
        object_unparent(line);
    }
}

/* "tcp::1234" and "unix:path" are servers here, which wait for nobody; with server=off the emulator
 * calls the debugger. */
static char *as_server(const char *text)
{
    bool socket = g_str_has_prefix(text, "tcp:") || g_str_has_prefix(text, "unix:");
    bool calls = strstr(text, ",server=off") || strstr(text, ",noserver");

    return g_strconcat(text,
                       !socket ? ""
                       : calls ? ",nodelay=on"
                               : ",server=on,wait=off,nodelay=on",
                       NULL);
}

bool vm_gdb_open(Vm *vm, const char *text, GError **errp)
{
    g_autofree char *device = as_server(text);

    if (vm->gdb_asks) {
        error_set(errp, "a debugger cannot close the door that it stands in");
        return false;
    }
    vm_gdb_close(vm);
    if (strcmp(text, "none") == 0) {
        return true;
    }
    Chardev *chardev = lines_open_one(vm->config, vm->chardevs, device, "gdb", errp);
    if (!chardev) {
        return false;
    }
    vm->gdb = gdbstub_new(vm->machine, vm->accel, chardev, &ops, vm, errp);
    if (!vm->gdb) {
        vm_gdb_close(vm);
    }
    return vm->gdb != NULL;
}

bool qmp_x_gdbserver(CommandContext *context, const QmpXGdbserverArgs *args, GError **errp)
{
    return vm_gdb_open(context->vm, args->device, errp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A debugger comes and goes. While one is there, it decides when the machine runs. */
#include "gdbstub/gdbstub.h"

#include "gdbstub/gdbstub_internal.h"
#include "util/error.h"

static size_t can_receive(void *opaque)
{
    return GDB_PACKET_BYTES;
}

static void receive(void *opaque, const uint8_t *bytes, size_t length)
{
    gdb_wire_receive(opaque, bytes, length);
}

static void writable(void *opaque)
{
    gdb_wire_flush(opaque);
}

static void forget_session(GdbStub *stub)
{
    gdb_wire_reset(stub);
    stub->waiting = stub->multiprocess = stub->physical = false;
    stub->reports_soft = stub->reports_hard = false;
    stub->step_flags = GDB_STEP_ENABLE | GDB_STEP_NO_IRQ | GDB_STEP_NO_TIMER;
    stub->cpu = 0;
    stub->cont_cpu = UINT_MAX;
    stub->range_start = stub->range_end = 0;
}

static void event(void *opaque, ChardevEvent event)
{
    GdbStub *stub = opaque;

    if (event == CHARDEV_EVENT_OPENED) {
        forget_session(stub);
        stub->ops->stop(stub->opaque);
        stub->connected = true;
    } else if (event == CHARDEV_EVENT_CLOSED && stub->connected) {
        stub->connected = false;
        forget_session(stub);
        if (stub->machine->run_state == RUN_STATE_RUNNING) {
            stub->ops->stop(stub->opaque); /* points change only while all stand still */
            gdb_drop_points(stub);
            gdb_continue(stub, "");
            stub->waiting = false;
        } else {
            gdb_drop_points(stub);
        }
    }
}

static const ChardevHandlers handlers = {
    .can_receive = can_receive, .receive = receive, .event = event, .writable = writable
};

GdbStub *gdbstub_new(Machine *machine, Accel *accel, Chardev *chardev, const GdbOps *ops,
                     void *opaque, GError **errp)
{
    Cpu *cpu = machine->cpus->len ? g_ptr_array_index(machine->cpus, 0) : NULL;

    if (!cpu || !CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, debug)) {
        error_set(errp, "this machine has no processor that can be debugged");
        return NULL;
    }
    GdbStub *stub = g_new0(GdbStub, 1);
    stub->machine = machine;
    stub->accel = accel;
    stub->ops = ops;
    stub->opaque = opaque;
    stub->in = g_byte_array_new();
    stub->out = g_byte_array_new();
    stub->last = g_string_new(NULL);
    stub->points = g_array_new(false, false, sizeof(GdbPoint));
    gdb_register_init(stub);
    forget_session(stub);
    if (!chardev_attach(&stub->port, chardev, &handlers, stub, errp)) {
        gdbstub_free(stub);
        return NULL;
    }
    return stub;
}

void gdbstub_free(GdbStub *stub)
{
    if (!stub) {
        return;
    }
    bool running = stub->machine->run_state == RUN_STATE_RUNNING;
    stub->connected = false;
    chardev_detach(&stub->port);
    if (running && stub->points->len) { /* points change only while all stand still */
        stub->ops->stop(stub->opaque);
    }
    gdb_drop_points(stub);
    if (running) {
        stub->ops->start(stub->opaque);
    }
    g_byte_array_unref(stub->in);
    g_byte_array_unref(stub->out);
    g_string_free(stub->last, TRUE);
    g_array_unref(stub->points);
    g_array_unref(stub->registers);
    g_free(stub->xml);
    g_free(stub);
}

void gdbstub_stopped(GdbStub *stub)
{
    if (stub->connected && stub->waiting && !gdb_stays_in_range(stub)) {
        stub->waiting = false;
        gdb_send_stop(stub);
    }
}

void gdbstub_ended(GdbStub *stub, int status)
{
    if (stub->connected) {
        g_autofree char *text = g_strdup_printf("W%02x", status & 0xff);
        gdb_send(stub, text);
        chardev_drain(stub->port.chardev, 100);
    }
}

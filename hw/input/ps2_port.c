/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's end of a PS/2 cable: events in order, and before them the answer to the host. */
#include <string.h>

#include "hw/input/ps2_internal.h"
#include "util/error.h"

bool ps2_port_put(Ps2Port *port, const uint8_t *bytes, unsigned count)
{
    if (port->count + count > PS2_QUEUE_BYTES) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        port->bytes[(port->head + port->count++) % PS2_QUEUE_BYTES] = bytes[i];
    }
    port->changed(port->opaque);
    return true;
}

void ps2_port_answer(Ps2Port *port, uint8_t byte)
{
    if (port->answer_count < PS2_ANSWER_BYTES) {
        port->answers[port->answer_count++] = byte;
        port->changed(port->opaque);
    }
}

void ps2_port_forget_answer(Ps2Port *port)
{
    port->answer_count = 0;
    memset(port->answers, 0, sizeof(port->answers));
}

uint8_t ps2_port_get(Ps2Port *port)
{
    if (port->answer_count) {
        port->last = port->answers[0];
        port->answer_count--;
        memmove(port->answers, port->answers + 1, PS2_ANSWER_BYTES - 1);
    } else if (port->count) {
        port->last = port->bytes[port->head];
        port->head = (port->head + 1) % PS2_QUEUE_BYTES;
        port->count--;
    }
    return port->last;
}

void ps2_port_clear(Ps2Port *port)
{
    memset(port->bytes, 0, sizeof(port->bytes));
    port->head = port->count = 0;
    ps2_port_forget_answer(port);
    port->changed(port->opaque);
}

static bool port_post_load(void *opaque, uint32_t version, GError **errp)
{
    const Ps2Port *port = opaque;
    if (port->head >= PS2_QUEUE_BYTES || port->count > PS2_QUEUE_BYTES ||
        port->answer_count > PS2_ANSWER_BYTES) {
        error_set(errp, "ps2: saved queue counters are out of range");
        return false;
    }
    return true;
}

const VmState ps2_port_vmstate = {
    .name = "ps2-port",
    .version = 1,
    .post_load = port_post_load,
    .fields =
        (const VmField[]){
            VM_U8_ARRAY(Ps2Port, bytes),
            VM_U32(Ps2Port, head),
            VM_U32(Ps2Port, count),
            VM_U8_ARRAY(Ps2Port, answers),
            VM_U8(Ps2Port, answer_count),
            VM_U8(Ps2Port, last),
            {},
        },
};

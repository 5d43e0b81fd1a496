/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PS/2 mouse with wheel and five buttons, once a driver asks for them.
 * Spec: IBM Personal System/2 Hardware Interface Technical Reference, "Auxiliary device";
 * Microsoft, "Intellimouse extensions to the PS/2 protocol".
 */
#include "hw/input/ps2_internal.h"
#include "util/error.h"
#include "util/log.h"

enum {
    CMD_SCALE_1 = 0xe6,
    CMD_SCALE_2 = 0xe7,
    CMD_RESOLUTION = 0xe8,
    CMD_STATUS = 0xe9,
    CMD_STREAM = 0xea,
    CMD_READ = 0xeb,
    CMD_RESET_WRAP = 0xec,
    CMD_WRAP = 0xee,
    CMD_REMOTE = 0xf0,
    CMD_IDENTIFY = 0xf2,
    CMD_RATE = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULTS = 0xf6,
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,
};
enum { ID_PLAIN = 0, ID_WHEEL = 3, ID_BUTTONS = 4 };
enum { DEFAULT_RATE = 100, DEFAULT_RESOLUTION = 2, MAX_PENDING = 1 << 20 };

static void answer(Ps2Mouse *mouse, uint8_t byte)
{
    ps2_port_answer(&mouse->port, byte);
}

/* 2:1 scaling of stream mode: small movements are damped. */
static int scale(int delta)
{
    static const uint8_t steps[] = { 0, 1, 1, 3, 6, 9 };
    unsigned size = ABS(delta);
    int scaled = size < G_N_ELEMENTS(steps) ? steps[size] : 2 * (int)size;
    return delta < 0 ? -scaled : scaled;
}

/* One report of at most what it can hold; the rest stays. */
static unsigned make_packet(Ps2Mouse *mouse, bool stream, uint8_t *out)
{
    int dx = CLAMP(mouse->dx, -127, 127), dy = CLAMP(mouse->dy, -127, 127);
    int dz =
        CLAMP(mouse->dz, mouse->id == ID_BUTTONS ? -8 : -127, mouse->id == ID_BUTTONS ? 7 : 127);
    mouse->dx -= dx;
    mouse->dy -= dy;
    mouse->dz = mouse->id == ID_PLAIN ? 0 : mouse->dz - dz;
    if (mouse->scaled && stream) {
        dx = scale(dx);
        dy = scale(dy);
    }
    out[0] = 0x08 | (mouse->buttons & 7) | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0);
    out[1] = dx;
    out[2] = dy;
    if (mouse->id == ID_PLAIN) {
        return 3;
    }
    out[3] = mouse->id == ID_WHEEL ? dz : (dz & 15) | (mouse->buttons & 0x18) << 1;
    return 4;
}

static bool has_movement(const Ps2Mouse *mouse)
{
    return mouse->dx || mouse->dy || mouse->dz;
}

/* What does not fit is added up until there is room. */
static void report(void *opaque)
{
    Ps2Mouse *mouse = opaque;
    uint8_t packet[4];
    if (!mouse->enabled || mouse->remote || mouse->wrapped) {
        return;
    }
    while (mouse->dirty || has_movement(mouse)) {
        if (mouse->port.count + sizeof(packet) > PS2_QUEUE_BYTES) {
            return;
        }
        unsigned count = make_packet(mouse, true, packet);
        mouse->dirty = false;
        ps2_port_put(&mouse->port, packet, count);
    }
}

static void move_event(void *opaque, int dx, int dy, int dz)
{
    Ps2Mouse *mouse = opaque;
    dx = CLAMP(dx, -MAX_PENDING, MAX_PENDING);
    dy = CLAMP(dy, -MAX_PENDING, MAX_PENDING);
    dz = CLAMP(dz, -MAX_PENDING, MAX_PENDING);
    mouse->dx = CLAMP(mouse->dx + dx, -MAX_PENDING, MAX_PENDING);
    mouse->dy = CLAMP(mouse->dy - dy, -MAX_PENDING, MAX_PENDING); /* up is positive */
    mouse->dz = CLAMP(mouse->dz + dz, -MAX_PENDING, MAX_PENDING);
}

static void button_event(void *opaque, InputButton button, bool down)
{
    Ps2Mouse *mouse = opaque;
    uint8_t bit = 1 << button;
    mouse->dirty = mouse->dirty || !(mouse->buttons & bit) == down;
    mouse->buttons = down ? mouse->buttons | bit : mouse->buttons & ~bit;
}

static const InputHandlerOps mouse_input = {
    .name = "ps2-mouse",
    .move = move_event,
    .button = button_event,
    .sync = report,
};

/* Rates 200, 100, 80 ask for the wheel, 200, 200, 80 for five buttons. */
static void set_rate(Ps2Mouse *mouse, uint8_t rate)
{
    mouse->rate = rate;
    if (rate == 200) {
        mouse->knock = mouse->knock == 1 ? 3 : 1;
    } else if (rate == 100 && mouse->knock == 1) {
        mouse->knock = 2;
    } else {
        if (rate == 80 && mouse->knock == 2) {
            mouse->id = ID_WHEEL;
        } else if (rate == 80 && mouse->knock == 3) {
            mouse->id = ID_BUTTONS;
        }
        mouse->knock = 0;
    }
}

static void set_defaults(Ps2Mouse *mouse)
{
    mouse->rate = DEFAULT_RATE;
    mouse->resolution = DEFAULT_RESOLUTION;
    mouse->enabled = mouse->scaled = mouse->remote = mouse->wrapped = mouse->dirty = false;
    mouse->dx = mouse->dy = mouse->dz = 0;
    mouse->knock = 0;
}

static void answer_status(Ps2Mouse *mouse)
{
    uint8_t buttons =
        (mouse->buttons & 1) << 2 | (mouse->buttons & 4) >> 1 | (mouse->buttons & 2) >> 1;
    answer(mouse, PS2_ACK);
    answer(mouse, (mouse->remote ? 0x40 : 0) | (mouse->enabled ? 0x20 : 0) |
                      (mouse->scaled ? 0x10 : 0) | buttons);
    answer(mouse, mouse->resolution);
    answer(mouse, mouse->rate);
}

static void take_parameter(Ps2Mouse *mouse, uint8_t value)
{
    if (mouse->command == CMD_RATE) {
        set_rate(mouse, value);
    } else {
        mouse->resolution = value & 3;
    }
    mouse->command = 0;
    answer(mouse, PS2_ACK);
}

static void execute(Ps2Mouse *mouse, uint8_t value)
{
    uint8_t packet[4];
    switch (value) {
    case CMD_SCALE_1:
    case CMD_SCALE_2: mouse->scaled = value == CMD_SCALE_2; break;
    case CMD_RESOLUTION:
    case CMD_RATE: mouse->command = value; break;
    case CMD_STATUS: answer_status(mouse); return;
    case CMD_STREAM: mouse->remote = false; break;
    case CMD_REMOTE: mouse->remote = true; break;
    case CMD_WRAP: mouse->wrapped = true; break;
    case CMD_RESET_WRAP: mouse->wrapped = false; break;
    case CMD_READ:
        answer(mouse, PS2_ACK);
        for (unsigned i = 0, count = make_packet(mouse, false, packet); i < count; i++) {
            answer(mouse, packet[i]);
        }
        return;
    case CMD_IDENTIFY:
        answer(mouse, PS2_ACK);
        answer(mouse, mouse->id);
        return;
    case CMD_ENABLE: mouse->enabled = true; break;
    case CMD_DISABLE: mouse->enabled = false; break;
    case CMD_DEFAULTS: set_defaults(mouse); break;
    case CMD_RESEND: answer(mouse, mouse->port.last); return;
    case CMD_RESET:
        ps2_mouse_reset(mouse);
        answer(mouse, PS2_ACK);
        answer(mouse, PS2_TEST_PASSED);
        answer(mouse, ID_PLAIN);
        return;
    default:
        log_guest_error("ps2-mouse: unknown command %#x\n", value);
        answer(mouse, PS2_RESEND);
        return;
    }
    answer(mouse, PS2_ACK);
}

void ps2_mouse_write(Ps2Mouse *mouse, uint8_t value)
{
    ps2_port_forget_answer(&mouse->port);
    if (mouse->wrapped && value != CMD_RESET_WRAP && value != CMD_RESET) {
        answer(mouse, value);
    } else if (mouse->command) {
        take_parameter(mouse, value);
    } else {
        execute(mouse, value);
    }
}

void ps2_mouse_reset(Ps2Mouse *mouse)
{
    set_defaults(mouse);
    mouse->command = 0;
    mouse->id = ID_PLAIN;
    mouse->buttons = 0;
    ps2_port_clear(&mouse->port);
}

void ps2_mouse_init(Ps2Mouse *mouse, InputHub *hub)
{
    input_attach(hub, &mouse->input, &mouse_input, mouse);
}

void ps2_mouse_cleanup(Ps2Mouse *mouse)
{
    input_detach(&mouse->input);
}

static bool mouse_post_load(void *opaque, uint32_t version, GError **errp)
{
    const Ps2Mouse *mouse = opaque;
    if ((mouse->id != ID_PLAIN && mouse->id != ID_WHEEL && mouse->id != ID_BUTTONS) ||
        ABS(mouse->dx / 2) > MAX_PENDING || ABS(mouse->dy / 2) > MAX_PENDING ||
        ABS(mouse->dz / 2) > MAX_PENDING) {
        error_set(errp, "ps2-mouse: the saved state cannot be");
        return false;
    }
    return true;
}

const VmState ps2_mouse_vmstate = {
    .name = "ps2-mouse",
    .version = 1,
    .post_load = mouse_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT(Ps2Mouse, port, ps2_port_vmstate),
            VM_U8(Ps2Mouse, command),
            VM_U8(Ps2Mouse, id),
            VM_U8(Ps2Mouse, resolution),
            VM_U8(Ps2Mouse, rate),
            VM_U8(Ps2Mouse, buttons),
            VM_U8(Ps2Mouse, knock),
            VM_BOOL(Ps2Mouse, enabled),
            VM_BOOL(Ps2Mouse, scaled),
            VM_BOOL(Ps2Mouse, remote),
            VM_BOOL(Ps2Mouse, wrapped),
            VM_BOOL(Ps2Mouse, dirty),
            VM_I32(Ps2Mouse, dx),
            VM_I32(Ps2Mouse, dy),
            VM_I32(Ps2Mouse, dz),
            {},
        },
};

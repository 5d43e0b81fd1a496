/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PS/2 keyboard and mouse: what is at the other end of the two cables of an 8042. */
#pragma once

#include "hw/core/device.h"
#include "ui/input.h"

enum { PS2_QUEUE_BYTES = 256, PS2_ANSWER_BYTES = 8, PS2_KEYS = 256 };

/* Bytes on their way to the host; .changed tells it that there are some. */
typedef struct {
    void (*changed)(void *opaque);
    void *opaque;
    uint8_t bytes[PS2_QUEUE_BYTES]; /* guest state */
    uint32_t head, count;
    uint8_t answers[PS2_ANSWER_BYTES]; /* to the last byte from the host: they go first */
    uint8_t answer_count;
    uint8_t last; /* for "resend" */
} Ps2Port;

typedef struct {
    Ps2Port port;
    InputHandler input;
    uint8_t command;      /* guest state: whose parameter is awaited; 0: none */
    uint8_t scancode_set; /* 1 to 3 */
    uint8_t leds, typematic;
    bool enabled;
    uint8_t key_type[PS2_KEYS]; /* of set 3, by its codes */
    uint8_t down[PS2_KEYS / 8]; /* keys that are held */
} Ps2Keyboard;

typedef struct {
    Ps2Port port;
    InputHandler input;
    uint8_t command;                          /* guest state */
    uint8_t id;                               /* 0: three buttons, 3: wheel, 4: five buttons */
    uint8_t resolution, rate, buttons, knock; /* knock: how much of an unlocking sequence came */
    bool enabled, scaled, remote, wrapped, dirty;
    int32_t dx, dy, dz;
} Ps2Mouse;

extern const VmState ps2_keyboard_vmstate, ps2_mouse_vmstate, ps2_port_vmstate;

/** ps2_port_get - next byte for the host; repeats the last one when there is none */
uint8_t ps2_port_get(Ps2Port *port);
static inline bool ps2_port_has_data(const Ps2Port *port)
{
    return port->count || port->answer_count;
}

void ps2_keyboard_init(Ps2Keyboard *keyboard, InputHub *hub);
void ps2_keyboard_cleanup(Ps2Keyboard *keyboard);
void ps2_keyboard_reset(Ps2Keyboard *keyboard);
/** ps2_keyboard_write - a byte from the host */
void ps2_keyboard_write(Ps2Keyboard *keyboard, uint8_t value);

void ps2_mouse_init(Ps2Mouse *mouse, InputHub *hub);
void ps2_mouse_cleanup(Ps2Mouse *mouse);
void ps2_mouse_reset(Ps2Mouse *mouse);
void ps2_mouse_write(Ps2Mouse *mouse, uint8_t value);

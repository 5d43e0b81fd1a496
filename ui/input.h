/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key strokes and pointer movements on their way from people (a screen, send-key of a monitor) to
 * the guest's keyboard and mouse. Keys have the numbers of Linux input event codes. All functions
 * run with the machine lock held.
 */
#pragma once

#include "qom/object.h"
#include "util/timer.h"

typedef struct InputHub InputHub;

typedef enum {
    INPUT_BUTTON_LEFT,
    INPUT_BUTTON_RIGHT,
    INPUT_BUTTON_MIDDLE,
    INPUT_BUTTON_SIDE,
    INPUT_BUTTON_EXTRA
} InputButton;

enum { INPUT_KEY_SYSRQ = 99, INPUT_KEY_PAUSE = 119, INPUT_KEY_MAX = 255 };
enum { INPUT_MAX_KEYS = 16, INPUT_HOLD_MS = 100 };

/* What a guest's device takes; functions may be NULL. */
typedef struct {
    const char *name;
    void (*key)(void *opaque, uint16_t key, bool down);
    void (*move)(void *opaque, int dx, int dy, int dz); /* right, down, wheel towards the user */
    void (*button)(void *opaque, InputButton button, bool down);
    void (*sync)(void *opaque); /* what came since the last one belongs together */
} InputHandlerOps;

/* Embedded by the device. */
typedef struct {
    const InputHandlerOps *ops;
    void *opaque;
    InputHub *hub;
} InputHandler;

/** input_hub_get - the hub of @machine, made when there is none */
InputHub *input_hub_get(Object *machine, ClockSet *clocks);
/** input_hub_find - NULL when no device of @machine takes input */
InputHub *input_hub_find(Object *machine);

/** input_attach - what comes goes to the handler that was attached last, of those that take it */
void input_attach(InputHub *hub, InputHandler *handler, const InputHandlerOps *ops, void *opaque);
void input_detach(InputHandler *handler);

/** input_key - one key goes down or up; false when nobody takes keys */
bool input_key(InputHub *hub, uint16_t key, bool down);
bool input_move(InputHub *hub, int dx, int dy, int dz);
bool input_button(InputHub *hub, InputButton button, bool down);
void input_sync(InputHub *hub);
/** input_foreach_pointer - each that takes movements, the one that gets them first */
void input_foreach_pointer(InputHub *hub, void (*fn)(const char *name, void *opaque), void *opaque);
/**
 * input_stroke - keys go down in order, and up in the opposite order after @hold_ms
 * @count: at most INPUT_MAX_KEYS
 *
 * Strokes wait for each other. False when nobody takes keys, or too many strokes wait.
 */
bool input_stroke(InputHub *hub, const uint16_t *keys, unsigned count, unsigned hold_ms);

/** input_key_by_name - "a", "ret", "ctrl", "kp_enter"..., or a number in hexadecimal ("0x1c" is the
 * PC's scan code); 0: no such key */
uint16_t input_key_by_name(const char *name);
/** input_key_name - NULL when it has none */
const char *input_key_name(uint16_t key);
/** input_key_foreach - every name, for completion and for the nearest one */
void input_key_foreach(void (*fn)(const char *name, void *opaque), void *opaque);

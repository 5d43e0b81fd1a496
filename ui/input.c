/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/input.h"

#include <string.h>

enum { MAX_STROKES = 256, NS_PER_MS = 1000000, GAP_MS = 1 };

typedef struct {
    uint16_t keys[INPUT_MAX_KEYS];
    uint8_t count;
    unsigned hold_ms;
} Stroke;

struct InputHub {
    Object object;
    ClockSet *clocks;
    GPtrArray *handlers; /* InputHandler *, not owned */
    Timer timer;
    GQueue strokes; /* Stroke *; the first is held down if .held */
    bool held;
};

static void hub_init(Object *obj)
{
    InputHub *hub = container_of(obj, InputHub, object);
    hub->handlers = g_ptr_array_new();
    g_queue_init(&hub->strokes);
}

static void hub_finalize(Object *obj)
{
    InputHub *hub = container_of(obj, InputHub, object);
    g_ptr_array_unref(hub->handlers);
    g_queue_clear_full(&hub->strokes, g_free);
}

static const ObjectClass input_hub_class = {
    .name = "input-hub",
    .parent = &object_class,
    .instance_size = sizeof(InputHub),
    .init = hub_init,
    .finalize = hub_finalize,
};
CLASS_REGISTER(input_hub_class);

/* The handler attached last that has the function at @offset of its table. */
static InputHandler *taker(InputHub *hub, size_t offset)
{
    for (guint i = hub->handlers->len; i-- > 0;) {
        InputHandler *handler = g_ptr_array_index(hub->handlers, i);
        if (*(void *const *)((const char *)handler->ops + offset)) {
            return handler;
        }
    }
    return NULL;
}

bool input_key(InputHub *hub, uint16_t key, bool down)
{
    InputHandler *handler = taker(hub, offsetof(InputHandlerOps, key));
    if (handler) {
        handler->ops->key(handler->opaque, key, down);
    }
    return handler != NULL;
}

bool input_move(InputHub *hub, int dx, int dy, int dz)
{
    InputHandler *handler = taker(hub, offsetof(InputHandlerOps, move));
    if (handler) {
        handler->ops->move(handler->opaque, dx, dy, dz);
    }
    return handler != NULL;
}

bool input_button(InputHub *hub, InputButton button, bool down)
{
    InputHandler *handler = taker(hub, offsetof(InputHandlerOps, button));
    if (handler) {
        handler->ops->button(handler->opaque, button, down);
    }
    return handler != NULL;
}

void input_foreach_pointer(InputHub *hub, void (*fn)(const char *name, void *opaque), void *opaque)
{
    for (guint i = hub->handlers->len; i-- > 0;) {
        const InputHandler *handler = g_ptr_array_index(hub->handlers, i);
        if (handler->ops->move) {
            fn(handler->ops->name, opaque);
        }
    }
}

void input_sync(InputHub *hub)
{
    for (guint i = 0; i < hub->handlers->len; i++) {
        InputHandler *handler = g_ptr_array_index(hub->handlers, i);
        if (handler->ops->sync) {
            handler->ops->sync(handler->opaque);
        }
    }
}

static void wait_ms(InputHub *hub, unsigned ms)
{
    timer_set_ns(&hub->timer, clock_ns(hub->clocks, CLOCK_KIND_VIRTUAL) + (int64_t)ms * NS_PER_MS);
}

static void press_next(InputHub *hub)
{
    const Stroke *stroke = g_queue_peek_head(&hub->strokes);
    if (stroke) {
        for (unsigned i = 0; i < stroke->count; i++) {
            input_key(hub, stroke->keys[i], true);
        }
        hub->held = true;
        wait_ms(hub, stroke->hold_ms);
    }
}

static void expired(void *opaque)
{
    InputHub *hub = opaque;
    if (!hub->held) {
        press_next(hub);
        return;
    }
    g_autofree Stroke *stroke = g_queue_pop_head(&hub->strokes);
    for (unsigned i = stroke->count; i-- > 0;) {
        input_key(hub, stroke->keys[i], false);
    }
    hub->held = false;
    if (!g_queue_is_empty(&hub->strokes)) {
        wait_ms(hub, GAP_MS);
    }
}

bool input_stroke(InputHub *hub, const uint16_t *keys, unsigned count, unsigned hold_ms)
{
    if (count > INPUT_MAX_KEYS || !taker(hub, offsetof(InputHandlerOps, key)) ||
        g_queue_get_length(&hub->strokes) >= MAX_STROKES) {
        return false;
    }
    Stroke *stroke = g_new0(Stroke, 1);
    memcpy(stroke->keys, keys, count * sizeof(*keys));
    stroke->count = count;
    stroke->hold_ms = hold_ms;
    g_queue_push_tail(&hub->strokes, stroke);
    if (g_queue_get_length(&hub->strokes) == 1 && !timer_is_pending(&hub->timer)) {
        press_next(hub);
    }
    return true;
}

void input_attach(InputHub *hub, InputHandler *handler, const InputHandlerOps *ops, void *opaque)
{
    *handler = (InputHandler){ .ops = ops, .opaque = opaque, .hub = hub };
    object_ref(&hub->object);
    g_ptr_array_add(hub->handlers, handler);
}

void input_detach(InputHandler *handler)
{
    InputHub *hub = handler->hub;
    if (!hub) {
        return;
    }
    g_ptr_array_remove(hub->handlers, handler);
    handler->hub = NULL;
    if (!hub->handlers->len) { /* nobody is left: what waits goes nowhere */
        timer_cancel(&hub->timer);
        g_queue_clear_full(&hub->strokes, g_free);
        hub->held = false;
    }
    object_unref(&hub->object);
}

InputHub *input_hub_find(Object *machine)
{
    return object_cast(object_child(machine, "input"), &input_hub_class);
}

InputHub *input_hub_get(Object *machine, ClockSet *clocks)
{
    InputHub *hub = input_hub_find(machine);
    if (!hub) {
        Object *obj = object_new_child(machine, "input", &input_hub_class, NULL);
        hub = container_of(obj, InputHub, object);
        hub->clocks = clocks;
        timer_init(&hub->timer, clocks, CLOCK_KIND_VIRTUAL, expired, hub);
    }
    return hub;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that press keys and move the pointer. */
#include "hw/core/machine.h"
#include "schema/commands.h"
#include "ui/input.h"
#include "util/error.h"

enum { MAX_HOLD_MS = 60000, MAX_EVENTS = 1024, MAX_MOVE = 1 << 20 };

static InputHub *find_hub(CommandContext *context, GError **errp)
{
    InputHub *hub = input_hub_find(&context->machine->object);
    if (!hub) {
        error_set(errp, "this machine has neither keyboard nor mouse");
    }
    return hub;
}

static bool find_key(const QmpKeyValue *value, uint16_t *key, GError **errp)
{
    if (value->type == QMP_KEY_VALUE_KIND_QCODE) {
        *key = input_key_by_name(qmp_q_key_code_names[value->u.qcode->data]);
    } else {
        g_autofree char *code = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value->u.number->data);
        *key = value->u.number->data > 0 ? input_key_by_name(code) : 0;
        if (!*key) {
            error_set(errp, "there is no key with the scan code %" G_GINT64_FORMAT,
                      value->u.number->data);
        }
    }
    return *key != 0;
}

bool qmp_send_key(CommandContext *context, const QmpSendKeyArgs *args, GError **errp)
{
    uint16_t keys[INPUT_MAX_KEYS];
    int64_t hold_ms = args->has_hold_time ? args->hold_time : INPUT_HOLD_MS;
    InputHub *hub = find_hub(context, errp);
    if (!hub) {
        return false;
    }
    if (args->keys->len > INPUT_MAX_KEYS) {
        error_set(errp, "parameter 'keys' takes at most %d keys", INPUT_MAX_KEYS);
        return false;
    }
    if (hold_ms < 0 || hold_ms > MAX_HOLD_MS) {
        error_set(errp, "parameter 'hold-time' must be from 0 to %d", MAX_HOLD_MS);
        return false;
    }
    for (guint i = 0; i < args->keys->len; i++) {
        if (!find_key(g_ptr_array_index(args->keys, i), &keys[i], errp)) {
            return false;
        }
    }
    if (args->keys->len && !input_stroke(hub, keys, args->keys->len, (unsigned)hold_ms)) {
        error_set(errp, "the keys cannot be sent: there is no keyboard, or too many wait");
        return false;
    }
    return true;
}

/* Wheels are buttons to clients, and a direction to mice. */
static bool press_button(InputHub *hub, const QmpInputBtnEvent *event)
{
    static const InputButton buttons[] = {
        [QMP_INPUT_BUTTON_LEFT] = INPUT_BUTTON_LEFT,
        [QMP_INPUT_BUTTON_MIDDLE] = INPUT_BUTTON_MIDDLE,
        [QMP_INPUT_BUTTON_RIGHT] = INPUT_BUTTON_RIGHT,
        [QMP_INPUT_BUTTON_SIDE] = INPUT_BUTTON_SIDE,
        [QMP_INPUT_BUTTON_EXTRA] = INPUT_BUTTON_EXTRA,
    };
    switch (event->button) {
    case QMP_INPUT_BUTTON_WHEEL_UP: return !event->down || input_move(hub, 0, 0, -1);
    case QMP_INPUT_BUTTON_WHEEL_DOWN: return !event->down || input_move(hub, 0, 0, 1);
    default: return input_button(hub, buttons[event->button], event->down);
    }
}

static bool send_event(InputHub *hub, const QmpInputEvent *event, GError **errp)
{
    bool taken = false;
    switch (event->type) {
    case QMP_INPUT_EVENT_KIND_KEY: {
        uint16_t key;
        if (!find_key(event->u.key->data->key, &key, errp)) {
            return false;
        }
        taken = input_key(hub, key, event->u.key->data->down);
        break;
    }
    case QMP_INPUT_EVENT_KIND_BTN: taken = press_button(hub, event->u.btn->data); break;
    case QMP_INPUT_EVENT_KIND_REL: {
        const QmpInputMoveEvent *move = event->u.rel->data;
        int distance = (int)CLAMP(move->value, -MAX_MOVE, MAX_MOVE);
        taken = move->axis == QMP_INPUT_AXIS_X ? input_move(hub, distance, 0, 0)
                                               : input_move(hub, 0, distance, 0);
        break;
    }
    default: g_assert_not_reached();
    }
    if (!taken) {
        error_set(errp, "no device of this machine takes events of type '%s'",
                  qmp_input_event_kind_names[event->type]);
    }
    return taken;
}

bool qmp_input_send_event(CommandContext *context, const QmpInputSendEventArgs *args, GError **errp)
{
    InputHub *hub = find_hub(context, errp);
    if (!hub) {
        return false;
    }
    if (args->device &&
        !object_child(object_child(&context->machine->object, "peripheral"), args->device) &&
        !object_resolve(context->root, args->device, NULL)) {
        error_set_class(errp, ERROR_DEVICE_NOT_FOUND, "there is no device '%s'", args->device);
        return false;
    }
    if (args->events->len > MAX_EVENTS) {
        error_set(errp, "parameter 'events' takes at most %d events", MAX_EVENTS);
        return false;
    }
    for (guint i = 0; i < args->events->len; i++) {
        if (!send_event(hub, g_ptr_array_index(args->events, i), errp)) {
            return false;
        }
    }
    input_sync(hub);
    return true;
}

static void add_mouse(const char *name, void *opaque)
{
    GPtrArray *list = opaque;
    QmpMouseInfo *info = qmp_mouse_info_new();
    info->name = g_strdup(name);
    info->index = list->len;
    info->current = list->len == 0;
    g_ptr_array_add(list, info);
}

GPtrArray *qmp_query_mice(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    InputHub *hub = input_hub_find(&context->machine->object);
    if (hub) {
        input_foreach_pointer(hub, add_mouse, list);
    }
    return list;
}

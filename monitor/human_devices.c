/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Human commands about devices: keys, pointer, ports, interrupts, PCI. */
#include <string.h>

#include "hw/core/irq_info.h"
#include "monitor/human_internal.h"
#include "schema/commands.h"
#include "ui/input.h"
#include "util/error.h"
#include "util/nearest.h"

static void add_key_name(const char *name, void *opaque)
{
    g_ptr_array_add(opaque, (gpointer)name);
}

static bool unknown_key(const char *name, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    input_key_foreach(add_key_name, names);
    g_ptr_array_add(names, NULL);
    const char *near = nearest_word(name, (const char *const *)names->pdata);
    error_set(errp, "there is no key '%s'%s%s%s", name, near ? "; did you mean '" : "",
              near ? near : "", near ? "'?" : "");
    return false;
}

static InputHub *find_hub(HumanCall *call, GError **errp)
{
    InputHub *hub = input_hub_find(&call->context.machine->object);
    if (!hub) {
        error_set(errp, "this machine has neither keyboard nor mouse");
    }
    return hub;
}

bool human_sendkey(HumanCall *call, GError **errp)
{
    g_auto(GStrv) names = g_strsplit(call->args[0], "-", -1);
    uint16_t keys[INPUT_MAX_KEYS];
    uint64_t hold_ms = INPUT_HOLD_MS;
    unsigned count = g_strv_length(names);
    InputHub *hub = find_hub(call, errp);
    if (!hub || (call->count > 1 && !human_number(call, call->args[1], &hold_ms, errp))) {
        return false;
    }
    if (count > INPUT_MAX_KEYS || hold_ms > 60000) {
        error_set(errp, "at most %d keys for 60000 ms", INPUT_MAX_KEYS);
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        keys[i] = input_key_by_name(names[i]);
        if (!keys[i]) {
            return unknown_key(names[i], errp);
        }
    }
    if (!input_stroke(hub, keys, count, (unsigned)hold_ms)) {
        error_set(errp, "no device takes keys, or too many wait");
        return false;
    }
    return true;
}

bool human_mouse_move(HumanCall *call, GError **errp)
{
    uint64_t by[3] = { 0 };
    InputHub *hub = find_hub(call, errp);
    for (unsigned i = 0; hub && i < call->count && i < G_N_ELEMENTS(by); i++) {
        if (!human_number(call, call->args[i], &by[i], errp)) {
            return false;
        }
    }
    if (hub && !input_move(hub, (int)by[0], (int)by[1], (int)by[2])) {
        error_set(errp, "this machine has no mouse");
        return false;
    }
    if (hub) {
        input_sync(hub);
    }
    return hub != NULL;
}

bool human_mouse_button(HumanCall *call, GError **errp)
{
    static const InputButton buttons[] = { INPUT_BUTTON_LEFT, INPUT_BUTTON_MIDDLE,
                                           INPUT_BUTTON_RIGHT };
    uint64_t state;
    InputHub *hub = find_hub(call, errp);
    if (!hub || !human_number(call, call->args[0], &state, errp)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if (!input_button(hub, buttons[i], state >> i & 1)) {
            error_set(errp, "this machine has no mouse");
            return false;
        }
    }
    input_sync(hub);
    return true;
}

bool human_nmi(HumanCall *call, GError **errp)
{
    return qmp_inject_nmi(&call->context, errp);
}

/* Bytes of "/b", "/h", "/w"; 0 with error. */
static unsigned port_bytes(HumanCall *call, GError **errp)
{
    const char *format = call->format ? call->format : "b";
    const char *sizes = "bhw", *at = *format && !format[1] ? strchr(sizes, *format) : NULL;
    if (!at || !*at) {
        error_set(errp, "format '/%s' is not understood: one of bhw", format);
        return 0;
    }
    return 1u << (at - sizes);
}

static bool check_port(HumanCall *call, uint64_t *port, GError **errp)
{
    if (!call->context.machine->io.view) {
        error_set(errp, "this machine has no ports");
        return false;
    }
    if (!human_number(call, call->args[0], port, errp)) {
        return false;
    }
    if (*port > 0xffff) {
        error_set(errp, "ports are from 0 to 0xffff");
        return false;
    }
    return true;
}

bool human_port_read(HumanCall *call, GError **errp)
{
    unsigned bytes = port_bytes(call, errp);
    uint64_t port, value = 0;
    if (!bytes || !check_port(call, &port, errp)) {
        return false;
    }
    address_space_load(&call->context.machine->io, port, bytes, ENDIAN_LITTLE, &value,
                       (MemTxAttrs){ 0 });
    human_text(call, "port%c[0x%04" G_GINT64_MODIFIER "x] = 0x%0*" G_GINT64_MODIFIER "x\n",
               "bhw"[bytes / 2], port, (int)bytes * 2, value);
    return true;
}

bool human_port_write(HumanCall *call, GError **errp)
{
    unsigned bytes = port_bytes(call, errp);
    uint64_t port, value;
    if (!bytes || !check_port(call, &port, errp) ||
        !human_number(call, call->args[1], &value, errp)) {
        return false;
    }
    address_space_store(&call->context.machine->io, port, bytes, ENDIAN_LITTLE, value,
                        (MemTxAttrs){ 0 });
    return true;
}

/* Interrupt controllers, wherever they stand */

typedef void ControllerFn(HumanCall *call, Object *obj, const IrqInfoOps *ops);

static void foreach_controller(HumanCall *call, Object *obj, ControllerFn *fn)
{
    const IrqInfoOps *ops = object_interface(obj, &irq_info_interface);
    if (ops) {
        fn(call, obj, ops);
    }
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        foreach_controller(call, g_ptr_array_index(obj->children, i), fn);
    }
}

static void describe(HumanCall *call, Object *obj, const IrqInfoOps *ops)
{
    if (ops->describe) {
        ops->describe(obj, call->out);
    }
}

bool human_info_pic(HumanCall *call, GError **errp)
{
    foreach_controller(call, &call->context.machine->object, describe);
    return true;
}

static void count(HumanCall *call, Object *obj, const IrqInfoOps *ops)
{
    unsigned inputs = 0;
    const uint64_t *counts = ops->counts ? ops->counts(obj, &inputs) : NULL;
    if (counts) {
        human_text(call, "IRQ statistics for %s:\n", obj->class->name);
    }
    for (unsigned i = 0; i < inputs; i++) {
        if (counts[i]) {
            human_text(call, "%2u: %" G_GUINT64_FORMAT "\n", i, counts[i]);
        }
    }
}

bool human_info_irq(HumanCall *call, GError **errp)
{
    foreach_controller(call, &call->context.machine->object, count);
    return true;
}

bool human_info_mice(HumanCall *call, GError **errp)
{
    GPtrArray *list = qmp_query_mice(&call->context, errp);
    if (!list->len) {
        human_text(call, "No mouse devices connected\n");
    }
    for (guint i = 0; i < list->len; i++) {
        const QmpMouseInfo *info = g_ptr_array_index(list, i);
        human_text(call, "%c Mouse #%" G_GINT64_FORMAT ": %s\n", info->current ? '*' : ' ',
                   info->index, info->name);
    }
    schema_free(&qmp_array_of_mouse_info_type, list);
    return true;
}

static void print_region(HumanCall *call, const QmpPciMemoryRegion *region)
{
    uint64_t first = (uint64_t)region->address, last = first + (uint64_t)region->size - 1;
    human_text(call, "      BAR%" G_GINT64_FORMAT ": ", region->bar);
    if (region->address < 0) {
        human_text(call, "%s, not mapped, %" G_GINT64_FORMAT " bytes\n", region->type,
                   region->size);
        return;
    }
    human_text(call, "%s%s at 0x%08" G_GINT64_MODIFIER "x [0x%08" G_GINT64_MODIFIER "x]\n",
               region->mem_type_64 ? "64 bit " : "", region->type, first, last);
}

static void print_devices(HumanCall *call, const GPtrArray *devices)
{
    for (guint i = 0; devices && i < devices->len; i++) {
        const QmpPciDeviceInfo *info = g_ptr_array_index(devices, i);
        human_text(call,
                   "  Bus %2" G_GINT64_FORMAT ", device %3" G_GINT64_FORMAT
                   ", function %" G_GINT64_FORMAT ":\n    ",
                   info->bus, info->slot, info->function);
        if (info->class_info->desc) {
            human_text(call, "%s", info->class_info->desc);
        } else {
            human_text(call, "Class %04x", (unsigned)info->class_info->class);
        }
        human_text(call, ": PCI device %04x:%04x\n", (unsigned)info->id->vendor,
                   (unsigned)info->id->device);
        if (info->irq_pin) {
            human_text(call, "      IRQ %" G_GINT64_FORMAT ", pin %c\n", info->irq,
                       (char)('A' + info->irq_pin - 1));
        }
        for (guint n = 0; n < info->regions->len; n++) {
            print_region(call, g_ptr_array_index(info->regions, n));
        }
        human_text(call, "      id \"%s\"\n", info->qdev_id);
        if (info->pci_bridge) {
            print_devices(call, info->pci_bridge->devices);
        }
    }
}

bool human_info_pci(HumanCall *call, GError **errp)
{
    GPtrArray *list = qmp_query_pci(&call->context, errp);
    if (!list->len) {
        human_text(call, "No PCI buses\n");
    }
    for (guint i = 0; i < list->len; i++) {
        print_devices(call, ((const QmpPciInfo *)g_ptr_array_index(list, i))->devices);
    }
    schema_free(&qmp_array_of_pci_info_type, list);
    return true;
}

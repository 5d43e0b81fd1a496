/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named lines of devices: arrays of inputs, and slots that outputs are written to. */
#include "hw/core/device_internal.h"

typedef struct {
    char *name; /* NULL: the unnamed set */
    unsigned count;
    Irq **lines; /* inputs: owned; outputs: the device's slots */
    bool owned;
} GpioSet;

static void gpio_set_free(gpointer data)
{
    GpioSet *set = data;

    if (set->owned) {
        for (unsigned i = 0; i < set->count; i++) {
            irq_free(set->lines[i]);
        }
        g_free(set->lines);
    }
    g_free(set->name);
    g_free(set);
}

void device_gpio_init(Device *dev)
{
    dev->gpio_in = g_ptr_array_new_with_free_func(gpio_set_free);
    dev->gpio_out = g_ptr_array_new_with_free_func(gpio_set_free);
}

void device_gpio_cleanup(Device *dev)
{
    g_ptr_array_unref(dev->gpio_in);
    g_ptr_array_unref(dev->gpio_out);
}

static GpioSet *find_set(GPtrArray *sets, const char *name)
{
    for (guint i = 0; i < sets->len; i++) {
        GpioSet *set = g_ptr_array_index(sets, i);
        if (g_strcmp0(set->name, name) == 0) {
            return set;
        }
    }
    return NULL;
}

static GpioSet *add_set(GPtrArray *sets, const char *name, unsigned count)
{
    GpioSet *set = g_new0(GpioSet, 1);

    g_assert(!find_set(sets, name));
    set->name = g_strdup(name);
    set->count = count;
    g_ptr_array_add(sets, set);
    return set;
}

void device_add_irq_inputs(Device *dev, const char *name, IrqHandler *handler, void *opaque,
                           unsigned count)
{
    GpioSet *set = add_set(dev->gpio_in, name, count);

    set->owned = true;
    set->lines = g_new0(Irq *, count);
    for (unsigned i = 0; i < count; i++) {
        set->lines[i] = irq_new(handler, opaque, i);
    }
}

void device_add_irq_outputs(Device *dev, const char *name, Irq **slots, unsigned count)
{
    add_set(dev->gpio_out, name, count)->lines = slots;
}

Irq *device_irq_input(Device *dev, const char *name, unsigned index)
{
    GpioSet *set = find_set(dev->gpio_in, name);

    g_assert(set && index < set->count);
    return set->lines[index];
}

void device_connect_irq(Device *dev, const char *name, unsigned index, Irq *to)
{
    GpioSet *set = find_set(dev->gpio_out, name);

    g_assert(set && index < set->count);
    set->lines[index] = to;
}

void device_foreach_irq(Device *dev, DeviceIrqFn *fn, void *opaque)
{
    for (unsigned out = 0; out < 2; out++) {
        GPtrArray *sets = out ? dev->gpio_out : dev->gpio_in;
        for (guint i = 0; i < sets->len; i++) {
            GpioSet *set = g_ptr_array_index(sets, i);
            fn(set->name, out, set->lines, set->count, opaque);
        }
    }
}

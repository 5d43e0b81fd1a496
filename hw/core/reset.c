/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three-phase reset over a subtree: what hangs below a device goes before it, in every phase. */
#include "hw/core/device.h"

typedef enum { PHASE_ENTER, PHASE_HOLD, PHASE_EXIT, PHASE_COUNT } Phase;

static void run_phase(Device *dev, Phase phase)
{
    void (*method)(Device *) = NULL;

    switch (phase) {
    case PHASE_ENTER:
        method = CLASS_METHOD(&dev->object, device_class, DeviceClass, reset_enter);
        break;
    case PHASE_HOLD:
        method = CLASS_METHOD(&dev->object, device_class, DeviceClass, reset_hold);
        if (!method) {
            method = CLASS_METHOD(&dev->object, device_class, DeviceClass, reset);
        }
        break;
    default: method = CLASS_METHOD(&dev->object, device_class, DeviceClass, reset_exit); break;
    }
    if (method) {
        method(dev);
    }
}

static void phase_over_subtree(Device *dev, Phase phase)
{
    GPtrArray *parts = dev->object.children;

    for (guint i = 0; i < dev->buses->len; i++) {
        Bus *bus = g_ptr_array_index(dev->buses, i);
        for (guint j = 0; j < bus->devices->len; j++) {
            phase_over_subtree(g_ptr_array_index(bus->devices, j), phase);
        }
    }
    for (guint i = 0; parts && i < parts->len; i++) {
        Device *part = object_cast(g_ptr_array_index(parts, i), &device_class.object);
        if (part && !part->bus && part->realized) {
            phase_over_subtree(part, phase);
        }
    }
    run_phase(dev, phase);
}

void device_reset(Device *dev)
{
    for (Phase phase = 0; phase < PHASE_COUNT; phase++) {
        phase_over_subtree(dev, phase);
    }
}

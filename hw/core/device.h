/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices: objects that are realized, reset, saved, plugged into buses and wired by lines. See docs/devel/devices.rst. */
#pragma once

#include "hw/core/irq.h"
#include "migration/vmstate.h"
#include "qom/object.h"
#include "qom/property.h"

typedef struct Device Device;
typedef struct DeviceClass DeviceClass;
typedef struct Bus Bus;
typedef struct BusClass BusClass;
typedef struct Machine Machine;

typedef enum {
    DEVICE_CATEGORY_MISC,
    DEVICE_CATEGORY_BRIDGE,
    DEVICE_CATEGORY_USB,
    DEVICE_CATEGORY_STORAGE,
    DEVICE_CATEGORY_NETWORK,
    DEVICE_CATEGORY_INPUT,
    DEVICE_CATEGORY_DISPLAY,
    DEVICE_CATEGORY_SOUND,
    DEVICE_CATEGORY_CPU,
    DEVICE_CATEGORY_COUNT,
} DeviceCategory;

/*
 * Three-phase reset, each phase over the whole subtree before the next: reset_enter sets state to power-on values
 * and has no effect outside the device; reset_hold drives outputs (lines) to their reset level; reset_exit may act.
 * A device that only needs one function fills .reset, which runs in the hold phase.
 */
struct DeviceClass {
    ObjectClass object;
    const char *summary;
    DeviceCategory category;
    const BusClass *bus;  /* kind of bus it plugs into; NULL: none */
    bool user_creatable;  /* may be named by -device */
    bool hotpluggable;
    bool (*realize)(Device *dev, GError **errp);
    void (*unrealize)(Device *dev);
    void (*reset)(Device *dev);
    void (*reset_enter)(Device *dev);
    void (*reset_hold)(Device *dev);
    void (*reset_exit)(Device *dev);
    const VmState *vmstate;
};

struct Device {
    Object object;
    char *id; /* user's -device id; NULL */
    Bus *bus; /* it is plugged into; NULL */
    GPtrArray *buses; /* child buses, owned through the tree */
    GPtrArray *gpio_in, *gpio_out; /* named line arrays */
    bool realized;
    bool hotplugged;
};

extern const DeviceClass device_class;

/* A child bus of a device (or of the machine's main system bus). */
struct BusClass {
    ObjectClass object;
    bool (*check_address)(Bus *bus, Device *dev, GError **errp); /* slot free, function number valid... */
    char *(*describe)(Bus *bus, Device *dev);                    /* line of "info qtree"; caller frees */
    unsigned max_devices;                                        /* 0: no limit */
};

struct Bus {
    Object object;
    Device *owner; /* NULL: the machine */
    GPtrArray *devices;
};

extern const BusClass bus_class;

void bus_init(Bus *bus, const BusClass *class, Device *owner, const char *name);

/**
 * device_realize - check properties, plug into @bus and bring the device to life
 * @bus: NULL for devices without one
 *
 * The device must already have a parent in the tree (or gets one under /machine/unattached). On failure nothing is
 * left behind but the unrealized object. Children realize through their own device_realize() inside realize().
 */
bool device_realize(Device *dev, Bus *bus, GError **errp);
void device_unrealize(Device *dev);

/** device_reset - the three phases over @dev, its child buses and their devices. Context: machine lock */
void device_reset(Device *dev);

/** device_machine - the machine this device belongs to, found through the tree */
Machine *device_machine(Device *dev);

/* Named lines. @name NULL is the unnamed set. Inputs call @handler with the index within the set. */
void device_add_irq_inputs(Device *dev, const char *name, IrqHandler *handler, void *opaque, unsigned count);
/** device_add_irq_outputs - @slots[i] is written when line i is connected; must live in the device */
void device_add_irq_outputs(Device *dev, const char *name, Irq **slots, unsigned count);
Irq *device_irq_input(Device *dev, const char *name, unsigned index);
void device_connect_irq(Device *dev, const char *name, unsigned index, Irq *to);

const char *device_category_name(DeviceCategory category);

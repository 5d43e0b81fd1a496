/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices: objects that are realized, reset, saved, plugged into buses and wired by lines. See
 * docs/devel/devices.rst. */
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
 * Three-phase reset, each phase over the whole subtree before the next: reset_enter sets state to
 * power-on values and has no effect outside the device; reset_hold drives outputs (lines) to their
 * reset level; reset_exit may act. A device that only needs one function fills .reset, which runs
 * in the hold phase.
 */
struct DeviceClass {
    ObjectClass object;
    const char *summary;
    DeviceCategory category;
    const BusClass *bus; /* kind of bus it plugs into; NULL: the parent class's, or none */
    bool user_creatable; /* may be named by -device */
    bool hotpluggable;
    bool (*realize)(Device *dev, GError **errp);
    void (*unrealize)(Device *dev);
    void (*reset)(Device *dev);
    void (*reset_enter)(Device *dev);
    void (*reset_hold)(Device *dev);
    void (*reset_exit)(Device *dev);
    const VmState *vmstate; /* of this class alone: each ancestor's is saved before it */
};

/* Fields but id are set by the functions below. Guarded by the machine lock. */
struct Device {
    Object object;
    char *id;                      /* user's -device id; NULL */
    Bus *bus;                      /* it is plugged into; NULL */
    GPtrArray *buses;              /* child buses, owned through the tree */
    GPtrArray *gpio_in, *gpio_out; /* named line arrays */
    bool realized;
    bool hotplugged;
};

extern const DeviceClass device_class;

/* A child bus of a device (or of the machine's main system bus). */
struct BusClass {
    ObjectClass object;
    bool (*check_address)(Bus *bus, Device *dev,
                          GError **errp);     /* slot free, function number valid... */
    char *(*describe)(Bus *bus, Device *dev); /* line of "info qtree"; caller frees */
    unsigned max_devices;                     /* 0: no limit */
};

struct Bus {
    Object object;
    Device *owner;           /* NULL: the machine */
    GPtrArray *devices;      /* Device *, references */
    Object *hotplug_handler; /* has hotplug_interface; NULL: devices come and go only with the
                                machine stopped */
};

extern const BusClass bus_class;

/* What a slot controller does when devices come and go. Empty slots do nothing. */
typedef struct {
    bool (*pre_plug)(Object *handler, Device *dev, GError **errp); /* before realize: may refuse */
    bool (*plug)(Object *handler, Device *dev, GError **errp); /* after realize: tells the guest */
    bool (*unplug_request)(Object *handler, Device *dev, GError **errp); /* asks the guest */
    void (*unplug)(Object *handler, Device *dev); /* the guest let go; before unrealize */
} HotplugOps;

extern const Interface hotplug_interface;

/** bus_init - a bus in its owner's memory, its child @name; with @owner NULL the caller adds it to
 * the tree */
void bus_init(Bus *bus, const BusClass *class, Device *owner, const char *name);

/**
 * bus_find - a bus of @class below @root (the machine) that can take one more device
 * @name: name or path of the bus; NULL: the first that is not full
 */
Bus *bus_find(Object *root, const char *name, const BusClass *class, GError **errp);
/** bus_is_full - no further device fits */
bool bus_is_full(const Bus *bus);

/**
 * device_realize - check properties, plug into @bus and bring the device to life
 * @bus: NULL for devices without one
 *
 * The device must already have a parent in the tree (or gets one under /machine/unattached). On
 * failure nothing is left behind but the unrealized object. Children realize through their own
 * device_realize() inside realize().
 */
bool device_realize(Device *dev, Bus *bus, GError **errp);
void device_unrealize(Device *dev);

/** device_init_child - a device embedded in @parent: initialized, child @name; not realized */
void device_init_child(Object *parent, const char *name, Device *child, const DeviceClass *class);
/** device_class_bus - kind of bus that devices of @class plug into; NULL: none */
const BusClass *device_class_bus(const ObjectClass *class);
/** device_unplug - ask the bus's hot-plug handler to release @dev, or take it out at once when
 * there is none to ask */
bool device_unplug(Device *dev, GError **errp);

/** device_reset - the three phases over @dev, its child buses and their devices. Context: machine
 * lock */
void device_reset(Device *dev);

/** device_machine - the machine this device belongs to, found through the tree */
Machine *device_machine(Device *dev);

/* Named lines. @name NULL is the unnamed set. Inputs call @handler with the index within the set.
 */
void device_add_irq_inputs(Device *dev, const char *name, IrqHandler *handler, void *opaque,
                           unsigned count);
/** device_add_irq_outputs - @slots[i] is written when line i is connected; must live in the device
 */
void device_add_irq_outputs(Device *dev, const char *name, Irq **slots, unsigned count);
Irq *device_irq_input(Device *dev, const char *name, unsigned index);
void device_connect_irq(Device *dev, const char *name, unsigned index, Irq *to);

/** device_foreach_irq - every set of lines, inputs first: their levels can be watched, and "info
 * qtree" counts them */
typedef void DeviceIrqFn(const char *name, bool output, Irq **lines, unsigned count, void *opaque);
void device_foreach_irq(Device *dev, DeviceIrqFn *fn, void *opaque);

const char *device_category_name(DeviceCategory category);

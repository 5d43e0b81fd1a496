/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices: life cycle. Lines are in gpio.c, reset in reset.c. */
#include "hw/core/device.h"

#include "hw/core/device_internal.h"
#include "hw/core/machine.h"
#include "util/error.h"

static void device_init(Object *obj)
{
    Device *dev = container_of(obj, Device, object);

    dev->buses = g_ptr_array_new();
    device_gpio_init(dev);
}

static void device_finalize(Object *obj)
{
    Device *dev = container_of(obj, Device, object);

    g_assert(!dev->realized);
    g_ptr_array_unref(dev->buses);
    device_gpio_cleanup(dev);
    g_free(dev->id);
}

const DeviceClass device_class = {
    .object = { .name = "device",
                .instance_size = sizeof(Device),
                .abstract = true,
                .init = device_init,
                .finalize = device_finalize },
};
CLASS_REGISTER(device_class);

const BusClass *device_class_bus(const ObjectClass *class)
{
    return object_class_method(class, &device_class.object, offsetof(DeviceClass, bus));
}

void device_init_child(Object *parent, const char *name, Device *child, const DeviceClass *class)
{
    object_init_child(parent, name, &child->object, &class->object);
}

Machine *device_machine(Device *dev)
{
    for (Object *obj = &dev->object; obj; obj = obj->parent) {
        Machine *machine = object_cast(obj, &machine_class.object);
        if (machine) {
            return machine;
        }
    }
    return dev->bus && dev->bus->owner ? device_machine(dev->bus->owner) : NULL;
}

static Machine *bus_machine(Bus *bus)
{
    for (Object *obj = &bus->object; obj; obj = obj->parent) {
        Machine *machine = object_cast(obj, &machine_class.object);
        if (machine) {
            return machine;
        }
    }
    return NULL;
}

/* A device that nobody put anywhere goes to /machine/unattached. */
static bool ensure_parent(Device *dev, Bus *bus, GError **errp)
{
    Machine *machine;

    if (dev->object.parent) {
        return true;
    }
    machine = bus ? bus_machine(bus) : NULL;
    if (!machine) {
        error_set(errp, "%s belongs to no machine", dev->object.class->name);
        return false;
    }
    return object_add_child(object_child(&machine->object, "unattached"), "device[*]", &dev->object,
                            errp);
}

static bool attach(Device *dev, Bus *bus, GError **errp)
{
    const BusClass *wanted = device_class_bus(dev->object.class);
    const char *name = dev->object.class->name;

    if (!bus) {
        if (wanted) {
            error_set(errp, "%s needs a bus of type %s", name, wanted->object.name);
        }
        return !wanted;
    }
    if (!wanted || !object_class_is_a(bus->object.class, &wanted->object)) {
        error_set(errp, "%s cannot be plugged into bus '%s' of type %s", name,
                  bus->object.name ? bus->object.name : "", bus->object.class->name);
        return false;
    }
    if (bus_is_full(bus)) {
        error_set(errp, "%s: bus '%s' is full", name, bus->object.name ? bus->object.name : "");
        return false;
    }
    bool (*check)(Bus *, Device *, GError **) =
        CLASS_METHOD(&bus->object, bus_class, BusClass, check_address);
    if (check && !check(bus, dev, errp)) {
        return false;
    }
    dev->bus = bus;
    g_ptr_array_add(bus->devices, object_ref(&dev->object));
    return true;
}

static void detach(Device *dev)
{
    if (dev->bus) {
        g_ptr_array_remove(dev->bus->devices, dev);
        dev->bus = NULL;
        object_unref(&dev->object);
    }
}

static const HotplugOps *hotplug_ops(Device *dev)
{
    static const HotplugOps none;
    Object *handler = dev->bus ? dev->bus->hotplug_handler : NULL;

    return handler ? object_interface(handler, &hotplug_interface) : &none;
}

static bool realize_attached(Device *dev, GError **errp)
{
    bool (*realize)(Device *, GError **) =
        CLASS_METHOD(&dev->object, device_class, DeviceClass, realize);
    void (*unrealize)(Device *) = CLASS_METHOD(&dev->object, device_class, DeviceClass, unrealize);
    const HotplugOps *ops = hotplug_ops(dev);

    if (ops->pre_plug && !ops->pre_plug(dev->bus->hotplug_handler, dev, errp)) {
        return false;
    }
    if (realize && !realize(dev, errp)) {
        return false;
    }
    dev->realized = true;
    dev->object.frozen = true;
    if (dev->hotplugged) {
        device_reset(dev);
    }
    if (ops->plug && !ops->plug(dev->bus->hotplug_handler, dev, errp)) {
        if (unrealize) {
            unrealize(dev);
        }
        dev->realized = false;
        dev->object.frozen = false;
        return false;
    }
    return true;
}

bool device_realize(Device *dev, Bus *bus, GError **errp)
{
    g_assert(!dev->realized);
    if (!ensure_parent(dev, bus, errp) || !attach(dev, bus, errp)) {
        return false;
    }
    if (!realize_attached(dev, errp)) {
        detach(dev);
        return false;
    }
    return true;
}

/* Devices on @dev's buses and devices that are parts of it go first, the last one made first. */
static void unrealize_below(Device *dev)
{
    for (guint i = dev->buses->len; i-- > 0;) {
        Bus *bus = g_ptr_array_index(dev->buses, i);
        while (bus->devices->len > 0) {
            Device *child = g_ptr_array_index(bus->devices, bus->devices->len - 1);
            object_ref(&child->object);
            device_unrealize(child);
            object_unparent(&child->object);
            object_unref(&child->object);
        }
    }
    for (guint i = dev->object.children ? dev->object.children->len : 0; i-- > 0;) {
        Device *child =
            object_cast(g_ptr_array_index(dev->object.children, i), &device_class.object);
        if (child) {
            device_unrealize(child);
        }
    }
}

/* Whoever placed the device's regions, they answer no more. */
static void remove_regions(Device *dev)
{
    memory_transaction_begin();
    for (guint i = 0; dev->object.children && i < dev->object.children->len; i++) {
        MemoryRegion *mr =
            object_cast(g_ptr_array_index(dev->object.children, i), &memory_region_class);
        if (mr && mr->container) {
            memory_region_remove(mr->container, mr);
        }
    }
    memory_transaction_commit();
}

void device_unrealize(Device *dev)
{
    void (*unrealize)(Device *) = CLASS_METHOD(&dev->object, device_class, DeviceClass, unrealize);
    const HotplugOps *ops = hotplug_ops(dev);

    if (!dev->realized) {
        return;
    }
    if (ops->unplug) {
        ops->unplug(dev->bus->hotplug_handler, dev);
    }
    unrealize_below(dev);
    remove_regions(dev);
    if (unrealize) {
        unrealize(dev);
    }
    dev->realized = false;
    dev->object.frozen = false;
    detach(dev);
}

bool device_unplug(Device *dev, GError **errp)
{
    const DeviceClass *class = (const DeviceClass *)dev->object.class;
    const HotplugOps *ops = hotplug_ops(dev);

    if (!class->hotpluggable || !dev->bus || !dev->bus->hotplug_handler) {
        error_set(errp, "device '%s' cannot be unplugged from a running machine",
                  dev->id ? dev->id : class->object.name);
        return false;
    }
    if (ops->unplug_request) {
        return ops->unplug_request(dev->bus->hotplug_handler, dev, errp);
    }
    device_unrealize(dev);
    object_unparent(&dev->object);
    return true;
}

const char *device_category_name(DeviceCategory category)
{
    static const char *const names[DEVICE_CATEGORY_COUNT] = {
        [DEVICE_CATEGORY_MISC] = "Misc",       [DEVICE_CATEGORY_BRIDGE] = "Controller/Bridge/Hub",
        [DEVICE_CATEGORY_USB] = "USB",         [DEVICE_CATEGORY_STORAGE] = "Storage",
        [DEVICE_CATEGORY_NETWORK] = "Network", [DEVICE_CATEGORY_INPUT] = "Input",
        [DEVICE_CATEGORY_DISPLAY] = "Display", [DEVICE_CATEGORY_SOUND] = "Sound",
        [DEVICE_CATEGORY_CPU] = "CPU",
    };

    return names[category];
}

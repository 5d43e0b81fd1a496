/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port whose every byte is a character of a console: the debug port of Bochs and of firmware. */
#include <string.h>

#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/log.h"

enum { WAITING_BYTES = 4096 };

typedef struct {
    IsaDevice isa;
    MemoryRegion port;
    ChardevPort console;
    Object *chardev; /* properties */
    uint16_t iobase;
    uint8_t readback;
    uint8_t waiting[WAITING_BYTES]; /* what the back end has not taken: the guest cannot be told */
    unsigned count;
} Debugcon;

static void push_out(void *opaque)
{
    Debugcon *dev = opaque;
    size_t taken = chardev_write(&dev->console, dev->waiting, dev->count);
    dev->count -= taken;
    memmove(dev->waiting, dev->waiting + taken, dev->count);
}

static const ChardevHandlers debugcon_handlers = { .writable = push_out };

/* The value tells a guest that the port is there. */
static uint64_t debugcon_read(void *opaque, hwaddr port, unsigned size)
{
    return ((Debugcon *)opaque)->readback;
}

static void debugcon_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Debugcon *dev = opaque;
    if (dev->count == WAITING_BYTES) {
        log_guest_error("isa-debugcon: character %#x is lost, nobody reads\n", (unsigned)value);
        return;
    }
    dev->waiting[dev->count++] = value;
    if (dev->count == 1 || !dev->console.wants_room) {
        push_out(dev);
    }
}

static const MemoryOps debugcon_ops = {
    .read = debugcon_read, .write = debugcon_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool debugcon_setup(IsaDevice *isa, GError **errp)
{
    Debugcon *dev = container_of(isa, Debugcon, isa);
    Chardev *chardev = object_cast(dev->chardev, &chardev_class.object);
    if (!chardev_attach(&dev->console, chardev, &debugcon_handlers, dev, errp)) {
        return false;
    }
    memory_region_init_io(&dev->port, &isa->device.object, &debugcon_ops, dev, "isa-debugcon", 1);
    isa_add_ports(isa, &dev->port, dev->iobase);
    return true;
}

static void debugcon_cleanup(IsaDevice *isa)
{
    chardev_detach(&container_of(isa, Debugcon, isa)->console);
}

static const Property debugcon_properties[] = {
    PROPERTY_LINK("chardev", Debugcon, chardev, chardev_class, .help = "where characters go to"),
    PROPERTY_U16("iobase", Debugcon, iobase, 0xe9, .min = 0, .max = 0xffff, .help = "port"),
    PROPERTY_U8("readback", Debugcon, readback, 0xe9, .min = 0, .max = 0xff,
                .help = "what the port reads as"),
    {},
};

/* No state: characters that wait belong to the host's side. */
static const IsaDeviceClass debugcon_class = {
    .device = { .object = { .name = "isa-debugcon",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Debugcon),
                            .properties = debugcon_properties },
                .summary = "Console on one port, for debugging",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true },
    .setup = debugcon_setup,
    .cleanup = debugcon_cleanup,
};
CLASS_REGISTER(debugcon_class);

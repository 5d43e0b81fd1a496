/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard parallel port with a printer that is always ready: what is strobed goes to the back end.
 * Spec: IEEE 1284-2000, annex C "compatibility mode"; IBM PC/AT Technical Reference, "Parallel
 * Printer Adapter".
 */
#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/error.h"
#include "util/log.h"

enum { PLACES = 3, AUTOMATIC = UINT32_MAX, PORTS = 8 };
enum { REG_DATA, REG_STATUS, REG_CONTROL, REG_EPP };
enum {
    STATUS_NO_ERROR = 0x08,
    STATUS_SELECTED = 0x10,
    STATUS_ACK = 0x40,  /* high: no pulse */
    STATUS_READY = 0x80 /* the printer is not busy */
};
enum {
    CONTROL_STROBE = 0x01,
    CONTROL_INIT = 0x04, /* low: the printer is reset */
    CONTROL_SELECT = 0x08,
    CONTROL_IRQ = 0x10,
    CONTROL_INPUT = 0x20, /* the data lines are read */
    CONTROL_UNUSED = 0xc0,
};

static const struct {
    uint16_t iobase;
    uint8_t irq;
} places[PLACES] = { { 0x378, 7 }, { 0x278, 5 }, { 0x3bc, 7 } };

typedef struct {
    IsaDevice isa;
    MemoryRegion ports;
    ChardevPort printer;
    Irq *irq;
    Object *chardev; /* properties */
    uint32_t index, iobase, irq_line;
    uint8_t data, status, control; /* guest state */
    bool waiting;                  /* a byte that the host has not taken: the printer is busy */
} Parallel;

/* The printer took the byte: an acknowledge pulse, whose end interrupts. */
static void acknowledge(Parallel *port)
{
    port->waiting = false;
    port->status |= STATUS_READY;
    port->status &= ~STATUS_ACK; /* the pulse shows once */
    irq_set(port->irq, !!(port->control & CONTROL_IRQ));
}

static void try_print(void *opaque)
{
    Parallel *port = opaque;
    if (port->waiting && chardev_write(&port->printer, &port->data, 1) == 1) {
        acknowledge(port);
    }
}

static const ChardevHandlers parallel_handlers = { .writable = try_print };

static void write_control(Parallel *port, uint8_t value)
{
    uint8_t old = port->control;
    port->control = value & ~CONTROL_UNUSED;
    if (!(value & CONTROL_IRQ)) {
        irq_lower(port->irq);
    }
    if (!(value & CONTROL_INIT)) { /* reset of the printer */
        port->waiting = false;
        port->status = STATUS_NO_ERROR | STATUS_SELECTED | STATUS_ACK | STATUS_READY;
        irq_lower(port->irq);
        return;
    }
    if ((value & ~old & CONTROL_STROBE) && !port->waiting) {
        port->waiting = true;
        port->status = (port->status & ~STATUS_READY) | STATUS_ACK;
        try_print(port);
    }
}

static uint8_t read_status(Parallel *port)
{
    uint8_t value = port->status;
    port->status |= STATUS_ACK;
    irq_lower(port->irq);
    return value | 0x07;
}

static uint64_t parallel_read(void *opaque, hwaddr reg, unsigned size)
{
    Parallel *port = opaque;
    switch (reg) {
    case REG_DATA: return port->control & CONTROL_INPUT ? 0xff : port->data; /* nobody drives */
    case REG_STATUS: return read_status(port);
    case REG_CONTROL: return port->control | CONTROL_UNUSED;
    default: return 0xff; /* no EPP */
    }
}

static void parallel_write(void *opaque, hwaddr reg, uint64_t value, unsigned size)
{
    Parallel *port = opaque;
    switch (reg) {
    case REG_DATA:
        if (!port->waiting) { /* the printer has not latched the old byte: it keeps that one */
            port->data = value;
        }
        return;
    case REG_CONTROL: write_control(port, value); return;
    default: log_guest_error("isa-parallel: write of register %u\n", (unsigned)reg);
    }
}

static const MemoryOps parallel_ops = {
    .read = parallel_read, .write = parallel_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static const IsaDeviceClass parallel_class;

static uint32_t free_index(const Parallel *port)
{
    const GPtrArray *devices = isa_bus_of(&port->isa)->bus.devices;
    uint32_t used = 0;
    for (guint i = 0; i < devices->len; i++) {
        Device *dev = g_ptr_array_index(devices, i);
        const Parallel *other = object_cast(&dev->object, &parallel_class.device.object);
        if (other && other != port && other->index < PLACES) {
            used |= 1u << other->index;
        }
    }
    return __builtin_ctz(~used);
}

static bool parallel_setup(IsaDevice *isa, GError **errp)
{
    Parallel *port = container_of(isa, Parallel, isa);
    if (port->index == AUTOMATIC) {
        port->index = free_index(port);
    }
    if (port->index >= PLACES && (port->iobase == AUTOMATIC || port->irq_line == AUTOMATIC)) {
        error_set(errp, "isa-parallel: there are only %u standard ports: give 'iobase' and 'irq'",
                  PLACES);
        return false;
    }
    if (port->iobase == AUTOMATIC) {
        port->iobase = places[port->index].iobase;
    }
    if (port->irq_line == AUTOMATIC) {
        port->irq_line = places[port->index].irq;
    }
    if (port->iobase > 0xffff || port->irq_line >= ISA_IRQ_COUNT) {
        error_set(errp, "isa-parallel: no such place on the bus: iobase %#x, irq %u", port->iobase,
                  port->irq_line);
        return false;
    }
    port->irq = isa_irq(isa, port->irq_line);
    if (!chardev_attach(&port->printer, object_cast(port->chardev, &chardev_class.object),
                        &parallel_handlers, port, errp)) {
        return false;
    }
    /* the third place has only three ports before the next device's */
    memory_region_init_io(&port->ports, &isa->device.object, &parallel_ops, port, "parallel",
                          port->iobase == 0x3bc ? REG_EPP : PORTS);
    isa_add_ports(isa, &port->ports, port->iobase);
    return true;
}

static void parallel_cleanup(IsaDevice *isa)
{
    chardev_detach(&container_of(isa, Parallel, isa)->printer);
}

static void parallel_reset(Device *dev)
{
    Parallel *port = container_of(dev, Parallel, isa.device);
    port->data = 0;
    port->control = CONTROL_INIT | CONTROL_SELECT;
    port->status = STATUS_NO_ERROR | STATUS_SELECTED | STATUS_ACK | STATUS_READY;
    port->waiting = false;
    irq_lower(port->irq);
}

static bool parallel_post_load(void *opaque, uint32_t version, GError **errp)
{
    Parallel *port = opaque;
    port->control &= ~CONTROL_UNUSED;
    try_print(port);
    return true;
}

static const Property parallel_properties[] = {
    PROPERTY_LINK("chardev", Parallel, chardev, chardev_class, .help = "the printer"),
    PROPERTY_U32("index", Parallel, index, AUTOMATIC, .help = "0 is LPT1; default: the next"),
    PROPERTY_U32("iobase", Parallel, iobase, AUTOMATIC, .help = "first port; default: by index"),
    PROPERTY_U32("irq", Parallel, irq_line, AUTOMATIC, .help = "interrupt line; default: by index"),
    {},
};

static const VmState parallel_vmstate = {
    .version = 1,
    .post_load = parallel_post_load,
    .fields =
        (const VmField[]){
            VM_U8(Parallel, data),
            VM_U8(Parallel, status),
            VM_U8(Parallel, control),
            VM_BOOL(Parallel, waiting),
            {},
        },
};

static const IsaDeviceClass parallel_class = {
    .device = { .object = { .name = "isa-parallel",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Parallel),
                            .properties = parallel_properties },
                .summary = "Parallel port",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true,
                .reset = parallel_reset,
                .vmstate = &parallel_vmstate },
    .setup = parallel_setup,
    .cleanup = parallel_cleanup,
};
CLASS_REGISTER(parallel_class);

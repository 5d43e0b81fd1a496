/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 16550A UART on the ISA bus: COM1 to COM4 by index, or where the user says. */
#include "hw/char/serial16550.h"
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/error.h"

enum { PORTS = 4, AUTOMATIC = UINT32_MAX, CLOCK_HZ = 1843200 };

static const struct {
    uint16_t iobase;
    uint8_t irq;
} places[PORTS] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };

typedef struct {
    IsaDevice isa;
    MemoryRegion ports;
    Serial16550 uart;
    Object *chardev; /* properties; AUTOMATIC: the next of places[] that is free */
    uint32_t index, iobase, irq;
} SerialIsa;

static const IsaDeviceClass serial_isa_class;

static uint64_t serial_isa_read(void *opaque, hwaddr port, unsigned size)
{
    return serial16550_read(&((SerialIsa *)opaque)->uart, port);
}

static void serial_isa_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    serial16550_write(&((SerialIsa *)opaque)->uart, port, value);
}

static const MemoryOps serial_isa_ops = {
    .read = serial_isa_read,
    .write = serial_isa_write,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
};

/* The lowest index that no port before this one on the bus has. */
static uint32_t free_index(const SerialIsa *serial)
{
    const GPtrArray *devices = isa_bus_of(&serial->isa)->bus.devices;
    uint32_t used = 0;
    for (guint i = 0; i < devices->len; i++) {
        Device *dev = g_ptr_array_index(devices, i);
        const SerialIsa *other = object_cast(&dev->object, &serial_isa_class.device.object);
        if (other && other != serial && other->index < PORTS) {
            used |= 1u << other->index;
        }
    }
    return __builtin_ctz(~used);
}

static bool serial_isa_setup(IsaDevice *isa, GError **errp)
{
    SerialIsa *serial = container_of(isa, SerialIsa, isa);
    if (serial->index == AUTOMATIC) {
        serial->index = free_index(serial);
    }
    if (serial->index >= PORTS && (serial->iobase == AUTOMATIC || serial->irq == AUTOMATIC)) {
        error_set(errp, "isa-serial: there are only %u standard ports: give 'iobase' and 'irq'",
                  PORTS);
        return false;
    }
    if (serial->iobase == AUTOMATIC) {
        serial->iobase = places[serial->index].iobase;
    }
    if (serial->irq == AUTOMATIC) {
        serial->irq = places[serial->index].irq;
    }
    if (serial->iobase > 0xffff || serial->irq >= ISA_IRQ_COUNT) {
        error_set(errp, "isa-serial: no such place on the bus: iobase %#x, irq %u", serial->iobase,
                  serial->irq);
        return false;
    }
    serial->uart.irq = isa_irq(isa, serial->irq);
    if (!serial16550_init(&serial->uart, object_cast(serial->chardev, &chardev_class.object),
                          device_machine(&isa->device)->clocks, CLOCK_HZ, errp)) {
        return false;
    }
    memory_region_init_io(&serial->ports, &isa->device.object, &serial_isa_ops, serial, "serial",
                          SERIAL16550_REGISTERS);
    isa_add_ports(isa, &serial->ports, serial->iobase);
    return true;
}

static void serial_isa_cleanup(IsaDevice *isa)
{
    serial16550_cleanup(&container_of(isa, SerialIsa, isa)->uart);
}

static void serial_isa_reset(Device *dev)
{
    serial16550_reset(&container_of(dev, SerialIsa, isa.device)->uart);
}

static const Property serial_isa_properties[] = {
    PROPERTY_LINK("chardev", SerialIsa, chardev, chardev_class,
                  .help = "where characters come from and go to"),
    PROPERTY_U32("index", SerialIsa, index, AUTOMATIC, .help = "0 is COM1; default: the next"),
    PROPERTY_U32("iobase", SerialIsa, iobase, AUTOMATIC, .help = "first port; default: by index"),
    PROPERTY_U32("irq", SerialIsa, irq, AUTOMATIC, .help = "interrupt line; default: by index"),
    {},
};

static const VmState serial_isa_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_STRUCT(SerialIsa, uart, serial16550_vmstate), {} },
};

static const IsaDeviceClass serial_isa_class = {
    .device = { .object = { .name = "isa-serial",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(SerialIsa),
                            .properties = serial_isa_properties },
                .summary = "16550A serial port on the ISA bus",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true,
                .reset = serial_isa_reset,
                .vmstate = &serial_isa_vmstate },
    .setup = serial_isa_setup,
    .cleanup = serial_isa_cleanup,
};
CLASS_REGISTER(serial_isa_class);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 16550A UART on the memory bus: register n at n << regshift, in accesses of any size. */
#include "hw/char/serial16550.h"
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    Serial16550 uart;
    Object *chardev;   /* property */
    uint32_t clock_hz; /* property */
    uint8_t regshift;  /* property */
} SerialMm;

static uint64_t serial_mm_read(void *opaque, hwaddr offset, unsigned size)
{
    SerialMm *serial = opaque;
    return serial16550_read(&serial->uart, offset >> serial->regshift);
}

static void serial_mm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    SerialMm *serial = opaque;
    serial16550_write(&serial->uart, offset >> serial->regshift, value);
}

static const MemoryOps serial_mm_ops = {
    .read = serial_mm_read,
    .write = serial_mm_write,
    .min_access = 1,
    .max_access = 8,
};

static bool serial_mm_realize(Device *dev, GError **errp)
{
    SerialMm *serial = container_of(dev, SerialMm, sysbus.device);
    memory_region_init_io(&serial->mmio, &dev->object, &serial_mm_ops, serial, "serial-mm",
                          (uint64_t)SERIAL16550_REGISTERS << serial->regshift);
    sysbus_add_mmio(&serial->sysbus, &serial->mmio);
    sysbus_add_irq(&serial->sysbus, &serial->uart.irq);
    return serial16550_init(&serial->uart, object_cast(serial->chardev, &chardev_class.object),
                            device_machine(dev)->clocks, serial->clock_hz, errp);
}

static void serial_mm_unrealize(Device *dev)
{
    serial16550_cleanup(&container_of(dev, SerialMm, sysbus.device)->uart);
}

static void serial_mm_reset(Device *dev)
{
    serial16550_reset(&container_of(dev, SerialMm, sysbus.device)->uart);
}

static const Property serial_mm_properties[] = {
    PROPERTY_LINK("chardev", SerialMm, chardev, chardev_class,
                  .help = "where characters come from and go to"),
    PROPERTY_U32("clock-frequency", SerialMm, clock_hz, 1843200, .min = 16, .max = UINT32_MAX,
                 .help = "input clock in Hz, 16 times the highest baud rate"),
    PROPERTY_U8("regshift", SerialMm, regshift, 0, .min = 0, .max = 4,
                .help = "distance of two registers, as a power of two"),
    {},
};

static const VmState serial_mm_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_STRUCT(SerialMm, uart, serial16550_vmstate), {} },
};

static const DeviceClass serial_mm_class = {
    .object = { .name = "serial-mm",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(SerialMm),
                .properties = serial_mm_properties },
    .summary = "16550A serial port on the memory bus",
    .category = DEVICE_CATEGORY_INPUT,
    .realize = serial_mm_realize,
    .unrealize = serial_mm_unrealize,
    .reset = serial_mm_reset,
    .vmstate = &serial_mm_vmstate,
};
CLASS_REGISTER(serial_mm_class);

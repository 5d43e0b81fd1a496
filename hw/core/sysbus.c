/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices soldered to the board. */
#include "hw/core/sysbus.h"

const SysbusDeviceClass sysbus_device_class = {
    .device.object = { .name = "sys-bus-device",
                       .parent = &device_class.object,
                       .instance_size = sizeof(SysbusDevice),
                       .abstract = true },
};
CLASS_REGISTER(sysbus_device_class);

void sysbus_add_mmio(SysbusDevice *dev, MemoryRegion *mr)
{
    g_assert(dev->mmio_count < SYSBUS_MAX_MMIO);
    dev->mmio[dev->mmio_count++] = mr;
}

void sysbus_add_irq(SysbusDevice *dev, Irq **slot)
{
    g_assert(dev->irq_count < SYSBUS_MAX_IRQ);
    dev->irq[dev->irq_count++] = slot;
}

void sysbus_map(SysbusDevice *dev, unsigned index, MemoryRegion *container, hwaddr address)
{
    g_assert(index < dev->mmio_count);
    memory_region_add(container, address, dev->mmio[index]);
}

void sysbus_connect_irq(SysbusDevice *dev, unsigned index, Irq *to)
{
    g_assert(index < dev->irq_count);
    *dev->irq[index] = to;
}

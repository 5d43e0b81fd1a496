/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices soldered to the board: MMIO regions and lines that the board places and wires by index.
 */
#pragma once

#include "hw/core/device.h"
#include "memory/memory.h"

enum { SYSBUS_MAX_MMIO = 32, SYSBUS_MAX_IRQ = 64 };

typedef struct {
    Device device;
    MemoryRegion *mmio[SYSBUS_MAX_MMIO];
    unsigned mmio_count;
    Irq **irq[SYSBUS_MAX_IRQ];
    unsigned irq_count;
} SysbusDevice;

typedef struct {
    DeviceClass device;
} SysbusDeviceClass;

extern const SysbusDeviceClass sysbus_device_class;

/* For the device, in realize or init: */
void sysbus_add_mmio(SysbusDevice *dev, MemoryRegion *mr);
void sysbus_add_irq(SysbusDevice *dev, Irq **slot);

/* For the board, after realize: */
void sysbus_map(SysbusDevice *dev, unsigned index, MemoryRegion *container, hwaddr address);
void sysbus_connect_irq(SysbusDevice *dev, unsigned index, Irq *to);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ISA bus: port I/O at fixed addresses, sixteen interrupt lines, eight DMA channels. */
#pragma once

#include "hw/core/device.h"
#include "memory/memory.h"

enum { ISA_IRQ_COUNT = 16, ISA_DMA_CHANNELS = 8 };

typedef struct IsaBus IsaBus;
typedef struct IsaDevice IsaDevice;

/**
 * IsaDmaHandler - the device side of a channel: runs while the device requests service
 * @position: bytes of the present block that were transferred before
 * @size:     bytes of the whole block
 *
 * Moves data with isa_dma_read() or isa_dma_write() and returns the new position.
 */
typedef uint32_t IsaDmaHandler(void *opaque, unsigned channel, uint32_t position, uint32_t size);

/* What a DMA controller does for the devices on the bus. @opaque is the controller. */
typedef struct {
    void (*set_handler)(void *opaque, unsigned channel, IsaDmaHandler *handler,
                        void *handler_opaque);
    void (*request)(void *opaque, unsigned channel, bool on); /* DREQ */
    void (*schedule)(void *opaque);                           /* requested channels run soon */
    bool (*is_auto_init)(void *opaque, unsigned channel);
    /* from and to guest memory, at @position of the channel's present block; bytes moved */
    uint32_t (*read)(void *opaque, unsigned channel, void *buffer, uint32_t position,
                     uint32_t length);
    uint32_t (*write)(void *opaque, unsigned channel, const void *buffer, uint32_t position,
                      uint32_t length);
} IsaDmaOps;

/* Embedded by the bridge that owns it. Guarded by the machine lock. */
struct IsaBus {
    Bus bus;
    MemoryRegion *memory, *io;
    Irq *irq_in[ISA_IRQ_COUNT];  /* what devices drive; forwards to irq_out */
    Irq *irq_out[ISA_IRQ_COUNT]; /* of the interrupt controller; NULL: goes nowhere */
    const IsaDmaOps *dma[2];     /* channels 0 to 3, 4 to 7; NULL: no controller */
    void *dma_opaque[2];
};

typedef struct {
    BusClass bus;
} IsaBusClass;

extern const IsaBusClass isa_bus_class;

/* A kind of device fills setup and leaves realize alone. */
typedef struct {
    DeviceClass device;
    bool (*setup)(IsaDevice *dev, GError **errp); /* must be there: adds ports, takes lines */
    void (*cleanup)(IsaDevice *dev);
} IsaDeviceClass;

struct IsaDevice {
    Device device;
};

extern const IsaDeviceClass isa_device_class;

/* A bus with no PCI bridge above it: the board adds one of these and finds the bus with
 * bus_find(). Class name "isabus-bridge". */
extern const DeviceClass isabus_bridge_class;

/* For the owner of the bus and the board */
/** isa_bus_init - bus "isa.0" of @owner; @memory and @io are those of the machine, or of a bridge
 */
void isa_bus_init(IsaBus *bus, Device *owner, MemoryRegion *memory, MemoryRegion *io);
/** isa_bus_cleanup - in the owner's unrealize */
void isa_bus_cleanup(IsaBus *bus);
/** isa_bus_connect_irq - line @irq goes to @to from now on; devices that hold isa_irq() need not
 * care */
void isa_bus_connect_irq(IsaBus *bus, unsigned irq, Irq *to);
/** isa_bus_connect_dma - @ops serve channels 0 to 3 (@index 0) or 4 to 7 (1) */
void isa_bus_connect_dma(IsaBus *bus, unsigned index, const IsaDmaOps *ops, void *opaque);

/* For devices, from setup() on */
IsaBus *isa_bus_of(const IsaDevice *dev);
/** isa_add_ports - @region answers at ports from @base on; it is removed with the device */
void isa_add_ports(IsaDevice *dev, MemoryRegion *region, uint16_t base);
/** isa_add_memory - the same in memory space (below 16 MiB on real buses) */
void isa_add_memory(IsaDevice *dev, MemoryRegion *region, hwaddr base);
/** isa_irq - interrupt line @irq, 0 to 15; lives as long as the bus */
Irq *isa_irq(const IsaDevice *dev, unsigned irq);

/* DMA; without a controller nothing is transferred. */
bool isa_has_dma(const IsaDevice *dev, unsigned channel);
void isa_dma_set_handler(IsaDevice *dev, unsigned channel, IsaDmaHandler *handler, void *opaque);
void isa_dma_request(IsaDevice *dev, unsigned channel, bool on);
void isa_dma_schedule(IsaDevice *dev, unsigned channel);
bool isa_dma_is_auto_init(IsaDevice *dev, unsigned channel);
uint32_t isa_dma_read(IsaDevice *dev, unsigned channel, void *buffer, uint32_t position,
                      uint32_t length);
uint32_t isa_dma_write(IsaDevice *dev, unsigned channel, const void *buffer, uint32_t position,
                       uint32_t length);

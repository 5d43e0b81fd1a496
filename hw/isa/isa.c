/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/isa/isa.h"

#include "hw/core/machine.h"
#include "hw/core/sysbus.h"

const IsaBusClass isa_bus_class = {
    .bus = { .object = { .name = "ISA",
                         .parent = &bus_class.object,
                         .instance_size = sizeof(IsaBus) } },
};
CLASS_REGISTER(isa_bus_class);

static void irq_changed(void *opaque, unsigned irq, int level)
{
    IsaBus *bus = opaque;
    irq_set(bus->irq_out[irq], level);
}

void isa_bus_init(IsaBus *bus, Device *owner, MemoryRegion *memory, MemoryRegion *io)
{
    bus_init(&bus->bus, &isa_bus_class.bus, owner, "isa.0");
    bus->memory = memory;
    bus->io = io;
    for (unsigned i = 0; i < ISA_IRQ_COUNT; i++) {
        bus->irq_in[i] = irq_new(irq_changed, bus, i);
    }
}

void isa_bus_cleanup(IsaBus *bus)
{
    for (unsigned i = 0; i < ISA_IRQ_COUNT; i++) {
        g_clear_pointer(&bus->irq_in[i], irq_free);
    }
}

void isa_bus_connect_irq(IsaBus *bus, unsigned irq, Irq *to)
{
    g_assert(irq < ISA_IRQ_COUNT);
    bus->irq_out[irq] = to;
}

void isa_bus_connect_dma(IsaBus *bus, unsigned index, const IsaDmaOps *ops, void *opaque)
{
    g_assert(index < G_N_ELEMENTS(bus->dma));
    bus->dma[index] = ops;
    bus->dma_opaque[index] = opaque;
}

IsaBus *isa_bus_of(const IsaDevice *dev)
{
    return container_of(dev->device.bus, IsaBus, bus);
}

void isa_add_ports(IsaDevice *dev, MemoryRegion *region, uint16_t base)
{
    memory_region_add_overlap(isa_bus_of(dev)->io, base, region, 0);
}

void isa_add_memory(IsaDevice *dev, MemoryRegion *region, hwaddr base)
{
    memory_region_add_overlap(isa_bus_of(dev)->memory, base, region, 1);
}

Irq *isa_irq(const IsaDevice *dev, unsigned irq)
{
    g_assert(irq < ISA_IRQ_COUNT);
    return isa_bus_of(dev)->irq_in[irq];
}

typedef struct {
    const IsaDmaOps *ops; /* NULL: there is no controller */
    void *opaque;
    unsigned channel; /* of the controller */
} DmaChannel;

static DmaChannel dma_channel(const IsaDevice *dev, unsigned channel)
{
    const IsaBus *bus = isa_bus_of(dev);
    g_assert(channel < ISA_DMA_CHANNELS);
    return (DmaChannel){ bus->dma[channel / 4], bus->dma_opaque[channel / 4], channel % 4 };
}

bool isa_has_dma(const IsaDevice *dev, unsigned channel)
{
    return dma_channel(dev, channel).ops != NULL;
}

void isa_dma_set_handler(IsaDevice *dev, unsigned channel, IsaDmaHandler *handler, void *opaque)
{
    DmaChannel dma = dma_channel(dev, channel);
    if (dma.ops) {
        dma.ops->set_handler(dma.opaque, dma.channel, handler, opaque);
    }
}

void isa_dma_request(IsaDevice *dev, unsigned channel, bool on)
{
    DmaChannel dma = dma_channel(dev, channel);
    if (dma.ops) {
        dma.ops->request(dma.opaque, dma.channel, on);
    }
}

void isa_dma_schedule(IsaDevice *dev, unsigned channel)
{
    DmaChannel dma = dma_channel(dev, channel);
    if (dma.ops) {
        dma.ops->schedule(dma.opaque);
    }
}

bool isa_dma_is_auto_init(IsaDevice *dev, unsigned channel)
{
    DmaChannel dma = dma_channel(dev, channel);
    return dma.ops && dma.ops->is_auto_init(dma.opaque, dma.channel);
}

uint32_t isa_dma_read(IsaDevice *dev, unsigned channel, void *buffer, uint32_t position,
                      uint32_t length)
{
    DmaChannel dma = dma_channel(dev, channel);
    return dma.ops ? dma.ops->read(dma.opaque, dma.channel, buffer, position, length) : 0;
}

uint32_t isa_dma_write(IsaDevice *dev, unsigned channel, const void *buffer, uint32_t position,
                       uint32_t length)
{
    DmaChannel dma = dma_channel(dev, channel);
    return dma.ops ? dma.ops->write(dma.opaque, dma.channel, buffer, position, length) : 0;
}

/* What a failed setup() had already placed. */
static void remove_regions(Device *dev)
{
    for (guint i = 0; dev->object.children && i < dev->object.children->len; i++) {
        MemoryRegion *mr =
            object_cast(g_ptr_array_index(dev->object.children, i), &memory_region_class);
        if (mr && mr->container) {
            memory_region_remove(mr->container, mr);
        }
    }
}

static bool isa_device_realize(Device *dev, GError **errp)
{
    bool (*setup)(IsaDevice *, GError **) =
        CLASS_METHOD(&dev->object, isa_device_class, IsaDeviceClass, setup);
    if (setup(container_of(dev, IsaDevice, device), errp)) {
        return true;
    }
    remove_regions(dev);
    return false;
}

static void isa_device_unrealize(Device *dev)
{
    void (*cleanup)(IsaDevice *) =
        CLASS_METHOD(&dev->object, isa_device_class, IsaDeviceClass, cleanup);
    if (cleanup) {
        cleanup(container_of(dev, IsaDevice, device));
    }
}

const IsaDeviceClass isa_device_class = {
    .device = { .object = { .name = "isa-device",
                            .parent = &device_class.object,
                            .abstract = true,
                            .instance_size = sizeof(IsaDevice) },
                .bus = &isa_bus_class.bus,
                .realize = isa_device_realize,
                .unrealize = isa_device_unrealize },
};
CLASS_REGISTER(isa_device_class);

typedef struct {
    SysbusDevice sysbus;
    IsaBus bus;
} IsabusBridge;

static bool isabus_bridge_realize(Device *dev, GError **errp)
{
    IsabusBridge *bridge = container_of(dev, IsabusBridge, sysbus.device);
    Machine *machine = device_machine(dev);
    isa_bus_init(&bridge->bus, dev, &machine->system_memory, &machine->system_io);
    return true;
}

static void isabus_bridge_unrealize(Device *dev)
{
    isa_bus_cleanup(&container_of(dev, IsabusBridge, sysbus.device)->bus);
}

const DeviceClass isabus_bridge_class = {
    .object = { .name = "isabus-bridge",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(IsabusBridge) },
    .summary = "ISA bus of a board without PCI",
    .category = DEVICE_CATEGORY_BRIDGE,
    .realize = isabus_bridge_realize,
    .unrealize = isabus_bridge_unrealize,
};
CLASS_REGISTER(isabus_bridge_class);

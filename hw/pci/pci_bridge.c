/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci_bridge.h"

#include "hw/pci/pci_internal.h"
#include "util/error.h"

enum { IO_32BIT = 0x01, PREFETCH_64BIT = 0x01 };
enum { VGA_MEMORY = 0xa0000, VGA_MEMORY_LAST = 0xbffff };
enum { VGA_LOW = 0x3b0, VGA_LOW_LAST = 0x3bb, VGA_HIGH = 0x3c0, VGA_HIGH_LAST = 0x3df };

PciBridge *pci_bridge_of(PciDevice *dev)
{
    PciBridge *bridge = object_cast(&dev->device.object, &pci_bridge_base_class.pci.device.object);
    return bridge && bridge->secondary.bridge ? bridge : NULL;
}

typedef struct {
    hwaddr base, last; /* base > last: closed */
} Range;

/* Where a window is, by registers of @dev (1.2, 3.2.5.6 to 3.2.5.10). */
static Range window_range(const PciDevice *dev, PciWindowKind kind)
{
    const Range closed = { 1, 0 };
    uint16_t command = pci_config_get(dev, PCI_COMMAND, 2);
    bool vga = dev->config[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_VGA;
    bool io =
        kind == PCI_WINDOW_IO || kind == PCI_WINDOW_VGA_IO_LOW || kind == PCI_WINDOW_VGA_IO_HIGH;

    if (!(command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY))) {
        return closed;
    }
    switch (kind) {
    case PCI_WINDOW_IO: {
        uint32_t base = (dev->config[PCI_IO_BASE] & 0xf0) << 8;
        uint32_t last = (dev->config[PCI_IO_LIMIT] & 0xf0) << 8 | 0xfff;
        base |= pci_config_get(dev, PCI_IO_BASE_HIGH, 2) << 16;
        last |= pci_config_get(dev, PCI_IO_LIMIT_HIGH, 2) << 16;
        return (Range){ base, MIN(last, UINT16_MAX) };
    }
    case PCI_WINDOW_MEMORY:
        return (Range){ (hwaddr)(pci_config_get(dev, PCI_MEMORY_BASE, 2) & 0xfff0) << 16,
                        (hwaddr)(pci_config_get(dev, PCI_MEMORY_LIMIT, 2) & 0xfff0) << 16 |
                            0xfffff };
    case PCI_WINDOW_PREFETCH:
        return (Range){ (hwaddr)pci_config_get(dev, PCI_PREFETCH_BASE_HIGH, 4) << 32 |
                            (hwaddr)(pci_config_get(dev, PCI_PREFETCH_BASE, 2) & 0xfff0) << 16,
                        (hwaddr)pci_config_get(dev, PCI_PREFETCH_LIMIT_HIGH, 4) << 32 |
                            (hwaddr)(pci_config_get(dev, PCI_PREFETCH_LIMIT, 2) & 0xfff0) << 16 |
                            0xfffff };
    case PCI_WINDOW_VGA_MEMORY: return vga ? (Range){ VGA_MEMORY, VGA_MEMORY_LAST } : closed;
    case PCI_WINDOW_VGA_IO_LOW: return vga ? (Range){ VGA_LOW, VGA_LOW_LAST } : closed;
    case PCI_WINDOW_VGA_IO_HIGH: return vga ? (Range){ VGA_HIGH, VGA_HIGH_LAST } : closed;
    default: return closed;
    }
}

static bool is_io(PciWindowKind kind)
{
    return kind == PCI_WINDOW_IO || kind >= PCI_WINDOW_VGA_IO_LOW;
}

static const char *const window_names[PCI_WINDOW_COUNT] = {
    [PCI_WINDOW_IO] = "window-io",
    [PCI_WINDOW_MEMORY] = "window-memory",
    [PCI_WINDOW_PREFETCH] = "window-prefetch",
    [PCI_WINDOW_VGA_MEMORY] = "window-vga-memory",
    [PCI_WINDOW_VGA_IO_LOW] = "window-vga-io-low",
    [PCI_WINDOW_VGA_IO_HIGH] = "window-vga-io-high",
};

static void update_window(PciBridge *bridge, PciWindowKind kind)
{
    Range range = window_range(&bridge->pci, kind);
    MemoryRegion *mr = &bridge->window[kind];
    bool open = range.base <= range.last;

    if (open == (mr->container != NULL) && (!open || (range.base == bridge->window_base[kind] &&
                                                      range.last == bridge->window_last[kind]))) {
        return;
    }
    bridge->window_base[kind] = range.base;
    bridge->window_last[kind] = range.last;
    if (mr->container) {
        memory_region_remove(mr->container, mr);
        object_unparent(&mr->object);
    }
    *mr = (MemoryRegion){ 0 };
    if (open) {
        PciBus *primary = bridge->pci.bus;
        uint64_t size = range.last - range.base + 1;
        memory_region_init_alias(mr, &bridge->pci.device.object, window_names[kind],
                                 is_io(kind) ? &bridge->io : &bridge->memory, range.base,
                                 size ? size : UINT64_MAX);
        memory_region_add_overlap(is_io(kind) ? primary->io : primary->memory, range.base, mr, 1);
    }
}

void pci_bridge_update(PciDevice *dev)
{
    PciBridge *bridge = pci_bridge_of(dev);
    if (!bridge) {
        return;
    }
    memory_transaction_begin();
    for (PciWindowKind kind = 0; kind < PCI_WINDOW_COUNT; kind++) {
        update_window(bridge, kind);
    }
    memory_transaction_commit();
    bool reset = dev->config[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_RESET;
    bool edge = reset && !bridge->secondary_in_reset;
    bridge->secondary_in_reset = reset;
    for (unsigned i = 0; edge && i < PCI_DEVFNS; i++) {
        if (bridge->secondary.devices[i]) {
            device_reset(&bridge->secondary.devices[i]->device);
        }
    }
}

static void init_header(PciDevice *dev)
{
    pci_config_writable(dev, PCI_PRIMARY_BUS, 3, 0xffffff);
    pci_config_writable(dev, PCI_SECONDARY_LATENCY, 1, 0xf8);
    pci_config_writable(dev, PCI_IO_BASE, 2, 0xf0f0);
    pci_config_clearable(dev, PCI_SECONDARY_STATUS, 2, PCI_STATUS_ERRORS);
    pci_config_writable(dev, PCI_MEMORY_BASE, 4, 0xfff0fff0);
    pci_config_set(dev, PCI_PREFETCH_BASE, 4, PREFETCH_64BIT | PREFETCH_64BIT << 16);
    pci_config_writable(dev, PCI_PREFETCH_BASE, 4, 0xfff0fff0);
    pci_config_writable(dev, PCI_PREFETCH_BASE_HIGH, 4, UINT32_MAX);
    pci_config_writable(dev, PCI_PREFETCH_LIMIT_HIGH, 4, UINT32_MAX);
    pci_config_writable(dev, PCI_BRIDGE_CONTROL, 2, 0x0bff);
    pci_config_clearable(dev, PCI_BRIDGE_CONTROL, 2, 0x0400); /* discard timer status */
}

/* The user's id, since a bridge has but one bus; else the first free number. */
static char *secondary_name(PciDevice *dev, bool express)
{
    Machine *machine = device_machine(&dev->device);
    if (dev->device.id) {
        return g_strdup(dev->device.id);
    }
    for (unsigned i = 1;; i++) {
        g_autofree char *name = g_strdup_printf("%s.%u", express ? "pcie" : "pci", i);
        g_autoptr(GError) error = NULL;
        if (!bus_find((Object *)machine, name, &pci_bus_class.bus, &error)) {
            return g_steal_pointer(&name);
        }
    }
}

static bool bridge_setup(PciDevice *dev, GError **errp)
{
    PciBridge *bridge = container_of(dev, PciBridge, pci);
    const PciBridgeClass *class = (const PciBridgeClass *)dev->device.object.class;
    g_autofree char *name = secondary_name(dev, class->express_bus);

    init_header(dev);
    memory_region_init(&bridge->memory, &dev->device.object, "secondary-memory", UINT64_MAX);
    memory_region_init(&bridge->io, &dev->device.object, "secondary-io", 1 << 16);
    pci_bus_init(&bridge->secondary, class->express_bus ? &pcie_bus_class : &pci_bus_class,
                 &dev->device, name, &bridge->memory, &bridge->io);
    bridge->secondary.bridge = dev;
    bridge->secondary.slots = class->express_bus ? 1 : PCI_SLOTS;
    bool (*more)(PciBridge *, GError **) =
        CLASS_METHOD(&dev->device.object, pci_bridge_base_class, PciBridgeClass, bridge_setup);
    return !more || more(bridge, errp);
}

const PciBridgeClass pci_bridge_base_class = {
    .pci = { .device = { .object = { .name = "base-pci-bridge",
                                     .parent = &pci_device_class.device.object,
                                     .abstract = true,
                                     .instance_size = sizeof(PciBridge) },
                         .category = DEVICE_CATEGORY_BRIDGE },
             .setup = bridge_setup },
};
CLASS_REGISTER(pci_bridge_base_class);

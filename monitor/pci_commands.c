/* SPDX-License-Identifier: GPL-2.0-or-later */
/* query-pci: configuration space as the guest left it. */
#include "hw/core/machine.h"
#include "hw/pci/pci_bus.h"
#include "schema/commands.h"

enum { IO_SHIFT = 8, MEMORY_SHIFT = 16, MAX_BRIDGES = 32 };

static const char *class_text(uint16_t class)
{
    static const struct {
        uint16_t class;
        const char *text;
    } names[] = {
        { 0x0100, "SCSI controller" },
        { 0x0101, "IDE controller" },
        { 0x0106, "SATA controller" },
        { 0x0200, "Ethernet controller" },
        { 0x0300, "VGA controller" },
        { 0x0380, "Display controller" },
        { 0x0401, "Audio controller" },
        { 0x0403, "Audio controller" },
        { 0x0500, "RAM controller" },
        { 0x0600, "Host bridge" },
        { 0x0601, "ISA bridge" },
        { 0x0604, "PCI bridge" },
        { 0x0680, "Bridge" },
        { 0x0700, "Serial port" },
        { 0x0780, "Communication controller" },
        { 0x0c03, "USB controller" },
        { 0x0c05, "SMBus" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].class == class) {
            return names[i].text;
        }
    }
    return NULL;
}

static GPtrArray *regions_of(const PciDevice *dev)
{
    GPtrArray *list = g_ptr_array_new();
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const PciBar *bar = &dev->bars[i];
        if (!bar->region) {
            continue;
        }
        QmpPciMemoryRegion *region = qmp_pci_memory_region_new();
        bool io = bar->kind & PCI_BAR_IO;
        region->bar = i;
        region->type = g_strdup(io ? "io" : "memory");
        region->address = bar->address == PCI_UNMAPPED ? -1 : (int64_t)bar->address;
        region->size = (int64_t)bar->region->size;
        region->has_prefetch = region->has_mem_type_64 = !io;
        region->prefetch = (bar->kind & PCI_BAR_PREFETCH) != 0;
        region->mem_type_64 = (bar->kind & PCI_BAR_MEM64) != 0;
        g_ptr_array_add(list, region);
    }
    return list;
}

/* @base and @limit hold the upper bits of addresses; the low @shift bits are all 0 and all 1. */
static QmpPciMemoryRange *range(uint64_t base, uint64_t limit, unsigned shift)
{
    QmpPciMemoryRange *made = qmp_pci_memory_range_new();
    made->base = (int64_t)(base << shift);
    made->limit = (int64_t)(limit << shift | ((1ull << shift) - 1));
    return made;
}

static GPtrArray *devices_of(const PciBus *bus, unsigned depth);

static QmpPciBridgeInfo *bridge_of(const PciDevice *dev, unsigned depth)
{
    QmpPciBridgeInfo *info = qmp_pci_bridge_info_new();
    QmpPciBusInfo *bus = info->bus = qmp_pci_bus_info_new();
    uint32_t io_base = pci_config_get(dev, PCI_IO_BASE, 1) >> 4 << 4;
    uint32_t io_limit = pci_config_get(dev, PCI_IO_LIMIT, 1) >> 4 << 4;
    uint64_t base = pci_config_get(dev, PCI_PREFETCH_BASE, 2) & 0xfff0;
    uint64_t limit = pci_config_get(dev, PCI_PREFETCH_LIMIT, 2) & 0xfff0;
    bus->number = pci_config_get(dev, PCI_PRIMARY_BUS, 1);
    bus->secondary = pci_config_get(dev, PCI_SECONDARY_BUS, 1);
    bus->subordinate = pci_config_get(dev, PCI_SUBORDINATE_BUS, 1);
    bus->io_range = range(io_base, io_limit | 0xf, IO_SHIFT);
    bus->memory_range = range(pci_config_get(dev, PCI_MEMORY_BASE, 2) & 0xfff0,
                              pci_config_get(dev, PCI_MEMORY_LIMIT, 2) | 0xf, MEMORY_SHIFT);
    base |= (uint64_t)pci_config_get(dev, PCI_PREFETCH_BASE_HIGH, 4) << 16;
    limit |= (uint64_t)pci_config_get(dev, PCI_PREFETCH_LIMIT_HIGH, 4) << 16;
    bus->prefetchable_range = range(base, limit | 0xf, MEMORY_SHIFT);
    for (guint i = 0; dev->device.buses && i < dev->device.buses->len; i++) {
        PciBus *behind =
            object_cast(g_ptr_array_index(dev->device.buses, i), &pci_bus_class.bus.object);
        if (behind && depth < MAX_BRIDGES && bus->secondary != 0) {
            info->devices = devices_of(behind, depth + 1);
        }
    }
    return info;
}

static QmpPciDeviceInfo *device_info(const PciBus *bus, const PciDevice *dev, unsigned depth)
{
    QmpPciDeviceInfo *info = qmp_pci_device_info_new();
    uint16_t class = (uint16_t)pci_config_get(dev, PCI_CLASS_DEVICE, 2);
    bool bridge = (pci_config_get(dev, PCI_HEADER_TYPE, 1) & 0x7f) == PCI_HEADER_BRIDGE;
    info->bus = pci_bus_number((PciBus *)bus);
    info->slot = dev->devfn / PCI_FUNCTIONS;
    info->function = dev->devfn % PCI_FUNCTIONS;
    info->class_info = qmp_pci_device_class_new();
    info->class_info->class = class;
    info->class_info->desc = g_strdup(class_text(class));
    info->id = qmp_pci_device_id_new();
    info->id->vendor = pci_config_get(dev, PCI_VENDOR_ID, 2);
    info->id->device = pci_config_get(dev, PCI_DEVICE_ID, 2);
    info->irq_pin = pci_config_get(dev, PCI_INTERRUPT_PIN, 1);
    info->has_irq = info->irq_pin != 0;
    info->irq = pci_config_get(dev, PCI_INTERRUPT_LINE, 1);
    info->qdev_id = g_strdup(dev->device.id ? dev->device.id : "");
    info->regions = regions_of(dev);
    if (bridge) {
        info->pci_bridge = bridge_of(dev, depth);
    } else {
        info->id->has_subsystem = info->id->has_subsystem_vendor = true;
        info->id->subsystem = pci_config_get(dev, PCI_SUBSYSTEM_ID, 2);
        info->id->subsystem_vendor = pci_config_get(dev, PCI_SUBSYSTEM_VENDOR, 2);
    }
    return info;
}

static GPtrArray *devices_of(const PciBus *bus, unsigned depth)
{
    GPtrArray *list = g_ptr_array_new();
    for (unsigned i = 0; i < PCI_DEVFNS; i++) {
        if (bus->devices[i]) {
            g_ptr_array_add(list, device_info(bus, bus->devices[i], depth));
        }
    }
    return list;
}

GPtrArray *qmp_query_pci(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    PciBus *root = pci_bus_default(context->machine);
    if (root) {
        QmpPciInfo *info = qmp_pci_info_new();
        info->bus = pci_bus_number(root);
        info->devices = devices_of(root, 0);
        g_ptr_array_add(list, info);
    }
    return list;
}

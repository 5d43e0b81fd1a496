/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base address registers and option ROMs.  Spec: PCI 3.0, 6.2.5 and 6.3. */
#include <string.h>

#include "hw/core/loader.h"
#include "hw/pci/pci_internal.h"
#include "util/datadir.h"
#include "util/error.h"

enum { ROM_MIN_BYTES = 4096, ROM_MAX_BYTES = 16 << 20 };

static bool is_bridge(const PciDevice *dev)
{
    return (dev->config[PCI_HEADER_TYPE] & ~PCI_HEADER_MULTIFUNCTION) == PCI_HEADER_BRIDGE;
}

static unsigned bar_offset(const PciDevice *dev, unsigned index)
{
    if (index != PCI_BAR_ROM) {
        return PCI_BAR0 + 4 * index;
    }
    return is_bridge(dev) ? PCI_BRIDGE_ROM_ADDRESS : PCI_ROM_ADDRESS;
}

void pci_add_bar(PciDevice *dev, unsigned index, unsigned kind, MemoryRegion *region)
{
    unsigned at = bar_offset(dev, index);
    uint64_t mask = ~(region->size - 1);

    g_assert(index < PCI_BARS && !dev->bars[index].region);
    g_assert(region->size >= 4 && (region->size & (region->size - 1)) == 0);
    dev->bars[index] = (PciBar){ region, kind, PCI_UNMAPPED };
    if (index == PCI_BAR_ROM) {
        pci_config_writable(dev, at, 4, (mask & 0xfffff800) | PCI_ROM_ENABLE);
        return;
    }
    pci_config_set(dev, at, 4, kind);
    pci_config_writable(dev, at, 4, mask & (kind & PCI_BAR_IO ? ~3u : ~0xfu));
    if (kind & PCI_BAR_MEM64) {
        g_assert(!(kind & PCI_BAR_IO) && index + 1 < PCI_BAR_ROM);
        pci_config_writable(dev, at + 4, 4, mask >> 32);
    }
}

/* Where BAR @index decodes. A BAR that is being sized (all ones), at 0, or that would run over the
 * end of its space decodes nothing. */
static hwaddr decoded_address(const PciDevice *dev, unsigned index)
{
    const PciBar *bar = &dev->bars[index];
    unsigned at = bar_offset(dev, index);
    uint16_t command = pci_config_get(dev, PCI_COMMAND, 2);
    bool io = bar->kind & PCI_BAR_IO;
    hwaddr address = pci_config_get(dev, at, 4), limit = UINT32_MAX - 1;

    if (!(command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) ||
        (index == PCI_BAR_ROM && !(address & PCI_ROM_ENABLE))) {
        return PCI_UNMAPPED;
    }
    if (io) {
        limit = UINT16_MAX;
    } else if (bar->kind & PCI_BAR_MEM64) {
        address |= (uint64_t)pci_config_get(dev, at + 4, 4) << 32;
        limit = UINT64_MAX - 1;
    }
    address &= ~(bar->region->size - 1);
    hwaddr last = address + bar->region->size - 1;
    return address == 0 || last < address || last > limit ? PCI_UNMAPPED : address;
}

void pci_bars_update(PciDevice *dev)
{
    memory_transaction_begin();
    for (unsigned i = 0; i < PCI_BARS; i++) {
        PciBar *bar = &dev->bars[i];
        if (!bar->region) {
            continue;
        }
        hwaddr address = decoded_address(dev, i);
        if (address == bar->address) {
            continue;
        }
        MemoryRegion *space = bar->kind & PCI_BAR_IO ? dev->bus->io : dev->bus->memory;
        if (bar->address != PCI_UNMAPPED) {
            memory_region_remove(space, bar->region);
        }
        if (address != PCI_UNMAPPED) {
            memory_region_add_overlap(space, address, bar->region, 1);
        }
        bar->address = address;
    }
    memory_transaction_commit();
}

bool pci_bars_load_rom(PciDevice *dev, GError **errp)
{
    const PciDeviceClass *class = (const PciDeviceClass *)dev->device.object.class;
    g_autofree char *path = NULL;

    if (!dev->rombar || (dev->romfile && !*dev->romfile)) {
        return true;
    }
    if (dev->romfile) {
        path = datadir_find(dev->romfile);
        path = path ? path : g_strdup(dev->romfile);
    } else if (class->romfile) {
        path = datadir_find(class->romfile);
    }
    if (!path) {
        return true; /* none wanted, or that of the class is not installed */
    }
    size_t length;
    g_autofree void *bytes = loader_read_file("option ROM", path, ROM_MAX_BYTES, &length, errp);
    if (!bytes) {
        return false;
    }
    if (length == 0) {
        error_set(errp, "option ROM '%s' is empty", path);
        return false;
    }
    uint64_t size = ROM_MIN_BYTES;
    while (size < length) {
        size *= 2;
    }
    if (!memory_region_init_rom(&dev->rom, &dev->device.object, "rom", size, errp)) {
        return false;
    }
    memcpy(memory_region_ram_pointer(&dev->rom), bytes, length);
    memory_region_set_dirty(&dev->rom, 0, length);
    pci_add_bar(dev, PCI_BAR_ROM, PCI_BAR_MEM32, &dev->rom);
    return true;
}

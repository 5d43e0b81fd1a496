/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MSI-X capability, its table and pending bits.  Spec: PCI 3.0, 6.8.2. */
#include <string.h>

#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"
#include "util/error.h"

enum {
    MSIX_CONTROL = 2,
    MSIX_TABLE = 4,
    MSIX_PBA = 8,
    MSIX_CAP_BYTES = 12,
    CONTROL_MASK_ALL = 0x4000,
    CONTROL_ENABLE = 0x8000,
};
enum { ENTRY_BYTES = 16, ENTRY_DATA = 8, ENTRY_CONTROL = 12, ENTRY_MASKED = 1 };

struct PciMsix {
    unsigned offset; /* of the capability */
    unsigned vectors;
};

static unsigned table_bytes(unsigned vectors)
{
    return vectors * ENTRY_BYTES;
}

static unsigned pba_bytes(unsigned vectors)
{
    return (vectors + 63) / 64 * 8;
}

static uint32_t get32(const uint8_t *bytes)
{
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint8_t *entry(PciDevice *dev, unsigned vector)
{
    return dev->msix_state + vector * ENTRY_BYTES;
}

static uint8_t *pending_byte(PciDevice *dev, unsigned vector)
{
    return dev->msix_state + table_bytes(dev->msix->vectors) + vector / 8;
}

bool pci_msix_enabled(const PciDevice *dev)
{
    return dev->msix && (pci_config_get(dev, dev->msix->offset + MSIX_CONTROL, 2) & CONTROL_ENABLE);
}

unsigned pci_msix_vectors(const PciDevice *dev)
{
    return dev->msix ? dev->msix->vectors : 0;
}

static bool is_masked(PciDevice *dev, unsigned vector)
{
    uint16_t control = pci_config_get(dev, dev->msix->offset + MSIX_CONTROL, 2);
    return (control & CONTROL_MASK_ALL) || (entry(dev, vector)[ENTRY_CONTROL] & ENTRY_MASKED);
}

static void send(PciDevice *dev, unsigned vector)
{
    const uint8_t *at = entry(dev, vector);
    hwaddr address = get32(at) | (uint64_t)get32(at + 4) << 32;
    address_space_store(&dev->dma, address, 4, ENDIAN_LITTLE, get32(at + ENTRY_DATA),
                        pci_dma_attrs(dev));
}

void pci_msix_notify(PciDevice *dev, unsigned vector)
{
    if (!pci_msix_enabled(dev) || vector >= dev->msix->vectors) {
        return;
    }
    if (is_masked(dev, vector)) {
        *pending_byte(dev, vector) |= 1 << vector % 8;
    } else {
        send(dev, vector);
    }
}

static void send_pending(PciDevice *dev, unsigned vector)
{
    uint8_t *byte = pending_byte(dev, vector), bit = 1 << vector % 8;
    if ((*byte & bit) && pci_msix_enabled(dev) && !is_masked(dev, vector)) {
        *byte &= ~bit;
        send(dev, vector);
    }
}

void pci_msix_update(PciDevice *dev)
{
    for (unsigned i = 0; pci_msix_enabled(dev) && i < dev->msix->vectors; i++) {
        send_pending(dev, i);
    }
}

static uint64_t table_read(void *opaque, hwaddr offset, unsigned size)
{
    PciDevice *dev = opaque;
    return get32(dev->msix_state + offset);
}

static void table_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PciDevice *dev = opaque;
    switch (offset % ENTRY_BYTES) {
    case 0: value &= ~3u; break; /* 6.8.2.9: dword aligned */
    case ENTRY_CONTROL: value &= ENTRY_MASKED; break;
    }
    for (unsigned i = 0; i < 4; i++) {
        dev->msix_state[offset + i] = value >> 8 * i;
    }
    send_pending(dev, offset / ENTRY_BYTES);
}

static uint64_t pba_read(void *opaque, hwaddr offset, unsigned size)
{
    PciDevice *dev = opaque;
    return get32(dev->msix_state + table_bytes(dev->msix->vectors) + offset);
}

/* 6.8.2.10: writing has no defined effect. */
static void pba_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static const MemoryOps table_ops = {
    .read = table_read,
    .write = table_write,
    .min_access = 4,
    .max_access = 8,
    .impl_min = 4,
    .impl_max = 4,
};

static const MemoryOps pba_ops = {
    .read = pba_read,
    .write = pba_write,
    .min_access = 4,
    .max_access = 8,
    .impl_min = 4,
    .impl_max = 4,
};

void pci_msix_reset(PciDevice *dev)
{
    if (!dev->msix) {
        return;
    }
    memset(dev->msix_state, 0, dev->msix_bytes);
    for (unsigned i = 0; i < dev->msix->vectors; i++) {
        entry(dev, i)[ENTRY_CONTROL] = ENTRY_MASKED; /* 6.8.2.9 */
    }
}

bool pci_msix_init(PciDevice *dev, const PciMsixConfig *config, GError **errp)
{
    PciMsixConfig c = *config;
    uint64_t half = 2048;

    g_assert(c.vectors && c.vectors <= PCI_MSIX_MAX_VECTORS && !dev->msix);
    unsigned at = pci_add_capability(dev, PCI_CAP_MSIX, c.offset, MSIX_CAP_BYTES, errp);
    if (!at) {
        return false;
    }
    PciMsix *msix = dev->msix = g_new0(PciMsix, 1);
    msix->offset = at;
    msix->vectors = c.vectors;
    dev->msix_bytes = table_bytes(c.vectors) + pba_bytes(c.vectors);
    dev->msix_state = g_malloc0(PCI_MSIX_STATE_BYTES);
    if (!c.region) { /* table in the lower half, pending bits in the upper one */
        while (half < table_bytes(c.vectors)) {
            half *= 2;
        }
        memory_region_init(&dev->msix_bar, &dev->device.object, "msix", half * 2);
        c.region = &dev->msix_bar;
        c.table_offset = 0;
        c.pba_offset = half;
        pci_add_bar(dev, c.bar, PCI_BAR_MEM32, c.region);
    }
    memory_region_init_io(&dev->msix_table, &dev->device.object, &table_ops, dev, "msix-table",
                          table_bytes(c.vectors));
    memory_region_init_io(&dev->msix_pba, &dev->device.object, &pba_ops, dev, "msix-pba",
                          pba_bytes(c.vectors));
    memory_region_add_overlap(c.region, c.table_offset, &dev->msix_table, 1);
    memory_region_add_overlap(c.region, c.pba_offset, &dev->msix_pba, 1);
    pci_config_set(dev, at + MSIX_CONTROL, 2, c.vectors - 1);
    pci_config_writable(dev, at + MSIX_CONTROL, 2, CONTROL_ENABLE | CONTROL_MASK_ALL);
    pci_config_set(dev, at + MSIX_TABLE, 4, c.table_offset | c.bar);
    pci_config_set(dev, at + MSIX_PBA, 4, c.pba_offset | c.bar);
    pci_msix_reset(dev);
    return true;
}

void pci_msix_cleanup(PciDevice *dev)
{
    g_clear_pointer(&dev->msix, g_free);
    g_clear_pointer(&dev->msix_state, g_free);
    dev->msix_bytes = 0;
}

bool pci_msix_post_load(PciDevice *dev, GError **errp)
{
    if (!dev->msix) {
        return true;
    }
    unsigned vectors = dev->msix->vectors;
    if (dev->msix_bytes != table_bytes(vectors) + pba_bytes(vectors)) {
        dev->msix_bytes = table_bytes(vectors) + pba_bytes(vectors);
        error_set(errp, "%s: saved with another number of MSI-X vectors than %u",
                  dev->device.object.class->name, vectors);
        return false;
    }
    for (unsigned i = 0; i < vectors; i++) {
        entry(dev, i)[0] &= ~3;
        memset(entry(dev, i) + ENTRY_CONTROL + 1, 0, 3);
        entry(dev, i)[ENTRY_CONTROL] &= ENTRY_MASKED;
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MSI capability; MSI-X is in msix.c.  Spec: PCI 3.0, 6.8.1. */
#include "hw/pci/msi.h"

#include "hw/pci/pci_internal.h"
#include "util/error.h"

enum {
    MSI_CONTROL = 2,
    MSI_ADDRESS = 4,
    CONTROL_ENABLE = 0x0001,
    CONTROL_CAPABLE_SHIFT = 1,
    CONTROL_GRANTED_SHIFT = 4,
    CONTROL_64BIT = 0x0080,
    CONTROL_MASKABLE = 0x0100,
};

struct PciMsi {
    unsigned offset; /* of the capability */
    unsigned vectors;
    bool address64, maskable;
    unsigned data, mask, pending; /* offsets of fields */
};

bool pci_msi_init(PciDevice *dev, const PciMsiConfig *config, GError **errp)
{
    unsigned size = 0xa + (config->address64 ? 4 : 0) + (config->maskable ? 0xa : 0);
    unsigned log2 = 0;

    g_assert(config->vectors && config->vectors <= 32 && !dev->msi);
    while (1u << log2 < config->vectors) {
        log2++;
    }
    unsigned at = pci_add_capability(dev, PCI_CAP_MSI, config->offset, size, errp);
    if (!at) {
        return false;
    }
    PciMsi *msi = dev->msi = g_new0(PciMsi, 1);
    *msi = (PciMsi){ at, 1u << log2, config->address64, config->maskable, 0, 0, 0 };
    msi->data = at + MSI_ADDRESS + (msi->address64 ? 8 : 4);
    msi->mask = msi->data + 4;
    msi->pending = msi->mask + 4;
    pci_config_set(dev, at + MSI_CONTROL, 2,
                   log2 << CONTROL_CAPABLE_SHIFT | (msi->address64 ? CONTROL_64BIT : 0) |
                       (msi->maskable ? CONTROL_MASKABLE : 0));
    pci_config_writable(dev, at + MSI_CONTROL, 2, CONTROL_ENABLE | 7 << CONTROL_GRANTED_SHIFT);
    pci_config_writable(dev, at + MSI_ADDRESS, 4, ~3u);
    if (msi->address64) {
        pci_config_writable(dev, at + MSI_ADDRESS + 4, 4, UINT32_MAX);
    }
    pci_config_writable(dev, msi->data, 2, UINT16_MAX);
    if (msi->maskable) {
        uint32_t bits = msi->vectors == 32 ? UINT32_MAX : (1u << msi->vectors) - 1;
        pci_config_writable(dev, msi->mask, 4, bits);
        for (unsigned i = 0; i < 4; i++) {
            dev->keep_mask[msi->pending + i] = bits >> 8 * i;
        }
    }
    return true;
}

void pci_msi_cleanup(PciDevice *dev)
{
    g_clear_pointer(&dev->msi, g_free);
}

bool pci_msi_enabled(const PciDevice *dev)
{
    return dev->msi && (dev->config[dev->msi->offset + MSI_CONTROL] & CONTROL_ENABLE);
}

/* A guest may grant more than was asked for; that counts as all. */
static unsigned granted(const PciDevice *dev)
{
    unsigned log2 = dev->config[dev->msi->offset + MSI_CONTROL] >> CONTROL_GRANTED_SHIFT & 7;
    return MIN(1u << log2, dev->msi->vectors);
}

static void send(PciDevice *dev, unsigned vector)
{
    const PciMsi *msi = dev->msi;
    hwaddr address = pci_config_get(dev, msi->offset + MSI_ADDRESS, 4);
    if (msi->address64) {
        address |= (uint64_t)pci_config_get(dev, msi->offset + MSI_ADDRESS + 4, 4) << 32;
    }
    uint32_t data = pci_config_get(dev, msi->data, 2);
    address_space_store(&dev->dma, address, 4, ENDIAN_LITTLE, (data & ~(granted(dev) - 1)) | vector,
                        pci_dma_attrs(dev));
}

void pci_msi_notify(PciDevice *dev, unsigned vector)
{
    if (!pci_msi_enabled(dev)) {
        return;
    }
    vector %= granted(dev);
    if (dev->msi->maskable && (pci_config_get(dev, dev->msi->mask, 4) >> vector & 1)) {
        uint32_t pending = pci_config_get(dev, dev->msi->pending, 4);
        pci_config_set(dev, dev->msi->pending, 4, pending | 1u << vector);
        return;
    }
    send(dev, vector);
}

/* What waited behind a mask goes out when the mask is lifted. */
void pci_msi_update(PciDevice *dev)
{
    const PciMsi *msi = dev->msi;
    if (!pci_msi_enabled(dev) || !msi->maskable) {
        return;
    }
    uint32_t pending = pci_config_get(dev, msi->pending, 4);
    uint32_t go = pending & ~pci_config_get(dev, msi->mask, 4);
    pci_config_set(dev, msi->pending, 4, pending & ~go);
    for (unsigned vector = 0; go; vector++, go >>= 1) {
        if ((go & 1) && vector < granted(dev)) {
            send(dev, vector);
        }
    }
}

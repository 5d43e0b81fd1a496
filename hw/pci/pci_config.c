/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration cycles: by ports 0xcf8 and 0xcfc, and by memory (ECAM).  Spec: PCI 3.0, 3.2.2.3;
 * PCIe Base 3.1, 7.2.2. */
#include "hw/pci/pci_bus.h"

enum {
    ADDRESS_ENABLE = 1u << 31,
    ADDRESS_BITS = 0x80fffffc, /* that exist */
    PORT_BYTES = 4,
    ECAM_BUS_BITS = 20,
};

static uint32_t all_ones(unsigned size)
{
    return UINT32_MAX >> (32 - 8 * size);
}

uint32_t pci_config_read(PciBus *root, uint16_t bdf, unsigned offset, unsigned size)
{
    PciDevice *dev = pci_find_device(root, bdf >> 8, bdf & 0xff);

    if (!dev || offset + size > dev->config_bytes) {
        return all_ones(size);
    }
    uint32_t (*hook)(PciDevice *, unsigned, unsigned) =
        CLASS_METHOD(&dev->device.object, pci_device_class, PciDeviceClass, config_read);
    return (hook ? hook : pci_default_config_read)(dev, offset, size) & all_ones(size);
}

void pci_config_write(PciBus *root, uint16_t bdf, unsigned offset, uint32_t value, unsigned size)
{
    PciDevice *dev = pci_find_device(root, bdf >> 8, bdf & 0xff);

    if (!dev || offset + size > dev->config_bytes) {
        return;
    }
    void (*hook)(PciDevice *, unsigned, uint32_t, unsigned) =
        CLASS_METHOD(&dev->device.object, pci_device_class, PciDeviceClass, config_write);
    (hook ? hook : pci_default_config_write)(dev, offset, value & all_ones(size), size);
}

/* Only a whole dword at 0xcf8 is the register. A byte at 0xcf9 is the south bridge's; the rest
 * passes by as ordinary port I/O. */
static uint64_t address_read(void *opaque, hwaddr offset, unsigned size)
{
    const PciConfigPorts *ports = opaque;
    const PciRootOps *ops = ports->root->ops;
    if (offset == 1 && size == 1 && ops && ops->read_reset_port) {
        return ops->read_reset_port(ports->root->opaque);
    }
    return offset == 0 && size == 4 ? ports->address : all_ones(size);
}

static void address_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PciConfigPorts *ports = opaque;
    const PciRootOps *ops = ports->root->ops;
    if (offset == 0 && size == 4) {
        ports->address = value & ADDRESS_BITS;
    } else if (offset == 1 && size == 1 && ops && ops->write_reset_port) {
        ops->write_reset_port(ports->root->opaque, value);
    }
}

static uint64_t data_read(void *opaque, hwaddr offset, unsigned size)
{
    const PciConfigPorts *ports = opaque;
    if (!(ports->address & ADDRESS_ENABLE)) {
        return all_ones(size);
    }
    return pci_config_read(ports->root, ports->address >> 8, (ports->address & 0xfc) | offset,
                           size);
}

static void data_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    const PciConfigPorts *ports = opaque;
    if (ports->address & ADDRESS_ENABLE) {
        pci_config_write(ports->root, ports->address >> 8, (ports->address & 0xfc) | offset, value,
                         size);
    }
}

static const MemoryOps address_ops = {
    .read = address_read,
    .write = address_write,
    .min_access = 1,
    .max_access = 4,
    .unaligned = true,
};

static const MemoryOps data_ops = {
    .read = data_read,
    .write = data_write,
    .min_access = 1,
    .max_access = 4,
    .unaligned = true,
};

void pci_config_ports_init(PciConfigPorts *ports, Object *owner, PciBus *root)
{
    ports->root = root;
    memory_region_init_io(&ports->address_ports, owner, &address_ops, ports, "pci-config-address",
                          PORT_BYTES);
    memory_region_init_io(&ports->data_ports, owner, &data_ops, ports, "pci-config-data",
                          PORT_BYTES);
}

static bool ports_post_load(void *opaque, uint32_t version, GError **errp)
{
    ((PciConfigPorts *)opaque)->address &= ADDRESS_BITS;
    return true;
}

const VmState pci_config_ports_vmstate = {
    .name = "pci-config-ports",
    .version = 1,
    .post_load = ports_post_load,
    .fields = (const VmField[]){ VM_U32(PciConfigPorts, address), {} },
};

static uint64_t ecam_read(void *opaque, hwaddr offset, unsigned size)
{
    return pci_config_read(opaque, offset >> 12, offset & (PCIE_CONFIG_BYTES - 1), size);
}

static void ecam_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    pci_config_write(opaque, offset >> 12, offset & (PCIE_CONFIG_BYTES - 1), value, size);
}

static const MemoryOps ecam_ops = {
    .read = ecam_read,
    .write = ecam_write,
    .min_access = 1,
    .max_access = 4,
};

void pci_ecam_init(MemoryRegion *mr, Object *owner, PciBus *root, unsigned buses)
{
    memory_region_init_io(mr, owner, &ecam_ops, root, "pci-ecam", (uint64_t)buses << ECAM_BUS_BITS);
}

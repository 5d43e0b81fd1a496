/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel ICH9 SMBus controller (31.3).  Spec: 316972-004, 18. */
#include "hw/pci/pci_bus.h"
#include "hw/southbridge/smbus_host.h"

enum { BAR_PORTS = 4, PORT_BYTES = 32, REG_HOSTC = 0x40, HOSTC_ENABLE = 0x01 };

typedef struct {
    PciDevice pci;
    SmbusHost host;
} Ich9Smbus;

static void set_irq(void *opaque, bool level)
{
    pci_set_irq(opaque, level);
}

/* 18.1.14: ports answer only when the host controller is enabled as well. */
static void update_ports(PciDevice *pci)
{
    memory_region_set_enabled(&container_of(pci, Ich9Smbus, pci)->host.ports,
                              pci->config[REG_HOSTC] & HOSTC_ENABLE);
}

static void ich9_smbus_config_write(PciDevice *pci, unsigned offset, uint32_t value, unsigned size)
{
    pci_default_config_write(pci, offset, value, size);
    update_ports(pci);
}

static bool ich9_smbus_setup(PciDevice *pci, GError **errp)
{
    Ich9Smbus *dev = container_of(pci, Ich9Smbus, pci);
    pci_config_set(pci, PCI_STATUS, 2, PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM);
    pci_config_writable(pci, REG_HOSTC, 1, 0x07);
    pci_set_interrupt_pin(pci, 1);
    smbus_host_init(&dev->host, &pci->device, PORT_BYTES, set_irq, pci);
    pci_add_bar(pci, BAR_PORTS, PCI_BAR_IO, &dev->host.ports);
    return true;
}

static void ich9_smbus_reset(PciDevice *pci)
{
    smbus_host_reset(&container_of(pci, Ich9Smbus, pci)->host);
    update_ports(pci);
}

static bool ich9_smbus_post_load(void *opaque, uint32_t version, GError **errp)
{
    update_ports(opaque);
    return true;
}

static const VmState ich9_smbus_vmstate = {
    .version = 1,
    .post_load = ich9_smbus_post_load,
    .fields = (const VmField[]){ VM_STRUCT(Ich9Smbus, host, smbus_host_vmstate), {} },
};

static const PciDeviceClass ich9_smbus_class = {
    .device = { .object = { .name = "ICH9-SMB",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(Ich9Smbus) },
                .summary = "Intel ICH9 SMBus controller",
                .category = DEVICE_CATEGORY_BRIDGE,
                .vmstate = &ich9_smbus_vmstate },
    .vendor = PCI_VENDOR_INTEL,
    .id = 0x2930,
    .revision = 2,
    .class = PCI_CLASS_SERIAL_SMBUS,
    .setup = ich9_smbus_setup,
    .reset = ich9_smbus_reset,
    .config_write = ich9_smbus_config_write,
};
CLASS_REGISTER(ich9_smbus_class);

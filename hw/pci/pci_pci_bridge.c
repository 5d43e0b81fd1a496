/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conventional PCI-to-PCI bridge, "pci-bridge".  Spec: PCI-to-PCI Bridge Architecture 1.2. */
#include "hw/pci/msi.h"
#include "hw/pci/pci_bridge.h"
#include "util/error.h"

enum { SLOT_ID = 0x04, SLOT_ID_BYTES = 4, SLOT_ID_FIRST_IN_CHASSIS = 0x20 };

typedef struct {
    PciBridge bridge;
    uint8_t chassis; /* property */
    bool msi;        /* property */
} PciPciBridge;

/* 3.2.6.3: numbers for people; a chassis number of 0 would mean that there is none. */
static bool add_slot_id(PciDevice *dev, uint8_t chassis, GError **errp)
{
    unsigned at = pci_add_capability(dev, SLOT_ID, 0, SLOT_ID_BYTES, errp);
    if (at) {
        pci_config_set(dev, at + 2, 1, SLOT_ID_FIRST_IN_CHASSIS);
        pci_config_set(dev, at + 3, 1, chassis);
    }
    return at != 0;
}

static bool pci_pci_bridge_setup(PciBridge *base, GError **errp)
{
    PciDevice *dev = &base->pci;
    PciPciBridge *bridge = container_of(base, PciPciBridge, bridge);
    const PciMsiConfig msi = { .vectors = 1, .address64 = true, .maskable = true };

    pci_config_set(dev, PCI_STATUS, 2, PCI_STATUS_66MHZ | PCI_STATUS_FAST_BACK);
    pci_set_interrupt_pin(dev, 1);
    return (!bridge->chassis || add_slot_id(dev, bridge->chassis, errp)) &&
           (!bridge->msi || pci_msi_init(dev, &msi, errp));
}

static const Property pci_pci_bridge_properties[] = {
    PROPERTY_U8("chassis_nr", PciPciBridge, chassis, 0, .help = "number of the chassis; 0: none"),
    PROPERTY_BOOL("msi", PciPciBridge, msi, true, .help = "has the MSI capability"),
    {},
};

static const PciBridgeClass pci_pci_bridge_class = {
    .pci = { .device = { .object = { .name = "pci-bridge",
                                     .parent = &pci_bridge_base_class.pci.device.object,
                                     .instance_size = sizeof(PciPciBridge),
                                     .properties = pci_pci_bridge_properties },
                         .summary = "PCI-to-PCI bridge",
                         .category = DEVICE_CATEGORY_BRIDGE,
                         .user_creatable = true },
             .vendor = PCI_VENDOR_RED_HAT,
             .id = 0x0001,
             .class = PCI_CLASS_BRIDGE_PCI,
             .bridge = true },
    .bridge_setup = pci_pci_bridge_setup,
};
CLASS_REGISTER(pci_pci_bridge_class);

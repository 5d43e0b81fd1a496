/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI-to-PCI bridges: windows and the secondary bus. Root ports are bridges too.  Spec: PCI-to-PCI
 * Bridge Architecture 1.2. */
#pragma once

#include "hw/pci/pci_bus.h"

/* Windows of the secondary bus onto the primary one. */
typedef enum {
    PCI_WINDOW_IO,
    PCI_WINDOW_MEMORY,
    PCI_WINDOW_PREFETCH,
    PCI_WINDOW_VGA_MEMORY,
    PCI_WINDOW_VGA_IO_LOW,  /* 0x3b0 to 0x3bb */
    PCI_WINDOW_VGA_IO_HIGH, /* 0x3c0 to 0x3df */
    PCI_WINDOW_COUNT,
} PciWindowKind;

typedef struct {
    PciDevice pci;
    PciBus secondary;
    MemoryRegion memory, io; /* address spaces of the secondary bus */
    MemoryRegion window[PCI_WINDOW_COUNT];
    hwaddr window_base[PCI_WINDOW_COUNT], window_last[PCI_WINDOW_COUNT]; /* as mapped; derived */
    bool secondary_in_reset; /* derived from bridge control */
} PciBridge;

/* Class to derive from: sets up header, windows and bus, then calls bridge_setup. */
typedef struct {
    PciDeviceClass pci;
    bool express_bus; /* the secondary bus is one, with a single slot */
    bool (*bridge_setup)(PciBridge *bridge, GError **errp);
} PciBridgeClass;

extern const PciBridgeClass pci_bridge_base_class;

/** pci_bridge_update - after the configuration of @dev changed; nothing if it is no bridge */
void pci_bridge_update(PciDevice *dev);
/** pci_bridge_of - the bridge @dev is; NULL: none */
PciBridge *pci_bridge_of(PciDevice *dev);

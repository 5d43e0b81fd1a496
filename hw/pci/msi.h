/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message signalled interrupts.  Spec: PCI 3.0, 6.8. */
#pragma once

#include "hw/pci/pci.h"

typedef struct {
    unsigned offset;  /* of the capability; 0: behind the others */
    unsigned vectors; /* power of two up to 32 */
    bool address64, maskable;
} PciMsiConfig;

/** pci_msi_init - in setup(). Undone by the bus */
bool pci_msi_init(PciDevice *dev, const PciMsiConfig *config, GError **errp);
bool pci_msi_enabled(const PciDevice *dev);
/** pci_msi_notify - send @vector (modulo what the guest granted), or mark it pending while masked
 */
void pci_msi_notify(PciDevice *dev, unsigned vector);

typedef struct {
    unsigned offset;                   /* of the capability; 0: behind the others */
    unsigned vectors;                  /* 1 to 2048 */
    unsigned bar;                      /* holds table and pending bits */
    MemoryRegion *region;              /* of that BAR; NULL: one of its own is made and added */
    unsigned table_offset, pba_offset; /* within region, multiples of 8; ignored without region */
} PciMsixConfig;

/** pci_msix_init - in setup(). Undone by the bus */
bool pci_msix_init(PciDevice *dev, const PciMsixConfig *config, GError **errp);
bool pci_msix_enabled(const PciDevice *dev);
unsigned pci_msix_vectors(const PciDevice *dev); /* 0: no MSI-X */
/** pci_msix_notify - send @vector, or mark it pending while masked; one that does not exist is
 * ignored */
void pci_msix_notify(PciDevice *dev, unsigned vector);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of hw/pci. */
#pragma once

#include "hw/pci/pci_bus.h"

/** pci_bus_intx - @dev drives its pin to @level, counted by the root bus */
void pci_bus_intx(PciDevice *dev, bool level);
/** pci_intx_update - after anything that decides whether INTx is sent */
void pci_intx_update(PciDevice *dev);

/* BARs: map them where configuration says; forget them all. */
void pci_bars_update(PciDevice *dev);
/** pci_bars_load_rom - the option ROM of romfile= or of the class */
bool pci_bars_load_rom(PciDevice *dev, GError **errp);

/* MSI and MSI-X follow the configuration. */
void pci_msi_update(PciDevice *dev);
void pci_msi_cleanup(PciDevice *dev);
void pci_msix_update(PciDevice *dev);
void pci_msix_reset(PciDevice *dev);
bool pci_msix_post_load(PciDevice *dev, GError **errp);
void pci_msix_cleanup(PciDevice *dev);

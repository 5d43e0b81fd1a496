/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI Express capability, and slots that devices are plugged into and pulled out of.  Spec:
 * PCIe Base 3.1, 6.7 and 7.8. */
#pragma once

#include "hw/pci/pci_bus.h"

/* 7.8.2, table 7-11 */
typedef enum {
    PCIE_ENDPOINT = 0,
    PCIE_ROOT_PORT = 4,
    PCIE_INTEGRATED_ENDPOINT = 9, /* on a root bus */
} PcieType;

/** pcie_cap_init - version 2 capability, in setup(); the device gets 4 KiB of configuration
 * @offset: 0: behind the others
 * @port:   number of a root port */
bool pcie_cap_init(PciDevice *dev, unsigned offset, PcieType type, uint8_t port, GError **errp);
/** pcie_endpoint_init - of the type that fits the bus @dev is on; nothing on a conventional bus */
bool pcie_endpoint_init(PciDevice *dev, GError **errp);
/** pcie_cap - offset of the capability; 0: none */
unsigned pcie_cap(const PciDevice *dev);

/* What a root port does with its slot; nothing without one. */
/** pcie_slot_init - @number is printed on the case */
void pcie_slot_init(PciDevice *port, uint16_t number);
/** pcie_slot_reset - a device is in it, or not */
void pcie_slot_reset(PciDevice *port, bool occupied);
/** pcie_slot_changed - a device came (@occupied) or the user wants it out */
void pcie_slot_plugged(PciDevice *port);
void pcie_slot_press_button(PciDevice *port);
/** pcie_slot_write - after configuration was written; true: the guest switched power off, and what
 * is in the slot leaves. @before are slot control and status, as they were */
bool pcie_slot_write(PciDevice *port, uint32_t before);
/** pcie_slot_emptied - what was in it left */
void pcie_slot_emptied(PciDevice *port);
/** pcie_slot_interrupt - the slot has an event that the guest enabled */
bool pcie_slot_interrupt(const PciDevice *port);

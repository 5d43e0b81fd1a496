/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI buses: who is where, configuration cycles, interrupt lines. For host bridges, bridges and
 * boards. */
#pragma once

#include "hw/pci/pci.h"

/* What the root of a hierarchy does with INTx. */
typedef struct {
    /* line (below PCI_MAX_IRQ_LINES) of @pin (0: INTA) of the device at @devfn on the root bus */
    unsigned (*map_irq)(void *opaque, unsigned devfn, unsigned pin);
    void (*set_irq)(void *opaque, unsigned line, int level);
    /* byte 0xcf9, within what is CONFIG_ADDRESS for dword accesses; NULL: nothing is there */
    uint8_t (*read_reset_port)(void *opaque);
    void (*write_reset_port)(void *opaque, uint8_t value);
} PciRootOps;

/* Embedded by the host bridge or bridge that owns it. Guarded by the machine lock. */
struct PciBus {
    Bus bus;
    PciDevice *bridge;         /* whose secondary bus it is; NULL: a root bus */
    MemoryRegion *memory, *io; /* where BARs are mapped */
    PciDevice *devices[PCI_DEVFNS];
    unsigned first_slot, slots; /* that -device without addr= may take; slots in all */
    /* of a root bus */
    const PciRootOps *ops; /* NULL: INTx goes nowhere */
    void *opaque;
    unsigned line_count[PCI_MAX_IRQ_LINES]; /* devices that hold it up; derived */
};

typedef struct {
    BusClass bus;
} PciBusClass;

extern const PciBusClass pci_bus_class;  /* "PCI" */
extern const PciBusClass pcie_bus_class; /* "PCIE", is a "PCI" */

/** pci_bus_init - bus @name of @owner; BARs of its devices are mapped into @memory and @io */
void pci_bus_init(PciBus *bus, const PciBusClass *class, Device *owner, const char *name,
                  MemoryRegion *memory, MemoryRegion *io);
/** pci_bus_set_root_ops - whoever routes interrupts (the south bridge) says how; @ops NULL ends it
 */
void pci_bus_set_root_ops(PciBus *bus, const PciRootOps *ops, void *opaque);
/** pci_bus_remap_irqs - map_irq() answers differently from now on */
void pci_bus_remap_irqs(PciBus *bus);
PciBus *pci_bus_root(PciBus *bus);
bool pci_bus_is_express(const PciBus *bus);
/** pci_bus_number - as the guest numbered it; a root bus is 0 */
uint8_t pci_bus_number(const PciBus *bus);
/** pci_requester_id - bus, device, function */
uint16_t pci_requester_id(const PciDevice *dev);
/** pci_find_device - what answers configuration cycles for @bus_number, below root bus @root */
PciDevice *pci_find_device(PciBus *root, uint8_t bus_number, uint8_t devfn);
/** pci_bus_default - the root bus -device uses; NULL: the machine has no PCI */
PciBus *pci_bus_default(Machine *machine);
/** pci_new - a device of @class_name for the board: child "pci[n]" of the machine, not realized.
 * @devfn -1: any slot. NULL with error for an unknown class. */
PciDevice *pci_new(Machine *machine, const char *class_name, int devfn, GError **errp);
/** pci_add - pci_new() and realize on @bus */
PciDevice *pci_add(Machine *machine, PciBus *bus, const char *class_name, int devfn, GError **errp);

/** pci_config_read - a configuration cycle; all ones when nothing answers. @offset below 4096,
 * @size 1, 2, 4 and not across a dword */
uint32_t pci_config_read(PciBus *root, uint16_t bdf, unsigned offset, unsigned size);
void pci_config_write(PciBus *root, uint16_t bdf, unsigned offset, uint32_t value, unsigned size);

/* CONFIG_ADDRESS and CONFIG_DATA of mechanism #1 (PCI 3.0, 3.2.2.3.2): two regions of a host bridge
 * for ports 0xcf8 and 0xcfc. */
typedef struct {
    PciBus *root;
    MemoryRegion address_ports, data_ports;
    uint32_t address; /* guest state */
} PciConfigPorts;

void pci_config_ports_init(PciConfigPorts *ports, Object *owner, PciBus *root);
extern const VmState pci_config_ports_vmstate;
/** pci_ecam_init - 1 MiB of configuration a bus for @buses buses (PCIe Base 3.1, 7.2.2) */
void pci_ecam_init(MemoryRegion *mr, Object *owner, PciBus *root, unsigned buses);

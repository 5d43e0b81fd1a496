/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with RAM, an i440FX or Q35 host bridge and its south bridge, and a PCI device that has
 * everything. */
#pragma once

#include "hw/pci/pci_bus.h"
#include "tests/unit/device_fixture.h"

enum {
    PCI_FIXTURE_IO_BYTES = 32,
    PCI_FIXTURE_MEM_BYTES = 4096,
    PCI_FIXTURE_MEM64_BYTES = 1 << 16,
    PCI_FIXTURE_VECTORS = 4,
    PCI_FIXTURE_MESSAGE_BASE = 0xfee00000,
};

typedef struct {
    DeviceFixture device;
    PciBus *root;
    unsigned messages; /* that arrived at PCI_FIXTURE_MESSAGE_BASE */
    hwaddr message_address;
    uint32_t message_data;
    uint16_t message_requester;
    MemoryRegion catcher;
} PciFixture;

/** pci_fixture_init - @host is the class of the host bridge, @isa_bridge of the south bridge at
 * @devfn */
void pci_fixture_init(PciFixture *f, const char *host, const char *isa_bridge, unsigned devfn);
void pci_fixture_cleanup(PciFixture *f);

/* Configuration by ports 0xcf8 and 0xcfc. */
uint32_t pci_fixture_read(PciFixture *f, uint16_t bdf, unsigned offset, unsigned size);
void pci_fixture_write(PciFixture *f, uint16_t bdf, unsigned offset, unsigned size, uint32_t value);
uint32_t pci_fixture_in(PciFixture *f, uint16_t port, unsigned size);
void pci_fixture_out(PciFixture *f, uint16_t port, unsigned size, uint32_t value);

/** pci_fixture_hostile - hostile values in every size to every configuration register of @bdf */
void pci_fixture_hostile(PciFixture *f, uint16_t bdf, unsigned bytes);

/* "pci-fixture": BAR 0 I/O, BAR 1 memory, BAR 2 64-bit prefetchable, MSI-X in BAR 4, MSI, INTA. */
extern const PciDeviceClass pci_fixture_device_class;

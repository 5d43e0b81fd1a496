/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI and PCI Express devices and buses. Configuration space is bytes, masks that say what a guest
 * may write, and hooks; the rest follows from it.  Spec: PCI Local Bus 3.0; PCIe Base 3.1.
 */
#pragma once

#include "hw/core/device.h"
#include "hw/pci/pci_regs.h"
#include "memory/address_space.h"

enum {
    PCI_SLOTS = 32,
    PCI_FUNCTIONS = 8,
    PCI_DEVFNS = 256,
    PCI_PINS = 4,
    PCI_BARS = 7,
    PCI_BAR_ROM = 6, /* number of the option ROM's */
    PCI_CONFIG_BYTES = 256,
    PCIE_CONFIG_BYTES = 4096,
    PCI_MAX_IRQ_LINES = 32,
    PCI_MSIX_MAX_VECTORS = 2048,
    PCI_MSIX_STATE_BYTES = PCI_MSIX_MAX_VECTORS * 16 + PCI_MSIX_MAX_VECTORS / 8,
};
#define PCI_DEVFN(slot, function) ((slot) << 3 | (function))

typedef struct PciDevice PciDevice;
typedef struct PciBus PciBus;
typedef struct PciMsi PciMsi;
typedef struct PciMsix PciMsix;

/* low bits of a BAR */
typedef enum {
    PCI_BAR_MEM32 = 0x0,
    PCI_BAR_IO = 0x1,
    PCI_BAR_MEM64 = 0x4,
    PCI_BAR_PREFETCH = 0x8, /* with either memory kind */
} PciBarKind;

typedef struct {
    MemoryRegion *region; /* NULL: there is none */
    unsigned kind;        /* PciBarKind */
    hwaddr address;       /* where it is mapped; PCI_UNMAPPED */
} PciBar;
#define PCI_UNMAPPED UINT64_MAX

/* A kind of device fills ids, setup and hooks, and leaves realize and reset alone; it may fill
 * reset_exit. Subsystem ids 0 become Red Hat's 1af4:1100, unless the header is a bridge's. */
typedef struct {
    DeviceClass device;
    uint16_t vendor, id, class, subsystem_vendor, subsystem_id;
    uint8_t revision, prog_interface;
    bool express;        /* 4 KiB of configuration; setup() adds the capability */
    bool bridge;         /* type 1 header */
    const char *romfile; /* option ROM when the user names none */
    bool (*setup)(PciDevice *dev, GError **errp);
    void (*cleanup)(PciDevice *dev);
    void (*reset)(PciDevice *dev); /* after the configuration has its first values again */
    /* NULL: pci_default_config_read() and _write(), which hooks call too. The access lies within
     * one dword. */
    uint32_t (*config_read)(PciDevice *dev, unsigned offset, unsigned size);
    void (*config_write)(PciDevice *dev, unsigned offset, uint32_t value, unsigned size);
    /* the configuration was loaded and checked: rebuild what is derived from it */
    bool (*post_load)(PciDevice *dev, GError **errp);
} PciDeviceClass;

extern const PciDeviceClass pci_device_class;

/* Guarded by the machine lock. */
struct PciDevice {
    Device device;
    PciBus *bus; /* the one it is plugged into; NULL while it is not */
    uint8_t devfn;
    unsigned config_bytes;
    /* properties */
    int32_t wanted_devfn; /* addr=; -1: any slot */
    bool multifunction;
    /* registers that a reset which ends sleep leaves alone (Machine.waking): firmware finds itself
     * in RAM by them */
    uint16_t stays_at, stays_bytes;
    char *romfile;
    uint32_t rombar;
    /* wiring */
    PciBar bars[PCI_BARS];
    MemoryRegion rom, msix_bar, msix_table, msix_pba;
    AddressSpace dma; /* the memory it sees as bus master; empty while it may not be one */
    MemoryRegion dma_root, dma_memory;
    PciMsi *msi;   /* NULL: none */
    PciMsix *msix; /* NULL: none */
    Irq *intx;     /* pci_irq() */
    bool has_rom, dma_ready;
    uint8_t write_mask[PCIE_CONFIG_BYTES];
    uint8_t clear_mask[PCIE_CONFIG_BYTES]; /* writing 1 clears */
    uint8_t keep_mask[PCIE_CONFIG_BYTES];  /* read-only for the guest, yet saved and loaded */
    uint8_t first[PCIE_CONFIG_BYTES];      /* after reset */
    uint8_t used[PCIE_CONFIG_BYTES / 8];   /* bit a byte that belongs to a capability */
    /* guest state */
    uint8_t config[PCIE_CONFIG_BYTES];
    uint8_t intx_level;  /* what the device drives, before PCI_COMMAND_INTX_DISABLE */
    uint8_t *msix_state; /* table, then pending bits */
    uint32_t msix_bytes; /* of it */
    bool intx_sent;      /* what the bus counts; derived */
};

/* For devices, in setup() unless said otherwise */
/** pci_add_bar - @region, a power of two long, answers where the guest puts BAR @index; a 64-bit
 * BAR takes @index + 1 too */
void pci_add_bar(PciDevice *dev, unsigned index, unsigned kind, MemoryRegion *region);
/**
 * pci_add_capability - room for capability @id of @size bytes; returns its offset, 0 on failure
 * @offset: 0: behind what is there
 *
 * Zeroed and read-only, but for id and link. Fails when it does not fit or overlaps another.
 */
unsigned pci_add_capability(PciDevice *dev, uint8_t id, unsigned offset, unsigned size,
                            GError **errp);
/** pcie_add_extended - the same in extended space, at @offset (from 0x100, multiple of 4) */
bool pcie_add_extended(PciDevice *dev, uint16_t id, uint8_t version, unsigned offset, unsigned size,
                       GError **errp);
/** pci_find_capability - offset of the first with @id; 0: none. Any time; a hostile list is safe */
unsigned pci_find_capability(const PciDevice *dev, uint8_t id);
/** pci_set_interrupt_pin - 1 (INTA) to 4; 0: none */
void pci_set_interrupt_pin(PciDevice *dev, unsigned pin);
/** pci_set_irq - drive the device's INTx. Any time after realize */
void pci_set_irq(PciDevice *dev, int level);
/** pci_irq - the same as a line */
Irq *pci_irq(PciDevice *dev);
/** pci_uses_intx - the guest enabled neither MSI nor MSI-X: interrupts go by pci_set_irq() */
bool pci_uses_intx(const PciDevice *dev);

/* DMA; fails while the guest has not made the device bus master. */
MemTxAttrs pci_dma_attrs(const PciDevice *dev);
MemTxResult pci_dma_read(PciDevice *dev, hwaddr address, void *buffer, uint64_t length);
MemTxResult pci_dma_write(PciDevice *dev, hwaddr address, const void *buffer, uint64_t length);

/* Configuration, little endian; @offset + @size within config_bytes. No checks, no effects. */
uint32_t pci_config_get(const PciDevice *dev, unsigned offset, unsigned size);
void pci_config_set(PciDevice *dev, unsigned offset, unsigned size, uint32_t value);
/** pci_config_writable - bits of @mask at @offset may be written by the guest */
void pci_config_writable(PciDevice *dev, unsigned offset, unsigned size, uint32_t mask);
/** pci_config_clearable - writing 1 to bits of @mask clears them */
void pci_config_clearable(PciDevice *dev, unsigned offset, unsigned size, uint32_t mask);
uint32_t pci_default_config_read(PciDevice *dev, unsigned offset, unsigned size);
void pci_default_config_write(PciDevice *dev, unsigned offset, uint32_t value, unsigned size);

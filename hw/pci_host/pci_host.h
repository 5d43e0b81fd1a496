/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host bridges of x86 boards share: the root bus, its memory, and the shadowing of the
 * first MiB. The board maps RAM into system_memory; the bridge puts the PCI hole behind it (RAM and
 * anything else the board maps wins) and PAM and SMRAM in front of it.
 */
#pragma once

#include "hw/core/sysbus.h"
#include "hw/pci/pci_bus.h"

/* 13 segments: 64 KiB at 0xf0000, then 16 KiB each from 0xc0000 on (440FX, 3.2.18). */
enum { PAM_SEGMENTS = 13, PAM_REGISTERS = 7 };

typedef struct {
    MemoryRegion view[4]; /* by attribute: bit 0 reads, bit 1 writes reach RAM; 0 is PCI */
    uint8_t mode;
} PamSegment;

/* Guarded by the machine lock. Devices of kind "i440FX-pcihost" and "q35-pcihost" start with it. */
typedef struct {
    SysbusDevice sysbus;
    PciBus bus;
    MemoryRegion memory; /* 2^64: what system memory shows where there is no RAM; the board puts
                            firmware here, below 1 MiB, for PAM to find */
    MemoryRegion smram;  /* 4 GiB container: what only system management mode sees; the board lays
                            it over system memory in X86Cpu.smm_memory */
    MemoryRegion nobody; /* behind memory: reads as ones, as no device claims the cycle */
    AddressSpace memory_as;
    PciConfigPorts ports;
    PciDevice *bridge; /* function 00.0 */
    uint64_t below_4g; /* property: bytes of RAM from 0 on that lie below 4 GiB */
    PamSegment pam[PAM_SEGMENTS];
    MemoryRegion video_over_ram; /* 0xa0000 to 0xbffff is PCI unless SMRAM is open */
    MemoryRegion smram_video;    /* RAM behind it, for system management mode */
} PciHost;

extern const SysbusDeviceClass pci_host_class; /* abstract */

/** pci_host_find - the host bridge of @machine; NULL: none */
PciHost *pci_host_find(Machine *machine);

/* For host bridges */
/** pci_host_setup - the bus called @bus_name, ports 0xcf8 and 0xcfc, and the bridge's own function
 * of class @bridge. All is undone when the host bridge is unrealized */
bool pci_host_setup(PciHost *host, const PciBusClass *kind, const char *bus_name,
                    const char *bridge, GError **errp);
/** pci_host_nobody_ops - PCI 3.0, 3.3.3.1: where no device answers, reads give ones */
extern const MemoryOps pci_host_nobody_ops;
PciHost *pci_host_of(PciDevice *bridge);
/** pci_host_update_pam - @registers are PAM0 to PAM6 */
void pci_host_update_pam(PciHost *host, const uint8_t registers[PAM_REGISTERS]);
/** pci_host_update_smram - @open: everybody sees RAM at 0xa0000; @enabled: SMM does */
void pci_host_update_smram(PciHost *host, bool open, bool enabled);
extern const VmState pci_host_vmstate;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "pc" and "q35" have in common: PCs with PCI, firmware, and the devices of an AT. */
#pragma once

#include "hw/pci_host/pci_host.h"
#include "hw/x86/acpi_parts.h"
#include "hw/x86/x86_machine.h"

enum { PC_FLASH_BANKS = 2 };
enum {
    PC_OPTIONS = 1 << MACHINE_OPTION_BOOT | 1 << MACHINE_OPTION_SMBIOS |
                 1 << MACHINE_OPTION_FW_CFG | 1 << MACHINE_OPTION_ROM,
    PC_PCI_OPTIONS = PC_OPTIONS | 1 << MACHINE_OPTION_NUMA | 1 << MACHINE_OPTION_ACPI_TABLE,
};
enum { PC_SCI = 9, PC_PM_PORT = 0x600, PC_SMBUS_PORT = 0x700 };

typedef struct Pc Pc;

/* How the two boards differ. */
typedef struct {
    const char *product;                     /* for SMBIOS */
    uint64_t low_max, low_max_of_many, many; /* RAM below 4 GiB; with @many bytes or more: less */
    bool (*add_chipset)(Pc *pc, GError **errp); /* sets host, pm, x86.isa */
    void (*set_up_chipset)(Pc *pc);             /* what firmware would do; without firmware */
    void (*put_pci)(const Pc *pc, Aml *aml);    /* DSDT: what is below \_SB.PCI0 */
    uint16_t (*pm_port)(const Pc *pc);          /* as firmware set it */
    uint16_t gpe_port;                          /* 0: PM port + 0x20 */
    uint8_t gpe_bytes;
    uint32_t ecam_base, ecam_bytes; /* 0: none */
    bool isa_only;                  /* no PCI, power management, I/O APIC, HPET: NULL methods */
    const char *usb;                /* class of the controller of usb=on, and where it sits */
    uint8_t usb_devfn;
    const char *bios; /* firmware when the user names none */
} PcKind;

struct Pc {
    X86Machine x86;
    const PcKind *kind;
    /* properties */
    char *flash_file[PC_FLASH_BANKS];
    bool flash_readonly[PC_FLASH_BANKS];
    bool hpet, smm, i8042, smbus, sata;
    int smm_choice, acpi_choice, vmport, pit, pic;
    uint64_t max_low;
    /* parts */
    PciHost *host;         /* NULL: no PCI */
    MemoryRegion *roms;    /* what firmware below 1 MiB is part of */
    PciDevice *pm, *south; /* south: bridge with the PIRQ registers */
    Device *rtc, *hpet_dev, *flash[PC_FLASH_BANKS];
    MemoryRegion bios, low_bios;
    MemoryRegion smm_root, smm_system, smm_video;
    GPtrArray *user_tables;   /* uint8_t *, of -acpitable */
    GArray *user_table_bytes; /* size_t */
    uint64_t bios_bytes;      /* 0: flash, or none */
    bool direct, fw_cfg_filled, started;
};

static inline Pc *pc_of(Machine *machine)
{
    return container_of(machine, Pc, x86.machine);
}

/* pc.c */
extern const MachineClass pc_base_class; /* abstract */
bool pc_build(Pc *pc, const PcKind *kind, GError **errp);

/* pc_firmware.c */
/** pc_add_firmware - flash or ROM at the end of the first 4 GiB; pc->direct when there is none */
bool pc_add_firmware(Pc *pc, GError **errp);
/** pc_fill_fw_cfg - what firmware reads, once all devices are there */
bool pc_fill_fw_cfg(Pc *pc, GError **errp);
/** pc_restore_bios - where it lies in RAM: as it was before a guest wrote there. At each reset */
void pc_restore_bios(Pc *pc);
/** pc_set_cmos - what firmware reads there. At each reset */
void pc_set_cmos(Pc *pc);

/* boot_order.c */
/** pc_add_boot_order - what firmware boots: @first (a line, or NULL), the devices with bootindex=;
 * and nothing else when @strict */
bool pc_add_boot_order(Pc *pc, const char *first, bool strict, GError **errp);

/* kernel_fw_cfg.c */
#define PC_KERNEL_ROM       "genroms/kernel.bin"
#define PC_KERNEL_BOOT_LINE "/rom@" PC_KERNEL_ROM "\n"
/** pc_kernel_is_linux - firmware starts only such kernels; others start without it */
bool pc_kernel_is_linux(const char *path);
/** pc_add_kernel - what firmware needs to start machine->boot.kernel */
bool pc_add_kernel(Pc *pc, GError **errp);

/* pc_acpi.c */
void pc_make_tables(Pc *pc);
/** pc_check_tables - files of -acpitable can be read, and are tables */
bool pc_check_tables(Pc *pc, GError **errp);
/** pc_has_sleep - @property, disable_s3 or disable_s4, is not set at the power management */
bool pc_has_sleep(const Pc *pc, const char *property);

/** pc_config - a write to configuration space, as firmware would do */
static inline void pc_config(Pc *pc, unsigned slot, unsigned function, unsigned offset,
                             unsigned size, uint32_t value)
{
    pci_config_write(&pc->host->bus, PCI_DEVFN(slot, function), offset, value, size);
}

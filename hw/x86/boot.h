/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting a kernel without firmware: Linux by its 64- and 32-bit boot protocols, PVH, Multiboot,
 * and plain ELF programs.
 */
#pragma once

#include "hw/acpi/tables.h"
#include "hw/core/machine.h"
#include "hw/x86/e820.h"
#include "hw/x86/entry.h"

/* What a board has ready; the map and the tables' place are completed by x86_boot(). */
typedef struct {
    hwaddr low_ram_end;                              /* RAM from 0 on, at most 4 GiB */
    uint64_t high_ram_bytes;                         /* from 4 GiB on */
    uint64_t reserved_base, reserved_bytes;          /* what systems want to see reserved: ECAM */
    const char *more_append;                         /* behind -append; NULL: nothing */
    AcpiTables *acpi;                                /* finished, or NULL */
    const GByteArray *smbios_anchor, *smbios_tables; /* or NULL */
    bool has_64;                                     /* the processor has long mode */
} X86BootBoard;

/** x86_boot - load machine->boot.kernel and all it needs; @entry is how the first processor starts
 */
bool x86_boot(Machine *machine, const X86BootBoard *board, X86Entry *entry, GError **errp);
/** x86_boot_map_ram - RAM as the processors see it, without what firmware takes; for e820 files */
void x86_boot_map_ram(E820Map *map, hwaddr low_ram_end, uint64_t high_ram_bytes);

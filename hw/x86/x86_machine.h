/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every PC-like board is made of: memory around the 4 GiB hole, processors with their local
 * APICs, interrupt lines, fw_cfg, and the ways to start. */
#pragma once

#include "hw/acpi/tables.h"
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "hw/x86/boot.h"
#include "hw/x86/smbios.h"
#include "target/x86/cpu.h"

enum {
    X86_A20_INPUTS = 2,
    X86_GSI_COUNT = 48,
    X86_ISA_PIN0 = 2 /* of the I/O APIC: where line 0 goes */
};
enum { X86_IO_APIC_BASE = 0xfec00000u, X86_IO_APIC2_BASE = 0xfec10000u };
enum { X86_RAM_DEFAULT = 128 << 20, X86_MAX_CPUS = 288 };

/* Values of properties that the board may decide. */
typedef enum { X86_CHOICE_AUTO, X86_CHOICE_ON, X86_CHOICE_OFF } X86Choice;
extern const char *const x86_choices[];

typedef struct {
    Machine machine;
    /* properties */
    bool acpi;
    int smbios_entry; /* 0: 64-bit addresses, 1: 32-bit ones */
    /* parts */
    MemoryRegion low_ram, high_ram; /* of machine.ram */
    uint64_t low_ram_bytes, high_ram_bytes;
    uint64_t reserved_base, reserved_bytes; /* ECAM */
    Device *apic_bus;                       /* NULL: processors without APICs */
    Device *fw_cfg;
    AddressSpace smm_memory; /* what system management mode sees */
    bool has_smm_memory;
    Irq *gsi[X86_GSI_COUNT]; /* inputs by global number; NULL: nothing there */
    IsaBus *isa;
    Irq *isa_line[ISA_IRQ_COUNT]; /* split to both interrupt controllers */
    Irq *a20_inputs[X86_A20_INPUTS], *a20;
    GPtrArray *shared_lines; /* Irq *, owned */
    Device *i8259;           /* NULL: none */
    Device *fpu_error;       /* NULL: errors of the FPU have no line */
    bool ferr_level;         /* atomic: what it was told last */
    Irq *direct_intr;        /* its way to a processor without APIC */
    bool acpi_ready;
    AcpiTables acpi_tables; /* when acpi_ready; made again at each reset without firmware */
    Smbios smbios;          /* without tables: not built */
} X86Machine;

static inline X86Machine *x86_machine(Machine *machine)
{
    return container_of(machine, X86Machine, machine);
}

static inline X86Cpu *x86_machine_cpu(const Machine *machine, unsigned index)
{
    return container_of((Cpu *)g_ptr_array_index(machine->cpus, index), X86Cpu, cpu);
}

/* Devices */
/** x86_add_device - child @name of the machine, reset with it; not realized. NULL: this program has
 * no such class */
Device *x86_add_device(Machine *machine, const char *name, const char *class_name, GError **errp);
/** x86_add_isa - a device on the ISA bus, with a serial line of the machine (NULL: none) */
Device *x86_add_isa(X86Machine *x86, const char *name, const char *class_name, GError **errp);
bool x86_realize_isa(X86Machine *x86, Device *dev, GError **errp);

/** x86_add_pit - interval timer, and the speaker port by which its counter 2 is read */
Device *x86_add_pit(X86Machine *x86, GError **errp);

/* Memory */
/** x86_add_ram - as much of it from 0 on as fits below @low_max, the rest from 4 GiB on */
bool x86_add_ram(X86Machine *x86, uint64_t low_max, GError **errp);

/* Processors */
bool x86_add_cpus(X86Machine *x86, GError **errp);
/** x86_connect_i8259 - as virtual wire: its output is ExtINT of the first processor */
void x86_connect_i8259(X86Machine *x86, Device *pic);

/** x86_nmi - the button for debuggers: LINT1 of every local APIC */
void x86_nmi(Machine *machine);

/* Interrupt lines */
/** x86_add_io_apic - pins are lines @first_gsi and up */
bool x86_add_io_apic(X86Machine *x86, const char *name, hwaddr base, unsigned first_gsi,
                     GError **errp);
/** x86_share_gsi - a further input of line @gsi, which is the logical or of all; NULL: there is no
 * such line. Before anything else is connected to it */
Irq *x86_share_gsi(X86Machine *x86, unsigned gsi);
/** x86_a20_input - a line that opens the A20 gate of every processor while it is up; two of them */
Irq *x86_a20_input(X86Machine *x86, unsigned number);
/** x86_connect_isa_lines - ISA lines reach the 8259 pair (if there is one) and the I/O APIC */
void x86_connect_isa_lines(X86Machine *x86);

/* fw_cfg at its usual ports, with what every firmware asks for */
bool x86_add_fw_cfg(X86Machine *x86, GError **errp);

/* Start */
/** x86_start_kernel - without firmware: load machine->boot.kernel, set every processor's registers
 * as firmware would have left them. Context: at reset */
bool x86_start_kernel(X86Machine *x86, const char *more_append, hwaddr hole, GError **errp);
void x86_machine_finalize(Object *obj);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI fixed hardware: PM1 event and control blocks, the PM timer, a block of general purpose
 * events, and the SMI command ports.  Spec: ACPI 6.3, 4.8.
 */
#pragma once

#include "hw/core/device.h"
#include "memory/memory.h"
#include "util/timer.h"

enum { ACPI_GPE_MAX_BYTES = 8, ACPI_SCI_ENABLE_COMMAND = 0xf1, ACPI_SCI_DISABLE_COMMAND = 0xf0 };

/* Values of SLP_TYP, as \_S3 to \_S5 of the DSDT have to give them; others do nothing. */
enum { ACPI_SLEEP_OFF = 0, ACPI_SLEEP_SUSPEND = 1, ACPI_SLEEP_DISK = 2 };

/* Embedded by a device that owns it. Guarded by the machine lock. */
typedef struct AcpiPm {
    Machine *machine;
    MemoryRegion event, control, timer, gpe, command; /* the owner places them */
    Irq *sci;                                         /* outputs of the owner; may be NULL */
    Irq *smi;
    unsigned gpe_bytes; /* status; as many enable bytes follow */
    Timer overflow;
    uint8_t disable_s3, disable_s4; /* properties of the owner */
    /* guest state */
    uint16_t status, enable, control_bits;
    int64_t overflow_ticks; /* of the PM timer: when TMR_STS is set next */
    uint8_t gpe_status[ACPI_GPE_MAX_BYTES], gpe_enable[ACPI_GPE_MAX_BYTES];
    uint8_t command_byte, data_byte; /* ports 0xb2 and 0xb3 */
    bool smi_on_command;             /* the owner's configuration says so; derived */
} AcpiPm;

/** acpi_pm_init - regions are children of @owner */
void acpi_pm_init(AcpiPm *pm, Device *owner, unsigned gpe_bytes);
void acpi_pm_cleanup(AcpiPm *pm);
void acpi_pm_reset(AcpiPm *pm);
/** acpi_pm_raise_gpe - general purpose event @bit is set, and SCI if enabled */
void acpi_pm_raise_gpe(AcpiPm *pm, unsigned bit);
/** acpi_pm_add_gpe_inputs - "gpe" of the owner: a rising line sets the event of its number */
void acpi_pm_add_gpe_inputs(AcpiPm *pm, Device *owner);
/** acpi_pm_power_button - somebody pressed it */
void acpi_pm_power_button(AcpiPm *pm);
/** acpi_pm_update - drive SCI again, after its line was changed */
void acpi_pm_update(AcpiPm *pm);
extern const VmState acpi_pm_vmstate;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables that ACPI and its friends define, from descriptions of the machine. */
#pragma once

#include "hw/acpi/tables.h"

typedef enum { ACPI_IN_MEMORY, ACPI_IN_IO } AcpiSpace;

/* 5.2.3.2; bits 0: there is no such register */
typedef struct {
    AcpiSpace space;
    uint8_t bits;
    uint64_t address;
} AcpiAddress;

/* 5.2.9, table 5.10 */
enum {
    ACPI_FADT_WBINVD = 1 << 0,
    ACPI_FADT_C1 = 1 << 2,
    ACPI_FADT_POWER_BUTTON_NONE = 1 << 4,
    ACPI_FADT_SLEEP_BUTTON_NONE = 1 << 5, /* not a fixed feature */
    ACPI_FADT_RTC_S4 = 1 << 7,
    ACPI_FADT_TIMER_32 = 1 << 8,
    ACPI_FADT_RESET = 1 << 10,
    ACPI_FADT_APIC_CLUSTER = 1 << 18,
    ACPI_FADT_REDUCED = 1 << 20,
};
/* 5.2.9.3 */
enum { ACPI_BOOT_LEGACY = 1 << 0, ACPI_BOOT_8042 = 1 << 1, ACPI_BOOT_NO_VGA = 1 << 2 };

typedef struct {
    uint32_t flags;
    uint16_t boot;
    uint8_t century; /* CMOS register; 0: none */
    AcpiAddress reset;
    uint8_t reset_value;
    /* reduced hardware only */
    AcpiAddress sleep_control, sleep_status;
    /* full hardware only */
    uint16_t sci;
    uint16_t smi_command; /* 0: ACPI mode is always on */
    uint8_t enable, disable;
    uint16_t pm1_event, pm1_control, pm_timer, gpe0;
    uint8_t gpe0_bytes;
} AcpiFadt;

/** acpi_add_facs - first of all tables, since it must be aligned */
void acpi_add_facs(AcpiTables *tables);
/** acpi_add_dsdt - the byte code made with aml.h */
void acpi_add_dsdt(AcpiTables *tables, const GByteArray *code);
/** acpi_add_fadt - after FACS and DSDT */
void acpi_add_fadt(AcpiTables *tables, const AcpiFadt *fadt);

typedef struct {
    uint8_t id;
    uint32_t address, first_line;
} AcpiIoApic;

/* An ISA line that is not identity-mapped, edge-triggered and active high. */
typedef struct {
    uint8_t isa, line;
    bool level, active_low;
} AcpiOverride;

typedef struct {
    const uint32_t *apic_ids; /* of every possible processor */
    unsigned present, possible;
    bool has_8259;
    const AcpiIoApic *io_apics;
    unsigned io_apic_count;
    const AcpiOverride *overrides;
    unsigned override_count;
} AcpiMadt;

void acpi_add_madt(AcpiTables *tables, const AcpiMadt *madt);
void acpi_add_hpet(AcpiTables *tables, uint64_t address, uint32_t capabilities);
void acpi_add_mcfg(AcpiTables *tables, uint64_t base, uint8_t first_bus, uint8_t last_bus);
/** acpi_add_waet - an emulated RTC and PM timer: one read is enough */
void acpi_add_waet(AcpiTables *tables);

/* SRAT is written piece by piece between begin and end of the table. */
uint32_t acpi_begin_srat(AcpiTables *tables);
void acpi_srat_cpu(AcpiTables *tables, uint32_t apic_id, uint32_t node);
void acpi_srat_memory(AcpiTables *tables, uint64_t base, uint64_t bytes, uint32_t node);
/** acpi_add_slit - @distance is @nodes * @nodes values, 10 on the diagonal */
void acpi_add_slit(AcpiTables *tables, const uint8_t *distance, unsigned nodes);

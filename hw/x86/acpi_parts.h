/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of ACPI tables that several boards have. */
#pragma once

#include "hw/acpi/aml.h"
#include "hw/acpi/standard_tables.h"
#include "hw/x86/x86_machine.h"

/** acpi_parts_sleep - sleep state @name, "\\_S5" and so on, and the sleep type that enters it */
void acpi_parts_sleep(Aml *aml, const char *name, unsigned type);
/** acpi_parts_cpus - a processor device each */
void acpi_parts_cpus(Aml *aml, const Machine *machine);
void acpi_parts_serial(Aml *aml, unsigned number, uint16_t port, unsigned irq);
void acpi_parts_rtc(Aml *aml);
/** acpi_parts_isa - the devices of an AT that the machine has */
void acpi_parts_isa(Aml *aml, const X86Machine *x86);
/** acpi_parts_link - LNKA and so on by @index: a PCI interrupt whose route is in field PRQ@index */
void acpi_parts_link(Aml *aml, unsigned index);
/** acpi_parts_fw_cfg - so that guests' drivers find it */
void acpi_parts_fw_cfg(Aml *aml);

/** acpi_parts_madt - processors as they are, I/O APICs and overrides as given */
void acpi_parts_madt(X86Machine *x86, const AcpiMadt *madt);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spec: ACPI 6.5, 7.4.2 (sleep types), 8.4 (processors); PNP ids: UEFI Forum's list. */
#include "hw/x86/acpi_parts.h"

void acpi_parts_sleep(Aml *aml, unsigned s5)
{
    aml_name(aml, "\\_S5");
    aml_begin_package(aml, 4);
    aml_int(aml, s5);
    aml_int(aml, s5);
    aml_int(aml, 0);
    aml_int(aml, 0);
    aml_end(aml);
}

void acpi_parts_cpus(Aml *aml, const Machine *machine)
{
    aml_begin_scope(aml, "\\_SB");
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        g_autofree char *name = g_strdup_printf("C%03X", i);
        aml_begin_device(aml, name);
        aml_name_string(aml, "_HID", "ACPI0007");
        aml_name_int(aml, "_UID", i);
        aml_end(aml);
    }
    aml_end(aml);
}

void acpi_parts_serial(Aml *aml, unsigned number, uint16_t port, unsigned irq)
{
    g_autofree char *name = g_strdup_printf("COM%u", number);
    aml_begin_device(aml, name);
    aml_name_eisa_id(aml, "_HID", "PNP0501");
    aml_name_int(aml, "_UID", number);
    aml_name_int(aml, "_STA", 0xf);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, port, port, 0, 8);
    aml_irq(aml, irq);
    aml_end(aml);
    aml_end(aml);
}

void acpi_parts_rtc(Aml *aml)
{
    aml_begin_device(aml, "RTC");
    aml_name_eisa_id(aml, "_HID", "PNP0B00");
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, 0x70, 0x70, 1, 8);
    aml_irq(aml, 8);
    aml_end(aml);
    aml_end(aml);
}

void acpi_parts_fw_cfg(Aml *aml)
{
    aml_begin_device(aml, "FWCF");
    aml_name_string(aml, "_HID", "QEMU0002");
    aml_name_int(aml, "_STA", 0xb);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, 0x510, 0x510, 1, 12);
    aml_end(aml);
    aml_end(aml);
}

void acpi_parts_madt(X86Machine *x86, const AcpiMadt *madt)
{
    const Machine *machine = &x86->machine;
    g_autofree uint32_t *ids = g_new(uint32_t, machine->cpus->len);
    AcpiMadt whole = *madt;
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        ids[i] = x86_machine_cpu(machine, i)->config.apic_id;
    }
    whole.apic_ids = ids;
    whole.present = whole.possible = machine->cpus->len;
    acpi_add_madt(&x86->acpi_tables, &whole);
}

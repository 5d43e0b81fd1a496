/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: ACPI 6.5, 5.2.9 FADT, 5.2.10 FACS, 5.2.12 MADT, 5.2.16 SRAT, 5.2.17 SLIT; IA-PC HPET 1.0a,
 * 3.2.4; PCI Firmware 3.3, 4.1.2 MCFG; Windows ACPI Emulated Devices Table, 2009.
 */
#include "hw/acpi/standard_tables.h"

#include <string.h>

enum { FACS_BYTES = 64, FADT_REVISION = 6, FADT_MINOR = 5, MADT_REVISION = 5 };
enum { LOCAL_APIC_ADDRESS = 0xfee00000u, XAPIC_IDS = 255 };

void acpi_add_facs(AcpiTables *tables)
{
    g_assert(tables->bytes->len == 0);
    tables->facs = 0;
    g_byte_array_append(tables->bytes, (const uint8_t *)"FACS", 4);
    acpi_put(tables, FACS_BYTES, 4);
    for (unsigned at = 8; at < FACS_BYTES; at++) {
        acpi_put(tables, at == 32 ? 2 : 0, 1); /* version */
    }
}

void acpi_add_dsdt(AcpiTables *tables, const GByteArray *code)
{
    uint32_t table = acpi_table_begin(tables, "DSDT", 2);
    g_byte_array_append(tables->bytes, code->data, code->len);
    acpi_table_end(tables, table);
}

static void put_address(AcpiTables *tables, AcpiAddress address)
{
    unsigned size = address.bits == 8 ? 1 : address.bits == 16 ? 2 : address.bits == 32 ? 3 : 0;
    acpi_put(tables, address.space, 1);
    acpi_put(tables, address.bits, 1);
    acpi_put(tables, 0, 1); /* bit offset */
    acpi_put(tables, size, 1);
    acpi_put(tables, address.address, 8);
}

static AcpiAddress io_address(uint16_t port, unsigned bits)
{
    return port ? (AcpiAddress){ ACPI_IN_IO, bits, port } : (AcpiAddress){ .space = ACPI_IN_IO };
}

void acpi_add_fadt(AcpiTables *tables, const AcpiFadt *fadt)
{
    bool reduced = fadt->flags & ACPI_FADT_REDUCED;
    uint32_t table = acpi_table_begin(tables, "FACP", FADT_REVISION);
    if (reduced) {
        acpi_put(tables, 0, 4);
    } else {
        acpi_put_pointer(tables, tables->facs, 4);
    }
    acpi_put_pointer(tables, tables->dsdt, 4);
    acpi_put(tables, 0, 2); /* reserved; profile: unspecified */
    acpi_put(tables, fadt->sci, 2);
    acpi_put(tables, fadt->smi_command, 4);
    acpi_put(tables, fadt->enable, 1);
    acpi_put(tables, fadt->disable, 1);
    acpi_put(tables, 0, 2); /* S4BIOS_REQ, PSTATE_CNT */
    acpi_put(tables, fadt->pm1_event, 4);
    acpi_put(tables, 0, 4);
    acpi_put(tables, fadt->pm1_control, 4);
    acpi_put(tables, 0, 8); /* PM1b, PM2 control */
    acpi_put(tables, fadt->pm_timer, 4);
    acpi_put(tables, fadt->gpe0, 4);
    acpi_put(tables, 0, 4); /* GPE1 */
    acpi_put(tables, fadt->pm1_event ? 4 : 0, 1);
    acpi_put(tables, fadt->pm1_control ? 2 : 0, 1);
    acpi_put(tables, 0, 1);
    acpi_put(tables, fadt->pm_timer ? 4 : 0, 1);
    acpi_put(tables, fadt->gpe0_bytes, 1);
    acpi_put(tables, 0, 3);     /* GPE1 length and base, C-state notification */
    acpi_put(tables, 0xfff, 2); /* C2 and C3 latency: neither exists */
    acpi_put(tables, 0xfff, 2);
    acpi_put(tables, 0, 8); /* flush size and stride, duty offset and width, alarms */
    acpi_put(tables, fadt->century, 1);
    acpi_put(tables, fadt->boot, 2);
    acpi_put(tables, 0, 1);
    acpi_put(tables, fadt->flags, 4);
    put_address(tables, fadt->reset);
    acpi_put(tables, fadt->reset_value, 1);
    acpi_put(tables, 0, 2); /* ARM boot flags */
    acpi_put(tables, FADT_MINOR, 1);
    acpi_put(tables, 0, 8); /* X_FIRMWARE_CTRL: the 32-bit field counts */
    acpi_put_pointer(tables, tables->dsdt, 8);
    put_address(tables, io_address(fadt->pm1_event, 32));
    put_address(tables, io_address(0, 0));
    put_address(tables, io_address(fadt->pm1_control, 16));
    put_address(tables, io_address(0, 0));
    put_address(tables, io_address(0, 0));
    put_address(tables, io_address(fadt->pm_timer, 32));
    put_address(tables, io_address(fadt->gpe0, 8 * fadt->gpe0_bytes));
    put_address(tables, io_address(0, 0));
    put_address(tables, fadt->sleep_control);
    put_address(tables, fadt->sleep_status);
    g_byte_array_append(tables->bytes, (const uint8_t *)"RHEA\0\0\0\0", 8); /* hypervisor */
    acpi_table_end(tables, table);
}

static void put_local_apic(AcpiTables *tables, unsigned uid, uint32_t apic_id, bool present)
{
    unsigned flags = present ? 1 : 2; /* enabled, or can be brought online */
    if (apic_id < XAPIC_IDS && uid < XAPIC_IDS) {
        acpi_put(tables, 0, 1);
        acpi_put(tables, 8, 1);
        acpi_put(tables, uid, 1);
        acpi_put(tables, apic_id, 1);
        acpi_put(tables, flags, 4);
    } else {
        acpi_put(tables, 9, 1);
        acpi_put(tables, 16, 1);
        acpi_put(tables, 0, 2);
        acpi_put(tables, apic_id, 4);
        acpi_put(tables, flags, 4);
        acpi_put(tables, uid, 4);
    }
}

static void put_local_nmi(AcpiTables *tables, bool x2apic)
{
    acpi_put(tables, x2apic ? 10 : 4, 1);
    acpi_put(tables, x2apic ? 12 : 6, 1);
    if (x2apic) {
        acpi_put(tables, 0, 2);
        acpi_put(tables, UINT32_MAX, 4);
        acpi_put(tables, 1, 1);
        acpi_put(tables, 0, 3);
    } else {
        acpi_put(tables, 0xff, 1); /* every processor */
        acpi_put(tables, 0, 2);
        acpi_put(tables, 1, 1); /* LINT1 */
    }
}

void acpi_add_madt(AcpiTables *tables, const AcpiMadt *madt)
{
    bool x2apic = false;
    uint32_t table = acpi_table_begin(tables, "APIC", MADT_REVISION);
    acpi_put(tables, LOCAL_APIC_ADDRESS, 4);
    acpi_put(tables, madt->has_8259, 4);
    for (unsigned i = 0; i < madt->possible; i++) {
        put_local_apic(tables, i, madt->apic_ids[i], i < madt->present);
        x2apic |= madt->apic_ids[i] >= XAPIC_IDS || i >= XAPIC_IDS;
    }
    for (unsigned i = 0; i < madt->io_apic_count; i++) {
        acpi_put(tables, 1, 1);
        acpi_put(tables, 12, 1);
        acpi_put(tables, madt->io_apics[i].id, 1);
        acpi_put(tables, 0, 1);
        acpi_put(tables, madt->io_apics[i].address, 4);
        acpi_put(tables, madt->io_apics[i].first_line, 4);
    }
    for (unsigned i = 0; i < madt->override_count; i++) {
        const AcpiOverride *o = &madt->overrides[i];
        acpi_put(tables, 2, 1);
        acpi_put(tables, 10, 1);
        acpi_put(tables, 0, 1);
        acpi_put(tables, o->isa, 1);
        acpi_put(tables, o->line, 4);
        acpi_put(tables, o->level ? (o->active_low ? 15 : 13) : 0, 2);
    }
    put_local_nmi(tables, false);
    if (x2apic) {
        put_local_nmi(tables, true);
    }
    acpi_table_end(tables, table);
}

void acpi_add_hpet(AcpiTables *tables, uint64_t address, uint32_t capabilities)
{
    uint32_t table = acpi_table_begin(tables, "HPET", 1);
    acpi_put(tables, capabilities, 4);
    put_address(tables, (AcpiAddress){ ACPI_IN_MEMORY, 0, address });
    acpi_put(tables, 0, 1); /* sequence number */
    acpi_put(tables, 0, 2); /* minimum tick of periodic mode */
    acpi_put(tables, 0, 1); /* page protection */
    acpi_table_end(tables, table);
}

void acpi_add_mcfg(AcpiTables *tables, uint64_t base, uint8_t first_bus, uint8_t last_bus)
{
    uint32_t table = acpi_table_begin(tables, "MCFG", 1);
    acpi_put(tables, 0, 8);
    acpi_put(tables, base, 8);
    acpi_put(tables, 0, 2); /* segment */
    acpi_put(tables, first_bus, 1);
    acpi_put(tables, last_bus, 1);
    acpi_put(tables, 0, 4);
    acpi_table_end(tables, table);
}

void acpi_add_waet(AcpiTables *tables)
{
    uint32_t table = acpi_table_begin(tables, "WAET", 1);
    acpi_put(tables, 1 << 1, 4); /* PM timer good; the RTC needs its usual acknowledgement */
    acpi_table_end(tables, table);
}

uint32_t acpi_begin_srat(AcpiTables *tables)
{
    uint32_t table = acpi_table_begin(tables, "SRAT", 3);
    acpi_put(tables, 1, 4); /* reserved, must be 1 */
    acpi_put(tables, 0, 8);
    return table;
}

void acpi_srat_cpu(AcpiTables *tables, uint32_t apic_id, uint32_t node)
{
    if (apic_id < XAPIC_IDS) {
        acpi_put(tables, 0, 1);
        acpi_put(tables, 16, 1);
        acpi_put(tables, node, 1);
        acpi_put(tables, apic_id, 1);
        acpi_put(tables, 1, 4); /* enabled */
        acpi_put(tables, 0, 1); /* local SAPIC */
        acpi_put(tables, node >> 8, 3);
        acpi_put(tables, 0, 4); /* clock domain */
        return;
    }
    acpi_put(tables, 2, 1);
    acpi_put(tables, 24, 1);
    acpi_put(tables, 0, 2);
    acpi_put(tables, node, 4);
    acpi_put(tables, apic_id, 4);
    acpi_put(tables, 1, 4);
    acpi_put(tables, 0, 8);
}

void acpi_srat_memory(AcpiTables *tables, uint64_t base, uint64_t bytes, uint32_t node)
{
    acpi_put(tables, 1, 1);
    acpi_put(tables, 40, 1);
    acpi_put(tables, node, 4);
    acpi_put(tables, 0, 2);
    acpi_put(tables, base, 8);
    acpi_put(tables, bytes, 8);
    acpi_put(tables, 0, 4);
    acpi_put(tables, 1, 4); /* enabled */
    acpi_put(tables, 0, 8);
}

void acpi_add_slit(AcpiTables *tables, const uint8_t *distance, unsigned nodes)
{
    uint32_t table = acpi_table_begin(tables, "SLIT", 1);
    acpi_put(tables, nodes, 8);
    g_byte_array_append(tables->bytes, distance, nodes * nodes);
    acpi_table_end(tables, table);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables of PCs with PCI. Spec: ACPI 6.5, 6.2.13 (_PRT), 6.2.11 (_OSC); PCI
 * Firmware 3.3, 4.1.2. */
#include <string.h>

#include "hw/core/loader.h"
#include "hw/core/numa.h"
#include "hw/misc/vmgenid.h"
#include "hw/southbridge/acpi_pm.h"
#include "hw/timer/hpet.h"
#include "hw/x86/pc.h"
#include "util/error.h"
#include "util/keyval.h"

#define HOLE_END        0xfebfffffu
#define WINDOW_64_BYTES (32ull << 30)
enum { SMI_COMMAND_PORT = 0xb2, ACPI_ON = 0xf1, ACPI_OFF = 0xf0 };
enum { RESET_PORT = 0xcf9, RESET_HARD = 0x0f, CENTURY = 0x32 };

static uint16_t gpe_port(const Pc *pc)
{
    return pc->kind->gpe_port ? pc->kind->gpe_port : pc->kind->pm_port(pc) + 0x20;
}

/* Where devices' memory may lie: from the end of RAM to the interrupt controllers, and behind RAM
 * above 4 GiB. */
static void put_windows(const Pc *pc, Aml *aml)
{
    uint64_t low = pc->x86.low_ram_bytes;
    uint64_t ecam_end = (uint64_t)pc->kind->ecam_base + pc->kind->ecam_bytes;
    uint64_t high = (1ull << 32) + pc->x86.high_ram_bytes;
    high = (high + (1ull << 30) - 1) & ~((1ull << 30) - 1);
    low = (low + (1ull << 20) - 1) & ~((1ull << 20) - 1);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_bus_range(aml, 0, pc->kind->ecam_bytes ? (pc->kind->ecam_bytes >> 20) - 1 : 255);
    aml_io(aml, 0xcf8, 0xcf8, 1, 8);
    aml_io_range(aml, 0, 0xcf7);
    aml_io_range(aml, 0xd00, 0xffff);
    aml_memory_range(aml, 0xa0000, 0xbffff, true);
    if (pc->kind->ecam_bytes && low < pc->kind->ecam_base) {
        aml_memory_range(aml, low, pc->kind->ecam_base - 1, false);
    }
    aml_memory_range(aml, MAX(low, ecam_end), HOLE_END, false);
    aml_memory_range(aml, high, high + WINDOW_64_BYTES - 1, true);
    aml_end(aml);
}

static void put_root(const Pc *pc, Aml *aml)
{
    bool express = pc->kind->ecam_bytes != 0;
    aml_begin_device(aml, "PCI0");
    aml_name_eisa_id(aml, "_HID", express ? "PNP0A08" : "PNP0A03");
    if (express) {
        aml_name_eisa_id(aml, "_CID", "PNP0A03");
    }
    aml_name_int(aml, "_UID", 0);
    put_windows(pc, aml);
    pc->kind->put_pci(pc, aml);
    aml_end(aml);
}

/* Ports and memory that belong to the board and to no other device. */
static void put_board(const Pc *pc, Aml *aml)
{
    aml_begin_device(aml, "MBRD");
    aml_name_eisa_id(aml, "_HID", "PNP0C02");
    aml_name_int(aml, "_UID", 1);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, pc->kind->pm_port(pc), pc->kind->pm_port(pc), 1, 0x40);
    aml_io(aml, gpe_port(pc), gpe_port(pc), 1, pc->kind->gpe_bytes);
    if (pc->kind->ecam_bytes) {
        aml_memory32(aml, pc->kind->ecam_base, pc->kind->ecam_bytes, true);
    }
    aml_end(aml);
    aml_end(aml);
}

static void put_hpet(Aml *aml)
{
    aml_begin_device(aml, "HPET");
    aml_name_eisa_id(aml, "_HID", "PNP0103");
    aml_name_int(aml, "_UID", 0);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_memory32(aml, HPET_BASE, 0x400, false);
    aml_end(aml);
    aml_end(aml);
}

/* A constant of four bytes that becomes the number's address. */
static const uint8_t vmgenid_mark[] = { 0x0c, 0xd1, 0x6e, 0x7a, 0x5c };

static void put_vmgenid(Aml *aml)
{
    aml_begin_device(aml, "VGEN");
    aml_name_string(aml, "_HID", "RHEA0001");
    aml_name_string(aml, "_CID", "VM_Gen_Counter");
    aml_name_string(aml, "_DDN", "VM_Gen_Counter");
    aml_name(aml, "ADDR");
    aml_begin_package(aml, 2);
    g_byte_array_append(aml->bytes, vmgenid_mark, sizeof(vmgenid_mark));
    aml_int(aml, 0);
    aml_end(aml);
    aml_end(aml);
}

static void patch_vmgenid(AcpiTables *tables, uint32_t number_at)
{
    const GByteArray *bytes = tables->bytes;
    const uint8_t *mark = memmem(bytes->data + tables->dsdt, bytes->len - tables->dsdt,
                                 vmgenid_mark, sizeof(vmgenid_mark));
    acpi_pointer_at(tables, mark + 1 - bytes->data, number_at, 4);
    acpi_tell_address(tables, VMGENID_ADDRESS_FILE, number_at);
}

static void put_dsdt(Pc *pc, AcpiTables *tables)
{
    Device *vmgenid = vmgenid_find(&pc->x86.machine);
    uint32_t number_at = tables->bytes->len;
    Aml aml;
    aml_init(&aml);
    if (vmgenid) {
        uint8_t bytes[VMGENID_BYTES];
        device_connect_irq(vmgenid, "changed", 0,
                           device_irq_input(&pc->pm->device, "gpe", VMGENID_GPE));
        vmgenid_bytes(vmgenid, bytes);
        g_byte_array_append(tables->bytes, bytes, sizeof(bytes));
        acpi_tell_address(tables, VMGENID_ADDRESS_FILE, number_at);
        aml_begin_scope(&aml, "\\_GPE");
        aml_begin_method(&aml, "_E05", 0, false);
        aml_op(&aml, AML_NOTIFY);
        aml_path(&aml, "\\_SB.VGEN");
        aml_int(&aml, 0x80);
        aml_end(&aml);
        aml_end(&aml);
    }
    aml_name_int(&aml, "PICM", 0);
    aml_begin_method(&aml, "\\_PIC", 1, false);
    aml_op(&aml, AML_STORE);
    aml_op(&aml, AML_ARG0);
    aml_path(&aml, "PICM");
    aml_end(&aml);
    acpi_parts_cpus(&aml, &pc->x86.machine);
    aml_begin_scope(&aml, "\\_SB");
    put_root(pc, &aml);
    put_board(pc, &aml);
    acpi_parts_fw_cfg(&aml);
    if (pc->hpet) {
        put_hpet(&aml);
    }
    if (vmgenid) {
        put_vmgenid(&aml);
    }
    aml_end(&aml);
    acpi_parts_sleep(&aml, "\\_S5", ACPI_SLEEP_OFF);
    if (pc_has_sleep(pc, "disable_s3")) {
        acpi_parts_sleep(&aml, "\\_S3", ACPI_SLEEP_SUSPEND);
    }
    if (pc_has_sleep(pc, "disable_s4")) {
        acpi_parts_sleep(&aml, "\\_S4", ACPI_SLEEP_DISK);
    }
    acpi_add_dsdt(tables, aml.bytes);
    aml_cleanup(&aml);
    if (vmgenid) {
        patch_vmgenid(tables, number_at);
    }
}

static void put_fadt(const Pc *pc, AcpiTables *tables)
{
    uint16_t pm = pc->kind->pm_port(pc);
    AcpiFadt fadt = {
        .flags = ACPI_FADT_WBINVD | ACPI_FADT_C1 | ACPI_FADT_SLEEP_BUTTON_NONE | ACPI_FADT_RTC_S4 |
                 ACPI_FADT_RESET | (pc->x86.machine.topology.cpus > 8 ? ACPI_FADT_APIC_CLUSTER : 0),
        .boot = ACPI_BOOT_LEGACY | ACPI_BOOT_8042,
        .century = CENTURY,
        .reset = { ACPI_IN_IO, 8, RESET_PORT },
        .reset_value = RESET_HARD,
        .sci = PC_SCI,
        .smi_command = SMI_COMMAND_PORT,
        .enable = ACPI_ON,
        .disable = ACPI_OFF,
        .pm1_event = pm,
        .pm1_control = pm + 4,
        .pm_timer = pm + 8,
        .gpe0 = gpe_port(pc),
        .gpe0_bytes = pc->kind->gpe_bytes,
    };
    acpi_add_fadt(tables, &fadt);
}

/* Part of guest memory [@from, @to) in bytes of RAM, as it lies around the hole. */
static void put_memory(const Pc *pc, AcpiTables *tables, uint64_t from, uint64_t to, uint32_t node)
{
    uint64_t low_end = pc->x86.low_ram_bytes;
    uint64_t hole = (1ull << 32) - low_end;
    if (from < low_end && to > from) {
        acpi_srat_memory(tables, from, MIN(to, low_end) - from, node);
    }
    if (to > low_end) {
        from = MAX(from, low_end);
        acpi_srat_memory(tables, from + hole, to - from, node);
    }
}

static void put_srat(const Pc *pc, AcpiTables *tables)
{
    const Machine *machine = &pc->x86.machine;
    const MachineNuma *numa = machine->numa;
    uint32_t table = acpi_begin_srat(tables);
    uint64_t at = 0;
    for (guint i = 0; i < machine->cpus->len; i++) {
        acpi_srat_cpu(tables, x86_machine_cpu(machine, i)->config.apic_id,
                      numa_node_of(machine, i));
    }
    for (unsigned i = 0; i < numa->nodes; i++) {
        put_memory(pc, tables, at, at + numa->bytes[i], i);
        at += numa->bytes[i];
    }
    acpi_table_end(tables, table);
}

static void put_slit(const Pc *pc, AcpiTables *tables)
{
    const MachineNuma *numa = pc->x86.machine.numa;
    g_autofree uint8_t *distance = g_malloc(numa->nodes * numa->nodes);
    if (!numa->has_distances) {
        return;
    }
    for (unsigned i = 0; i < numa->nodes; i++) {
        memcpy(distance + i * numa->nodes, numa->distance[i], numa->nodes);
    }
    acpi_add_slit(tables, distance, numa->nodes);
}

/* -acpitable: whole tables, whose sums are made here. */
enum { MAX_USER_TABLE = 1 << 20 };

static uint8_t *read_user_table(const Keyval *keys, size_t *bytes, GError **errp)
{
    const char *path = keyval_get(keys, "file");
    if (!path) {
        error_set(errp, "-acpitable: file= is missing");
        return NULL;
    }
    uint8_t *table = loader_read_file("ACPI table", path, MAX_USER_TABLE, bytes, errp);
    if (table && (*bytes < ACPI_TABLE_HEADER_BYTES ||
                  (table[4] | table[5] << 8 | table[6] << 16 | (size_t)table[7] << 24) != *bytes)) {
        error_set(errp, "-acpitable: '%s' does not begin with the header of a table of its length",
                  path);
        g_clear_pointer(&table, g_free);
    }
    return table;
}

bool pc_check_tables(Pc *pc, GError **errp)
{
    const GPtrArray *options = pc->x86.machine.options[MACHINE_OPTION_ACPI_TABLE];
    for (guint i = 0; options && i < options->len; i++) {
        size_t bytes;
        g_autofree uint8_t *table = read_user_table(g_ptr_array_index(options, i), &bytes, errp);
        if (!table) {
            return false;
        }
        g_array_append_val(pc->user_table_bytes, bytes);
        g_ptr_array_add(pc->user_tables, g_steal_pointer(&table));
    }
    return true;
}

static void add_user_tables(const Pc *pc, AcpiTables *tables)
{
    for (guint i = 0; i < pc->user_tables->len; i++) {
        acpi_tables_add(tables, g_ptr_array_index(pc->user_tables, i),
                        g_array_index(pc->user_table_bytes, size_t, i));
    }
}

bool pc_has_sleep(const Pc *pc, const char *property)
{
    g_autofree char *off = property_get(&pc->pm->device.object, property, NULL);
    return g_strcmp0(off, "0") == 0;
}

void pc_make_tables(Pc *pc)
{
    static const AcpiIoApic io_apic = { 0, X86_IO_APIC_BASE, 0 };
    static const AcpiOverride overrides[] = {
        { 0, X86_ISA_PIN0, false, false }, { 5, 5, true, false },   { 9, 9, true, false },
        { 10, 10, true, false },           { 11, 11, true, false },
    };
    AcpiTables *tables = &pc->x86.acpi_tables;
    if (pc->x86.acpi_ready) {
        acpi_tables_cleanup(tables);
    }
    acpi_tables_init(tables);
    pc->x86.acpi_ready = true;
    acpi_add_facs(tables);
    put_dsdt(pc, tables);
    put_fadt(pc, tables);
    acpi_parts_madt(&pc->x86, &(AcpiMadt){ .has_8259 = true,
                                           .io_apics = &io_apic,
                                           .io_apic_count = 1,
                                           .overrides = overrides,
                                           .override_count = G_N_ELEMENTS(overrides) });
    if (pc->hpet) {
        acpi_add_hpet(tables, HPET_BASE, hpet_event_timer_block_id(pc->hpet_dev));
    }
    if (pc->kind->ecam_bytes) {
        acpi_add_mcfg(tables, pc->kind->ecam_base, 0, (pc->kind->ecam_bytes >> 20) - 1);
    }
    if (pc->x86.machine.numa) {
        put_srat(pc, tables);
        put_slit(pc, tables);
    }
    acpi_add_waet(tables);
    add_user_tables(pc, tables);
    acpi_tables_finish(tables);
}

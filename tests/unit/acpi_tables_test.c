/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AML and ACPI tables: bytes of the builder, the commands for firmware, and what iasl says. */
#include <glib/gstdio.h>
#include <string.h>

#include "hw/acpi/aml.h"
#include "hw/acpi/standard_tables.h"

static void assert_bytes(const Aml *aml, const uint8_t *expected, size_t length)
{
    g_assert_cmpmem(aml->bytes->data, aml->bytes->len, expected, length);
}

static void test_names(void)
{
    static const uint8_t expected[] = { '\\', 0x2e, '_', 'S', 'B', '_', 'P',  'C', 'I',
                                        '0',  '^',  'A', '_', '_', '_', '\\', 0 };
    Aml aml;
    aml_init(&aml);
    aml_path(&aml, "\\_SB.PCI0");
    aml_path(&aml, "^A");
    aml_path(&aml, "\\");
    assert_bytes(&aml, expected, sizeof(expected));
    aml_cleanup(&aml);
}

static void test_numbers(void)
{
    static const uint8_t expected[] = { 0, 1, 0x0a, 2,    0x0b, 0,    1,    0x0c, 0,
                                        0, 1, 0,    0x0e, 0,    0,    0,    0,    1,
                                        0, 0, 0,    0x0c, 0x41, 0xd0, 0x0a, 0x03 };
    Aml aml;
    aml_init(&aml);
    aml_int(&aml, 0);
    aml_int(&aml, 1);
    aml_int(&aml, 2);
    aml_int(&aml, 0x100);
    aml_int(&aml, 0x10000);
    aml_int(&aml, 0x100000000);
    aml_eisa_id(&aml, "PNP0A03");
    assert_bytes(&aml, expected, sizeof(expected));
    aml_cleanup(&aml);
}

/* Lengths count themselves: 63 fits one byte, 64 does not; likewise at 12 bits. */
static void test_lengths(void)
{
    const struct {
        unsigned content, bytes;
    } rows[] = { { 56, 1 }, { 58, 1 }, { 59, 2 }, { 4089, 2 }, { 4090, 3 } };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Aml aml;
        aml_init(&aml);
        aml_begin_scope(&aml, "ABCD");
        for (unsigned n = 0; n < rows[i].content; n++) {
            aml_op(&aml, AML_ONE);
        }
        aml_end(&aml);
        const uint8_t *p = aml.bytes->data + 1;
        g_assert_cmpuint(aml.bytes->len, ==, 1 + rows[i].bytes + 4 + rows[i].content);
        g_assert_cmpuint(p[0] >> 6, ==, rows[i].bytes - 1);
        unsigned length = rows[i].bytes == 1 ? p[0] : (p[0] & 15) | p[1] << 4;
        length |= rows[i].bytes == 3 ? p[2] << 12 : 0;
        g_assert_cmpuint(length, ==, aml.bytes->len - 1);
        aml_cleanup(&aml);
    }
}

static void put_resources(Aml *aml)
{
    static const uint32_t lines[] = { 16, 17 };
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_irq(aml, 4);
    aml_dma(aml, 2);
    aml_io(aml, 0x3f8, 0x3f8, 0, 8);
    aml_memory32(aml, 0xfed00000, 0x400, false);
    aml_interrupt(aml, (AmlLineKind){ .active_low = true, .shared = true }, lines, 2);
    aml_bus_range(aml, 0, 255);
    aml_io_range(aml, 0xd00, 0xffff);
    aml_memory_range(aml, 0xc0000000, 0xfebfffff, false);
    aml_memory_range(aml, 0x800000000, 0x87fffffff, true);
    aml_end(aml);
}

/* One of everything that the builder can write. */
static void put_everything(Aml *aml)
{
    aml_begin_scope(aml, "\\_SB");
    aml_begin_device(aml, "DEV0");
    aml_name_eisa_id(aml, "_HID", "PNP0A03");
    aml_name_string(aml, "_UID", "one");
    put_resources(aml);
    aml_region(aml, "REG0", AML_SYSTEM_IO, 0x600, 64);
    aml_begin_field(aml, "REG0", AML_ACCESS_BYTE);
    aml_field(aml, "FLD0", 8);
    aml_field_skip(aml, 120);
    aml_field(aml, "FLD1", 1);
    aml_end(aml);
    aml_begin_method(aml, "MTH0", 1, true);
    aml_begin_if(aml);
    aml_op(aml, AML_EQUAL);
    aml_op(aml, AML_ARG0);
    aml_int(aml, 2);
    aml_op(aml, AML_RETURN);
    aml_path(aml, "FLD0");
    aml_end(aml);
    aml_begin_else(aml);
    aml_op(aml, AML_STORE);
    aml_op(aml, AML_ARG0);
    aml_path(aml, "FLD1");
    aml_end(aml);
    aml_op(aml, AML_RETURN);
    aml_int(aml, 0);
    aml_end(aml);
    aml_end(aml);
    aml_end(aml);
    aml_name(aml, "\\_S5");
    aml_begin_package(aml, 4);
    for (unsigned i = 0; i < 4; i++) {
        aml_int(aml, i < 2 ? 5 : 0);
    }
    aml_end(aml);
}

static void put_tables(AcpiTables *tables, bool reduced)
{
    static const uint32_t ids[] = { 0, 1, 254, 255, 300 };
    static const AcpiIoApic io_apics[] = { { 0, 0xfec00000, 0 }, { 1, 0xfec10000, 24 } };
    static const AcpiOverride overrides[] = { { 0, 2, false, false }, { 9, 9, true, false } };
    static const uint8_t distance[] = { 10, 20, 20, 10 };
    Aml aml;
    acpi_tables_init(tables);
    acpi_add_facs(tables);
    aml_init(&aml);
    put_everything(&aml);
    acpi_add_dsdt(tables, aml.bytes);
    aml_cleanup(&aml);
    AcpiFadt full = { .flags = ACPI_FADT_WBINVD | ACPI_FADT_C1 | ACPI_FADT_TIMER_32,
                      .century = 0x32,
                      .sci = 9,
                      .smi_command = 0xb2,
                      .enable = 0xf1,
                      .disable = 0xf0,
                      .pm1_event = 0x600,
                      .pm1_control = 0x604,
                      .pm_timer = 0x608,
                      .gpe0 = 0xafe0,
                      .gpe0_bytes = 4 };
    AcpiFadt none = { .flags = ACPI_FADT_REDUCED | ACPI_FADT_RESET,
                      .reset_value = 0x42,
                      .reset = { ACPI_IN_MEMORY, 8, 0xfea00202 },
                      .sleep_control = { ACPI_IN_MEMORY, 8, 0xfea00200 },
                      .sleep_status = { ACPI_IN_MEMORY, 8, 0xfea00201 } };
    acpi_add_fadt(tables, reduced ? &none : &full);
    acpi_add_madt(tables, &(AcpiMadt){ .apic_ids = ids,
                                       .present = 3,
                                       .possible = 5,
                                       .has_8259 = !reduced,
                                       .io_apics = io_apics,
                                       .io_apic_count = 2,
                                       .overrides = overrides,
                                       .override_count = 2 });
    acpi_add_hpet(tables, 0xfed00000, 0x8086a201);
    acpi_add_mcfg(tables, 0xb0000000, 0, 255);
    acpi_add_waet(tables);
    uint32_t srat = acpi_begin_srat(tables);
    acpi_srat_cpu(tables, 0, 0);
    acpi_srat_cpu(tables, 300, 1);
    acpi_srat_memory(tables, 0, 0xa0000, 0);
    acpi_srat_memory(tables, 1ull << 32, 1 << 30, 1);
    acpi_table_end(tables, srat);
    acpi_add_slit(tables, distance, 2);
    acpi_tables_finish(tables);
}

static uint64_t little(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    memcpy(&value, at, bytes);
    return GUINT64_FROM_LE(value);
}

static uint8_t sum(const uint8_t *bytes, size_t length)
{
    uint8_t total = 0;
    for (size_t i = 0; i < length; i++) {
        total += bytes[i];
    }
    return total;
}

/* From the RSDP every table is found, with a right length and checksum. */
static void test_placed(void)
{
    enum { BASE = 0x7ffe0000 };
    AcpiTables tables;
    put_tables(&tables, false);
    acpi_tables_place(&tables, BASE);
    g_assert_cmpuint(sum(tables.rsdp, 20), ==, 0);
    g_assert_cmpuint(sum(tables.rsdp, 36), ==, 0);
    const uint8_t *xsdt = tables.bytes->data + (little(tables.rsdp + 24, 8) - BASE);
    g_assert_cmpmem(xsdt, 4, "XSDT", 4);
    unsigned count = (little(xsdt + 4, 4) - 36) / 8;
    g_assert_cmpuint(count, ==, 7);
    for (unsigned i = 0; i < count; i++) {
        uint64_t offset = little(xsdt + 36 + 8 * i, 8) - BASE;
        g_assert_cmpuint(offset, <, tables.bytes->len);
        const uint8_t *table = tables.bytes->data + offset;
        g_assert_cmpuint(sum(table, little(table + 4, 4)), ==, 0);
        if (memcmp(table, "FACP", 4) == 0) {
            g_assert_cmpuint(little(table + 4, 4), ==, 276);
            g_assert_cmpuint(little(table + 40, 4), ==, little(table + 140, 8));
            g_assert_cmpuint(little(table + 36, 4), ==, BASE);
        }
    }
    acpi_tables_cleanup(&tables);
}

/* Firmware that does what the script says comes to the same tables. */
static void test_script(void)
{
    enum { BASE = 0x12340000 };
    AcpiTables tables, placed;
    put_tables(&tables, true);
    put_tables(&placed, true);
    acpi_tables_place(&placed, BASE);
    g_autoptr(GByteArray) script = acpi_tables_script(&tables);
    g_assert_cmpuint(script->len % 128, ==, 0);
    for (unsigned at = 0; at < script->len; at += 128) {
        const uint8_t *c = script->data + at;
        bool rsdp = strcmp((const char *)c + 4, "etc/acpi/rsdp") == 0;
        uint8_t *file = rsdp ? tables.rsdp : tables.bytes->data;
        if (c[0] == 2) {
            uint32_t offset = little(c + 116, 4);
            unsigned bytes = c[120];
            g_assert_cmpstr((const char *)c + 60, ==, "etc/acpi/tables");
            uint64_t value = GUINT64_TO_LE(little(file + offset, bytes) + BASE);
            memcpy(file + offset, &value, bytes);
        } else if (c[0] == 3) {
            file[little(c + 60, 4)] -= sum(file + little(c + 64, 4), little(c + 68, 4));
        } else {
            g_assert_cmpuint(c[0], ==, 1);
        }
    }
    g_assert_cmpmem(tables.bytes->data, tables.bytes->len, placed.bytes->data, placed.bytes->len);
    g_assert_cmpmem(tables.rsdp, sizeof(tables.rsdp), placed.rsdp, sizeof(placed.rsdp));
    acpi_tables_cleanup(&tables);
    acpi_tables_cleanup(&placed);
}

static void disassemble(const char *folder, const uint8_t *table)
{
    g_autofree char *file = g_strdup_printf("%s/%.4s.aml", folder, (const char *)table);
    g_autofree char *out = NULL, *err = NULL;
    const char *command[] = { "iasl", "-d", file, NULL };
    int status;
    g_assert_true(g_file_set_contents(file, (const char *)table, little(table + 4, 4), NULL));
    g_assert_true(g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                               &err, &status, NULL));
    g_autofree char *said = g_strconcat(out, err, NULL);
    if (status != 0 || strstr(said, "arning") || strstr(said, "rror") || strstr(said, "Invalid")) {
        g_test_message("iasl about %.4s: %s", (const char *)table, said);
        g_test_fail();
    }
}

static void test_iasl(gconstpointer reduced)
{
    AcpiTables tables;
    g_autofree char *iasl = g_find_program_in_path("iasl");
    if (!iasl) {
        g_test_skip("iasl is not installed");
        return;
    }
    g_autofree char *folder = g_dir_make_tmp("acpi-XXXXXX", NULL);
    put_tables(&tables, reduced);
    acpi_tables_place(&tables, 0x1000);
    const uint8_t *bytes = tables.bytes->data;
    const uint8_t *xsdt = bytes + (little(tables.rsdp + 24, 8) - 0x1000);
    disassemble(folder, bytes + tables.facs);
    disassemble(folder, bytes + tables.dsdt);
    disassemble(folder, xsdt);
    disassemble(folder, bytes + (little(tables.rsdp + 16, 4) - 0x1000));
    for (unsigned i = 0; i < (little(xsdt + 4, 4) - 36) / 8; i++) {
        disassemble(folder, bytes + (little(xsdt + 36 + 8 * i, 8) - 0x1000));
    }
    acpi_tables_cleanup(&tables);
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_remove(path);
    }
    g_dir_close(dir);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/aml/names", test_names);
    g_test_add_func("/aml/numbers", test_numbers);
    g_test_add_func("/aml/lengths", test_lengths);
    g_test_add_func("/acpi/placed", test_placed);
    g_test_add_func("/acpi/script", test_script);
    g_test_add_data_func("/acpi/iasl/full", GINT_TO_POINTER(false), test_iasl);
    g_test_add_data_func("/acpi/iasl/reduced", GINT_TO_POINTER(true), test_iasl);
    return g_test_run();
}

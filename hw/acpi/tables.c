/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/acpi/tables.h"

#include <string.h>

/* The RSDP is its own file for firmware, since it goes to another zone. */
typedef struct {
    bool in_rsdp;
    uint32_t at;
    uint8_t bytes; /* holds an offset in the tables until it is an address */
} PointerFix;

typedef struct {
    bool in_rsdp;
    uint32_t at, start, length;
} ChecksumFix;

enum { LENGTH_AT = 4, CHECKSUM_AT = 9 };
enum { RSDP_CHECKSUM_AT = 8, RSDP_RSDT_AT = 16, RSDP_XSDT_AT = 24, RSDP_EXTENDED_AT = 32 };
enum { RSDP_V1_BYTES = 20 };
enum { COMMAND_ALLOCATE = 1, COMMAND_ADD_POINTER, COMMAND_ADD_CHECKSUM, COMMAND_WRITE_POINTER };
enum { COMMAND_BYTES = 128 };
enum { COMMAND_FILE_BYTES = 56, ZONE_HIGH = 1, ZONE_FSEG = 2 };

static const char oem_id[6] = "RHEA  ", oem_table_id[8] = "RHEAPC  ", creator[4] = "RHEA";

void acpi_tables_init(AcpiTables *tables)
{
    *tables = (AcpiTables){
        .bytes = g_byte_array_new(),
        .pointers = g_array_new(false, false, sizeof(PointerFix)),
        .checksums = g_array_new(false, false, sizeof(ChecksumFix)),
        .roots = g_array_new(false, false, sizeof(uint32_t)),
    };
}

void acpi_tables_cleanup(AcpiTables *tables)
{
    g_byte_array_unref(tables->bytes);
    g_array_unref(tables->pointers);
    g_array_unref(tables->checksums);
    g_array_unref(tables->roots);
}

void acpi_put(AcpiTables *tables, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t byte = value >> 8 * i;
        g_byte_array_append(tables->bytes, &byte, 1);
    }
}

void acpi_put_pointer(AcpiTables *tables, uint32_t offset, unsigned bytes)
{
    PointerFix fix = { .at = tables->bytes->len, .bytes = bytes };
    g_array_append_val(tables->pointers, fix);
    acpi_put(tables, offset, bytes);
}

void acpi_pointer_at(AcpiTables *tables, uint32_t at, uint32_t offset, unsigned bytes)
{
    PointerFix fix = { .at = at, .bytes = bytes };
    uint32_t value = GUINT32_TO_LE(offset);
    memcpy(tables->bytes->data + at, &value, sizeof(value));
    g_array_append_val(tables->pointers, fix);
}

void acpi_tell_address(AcpiTables *tables, const char *file, uint32_t offset)
{
    tables->told_file = file;
    tables->told_offset = offset;
}

uint32_t acpi_table_begin(AcpiTables *tables, const char *signature, uint8_t revision)
{
    while (tables->bytes->len % 8) {
        acpi_put(tables, 0, 1);
    }
    uint32_t table = tables->bytes->len;
    g_byte_array_append(tables->bytes, (const uint8_t *)signature, 4);
    acpi_put(tables, 0, 4); /* length */
    acpi_put(tables, revision, 1);
    acpi_put(tables, 0, 1); /* checksum */
    g_byte_array_append(tables->bytes, (const uint8_t *)oem_id, sizeof(oem_id));
    g_byte_array_append(tables->bytes, (const uint8_t *)oem_table_id, sizeof(oem_table_id));
    acpi_put(tables, 1, 4); /* OEM revision */
    g_byte_array_append(tables->bytes, (const uint8_t *)creator, sizeof(creator));
    acpi_put(tables, 1, 4); /* creator revision */
    return table;
}

static void set_length(AcpiTables *tables, uint32_t table)
{
    uint32_t length = tables->bytes->len - table;
    ChecksumFix fix = { .at = table + CHECKSUM_AT, .start = table, .length = length };
    length = GUINT32_TO_LE(length);
    memcpy(tables->bytes->data + table + LENGTH_AT, &length, sizeof(length));
    g_array_append_val(tables->checksums, fix);
}

void acpi_table_end(AcpiTables *tables, uint32_t table)
{
    set_length(tables, table);
    if (memcmp(tables->bytes->data + table, "DSDT", 4) == 0) {
        tables->dsdt = table;
    } else {
        g_array_append_val(tables->roots, table);
    }
}

void acpi_tables_add(AcpiTables *tables, const void *bytes, uint32_t length)
{
    while (tables->bytes->len % 8) {
        acpi_put(tables, 0, 1);
    }
    uint32_t table = tables->bytes->len;
    g_byte_array_append(tables->bytes, bytes, length);
    tables->bytes->data[table + CHECKSUM_AT] = 0;
    acpi_table_end(tables, table);
}

/* A root table: addresses of @bytes bytes each. */
static uint32_t put_root(AcpiTables *tables, const char *signature, unsigned bytes)
{
    uint32_t table = acpi_table_begin(tables, signature, 1);
    for (guint i = 0; i < tables->roots->len; i++) {
        acpi_put_pointer(tables, g_array_index(tables->roots, uint32_t, i), bytes);
    }
    set_length(tables, table);
    return table;
}

static void rsdp_pointer(AcpiTables *tables, uint32_t at, uint32_t target, uint8_t bytes)
{
    PointerFix fix = { .in_rsdp = true, .at = at, .bytes = bytes };
    target = GUINT32_TO_LE(target);
    memcpy(tables->rsdp + at, &target, sizeof(target));
    g_array_append_val(tables->pointers, fix);
}

void acpi_tables_finish(AcpiTables *tables)
{
    ChecksumFix first = { .in_rsdp = true, .at = RSDP_CHECKSUM_AT, .length = RSDP_V1_BYTES };
    ChecksumFix whole = { .in_rsdp = true, .at = RSDP_EXTENDED_AT, .length = ACPI_RSDP_BYTES };
    uint32_t rsdt = put_root(tables, "RSDT", 4), xsdt = put_root(tables, "XSDT", 8);
    memcpy(tables->rsdp, "RSD PTR ", 8);
    memcpy(tables->rsdp + 9, oem_id, sizeof(oem_id));
    tables->rsdp[15] = 2; /* revision */
    tables->rsdp[20] = ACPI_RSDP_BYTES;
    rsdp_pointer(tables, RSDP_RSDT_AT, rsdt, 4);
    rsdp_pointer(tables, RSDP_XSDT_AT, xsdt, 8);
    g_array_append_val(tables->checksums, first);
    g_array_append_val(tables->checksums, whole);
}

static const char *file_of(bool in_rsdp)
{
    return in_rsdp ? ACPI_RSDP_FILE : ACPI_TABLES_FILE;
}

/* One command: its number, up to two file names, numbers of the given sizes behind them. */
static uint8_t *add_command(GByteArray *script, uint32_t command, const char *file,
                            const char *other)
{
    guint at = script->len;
    g_byte_array_set_size(script, at + COMMAND_BYTES);
    uint8_t *entry = script->data + at;
    memset(entry, 0, COMMAND_BYTES);
    entry[0] = command;
    strncpy((char *)entry + 4, file, COMMAND_FILE_BYTES - 1);
    if (other) {
        strncpy((char *)entry + 4 + COMMAND_FILE_BYTES, other, COMMAND_FILE_BYTES - 1);
    }
    return entry + 4 + COMMAND_FILE_BYTES * (other ? 2 : 1);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    memcpy(at, &value, sizeof(value));
}

GByteArray *acpi_tables_script(const AcpiTables *tables)
{
    GByteArray *script = g_byte_array_new();
    uint8_t *rest = add_command(script, COMMAND_ALLOCATE, ACPI_RSDP_FILE, NULL);
    put_u32(rest, 16);
    rest[4] = ZONE_FSEG;
    rest = add_command(script, COMMAND_ALLOCATE, ACPI_TABLES_FILE, NULL);
    put_u32(rest, ACPI_TABLES_ALIGN);
    rest[4] = ZONE_HIGH;
    for (guint i = 0; i < tables->pointers->len; i++) {
        const PointerFix *fix = &g_array_index(tables->pointers, PointerFix, i);
        rest = add_command(script, COMMAND_ADD_POINTER, file_of(fix->in_rsdp), ACPI_TABLES_FILE);
        put_u32(rest, fix->at);
        rest[4] = fix->bytes;
    }
    for (guint i = 0; i < tables->checksums->len; i++) {
        const ChecksumFix *fix = &g_array_index(tables->checksums, ChecksumFix, i);
        rest = add_command(script, COMMAND_ADD_CHECKSUM, file_of(fix->in_rsdp), NULL);
        put_u32(rest, fix->at);
        put_u32(rest + 4, fix->start);
        put_u32(rest + 8, fix->length);
    }
    if (tables->told_file) {
        rest = add_command(script, COMMAND_WRITE_POINTER, tables->told_file, ACPI_TABLES_FILE);
        put_u32(rest, 0);
        put_u32(rest + 4, tables->told_offset);
        rest[8] = 8;
    }
    return script;
}

void acpi_tables_place(AcpiTables *tables, uint64_t base)
{
    tables->base = base;
    for (guint i = 0; i < tables->pointers->len; i++) {
        const PointerFix *fix = &g_array_index(tables->pointers, PointerFix, i);
        uint8_t *at = (fix->in_rsdp ? tables->rsdp : tables->bytes->data) + fix->at;
        uint64_t value = 0;
        memcpy(&value, at, fix->bytes);
        value = GUINT64_TO_LE(GUINT64_FROM_LE(value) + base);
        memcpy(at, &value, fix->bytes);
    }
    for (guint i = 0; i < tables->checksums->len; i++) {
        const ChecksumFix *fix = &g_array_index(tables->checksums, ChecksumFix, i);
        uint8_t *bytes = fix->in_rsdp ? tables->rsdp : tables->bytes->data, sum = 0;
        for (uint32_t at = fix->start; at < fix->start + fix->length; at++) {
            sum += bytes[at];
        }
        bytes[fix->at] -= sum;
    }
}

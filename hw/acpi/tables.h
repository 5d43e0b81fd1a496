/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables as one image whose place in guest memory is found later: by firmware, which a list
 * of commands in fw_cfg tells what to patch, or by the board when no firmware runs.
 * Spec: ACPI 6.5, 5.2; the commands: QEMU docs/specs/fw_cfg.rst and SeaBIOS's reader of
 * "etc/table-loader".
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { ACPI_TABLES_ALIGN = 64, ACPI_RSDP_BYTES = 36, ACPI_TABLE_HEADER_BYTES = 36 };

typedef struct {
    GByteArray *bytes; /* every table but the RSDP */
    uint8_t rsdp[ACPI_RSDP_BYTES];
    GArray *pointers, *checksums, *roots; /* private */
    const char *told_file;                /* NULL: none; of acpi_tell_address() */
    uint32_t told_offset;
    uint64_t base;       /* where acpi_tables_place() was told they are */
    uint32_t facs, dsdt; /* offsets in bytes; dsdt 0: not there yet */
} AcpiTables;

void acpi_tables_init(AcpiTables *tables);
void acpi_tables_cleanup(AcpiTables *tables);

/** acpi_table_begin - append a header; returns the table's offset, which acpi_table_end() takes */
uint32_t acpi_table_begin(AcpiTables *tables, const char *signature, uint8_t revision);
/** acpi_table_end - the length is known now; all but the DSDT are entered in RSDT and XSDT */
void acpi_table_end(AcpiTables *tables, uint32_t table);
void acpi_put(AcpiTables *tables, uint64_t value, unsigned bytes);
/** acpi_put_pointer - append the address that the byte at @offset gets */
void acpi_put_pointer(AcpiTables *tables, uint32_t offset, unsigned bytes);
/** acpi_pointer_at - the @bytes bytes at @at, written before, become the address of @offset */
void acpi_pointer_at(AcpiTables *tables, uint32_t at, uint32_t offset, unsigned bytes);
/** acpi_tell_address - firmware writes the address of @offset into @file of fw_cfg, 8 bytes */
void acpi_tell_address(AcpiTables *tables, const char *file, uint32_t offset);
/** acpi_tables_add - a whole table from outside; its header is checked by the caller */
void acpi_tables_add(AcpiTables *tables, const void *bytes, uint32_t length);
/** acpi_tables_finish - RSDT, XSDT and RSDP: nothing can be added afterwards */
void acpi_tables_finish(AcpiTables *tables);

/** acpi_tables_script - the commands for firmware; caller frees */
GByteArray *acpi_tables_script(const AcpiTables *tables);
/** acpi_tables_place - patch bytes and rsdp themselves for tables at @base */
void acpi_tables_place(AcpiTables *tables, uint64_t base);

#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_RSDP_FILE   "etc/acpi/rsdp"
#define ACPI_SCRIPT_FILE "etc/table-loader"

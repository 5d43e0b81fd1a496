/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes ACPI Machine Language front to back: what is begun is ended by aml_end(), which then
 * fills in the length. A NameString is written as in ASL: "\\_SB.PCI0", "^LNKA", "_CRS".
 * Spec: ACPI 6.5, chapter 20 (byte code) and 6.4 (resource descriptors).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    GByteArray *bytes;
    GArray *open; /* private */
} Aml;

/* Opcodes for aml_op(); those above 0xff have the extension prefix. Operands follow in order. */
typedef enum {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_LOCAL0 = 0x60,
    AML_LOCAL1 = 0x61,
    AML_LOCAL2 = 0x62,
    AML_ARG0 = 0x68,
    AML_ARG1 = 0x69,
    AML_ARG2 = 0x6a,
    AML_ARG3 = 0x6b,
    AML_STORE = 0x70,
    AML_ADD = 0x72,
    AML_SUBTRACT = 0x74,
    AML_SHIFT_LEFT = 0x79,
    AML_SHIFT_RIGHT = 0x7a,
    AML_AND = 0x7b,
    AML_OR = 0x7d,
    AML_DEREF = 0x83,
    AML_NOTIFY = 0x86,
    AML_INDEX = 0x88,
    AML_CREATE_DWORD_FIELD = 0x8a,
    AML_EQUAL = 0x93,
    AML_RETURN = 0xa4,
    AML_ONES = 0xff,
} AmlOp;

typedef enum { AML_SYSTEM_MEMORY, AML_SYSTEM_IO, AML_PCI_CONFIG } AmlSpace;
typedef enum { AML_ACCESS_ANY, AML_ACCESS_BYTE, AML_ACCESS_WORD, AML_ACCESS_DWORD } AmlAccess;

void aml_init(Aml *aml);
void aml_cleanup(Aml *aml);

void aml_begin_scope(Aml *aml, const char *path);
void aml_begin_device(Aml *aml, const char *name);
void aml_begin_method(Aml *aml, const char *name, unsigned arguments, bool serialized);
void aml_begin_package(Aml *aml, unsigned elements);
void aml_begin_if(Aml *aml); /* the condition follows */
void aml_begin_else(Aml *aml);
void aml_begin_field(Aml *aml, const char *region, AmlAccess access);
void aml_begin_resources(Aml *aml); /* a resource template: the descriptors below follow */
void aml_end(Aml *aml);

void aml_op(Aml *aml, AmlOp op);
void aml_path(Aml *aml, const char *path); /* a reference, or the call of a method */
void aml_int(Aml *aml, uint64_t value);
void aml_string(Aml *aml, const char *text);
/** aml_eisa_id - "PNP0A03" as the number that it is compressed to */
void aml_eisa_id(Aml *aml, const char *id);
void aml_buffer(Aml *aml, const void *bytes, unsigned length);
void aml_name(Aml *aml, const char *name); /* Name(@name, ...): the value follows */
void aml_name_int(Aml *aml, const char *name, uint64_t value);
void aml_name_string(Aml *aml, const char *name, const char *text);
void aml_name_eisa_id(Aml *aml, const char *name, const char *id);
void aml_region(Aml *aml, const char *name, AmlSpace space, uint64_t offset, uint64_t length);
void aml_field(Aml *aml, const char *name, unsigned bits);
void aml_field_skip(Aml *aml, unsigned bits);

/* Resource descriptors. Ranges are inclusive. */
void aml_irq(Aml *aml, unsigned irq); /* edge, active high, exclusive: an ISA line */
void aml_dma(Aml *aml, unsigned channel);
void aml_io(Aml *aml, uint16_t first, uint16_t last, uint8_t align, uint8_t length);
void aml_memory32(Aml *aml, uint32_t base, uint32_t length, bool writable);

/* The lines of an extended interrupt descriptor are all of one kind. */
typedef struct {
    bool edge, active_low, shared;
} AmlLineKind;
void aml_interrupt(Aml *aml, AmlLineKind kind, const uint32_t *lines, unsigned count);

void aml_bus_range(Aml *aml, uint8_t first, uint8_t last);
void aml_io_range(Aml *aml, uint16_t first, uint16_t last);
void aml_memory_range(Aml *aml, uint64_t first, uint64_t last, bool cacheable);

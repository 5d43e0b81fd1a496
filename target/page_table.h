/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's page tables as a whole, for people and for dumps. Most architectures have radix trees
 * that differ in numbers only: they say which ("page-tables" interface of a CPU). */
#pragma once

#include "target/cpu.h"

enum { PAGE_TABLE_MAX_LEVELS = 5 };

typedef enum { PAGE_ENTRY_NONE, PAGE_ENTRY_TABLE, PAGE_ENTRY_PAGE } PageEntryKind;

/* A mapped page, or on the way down the rights that its tables leave. */
typedef struct {
    uint64_t address; /* virtual */
    hwaddr physical;  /* PAGE_ENTRY_TABLE: of the next table */
    uint64_t bytes;
    bool readable, writable, executable, user, global, accessed, dirty;
} GuestPage;

typedef struct PageTable PageTable;
struct PageTable {
    hwaddr root;
    uint8_t levels;
    uint8_t bits[PAGE_TABLE_MAX_LEVELS]; /* of an address that index level 0 (last) and up */
    uint8_t entry_bytes;                 /* 4 or 8, little endian */
    uint8_t address_bits;                /* higher bits repeat the last one */
    /* @page: rights of an entry alone, its address and what it maps */
    PageEntryKind (*decode)(const PageTable *table, uint64_t entry, unsigned level,
                            GuestPage *page);
};

typedef struct {
    /* the tables in use; false: addresses are not translated. Context: CPU's thread */
    bool (*describe)(Cpu *cpu, PageTable *table);
} PageTableOps;

extern const Interface page_table_interface;

typedef bool GuestPageFn(const GuestPage *page, void *opaque); /* false: no more */

/** page_table_walk - every page in order of address; false: some were left out, as tables that
 * point at each other have no end */
bool page_table_walk(Cpu *cpu, const PageTable *table, GuestPageFn *fn, void *opaque);

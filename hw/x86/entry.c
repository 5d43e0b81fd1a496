/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: SDM vol. 3, 3.4.5 (descriptors), 4.5 (paging), 11.11 (MTRRs); Linux
 * Documentation/arch/x86/boot.rst, "32-bit Boot Protocol" and "64-bit Boot Protocol".
 */
#include "hw/x86/entry.h"

enum {
    GDT = X86_ENTRY_TABLES,
    PML4 = GDT + 0x1000,
    PDPT = PML4 + 0x1000,
    PD = PDPT + 0x1000, /* four, one a GiB */
    PAGE_TABLE_ENTRIES = 512,
};
enum { PTE_PRESENT = 1, PTE_WRITE = 2, PTE_LARGE = 1 << 7, GIBIBYTES = 4 };
/* Selectors that Linux's protocols ask for; others do not care. */
enum { SELECTOR_CODE = 0x10, SELECTOR_DATA = 0x18, SELECTOR_TSS = 0x20, GDT_BYTES = 0x30 };
enum { ACCESS_CODE32 = 0xc09b, ACCESS_CODE64 = 0xa09b, ACCESS_DATA = 0xc093, ACCESS_TSS = 0x008b };
enum { TSS_LIMIT = 0x67 };
#define CR0_PE   1u
#define CR0_ET   0x10u
#define CR0_PG   0x80000000u
#define CR4_PAE  0x20u
#define EFER_LME 0x100u
#define EFER_LMA 0x400u
enum {
    MTRR_WRITE_BACK = 6,
    MTRR_ENABLE = 1 << 11,
    MTRR_FIXED_ENABLE = 1 << 10,
    MTRR_VALID = 1 << 11
};

static uint64_t flat_descriptor(uint16_t access)
{
    /* limit 0xfffff pages, base 0 */
    return 0xffffull | (uint64_t)(access & 0xff) << 40 | (uint64_t)(0xf | access >> 12 << 4) << 48;
}

static void store(AddressSpace *memory, hwaddr address, uint64_t value)
{
    address_space_store(memory, address, 8, ENDIAN_LITTLE, value, (MemTxAttrs){});
}

static void write_gdt(AddressSpace *memory, X86EntryMode mode)
{
    bool is_long = mode == X86_ENTRY_LONG;
    store(memory, GDT, 0);
    store(memory, GDT + 8, 0);
    store(memory, GDT + SELECTOR_CODE, flat_descriptor(is_long ? ACCESS_CODE64 : ACCESS_CODE32));
    store(memory, GDT + SELECTOR_DATA, flat_descriptor(ACCESS_DATA));
    store(memory, GDT + SELECTOR_TSS, TSS_LIMIT | (uint64_t)ACCESS_TSS << 40);
    store(memory, GDT + SELECTOR_TSS + 8, 0);
}

void x86_entry_write_tables(AddressSpace *memory, X86EntryMode mode)
{
    write_gdt(memory, mode);
    if (mode != X86_ENTRY_LONG) {
        return;
    }
    uint64_t rights = PTE_PRESENT | PTE_WRITE;
    address_space_fill(memory, PML4, 0, 2 * 0x1000, (MemTxAttrs){});
    store(memory, PML4, PDPT | rights);
    for (unsigned i = 0; i < GIBIBYTES; i++) {
        uint64_t table[PAGE_TABLE_ENTRIES];
        store(memory, PDPT + 8 * i, (PD + 0x1000 * i) | rights);
        for (unsigned page = 0; page < PAGE_TABLE_ENTRIES; page++) {
            uint64_t base = (uint64_t)i << 30 | (uint64_t)page << 21;
            table[page] = GUINT64_TO_LE(base | rights | PTE_LARGE);
        }
        address_space_write(memory, PD + 0x1000 * i, table, sizeof(table), (MemTxAttrs){});
    }
}

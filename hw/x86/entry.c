/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: SDM vol. 3, 3.4.5 (descriptors), 4.5 (paging); Linux
 * Documentation/arch/x86/boot.rst, "32-bit Boot Protocol" and "64-bit Boot Protocol".
 */
#include "hw/x86/entry.h"

enum {
    GDT = X86_ENTRY_GDT,
    PML4 = X86_ENTRY_PML4,
    PDPT = PML4 + 0x1000,
    PD = PDPT + 0x1000, /* four, one a GiB */
    PAGE_TABLE_ENTRIES = 512,
};
enum { PTE_PRESENT = 1, PTE_WRITE = 2, PTE_LARGE = 1 << 7, GIBIBYTES = 4 };

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
    store(memory, GDT + X86_ENTRY_CODE,
          flat_descriptor(is_long ? X86_ENTRY_ACCESS_CODE64 : X86_ENTRY_ACCESS_CODE32));
    store(memory, GDT + X86_ENTRY_DATA, flat_descriptor(X86_ENTRY_ACCESS_DATA));
    store(memory, GDT + X86_ENTRY_TSS, X86_ENTRY_TSS_LIMIT | (uint64_t)X86_ENTRY_ACCESS_TSS << 40);
    store(memory, GDT + X86_ENTRY_TSS + 8, 0);
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

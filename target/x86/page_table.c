/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts of x86 page tables. Spec: SDM vol. 3, ch. 4: 32-bit, PAE, 4-level, 5-level. */
#include "target/x86/page_table.h"

#include "target/x86/cpu.h"
#include "target/x86/registers_internal.h"

enum {
    PTE_P = 1 << 0,
    PTE_W = 1 << 1,
    PTE_U = 1 << 2,
    PTE_A = 1 << 5,
    PTE_D = 1 << 6,
    PTE_PS = 1 << 7,
    PTE_G = 1 << 8,
    PAE_LEVELS = 3,
};
#define PTE_NX      (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

static void take_rights(uint64_t entry, GuestPage *page)
{
    page->readable = true;
    page->writable = entry & PTE_W;
    page->user = entry & PTE_U;
    page->executable = true;
    page->global = entry & PTE_G;
    page->accessed = entry & PTE_A;
    page->dirty = entry & PTE_D;
}

/* 4.3; PSE-36 puts bits 39:32 of a large page into 20:13. */
static PageEntryKind decode_narrow(const PageTable *table, uint64_t entry, unsigned level,
                                   GuestPage *page)
{
    if (!(entry & PTE_P)) {
        return PAGE_ENTRY_NONE;
    }
    take_rights(entry, page);
    if (level > 0 && entry & PTE_PS) {
        page->physical = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
        return PAGE_ENTRY_PAGE;
    }
    page->physical = entry & 0xfffff000;
    return level > 0 ? PAGE_ENTRY_TABLE : PAGE_ENTRY_PAGE;
}

/* Without PSE the bit has no meaning. */
static PageEntryKind decode_small(const PageTable *table, uint64_t entry, unsigned level,
                                  GuestPage *page)
{
    return decode_narrow(table, entry & ~(uint64_t)PTE_PS, level, page);
}

static PageEntryKind decode_wide(const PageTable *table, uint64_t entry, unsigned level,
                                 GuestPage *page)
{
    bool pointers = table->levels == PAE_LEVELS && level == PAE_LEVELS - 1;
    if (!(entry & PTE_P)) {
        return PAGE_ENTRY_NONE;
    }
    take_rights(entry, page);
    page->physical = entry & PTE_ADDRESS;
    if (pointers) { /* 4.4.1: these have no rights */
        page->writable = page->user = true;
        return PAGE_ENTRY_TABLE;
    }
    page->executable = !(entry & PTE_NX);
    if (level > 0 && level < 3 && entry & PTE_PS) {
        page->physical &= ~((1ull << (12 + 9 * level)) - 1);
        return PAGE_ENTRY_PAGE;
    }
    return level > 0 ? PAGE_ENTRY_TABLE : PAGE_ENTRY_PAGE;
}

static bool describe(Cpu *c, PageTable *table)
{
    const X86Cpu *cpu = container_of(c, X86Cpu, cpu);
    uint64_t cr3 = cpu->control.cr3, cr4 = cpu->control.cr4;
    if (!(cpu->control.cr0 & CR0_PG)) {
        return false;
    }
    if (!(cr4 & CR4_PAE)) {
        *table = (PageTable){
            cr3 & 0xfffff000, 2, { 10, 10 }, 4, 64, cr4 & CR4_PSE ? decode_narrow : decode_small
        };
    } else if (!(cpu->msr.efer & EFER_LMA)) {
        *table = (PageTable){ cr3 & 0xffffffe0, PAE_LEVELS, { 9, 9, 2 }, 8, 64, decode_wide };
    } else if (cr4 & CR4_LA57) {
        *table = (PageTable){ cr3 & PTE_ADDRESS, 5, { 9, 9, 9, 9, 9 }, 8, 57, decode_wide };
    } else {
        *table = (PageTable){ cr3 & PTE_ADDRESS, 4, { 9, 9, 9, 9 }, 8, 48, decode_wide };
    }
    return true;
}

const PageTableOps x86_page_table_ops = { describe };

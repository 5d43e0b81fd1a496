/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts of RISC-V page tables. Spec: privileged ISA 20240411, 10.3 to 10.6. */
#include "target/riscv/page_table.h"

#include "target/riscv/cpu.h"

enum {
    PTE_V = 1,
    PTE_R = 2,
    PTE_W = 4,
    PTE_X = 8,
    PTE_U = 16,
    PTE_G = 32,
    PTE_A = 64,
    PTE_D = 128,
    PPN_SHIFT = 10,
    PAGE_BITS = 12,
};
enum { SV32 = 1, SV39 = 8, SV48 = 9, SV57 = 10 };
#define PTE_PPN 0x003ffffffffffc00ull

static PageEntryKind decode(const PageTable *table, uint64_t entry, unsigned level, GuestPage *page)
{
    if (!(entry & PTE_V)) {
        return PAGE_ENTRY_NONE;
    }
    page->physical = (entry & (table->entry_bytes == 4 ? 0xfffffc00 : PTE_PPN)) >> PPN_SHIFT
                                                                                       << PAGE_BITS;
    if (!(entry & (PTE_R | PTE_W | PTE_X))) { /* rights are those of the page alone */
        page->readable = page->writable = page->executable = page->user = true;
        return level > 0 ? PAGE_ENTRY_TABLE : PAGE_ENTRY_NONE;
    }
    page->readable = entry & PTE_R;
    page->writable = entry & PTE_W;
    page->executable = entry & PTE_X;
    page->user = entry & PTE_U;
    page->global = entry & PTE_G;
    page->accessed = entry & PTE_A;
    page->dirty = entry & PTE_D;
    return PAGE_ENTRY_PAGE;
}

static bool describe(Cpu *c, PageTable *table)
{
    const RiscvCpu *cpu = container_of(c, RiscvCpu, cpu);
    if (cpu->xlen == 32) {
        *table =
            (PageTable){ (cpu->csr.satp & 0x3fffff) << PAGE_BITS, 2, { 10, 10 }, 4, 64, decode };
        return cpu->csr.satp >> 31 & 1;
    }
    hwaddr root = (cpu->csr.satp & 0xfffffffffff) << PAGE_BITS;
    switch (cpu->csr.satp >> 60) {
    case SV39: *table = (PageTable){ root, 3, { 9, 9, 9 }, 8, 39, decode }; return true;
    case SV48: *table = (PageTable){ root, 4, { 9, 9, 9, 9 }, 8, 48, decode }; return true;
    case SV57: *table = (PageTable){ root, 5, { 9, 9, 9, 9, 9 }, 8, 57, decode }; return true;
    default: return false;
    }
}

const PageTableOps riscv_page_table_ops = { describe };

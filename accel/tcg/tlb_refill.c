/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the second level to the first. Compiled with -mgeneral-regs-only: generated code calls this
 * with the guest's vector registers live.
 */
#include "accel/tcg/block_internal.h"
#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/tlb_internal.h"

void tcg_tlb_fill(TcgTlb *tlb, TcgTlbBank *bank, unsigned index, vaddr address,
                  const TcgTlbEntry *entry)
{
    vaddr page = address & -(uint64_t)TCG_PAGE_BYTES;
    unsigned line = page >> TCG_PAGE_BITS & (TCG_TLB_ENTRIES - 1);
    bool direct = (entry->flags & (TLB_RAM | TLB_WATCHED)) == TLB_RAM;
    bool writable = direct && (entry->rights & MEMORY_WRITE) &&
                    !(entry->flags & (TLB_READONLY | TLB_LOGGED)) &&
                    !tcg_code_withheld(entry->code);

    bank->addend[line] = entry->host - page;
    bank->rtag[line] = direct && (entry->rights & MEMORY_READ) ? page : tcg_tlb_empty(line);
    bank->wtag[line] = writable ? page : tcg_tlb_empty(line);
    tlb->used[index] |= 1ull << line / TLB_LINE_ENTRIES;
}

bool tcg_tlb_refill(TcgEnv *env, uint64_t address, uint32_t bank, uint32_t write)
{
    TcgTlb *tlb = tcg_env_cpu(env)->tcg->tlb;
    TcgTlbBank *first = &env->tlb[bank];
    unsigned line = address >> TCG_PAGE_BITS & (TCG_TLB_ENTRIES - 1);

    if (tlb->no_quick_refill) {
        return false;
    }
    TcgTlbSet *set = tlb_set(tlb, address);
    int way = tlb_way(tlb, set, tlb_tag(address, bank));
    if (way < 0) {
        return false;
    }
    tcg_tlb_fill(tlb, first, bank, address, &set->entry[way]);
    return (write ? first->wtag[line] : first->rtag[line]) == (address & -(uint64_t)TCG_PAGE_BYTES);
}

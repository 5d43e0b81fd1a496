/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soft TLB: filling it from the guest's tables, forgetting. The first level knows only the
 * present address space and plain RAM; the second knows all spaces that have a stamp, and devices.
 */
#include "accel/tcg/tlb_internal.h"

#include "accel/tcg/block_internal.h"
#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/lazy_memory.h"
#include "util/rcu.h"

enum { LARGEST_TABLE_PAGE_BITS = 48 }; /* larger "pages" are the absence of translation */

static void empty_line(TcgTlbBank *bank, unsigned line)
{
    for (unsigned i = line * TLB_LINE_ENTRIES; i < (line + 1) * TLB_LINE_ENTRIES; i++) {
        bank->rtag[i] = bank->wtag[i] = tcg_tlb_empty(i);
    }
}

TcgTlb *tcg_tlb_new(const TcgOptions *options)
{
    TcgTlb *tlb = g_new0(TcgTlb, 1);

    tlb->sets = lazy_memory_map(TLB_SETS * sizeof(TcgTlbSet), false);
    tlb->one_entry = options->one_entry_tlb;
    tlb->no_quick_refill = options->one_entry_tlb || options->slow_memory;
    tlb->global_stamp = 1;
    tlb->next_stamp = 2;
    for (unsigned bank = 0; bank < TCG_MMU_BANKS; bank++) {
        tlb->used[bank] = ~0ull; /* the first flush makes everything empty */
    }
    return tlb;
}

void tcg_tlb_free(TcgTlb *tlb)
{
    if (tlb) {
        lazy_memory_unmap(tlb->sets, TLB_SETS * sizeof(TcgTlbSet));
        g_free(tlb);
    }
}

void tcg_tlb_flush(Cpu *cpu, uint32_t banks)
{
    TcgTlb *tlb = cpu->tcg->tlb;

    tcg_env_forget_pages(&cpu->env);
    for (unsigned bank = 0; bank < TCG_MMU_BANKS; bank++) {
        uint64_t lines = banks >> bank & 1 ? tlb->used[bank] : 0;

        for (; lines; lines &= lines - 1) {
            empty_line(&cpu->env.tlb[bank], __builtin_ctzll(lines));
        }
        tlb->used[bank] &= banks >> bank & 1 ? 0 : ~0ull;
    }
}

static uint32_t new_stamp(Cpu *cpu)
{
    TcgTlb *tlb = cpu->tcg->tlb;

    if (tlb->next_stamp == UINT32_MAX) { /* once in a few days: start again */
        memset(tlb->sets, 0, TLB_SETS * sizeof(TcgTlbSet));
        memset(tlb->spaces, 0, sizeof(tlb->spaces));
        tcg_contexts_clear(cpu);
        tlb->global_stamp = 1;
        tlb->next_stamp = 2;
    }
    return tlb->next_stamp++;
}

void tcg_tlb_select(Cpu *cpu)
{
    TcgTlb *tlb = cpu->tcg->tlb;
    uint32_t space = cpu->tcg->frontend->address_space(cpu);
    __auto_type slot = &tlb->spaces[(space ^ space >> 16) % TLB_SPACES];

    if (tlb->stamp && space == tlb->space) {
        return;
    }
    if (!slot->stamp || slot->space != space) {
        uint32_t stamp = new_stamp(cpu);

        slot->space = space;
        slot->stamp = stamp;
    }
    tlb->space = space;
    tlb->stamp = slot->stamp;
    tcg_tlb_flush(cpu, ~0u);
}

static uint32_t stamp_of_space(const TcgTlb *tlb, uint32_t space)
{
    __auto_type slot = &tlb->spaces[(space ^ space >> 16) % TLB_SPACES];

    return slot->space == space ? slot->stamp : 0;
}

void tcg_context_changed(Cpu *cpu)
{
    tcg_tlb_select(cpu);
    tcg_contexts_select(cpu);
}

void tcg_tlb_flush_all(Cpu *cpu)
{
    TcgTlb *tlb = cpu->tcg->tlb;

    memset(tlb->spaces, 0, sizeof(tlb->spaces));
    tlb->global_stamp = new_stamp(cpu);
    tlb->stamp = 0;
    tlb->large_count = 0;
    tcg_tlb_select(cpu);
    tcg_contexts_clear(cpu);
    tcg_contexts_select(cpu);
}

void tcg_tlb_flush_space(Cpu *cpu, uint32_t space, bool keep_global)
{
    TcgTlb *tlb = cpu->tcg->tlb;
    uint32_t stamp = stamp_of_space(tlb, space);

    if (!keep_global) {
        tcg_tlb_flush_all(cpu);
        return;
    }
    if (!stamp) {
        return;
    }
    tlb->spaces[(space ^ space >> 16) % TLB_SPACES].stamp = 0;
    tcg_contexts_flush_stamp(cpu, stamp);
    if (stamp == tlb->stamp) {
        tlb->stamp = 0;
        tcg_context_changed(cpu);
    }
}

static bool in_large_page(const TcgTlb *tlb, vaddr address)
{
    for (unsigned i = 0; i < tlb->large_count; i++) {
        if (address >= tlb->large[i].first && address <= tlb->large[i].last) {
            return true;
        }
    }
    return false;
}

/* Remember that [@first, @last] is mapped as one. When the table is full, the two nearest ranges
 * become one. */
static void note_large_page(TcgTlb *tlb, vaddr first, vaddr last)
{
    unsigned best = 0;

    for (unsigned i = 0; i < tlb->large_count; i++) {
        if (first >= tlb->large[i].first && last <= tlb->large[i].last) {
            return;
        }
        if (last + 1 == tlb->large[i].first || tlb->large[i].last + 1 == first) {
            tlb->large[i].first = MIN(first, tlb->large[i].first);
            tlb->large[i].last = MAX(last, tlb->large[i].last);
            return;
        }
    }
    if (tlb->large_count < TLB_LARGE) {
        tlb->large[tlb->large_count].first = first;
        tlb->large[tlb->large_count++].last = last;
        return;
    }
    for (unsigned i = 1; i < TLB_LARGE; i++) {
        uint64_t gap = MIN(first - tlb->large[i].last, tlb->large[i].first - last);
        uint64_t best_gap = MIN(first - tlb->large[best].last, tlb->large[best].first - last);
        best = gap < best_gap ? i : best;
    }
    tlb->large[best].first = MIN(first, tlb->large[best].first);
    tlb->large[best].last = MAX(last, tlb->large[best].last);
}

void tcg_tlb_flush_page(Cpu *cpu, vaddr address, uint32_t space, bool any_space)
{
    TcgTlb *tlb = cpu->tcg->tlb;
    uint32_t stamp = any_space ? 0 : stamp_of_space(tlb, space);
    TcgTlbSet *set = tlb_set(tlb, address);
    unsigned index = address >> TCG_PAGE_BITS & (TCG_TLB_ENTRIES - 1);

    if (in_large_page(tlb, address)) {
        tcg_tlb_flush_space(cpu, space, !any_space);
        return;
    }
    for (int way = 0; way < TLB_WAYS; way++) {
        bool same_page = !((set->tag[way] ^ address) >> TCG_PAGE_BITS);
        if (same_page && (any_space || set->stamp[way] == stamp)) {
            set->tag[way] = 0;
        }
    }
    if (any_space || space == tlb->space) {
        tcg_env_forget_pages(&cpu->env);
        for (unsigned bank = 0; bank < TCG_MMU_BANKS; bank++) {
            TcgTlbBank *first = &cpu->env.tlb[bank];
            first->rtag[index] = first->wtag[index] = tcg_tlb_empty(index);
        }
    }
    tcg_contexts_flush_page(cpu, address);
}

static void revoke_line(TcgBlocks *blocks, TcgTlbBank *first, unsigned start)
{
    for (unsigned i = start; i < start + TLB_LINE_ENTRIES; i++) {
        if (first->wtag[i] != tcg_tlb_empty(i) &&
            tcg_code_withholds(blocks, first->wtag[i] + first->addend[i])) {
            first->wtag[i] = tcg_tlb_empty(i);
        }
    }
}

void tcg_tlb_revoke_writes(Cpu *cpu)
{
    tcg_env_forget_pages(&cpu->env);
    for (unsigned bank = 0; bank < TCG_MMU_BANKS; bank++) {
        uint64_t lines = cpu->tcg->tlb->used[bank];

        for (; lines; lines &= lines - 1) {
            revoke_line(cpu->tcg->accel->blocks, &cpu->env.tlb[bank],
                        __builtin_ctzll(lines) * TLB_LINE_ENTRIES);
        }
    }
}

static const uint8_t access_right[] = {
    [TCG_ACCESS_LOAD] = MEMORY_READ,
    [TCG_ACCESS_STORE] = MEMORY_WRITE,
    [TCG_ACCESS_FETCH] = MEMORY_EXEC,
};

static bool is_watched(const Cpu *cpu, vaddr page)
{
    const GArray *watches = cpu->tcg->watchpoints;

    for (unsigned i = 0; i < watches->len; i++) {
        const TcgWatch *watch = &g_array_index(watches, TcgWatch, i);
        if (watch->address - page < TCG_PAGE_BYTES || page - watch->address < watch->length) {
            return true;
        }
    }
    return false;
}

/* What answers at the entry's physical page. */
static void resolve(Cpu *cpu, TcgTlbEntry *entry)
{
    rcu_read_lock();
    MemorySection section = address_space_find(cpu->memory, entry->physical, false, entry->attrs);
    if (section.ram && section.length >= TCG_PAGE_BYTES && !(section.ram_at % TCG_PAGE_BYTES)) {
        entry->flags |= TLB_RAM;
        entry->host = (uintptr_t)ram_block_host(section.ram) + section.ram_at;
        entry->code = tcg_code_slot(cpu->tcg->accel->blocks, section.ram, section.ram_at);
        entry->flags |= section.readonly ? TLB_READONLY : 0;
        entry->flags |= section.dirty_clients & ~(1u << DIRTY_CODE) ? TLB_LOGGED : 0;
    }
    rcu_read_unlock();
}

static TcgTlbEntry *insert(TcgTlb *tlb, vaddr address, unsigned bank, const TcgTlbEntry *entry)
{
    TcgTlbSet *set = tlb_set(tlb, address);
    uint64_t tag = tlb_tag(address, bank);
    int way = tlb_way(tlb, set, tag);

    for (int i = 0; way < 0 && i < TLB_WAYS; i++) {
        way = set->tag[i] ? -1 : i;
    }
    if (way < 0) {
        way = set->next_way++ % TLB_WAYS;
    }
    set->tag[way] = tag;
    set->stamp[way] = entry->flags & TLB_GLOBAL ? tlb->global_stamp : tlb->stamp;
    set->entry[way] = *entry;
    return &set->entry[way];
}

static TcgTlbEntry *walk(Cpu *cpu, vaddr address, TcgAccess access, unsigned bank)
{
    TcgTlb *tlb = cpu->tcg->tlb;
    TcgPage page = { 0 };
    TcgTlbEntry entry = { 0 };

    cpu->tcg->stats.tlb_walks++;
    if (!cpu->tcg->frontend->walk(cpu, address, access, bank, false, &page)) {
        return NULL;
    }
    bool large = page.page_bits > TCG_PAGE_BITS && page.page_bits <= LARGEST_TABLE_PAGE_BITS;
    uint64_t offset = page.page_bits < 64 ? address & ((1ull << page.page_bits) - 1) : address;
    entry.physical = (page.physical | offset) & -(uint64_t)TCG_PAGE_BYTES;
    entry.attrs = page.attrs;
    entry.rights = page.rights | access_right[access];
    entry.flags = page.global ? TLB_GLOBAL : 0;
    entry.flags |= is_watched(cpu, address & -(uint64_t)TCG_PAGE_BYTES) ? TLB_WATCHED : 0;
    resolve(cpu, &entry);
    if (page.page_bits < TCG_PAGE_BITS) {
        tlb->scratch = entry;
        return &tlb->scratch;
    }
    if (large) {
        vaddr first = address & -(1ull << page.page_bits);
        note_large_page(tlb, first, first + ((1ull << page.page_bits) - 1));
    }
    return insert(tlb, address, bank, &entry);
}

TcgTlbEntry *tcg_tlb_lookup(Cpu *cpu, vaddr address, TcgAccess access, unsigned bank)
{
    TcgTlb *tlb = cpu->tcg->tlb;
    TcgTlbSet *set = tlb_set(tlb, address);
    int way = tlb_way(tlb, set, tlb_tag(address, bank));

    return way >= 0 && (set->entry[way].rights & access_right[access]) ? &set->entry[way] : NULL;
}

const TcgTlbEntry *tcg_tlb_find(Cpu *cpu, vaddr address, TcgAccess access, unsigned bank)
{
    TcgTlb *tlb = cpu->tcg->tlb;
    TcgTlbEntry *entry = tlb->one_entry ? NULL : tcg_tlb_lookup(cpu, address, access, bank);

    if (!entry) {
        cpu->tcg->stats.tlb_misses++;
        entry = walk(cpu, address, access, bank);
        if (!entry) {
            return NULL;
        }
    }
    if (tlb->one_entry) {
        tcg_tlb_flush(cpu, ~0u);
    }
    if (access != TCG_ACCESS_FETCH && entry != &tlb->scratch) {
        tcg_tlb_fill(tlb, &cpu->env.tlb[bank], bank, address, entry);
    }
    return entry;
}

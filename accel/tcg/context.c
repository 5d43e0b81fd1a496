/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding blocks by guest pc. A bank holds the inline cache and the guard words of one translation
 * context (key and address space); switching context is switching banks. The second level is one
 * table for all contexts.
 */
#include "accel/tcg/context_internal.h"

#include <sys/mman.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/tlb_internal.h"

enum {
    JUMP_ENTRIES = 1 << TCG_JUMP_BITS,
    GROUP_ENTRIES = 1 << JUMP_GROUP_BITS,
    SECOND_ENTRIES = 1 << JUMP_SECOND_BITS,
};

static const uint64_t NO_PC = ~0ull;

static void *map_lazily(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        g_error("no memory for a jump cache");
    }
    return memory;
}

TcgContexts *tcg_contexts_new(void)
{
    TcgContexts *contexts = g_new0(TcgContexts, 1);

    contexts->banks = map_lazily(CONTEXT_BANKS * sizeof(TcgContextBank));
    contexts->second = map_lazily(SECOND_ENTRIES * sizeof(TcgJumpSecond));
    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        contexts->context[i].used = ~0ull;
        contexts->context[i].pages[0] = 1; /* not clean */
    }
    return contexts;
}

void tcg_contexts_free(TcgContexts *contexts)
{
    if (contexts) {
        munmap(contexts->banks, CONTEXT_BANKS * sizeof(TcgContextBank));
        munmap(contexts->second, SECOND_ENTRIES * sizeof(TcgJumpSecond));
        g_free(contexts);
    }
}

static void clear_bank(TcgContexts *contexts, unsigned index)
{
    TcgContext *context = &contexts->context[index];
    TcgContextBank *bank = &contexts->banks[index];

    for (uint64_t used = context->used; used; used &= used - 1) {
        TcgJumpEntry *entry = &bank->jump[__builtin_ctzll(used) * GROUP_ENTRIES];
        for (unsigned i = 0; i < GROUP_ENTRIES; i++) {
            atomic_set(&entry[i].pc, NO_PC);
        }
    }
    context->used = 0;
    memset(bank->guard, 0, sizeof(bank->guard));
    memset(context->pages, 0, sizeof(context->pages));
}

void tcg_contexts_select(Cpu *cpu)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    uint64_t key = cpu->tcg->frontend->context_key(cpu);
    uint32_t stamp = cpu->tcg->tlb->stamp;
    TcgContext *context = &contexts->context[contexts->current];
    unsigned oldest = 0;

    contexts->key = key;
    contexts->clock++;
    if (context->key == key && context->stamp == stamp) {
        context->last_use = contexts->clock;
        cpu->env.hot.bank = &contexts->banks[contexts->current];
        return;
    }
    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        context = &contexts->context[i];
        if (context->key == key && context->stamp == stamp) {
            oldest = i;
            break;
        }
        if (context->last_use < contexts->context[oldest].last_use) {
            oldest = i;
        }
    }
    context = &contexts->context[oldest];
    if (context->key != key || context->stamp != stamp) {
        atomic_set(&context->key, key); /* before any entry: tcg_contexts_forget() */
        context->stamp = stamp;
        clear_bank(contexts, oldest);
    }
    context->last_use = contexts->clock;
    contexts->current = oldest;
    cpu->env.hot.bank = &contexts->banks[oldest];
}

void tcg_contexts_clear(Cpu *cpu)
{
    TcgContexts *contexts = cpu->tcg->contexts;

    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        contexts->context[i].stamp = 0;
        contexts->context[i].last_use = 0;
    }
    clear_bank(contexts, contexts->current);
    memset(contexts->fetch, 0, sizeof(contexts->fetch));
    for (unsigned i = 0; i < JUMP_GENERATIONS; i++) {
        contexts->generation[i]++;
    }
}

void tcg_contexts_flush_stamp(Cpu *cpu, uint32_t stamp)
{
    TcgContexts *contexts = cpu->tcg->contexts;

    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        TcgContext *context = &contexts->context[i];
        if (context->stamp == stamp) {
            context->stamp = 0;
            context->last_use = 0;
            if (i == contexts->current) {
                clear_bank(contexts, i); /* generated code still looks at it */
            }
        }
    }
}

static unsigned page_hash(uint64_t pc)
{
    uint64_t page = pc >> TCG_PAGE_BITS;

    return (page ^ page >> 10 ^ page >> 20) & (JUMP_GENERATIONS - 1);
}

/* The instructions of a page share one half of the inline cache. */
static void flush_bank_page(TcgContexts *contexts, unsigned index, vaddr address)
{
    TcgContext *context = &contexts->context[index];
    TcgContextBank *bank = &contexts->banks[index];
    unsigned guard = tcg_guard_index(address);
    unsigned first = tcg_jump_index(address & -(uint64_t)TCG_PAGE_BYTES);

    if (!(context->pages[guard / 64] >> guard % 64 & 1)) {
        return;
    }
    bank->guard[guard] = 0;
    for (unsigned i = first; i < first + TCG_PAGE_BYTES / 2; i++) {
        if (!((atomic_read(&bank->jump[i].pc) ^ address) >> TCG_PAGE_BITS)) {
            atomic_set(&bank->jump[i].pc, NO_PC);
        }
    }
}

void tcg_contexts_flush_page(Cpu *cpu, vaddr address)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    TcgFetchPage *fetch = &contexts->fetch[(address >> TCG_PAGE_BITS) % FETCH_PAGES];

    if (!((fetch->tag ^ address) >> TCG_PAGE_BITS)) {
        fetch->tag = 0;
    }
    contexts->generation[page_hash(address)]++;
    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        if (contexts->context[i].stamp) {
            flush_bank_page(contexts, i, address);
        }
    }
}

static TcgJumpSecond *second_entry(const TcgContexts *contexts, uint64_t pc, uint64_t key)
{
    uint64_t hash = ((pc >> 1) ^ key) * 0x9e3779b97f4a7c15ull;

    return &contexts->second[hash >> (64 - JUMP_SECOND_BITS)];
}

static void set_guard(TcgContexts *contexts, uint64_t pc, uint32_t guard)
{
    TcgContext *context = &contexts->context[contexts->current];
    unsigned index = tcg_guard_index(pc);

    contexts->banks[contexts->current].guard[index] = guard;
    context->pages[index / 64] |= 1ull << index % 64;
}

/* To the inline cache and the guard words. */
static void install_first(Cpu *cpu, TcgBlock *block)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    unsigned index = tcg_jump_index(block->pc);
    TcgJumpEntry *entry = &contexts->banks[contexts->current].jump[index];
    TcgContext *context = &contexts->context[contexts->current];

    set_guard(contexts, block->pc, block->guard[0]);
    if (block->page[1]) {
        set_guard(contexts, block->pc + TCG_PAGE_BYTES, block->guard[1]);
    }
    if (!block->code || (block->flags & BLOCK_NO_LINK) || cpu->tcg->accel->options.no_chain) {
        return;
    }
    context->used |= 1ull << (index >> JUMP_GROUP_BITS);
    entry->host = block->code->code + block->code->entry_checked;
    atomic_store_release(&entry->pc, block->pc);
    atomic_fence(); /* pairs with tcg_block_invalidate_locked(): it sees the entry, or we the mark
                     */
    if (atomic_read(&block->invalid)) {
        atomic_set(&entry->pc, NO_PC);
    }
}

TcgBlock *tcg_contexts_find(Cpu *cpu, uint64_t pc)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    const TcgTlb *tlb = cpu->tcg->tlb;
    TcgJumpSecond *entry = second_entry(contexts, pc, contexts->key);
    TcgBlock *block = atomic_load_acquire(&entry->block); /* pairs with tcg_contexts_install() */

    if (!block || block->pc != pc || block->key != contexts->key || block->unit != cpu->tcg->unit ||
        (entry->stamp != tlb->stamp && entry->stamp != tlb->global_stamp) ||
        entry->generation != contexts->generation[page_hash(pc)] || atomic_read(&block->invalid)) {
        return NULL;
    }
    install_first(cpu, block);
    return block;
}

void tcg_contexts_install(Cpu *cpu, TcgBlock *block, bool global)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    TcgJumpSecond *entry = second_entry(contexts, block->pc, block->key);

    install_first(cpu, block);
    if (block->flags & BLOCK_NO_LINK || block->page[1]) {
        return; /* the second page's mapping has to be looked at each time */
    }
    entry->stamp = global ? cpu->tcg->tlb->global_stamp : cpu->tcg->tlb->stamp;
    entry->generation = contexts->generation[page_hash(block->pc)];
    atomic_store_release(&entry->block, block);
    atomic_fence(); /* pairs with tcg_block_invalidate_locked() */
    if (atomic_read(&block->invalid)) {
        atomic_set(&entry->block, NULL);
    }
}

void tcg_contexts_forget(Cpu *cpu, TcgBlock *block)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    TcgJumpSecond *second = second_entry(contexts, block->pc, block->key);
    TcgBlock *expected = block;

    atomic_cas(&second->block, &expected, NULL);
    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        TcgJumpEntry *entry = &contexts->banks[i].jump[tcg_jump_index(block->pc)];
        uint64_t pc = block->pc;
        if (atomic_read(&contexts->context[i].key) == block->key) {
            atomic_cas(&entry->pc, &pc, NO_PC);
        }
    }
}

const TcgFetchPage *tcg_fetch_page(Cpu *cpu, vaddr pc, bool *uncached)
{
    const TcgTlb *tlb = cpu->tcg->tlb;
    uint8_t bank = cpu->tcg->frontend->fetch_bank(cpu);
    TcgFetchPage *page = &cpu->tcg->contexts->fetch[(pc >> TCG_PAGE_BITS) % FETCH_PAGES];
    uint64_t tag = tlb_tag(pc, bank);

    *uncached = false;
    if (page->tag == tag && (page->stamp == tlb->stamp || page->stamp == tlb->global_stamp)) {
        return page;
    }
    const TcgTlbEntry *entry = tcg_tlb_find(cpu, pc, TCG_ACCESS_FETCH, bank);
    if (!entry) {
        return NULL;
    }
    if (!(entry->flags & TLB_RAM) || entry == &tlb->scratch) {
        *uncached = true;
        return NULL;
    }
    page->tag = tag;
    page->global = entry->flags & TLB_GLOBAL;
    page->stamp = page->global ? tlb->global_stamp : tlb->stamp;
    page->host = (const uint8_t *)(uintptr_t)entry->host;
    page->code = entry->code;
    return page;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding blocks by guest pc. A bank holds the inline cache and the guard words of one translation
 * context (key and address space); switching context is switching banks. The second level is one
 * table for all contexts.
 */
#include "accel/tcg/context_internal.h"

#include "accel/tcg/block_internal.h"
#include "accel/tcg/lazy_memory.h"
#include "accel/tcg/tlb_internal.h"

enum {
    JUMP_ENTRIES = 1 << TCG_JUMP_BITS,
    GROUP_ENTRIES = 1 << JUMP_GROUP_BITS,
    SECOND_ENTRIES = 1 << JUMP_SECOND_BITS,
};

TcgContexts *tcg_contexts_new(const uint8_t *code)
{
    TcgContexts *contexts = g_new0(TcgContexts, 1);

    contexts->code = code;
    contexts->banks = lazy_memory_map(CONTEXT_BANKS * sizeof(TcgContextBank), false);
    contexts->second = lazy_memory_map(SECOND_ENTRIES * sizeof(TcgJumpSecond), true);
    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        contexts->context[i].used = ~0ull;
        contexts->context[i].pages[0] = 1; /* not clean */
    }
    return contexts;
}

void tcg_contexts_free(TcgContexts *contexts)
{
    if (contexts) {
        lazy_memory_unmap(contexts->banks, CONTEXT_BANKS * sizeof(TcgContextBank));
        lazy_memory_unmap(contexts->second, SECOND_ENTRIES * sizeof(TcgJumpSecond));
        g_free(contexts);
    }
}

static void clear_bank(TcgContexts *contexts, unsigned index)
{
    TcgContext *context = &contexts->context[index];
    TcgContextBank *bank = &contexts->banks[index];

    for (uint64_t used = context->used; used; used &= used - 1) {
        unsigned first = __builtin_ctzll(used) * GROUP_ENTRIES;
        for (unsigned i = first; i < first + GROUP_ENTRIES; i++) {
            atomic_set(&bank->jump[i].pc, tcg_jump_empty(i));
        }
    }
    context->used = 0;
    memset(bank->guard, 0, sizeof(bank->guard));
    memset(context->pages, 0, sizeof(context->pages));
}

/* Entries bear numbers that are about to be used again. */
static void empty_second(TcgContexts *contexts)
{
    for (unsigned i = 0; i < SECOND_ENTRIES; i++) {
        atomic_set(&contexts->second[i].pc, NO_PC);
    }
}

static uint32_t number_of_key(TcgContexts *contexts, uint64_t key)
{
    for (unsigned i = 0; i < contexts->key_count; i++) {
        if (contexts->keys[i] == key) {
            return i;
        }
    }
    if (contexts->key_count == KEYS_MAX) {
        empty_second(contexts);
        contexts->key_count = 0;
        for (unsigned i = 0; i < CONTEXT_BANKS; i++) { /* their numbers too */
            contexts->context[i].stamp = 0;
            contexts->context[i].last_use = 0;
        }
    }
    contexts->keys[contexts->key_count] = key;
    return contexts->key_count++;
}

static void new_generation(TcgContexts *contexts, unsigned page)
{
    if (++contexts->generation[page] >> GENERATION_BITS) {
        contexts->generation[page] = 0;
        empty_second(contexts);
    }
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
        context->key_number = number_of_key(contexts, key);
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
        new_generation(contexts, i);
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
            atomic_set(&bank->jump[i].pc, tcg_jump_empty(i));
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
    new_generation(contexts, tcg_context_page(address));
    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        if (contexts->context[i].stamp) {
            flush_bank_page(contexts, i, address);
        }
    }
}

/* May generated code go to @block without asking the loop? */
static bool may_start(const Cpu *cpu, const TcgBlock *block)
{
    return block->hot_bytes && !(block->flags & BLOCK_NO_LINK) &&
           !cpu->tcg->accel->options.no_chain;
}

/* To the inline cache and the guard words. */
static void install_first(Cpu *cpu, TcgBlock *block)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    const TcgBlockMore *more = tcg_block_more(cpu->tcg->accel->blocks, block);
    unsigned index = tcg_jump_index(block->pc);
    TcgJumpEntry *entry = &contexts->banks[contexts->current].jump[index];

    tcg_context_set_guard(contexts, block->pc, block->guard);
    if (more && more->page) {
        tcg_context_set_guard(contexts, block->pc + TCG_PAGE_BYTES, more->guard);
    }
    if (!may_start(cpu, block)) {
        return;
    }
    contexts->context[contexts->current].used |= 1ull << (index >> JUMP_GROUP_BITS);
    entry->host = contexts->code + block->code + block->entry_checked;
    atomic_store_release(&entry->pc, block->pc);
    atomic_fence(); /* pairs with tcg_block_invalidate_locked(): it sees the entry, or we the mark
                     */
    if (atomic_read(&block->invalid)) {
        atomic_set(&entry->pc, tcg_jump_empty(index));
    }
}

TcgBlock *tcg_contexts_find(Cpu *cpu, uint64_t pc)
{
    const TcgJumpSecond *entry = tcg_context_hit(cpu, pc);

    return entry ? entry->block : NULL;
}

/* Where @block goes: never into both entries of a pair. */
static TcgJumpSecond *choose_second(TcgContexts *contexts, const TcgBlock *block)
{
    TcgJumpSecond *pair = tcg_context_second(contexts, block->pc, block->key);

    for (unsigned way = 0; way < 2; way++) {
        if (pair[way].block && atomic_read(&pair[way].pc) == block->pc) {
            return &pair[way];
        }
    }
    for (unsigned way = 0; way < 2; way++) {
        if (!pair[way].block || atomic_read(&pair[way].pc) == NO_PC) {
            return &pair[way];
        }
    }
    return &pair[contexts->victim++ & 1];
}

void tcg_contexts_install(Cpu *cpu, TcgBlock *block, bool global)
{
    TcgContexts *contexts = cpu->tcg->contexts;
    TcgJumpSecond *entry;

    install_first(cpu, block);
    if (block->flags & BLOCK_NO_LINK || tcg_block_page(cpu->tcg->accel->blocks, block, 1)) {
        return; /* the second page's mapping has to be looked at each time */
    }
    entry = choose_second(contexts, block);
    atomic_set(&entry->pc, NO_PC);
    entry->block = block;
    entry->host = may_start(cpu, block) ? block->code + block->entry_checked + 1 : 0;
    entry->guard = block->guard;
    entry->stamp = global ? cpu->tcg->tlb->global_stamp : cpu->tcg->tlb->stamp;
    entry->check = tcg_context_check(contexts, block->pc);
    atomic_store_release(&entry->pc, block->pc);
    atomic_fence(); /* pairs with tcg_block_invalidate_locked() */
    if (atomic_read(&block->invalid)) {
        atomic_set(&entry->pc, NO_PC);
    }
}

static void forget_pc(uint64_t *at, uint64_t pc, uint64_t empty)
{
    atomic_cas(at, &pc, empty);
}

void tcg_contexts_forget(Cpu *cpu, TcgBlock *block)
{
    TcgContexts *contexts = cpu->tcg->contexts;

    TcgJumpSecond *pair = tcg_context_second(contexts, block->pc, block->key);
    unsigned index = tcg_jump_index(block->pc);

    forget_pc(&pair[0].pc, block->pc, NO_PC);
    forget_pc(&pair[1].pc, block->pc, NO_PC);
    for (unsigned i = 0; i < CONTEXT_BANKS; i++) {
        if (atomic_read(&contexts->context[i].key) == block->key) {
            forget_pc(&contexts->banks[i].jump[index].pc, block->pc, tcg_jump_empty(index));
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

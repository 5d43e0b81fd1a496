/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of RAM that hold translated code. Such a page is withheld from direct writes, so that each
 * store to it can be compared with the granules that code was made from. docs/devel/translator.rst
 * has the protocol between vCPUs.
 */
#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/lazy_memory.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/tlb_internal.h"

enum {
    GRANULE_BITS = 6,
    FALSE_HITS_MAX = 64, /* stores beside code before the page's code is dropped */
    DROPPED_MAX = 3,     /* times that, before the page becomes mixed */
};

static TcgRamMap *find_map(TcgBlocks *blocks, const RamBlock *ram)
{
    TcgRamMap *map = atomic_load_acquire(&blocks->maps); /* pairs with add_map() */

    while (map && map->ram != ram) {
        map = map->next;
    }
    return map;
}

static TcgRamMap *add_map(TcgBlocks *blocks, RamBlock *ram)
{
    g_mutex_lock(&blocks->lock);
    TcgRamMap *map = find_map(blocks, ram);
    if (!map) {
        map = g_new0(TcgRamMap, 1);
        map->ram = ram;
        map->host = ram_block_host(ram);
        map->size = ram_block_size(ram);
        map->pages = lazy_memory_map((map->size >> TCG_PAGE_BITS) * sizeof(*map->pages), false);
        map->next = blocks->maps;
        atomic_store_release(&blocks->maps, map);
    }
    g_mutex_unlock(&blocks->lock);
    return map;
}

TcgCodePage **tcg_code_slot(TcgBlocks *blocks, RamBlock *ram, ram_offset at)
{
    TcgRamMap *map = find_map(blocks, ram);

    if (!map) {
        map = add_map(blocks, ram);
    }
    return &map->pages[at >> TCG_PAGE_BITS];
}

/* The map whose table @slot is in. */
static TcgRamMap *map_of_slot(TcgBlocks *blocks, TcgCodePage **slot)
{
    TcgRamMap *map = atomic_load_acquire(&blocks->maps);

    while (slot < map->pages || slot >= map->pages + (map->size >> TCG_PAGE_BITS)) {
        map = map->next;
    }
    return map;
}

TcgCodePage *tcg_code_page(TcgBlocks *blocks, TcgCodePage **slot)
{
    TcgCodePage *page = atomic_load_acquire(slot);
    TcgCodePage *expected = NULL;

    if (page) {
        return page;
    }
    TcgRamMap *map = map_of_slot(blocks, slot);
    page = g_new0(TcgCodePage, 1);
    page->ram = map->ram;
    page->at = (ram_offset)(slot - map->pages) << TCG_PAGE_BITS;
    page->host = map->host + page->at;
    if (!atomic_cas(slot, &expected, page)) {
        g_free(page);
        return expected;
    }
    return page;
}

bool tcg_code_withholds(TcgBlocks *blocks, uint64_t page)
{
    for (TcgRamMap *map = atomic_load_acquire(&blocks->maps); map; map = map->next) {
        uint64_t at = page - (uintptr_t)map->host;
        if (at < map->size) {
            return tcg_code_withheld(&map->pages[at >> TCG_PAGE_BITS]);
        }
    }
    return false;
}

/* The part of @block that lies in its page number @index: [*@first, *@end) within the page. */
static void block_extent(const TcgBlock *block, unsigned index, unsigned *first, unsigned *end)
{
    unsigned start = block->pc % TCG_PAGE_BYTES;

    *first = index ? 0 : start;
    *end =
        index ? start + block->bytes - TCG_PAGE_BYTES : MIN(start + block->bytes, TCG_PAGE_BYTES);
}

static uint64_t granule_mask(unsigned first, unsigned end)
{
    unsigned low = first >> GRANULE_BITS, high = (end - 1) >> GRANULE_BITS;

    return ~0ull >> (63 - high) & ~0ull << low;
}

/* Take direct writes away. Others may still hold the right until the epoch has passed. */
static void withhold_locked(TcgBlocks *blocks, TcgCodePage *page, Cpu *self)
{
    GPtrArray *cpus = blocks->accel->accel.machine->cpus;

    atomic_store_release(&page->withheld, true);
    atomic_fence(); /* pairs with the reading of requests in tcg_enter() */
    ram_page_set_code(page->ram, page->at, true);
    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu != self && cpu->tcg) {
            atomic_fetch_or(&cpu->tcg->requests, TCG_REQUEST_WRITE_REVOKE);
        }
    }
    page->epoch = tcg_epoch_begin(blocks->accel, self);
    if (self) {
        tcg_tlb_revoke_writes(self);
    }
}

static TcgRef *next_in_page(const TcgBlocks *blocks, TcgBlock *block, unsigned index)
{
    return index ? &tcg_block_more(blocks, block)->page_next : &block->page_next;
}

/* Which of its pages @page is. If both are, it is in the list once. */
static unsigned index_in(const TcgBlock *block, const TcgCodePage *page)
{
    return block->page != page;
}

/* The granules of @page that @block was made from. */
static uint64_t granules_of(const TcgBlocks *blocks, const TcgBlock *block, const TcgCodePage *page)
{
    uint64_t granules = 0;
    unsigned first, end;

    for (unsigned i = 0; i < 2; i++) {
        if (tcg_block_page(blocks, block, i) == page) {
            block_extent(block, i, &first, &end);
            granules |= granule_mask(first, end);
        }
    }
    return granules;
}

/* True: @block is provisional. */
static bool add_to_page_locked(TcgBlocks *blocks, TcgBlock *block, TcgCodePage *page, Cpu *self)
{
    *next_in_page(blocks, block, index_in(block, page)) = page->blocks;
    page->blocks = tcg_ref_to(blocks, block);
    atomic_fetch_or(&page->granules, granules_of(blocks, block, page));
    if (!page->withheld && !page->mixed) {
        withhold_locked(blocks, page, self);
    }
    if (page->mixed || tcg_epoch_passed(blocks->accel, page->epoch, self)) {
        return false;
    }
    TcgBlockMore *more = tcg_block_extend(blocks, block);
    more->provisional_epoch = MAX(more->provisional_epoch, page->epoch);
    return true;
}

bool tcg_code_add_locked(TcgBlocks *blocks, TcgBlock *block, Cpu *self)
{
    TcgCodePage *second = tcg_block_page(blocks, block, 1);
    bool provisional = add_to_page_locked(blocks, block, block->page, self);

    if (second && second != block->page) {
        provisional |= add_to_page_locked(blocks, block, second, self);
    }
    if (provisional) {
        tcg_block_more(blocks, block)->provisional_next = blocks->provisional;
        atomic_set(&blocks->provisional, tcg_ref_to(blocks, block));
    }
    return provisional;
}

static void remove_from_page_locked(TcgBlocks *blocks, TcgCodePage *page, TcgBlock *block)
{
    TcgRef *link = &page->blocks;
    uint64_t granules = 0;

    while (*link) {
        TcgBlock *other = (TcgBlock *)tcg_ref_at(blocks, *link);
        TcgRef *next = next_in_page(blocks, other, index_in(other, page));
        if (other == block) {
            *link = *next;
            continue;
        }
        granules |= granules_of(blocks, other, page);
        link = next;
    }
    atomic_set(&page->granules, granules);
    if (!page->blocks) {
        ram_page_set_code(page->ram, page->at, false);
        atomic_set(&page->withheld, false);
    }
}

/* The link in the list of provisional blocks that leads to @block, or NULL. */
static TcgRef *provisional_link_locked(TcgBlocks *blocks, const TcgBlock *block)
{
    TcgRef *link = &blocks->provisional, wanted = tcg_ref_to(blocks, block);

    while (*link && *link != wanted) {
        link = &tcg_block_more(blocks, (TcgBlock *)tcg_ref_at(blocks, *link))->provisional_next;
    }
    return *link ? link : NULL;
}

void tcg_code_remove_locked(TcgBlocks *blocks, TcgBlock *block)
{
    TcgCodePage *second = tcg_block_page(blocks, block, 1);
    const TcgBlockMore *more = tcg_block_more(blocks, block);
    TcgRef *link = more && more->provisional_epoch ? provisional_link_locked(blocks, block) : NULL;

    remove_from_page_locked(blocks, block->page, block);
    if (second && second != block->page) {
        remove_from_page_locked(blocks, second, block);
    }
    if (link) {
        atomic_set(link, more->provisional_next);
    }
}

void tcg_code_settle(TcgBlocks *blocks, Cpu *self)
{
    g_mutex_lock(&blocks->lock);
    for (TcgRef next, at = blocks->provisional; at; at = next) {
        TcgBlock *block = (TcgBlock *)tcg_ref_at(blocks, at);
        const TcgBlockMore *more = tcg_block_more(blocks, block);

        next = more->provisional_next;
        if (!tcg_epoch_passed(blocks->accel, more->provisional_epoch, self)) {
            continue;
        }
        if (!tcg_block_is_current(blocks, block)) {
            tcg_block_invalidate_locked(blocks, block);
            continue;
        }
        atomic_set(provisional_link_locked(blocks, block), next);
    }
    g_mutex_unlock(&blocks->lock);
}

uint32_t tcg_code_guard_locked(TcgBlocks *blocks, TcgCodePage *page, uint64_t pc)
{
    PageGuard guard = { .page = pc >> TCG_PAGE_BITS };

    if (!page->guards) {
        page->guards = g_array_new(false, false, sizeof(PageGuard));
    }
    for (unsigned i = 0; i < page->guards->len; i++) {
        const PageGuard *known = &g_array_index(page->guards, PageGuard, i);
        if (known->page == guard.page) {
            return known->id;
        }
    }
    if (blocks->next_guard == UINT32_MAX) {
        return 0; /* no more ids: such pages are not linked to */
    }
    guard.id = ++blocks->next_guard;
    g_array_append_val(page->guards, guard);
    return guard.id;
}

bool tcg_code_overlaps(const TcgCodePage *page, unsigned at, unsigned length)
{
    return atomic_read(&page->granules) & granule_mask(at, at + length);
}

static bool is_within(const TcgBlocks *blocks, const TcgBlock *block, const TcgCodePage *page,
                      unsigned at, unsigned end)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned first, last;
        if (tcg_block_page(blocks, block, i) == page) {
            block_extent(block, i, &first, &last);
            if (first < end && at < last) {
                return true;
            }
        }
    }
    return false;
}

static void invalidate_range_locked(TcgBlocks *blocks, TcgCodePage *page, unsigned at, unsigned end)
{
    for (TcgRef next, ref = page->blocks; ref; ref = next) {
        TcgBlock *block = (TcgBlock *)tcg_ref_at(blocks, ref);

        next = *next_in_page(blocks, block, index_in(block, page));
        if (is_within(blocks, block, page, at, end)) {
            tcg_block_invalidate_locked(blocks, block);
        }
    }
}

void tcg_code_written(TcgBlocks *blocks, RamBlock *ram, ram_offset at, uint64_t length)
{
    TcgRamMap *map = find_map(blocks, ram);

    atomic_fence(); /* the bytes before the granules; pairs with tcg_block_publish() */
    while (map && length > 0) {
        TcgCodePage *page = atomic_load_acquire(&map->pages[at >> TCG_PAGE_BITS]);
        unsigned offset = at % TCG_PAGE_BYTES;
        unsigned here = MIN(length, TCG_PAGE_BYTES - offset);

        if (page && tcg_code_overlaps(page, offset, here)) {
            g_mutex_lock(&blocks->lock);
            invalidate_range_locked(blocks, page, offset, offset + here);
            g_mutex_unlock(&blocks->lock);
        }
        at += here;
        length -= here;
    }
}

void tcg_code_false_hit(TcgBlocks *blocks, TcgCodePage *page)
{
    if (atomic_fetch_add(&page->false_hits, 1) + 1 < FALSE_HITS_MAX) {
        return;
    }
    g_mutex_lock(&blocks->lock);
    if (page->dropped++ >= DROPPED_MAX) {
        atomic_set(&page->mixed, true);
    }
    atomic_set(&page->false_hits, 0);
    invalidate_range_locked(blocks, page, 0, TCG_PAGE_BYTES);
    g_mutex_unlock(&blocks->lock);
}

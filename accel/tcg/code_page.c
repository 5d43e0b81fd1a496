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

static void add_to_page_locked(TcgBlocks *blocks, TcgBlock *block, unsigned index, Cpu *self)
{
    TcgCodePage *page = block->page[index];
    unsigned first, end;

    block_extent(block, index, &first, &end);
    block->page_next[index] = page->blocks;
    page->blocks = block;
    atomic_fetch_or(&page->granules, granule_mask(first, end));
    if (!page->withheld && !page->mixed) {
        withhold_locked(blocks, page, self);
    }
    if (!page->mixed && !tcg_epoch_passed(blocks->accel, page->epoch, self)) {
        block->provisional_epoch = MAX(block->provisional_epoch, page->epoch);
    }
}

void tcg_code_add_locked(TcgBlocks *blocks, TcgBlock *block, Cpu *self)
{
    block->provisional_epoch = 0;
    for (unsigned i = 0; i < 2 && block->page[i]; i++) {
        add_to_page_locked(blocks, block, i, self);
    }
    if (block->provisional_epoch) {
        block->provisional_next = blocks->provisional;
        atomic_set(&blocks->provisional, block);
    }
}

static unsigned index_in(const TcgBlock *block, const TcgCodePage *page)
{
    return block->page[0] != page;
}

static void remove_from_page_locked(TcgCodePage *page, TcgBlock *block)
{
    TcgBlock **link = &page->blocks;
    uint64_t granules = 0;

    while (*link) {
        TcgBlock *other = *link;
        unsigned index = index_in(other, page), first, end;
        if (other == block) {
            *link = other->page_next[index];
            continue;
        }
        block_extent(other, index, &first, &end);
        granules |= granule_mask(first, end);
        link = &other->page_next[index];
    }
    atomic_set(&page->granules, granules);
    if (!page->blocks) {
        ram_page_set_code(page->ram, page->at, false);
        atomic_set(&page->withheld, false);
    }
}

void tcg_code_remove_locked(TcgBlocks *blocks, TcgBlock *block)
{
    TcgBlock **link = &blocks->provisional;

    for (unsigned i = 0; i < 2 && block->page[i]; i++) {
        remove_from_page_locked(block->page[i], block);
    }
    while (*link && *link != block) {
        link = &(*link)->provisional_next;
    }
    if (*link) {
        atomic_set(link, block->provisional_next);
    }
}

void tcg_code_settle(TcgBlocks *blocks, Cpu *self)
{
    g_mutex_lock(&blocks->lock);
    for (TcgBlock *next, *block = blocks->provisional; block; block = next) {
        next = block->provisional_next;
        if (!tcg_epoch_passed(blocks->accel, block->provisional_epoch, self)) {
            continue;
        }
        if (!tcg_block_is_current(block)) {
            tcg_block_invalidate_locked(blocks, block);
            continue;
        }
        TcgBlock **link = &blocks->provisional;
        while (*link != block) {
            link = &(*link)->provisional_next;
        }
        atomic_set(link, next);
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

static void invalidate_range_locked(TcgBlocks *blocks, TcgCodePage *page, unsigned at, unsigned end)
{
    for (TcgBlock *next, *block = page->blocks; block; block = next) {
        unsigned index = index_in(block, page), first, last;

        next = block->page_next[index];
        block_extent(block, index, &first, &last);
        if (first < end && at < last) {
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

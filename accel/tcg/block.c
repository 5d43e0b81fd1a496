/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of all blocks: found without a lock by (host address of the guest's bytes, pc, key),
 * changed under one lock. A block that is no longer valid stays readable until its chunk is reused,
 * which waits for every vCPU.
 */
#include "accel/tcg/block_internal.h"

#include <string.h>

#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/lazy_memory.h"

enum { HASH_BYTES = (1 << BLOCK_HASH_BITS) * sizeof(TcgBlock *) };

static void ram_was_written(void *opaque, RamBlock *ram, ram_offset at, uint64_t length)
{
    tcg_code_written(opaque, ram, at, length);
}

/* Somebody wants to hear of the next write: direct ones must stop. */
static void ram_was_cleaned(void *opaque, RamBlock *ram, ram_offset at, uint64_t length)
{
    TcgBlocks *blocks = opaque;

    tcg_request_all(blocks->accel, TCG_REQUEST_TLB_FLUSH);
}

TcgBlocks *tcg_blocks_new(TcgAccel *accel, GError **errp)
{
    TcgBlocks *blocks = g_new0(TcgBlocks, 1);

    blocks->accel = accel;
    blocks->fd = -1;
    g_mutex_init(&blocks->lock);
    blocks->hash = lazy_memory_map(HASH_BYTES, true);
    if (!tcg_cache_init(blocks, errp)) {
        tcg_blocks_free(blocks);
        return NULL;
    }
    blocks->code_ops = (RamCodeOps){ ram_was_written, ram_was_cleaned, blocks };
    ram_set_code_ops(&blocks->code_ops);
    return blocks;
}

static void free_maps(TcgBlocks *blocks)
{
    for (TcgRamMap *next, *map = blocks->maps; map; map = next) {
        next = map->next;
        for (uint64_t i = 0; i < map->size >> TCG_PAGE_BITS; i++) {
            if (map->pages[i] && map->pages[i]->guards) {
                g_array_unref(map->pages[i]->guards);
            }
            g_free(map->pages[i]);
        }
        lazy_memory_unmap(map->pages, (map->size >> TCG_PAGE_BITS) * sizeof(*map->pages));
        g_free(map);
    }
}

void tcg_blocks_free(TcgBlocks *blocks)
{
    if (!blocks) {
        return;
    }
    ram_set_code_ops(NULL);
    tcg_cache_cleanup(blocks);
    free_maps(blocks);
    lazy_memory_unmap(blocks->hash, HASH_BYTES);
    g_mutex_clear(&blocks->lock);
    g_free(blocks);
}

static TcgBlock **bucket(TcgBlocks *blocks, const uint8_t *guest, uint64_t key)
{
    enum { GRANULE_BITS = 4 }; /* neighbours share cache lines */
    uint64_t granule = (uintptr_t)guest >> GRANULE_BITS;
    uint64_t hash = granule ^ granule >> BLOCK_HASH_BITS ^
                    key * 0x9e3779b97f4a7c15ull >> (64 - BLOCK_HASH_BITS);

    return &blocks->hash[hash & ((1u << BLOCK_HASH_BITS) - 1)];
}

TcgBlock *tcg_block_find(TcgBlocks *blocks, const uint8_t *guest, uint64_t pc, uint64_t key,
                         const TcgUnit *unit)
{
    /* acquire pairs with the release in tcg_block_publish() */
    TcgBlock *block = atomic_load_acquire(bucket(blocks, guest, key));

    while (block && (block->guest != guest || block->pc != pc || block->key != key ||
                     block->unit != unit || atomic_read(&block->invalid))) {
        block = atomic_load_acquire(&block->hash_next);
    }
    return block;
}

/* Does RAM, which others may write meanwhile, hold these bytes? */
static bool bytes_are(const uint8_t *guest, const uint8_t *copy, unsigned count)
{
    uint64_t wanted;
    unsigned i = 0;

    for (; i < count && ((uintptr_t)&guest[i] % sizeof(wanted) || count - i < sizeof(wanted)); i++) {
        if (atomic_read(&guest[i]) != copy[i]) {
            return false;
        }
    }
    for (; count - i >= sizeof(wanted); i += sizeof(wanted)) {
        memcpy(&wanted, &copy[i], sizeof(wanted));
        if (atomic_read((const uint64_t *)&guest[i]) != wanted) {
            return false;
        }
    }
    for (; i < count; i++) {
        if (atomic_read(&guest[i]) != copy[i]) {
            return false;
        }
    }
    return true;
}

bool tcg_block_is_current(const TcgBlock *block)
{
    unsigned first = MIN(TCG_PAGE_BYTES - block->pc % TCG_PAGE_BYTES, block->bytes);

    return bytes_are(block->guest, block->copy, first) &&
           (first == block->bytes ||
            bytes_are(block->page[1]->host, block->copy + first, block->bytes - first));
}

TcgBlock *tcg_block_publish(TcgBlocks *blocks, TcgBlock *block, Cpu *self)
{
    TcgBlock **head = bucket(blocks, block->guest, block->key);

    g_mutex_lock(&blocks->lock);
    TcgBlock *first = tcg_block_find(blocks, block->guest, block->pc, block->key, block->unit);
    if (first && (!block->page[1] || first->page[1] == block->page[1])) {
        block->invalid = true;
        g_mutex_unlock(&blocks->lock);
        return first;
    }
    for (unsigned i = 0; i < 2 && block->page[i]; i++) {
        block->guard[i] =
            tcg_code_guard_locked(blocks, block->page[i], block->pc + i * TCG_PAGE_BYTES);
    }
    bool mixed = block->page[0]->mixed || (block->page[1] && block->page[1]->mixed);
    tcg_code_add_locked(blocks, block, self);
    atomic_fence(); /* the granules before the bytes; pairs with tcg_code_written() */
    if (!tcg_block_is_current(block) || (mixed && !(block->flags & BLOCK_MIXED))) {
        tcg_code_remove_locked(blocks, block);
        block->invalid = true;
        g_mutex_unlock(&blocks->lock);
        return NULL;
    }
    block->published = true;
    block->hash_next = *head;
    atomic_store_release(head, block);
    atomic_fetch_add(&blocks->built, 1);
    g_mutex_unlock(&blocks->lock);
    return block;
}

static void patch(TcgBlocks *blocks, const uint8_t *operand, int32_t value)
{
    atomic_store_release((int32_t *)tcg_cache_writable(blocks, operand), value);
}

static void unlink_locked(TcgBlocks *blocks, TcgLink *link)
{
    const TcgSite *site = &link->from->code->site[link - link->from->links];

    patch(blocks, link->from->code->code + site->jump_at, site->stub_rel);
    *link->link = link->next;
    if (link->next) {
        link->next->link = link->link;
    }
    link->to = NULL;
}

static void remove_from_hash_locked(TcgBlocks *blocks, TcgBlock *block)
{
    TcgBlock **link = bucket(blocks, block->guest, block->key);

    while (*link && *link != block) {
        link = &(*link)->hash_next;
    }
    if (*link) {
        atomic_store_release(link, block->hash_next); /* readers at block still get on */
    }
}

void tcg_block_invalidate_locked(TcgBlocks *blocks, TcgBlock *block)
{
    GPtrArray *cpus = blocks->accel->accel.machine->cpus;

    if (block->invalid) {
        return;
    }
    atomic_set(&block->invalid, true);
    atomic_fence(); /* pairs with install_first() and tcg_contexts_install() */
    remove_from_hash_locked(blocks, block);
    tcg_code_remove_locked(blocks, block);
    while (block->incoming) {
        unlink_locked(blocks, block->incoming);
    }
    for (unsigned i = 0; block->links && i < block->code->sites; i++) {
        if (block->links[i].to) {
            unlink_locked(blocks, &block->links[i]);
        }
    }
    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu->tcg) {
            tcg_contexts_forget(cpu, block);
        }
    }
}

/* May the exit @link, found at @site, go to @to without looking at the TLB again? */
static bool may_link(const TcgLink *link, const TcgSite *site, const TcgBlock *to)
{
    const TcgBlock *from = link->from;

    if (from->invalid || to->invalid || link->to || site->pc != to->pc || from->key != to->key ||
        from->unit != to->unit || (to->flags & BLOCK_NO_LINK) || !to->code) {
        return false;
    }
    if (site->pc == from->pc && (from->page[1] || (from->flags & BLOCK_MIXED))) {
        return false; /* this exit may be the one that its own check takes: to the loop */
    }
    if (!site->guard_at) {
        return from->page[0] == to->page[0] && !((from->pc ^ to->pc) >> TCG_PAGE_BITS);
    }
    return to->guard[0] && (!link->guard || link->guard == to->guard[0]);
}

void tcg_block_link(TcgBlocks *blocks, Cpu *cpu, const void *site_at, TcgBlock *to)
{
    TcgBlock *from = tcg_cache_block_at(blocks, site_at);
    unsigned i = 0;

    if (!from || !from->links) {
        return;
    }
    while (i < from->code->sites &&
           from->code->code + from->code->site[i].jump_at != (const uint8_t *)site_at) {
        i++;
    }
    if (i == from->code->sites) {
        return;
    }
    g_mutex_lock(&blocks->lock);
    const TcgSite *site = &from->code->site[i];
    TcgLink *link = &from->links[i];
    if (may_link(link, site, to)) {
        const uint8_t *operand = from->code->code + site->jump_at;
        const uint8_t *entry =
            to->code->code + (site->check ? to->code->entry_checked : to->code->entry_unchecked);

        if (site->guard_at && !link->guard) {
            link->guard = to->guard[0];
            patch(blocks, from->code->code + site->guard_at, link->guard);
        }
        link->to = to;
        link->next = to->incoming;
        link->link = &to->incoming;
        if (link->next) {
            link->next->link = &link->next;
        }
        to->incoming = link;
        patch(blocks, operand, entry - (operand + sizeof(int32_t)));
        cpu->tcg->stats.links++;
    }
    g_mutex_unlock(&blocks->lock);
}

/* One that is still being made is left alone. */
static void flush_chunk_locked(TcgBlocks *blocks, TcgChunk *chunk)
{
    unsigned count = atomic_load_acquire(&chunk->count); /* pairs with tcg_chunk_add() */
    TcgBlock **list = atomic_load_acquire(&chunk->list);

    for (unsigned i = count; i-- > chunk->flushed;) { /* pages list the newest first */
        if (list[i]->published) {
            tcg_block_invalidate_locked(blocks, list[i]);
        }
    }
    while (chunk->flushed < count && list[chunk->flushed]->invalid) {
        chunk->flushed++;
    }
}

void tcg_blocks_flush(TcgBlocks *blocks)
{
    g_mutex_lock(&blocks->lock);
    for (unsigned i = 0; i < blocks->chunk_count; i++) {
        flush_chunk_locked(blocks, &blocks->chunks[i]);
    }
    g_mutex_unlock(&blocks->lock);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of all blocks: found without a lock by (host address of the guest's bytes, pc, key),
 * changed under one lock. A block that is no longer valid stays readable until its chunk is reused,
 * which waits for every vCPU.
 */
#include "accel/tcg/block_internal.h"

#include <string.h>

#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/lazy_memory.h"
#include "accel/tcg/loop_internal.h"

enum { HASH_BYTES = (1 << BLOCK_HASH_BITS) * sizeof(TcgRef) };

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

static TcgRef *bucket(TcgBlocks *blocks, const TcgCodePage *page, uint64_t pc, uint64_t key)
{
    enum { GRANULE_BITS = 4 }; /* neighbours share cache lines */
    uint64_t granule = ((uintptr_t)page->host + pc % TCG_PAGE_BYTES) >> GRANULE_BITS;
    uint64_t hash = granule ^ granule >> BLOCK_HASH_BITS ^
                    key * 0x9e3779b97f4a7c15ull >> (64 - BLOCK_HASH_BITS);

    return &blocks->hash[hash & ((1u << BLOCK_HASH_BITS) - 1)];
}

/* acquire pairs with the release in tcg_block_publish() */
static TcgBlock *follow(const TcgBlocks *blocks, const TcgRef *ref)
{
    return (TcgBlock *)tcg_ref_at(blocks, atomic_load_acquire(ref));
}

TcgBlock *tcg_block_find(TcgBlocks *blocks, const TcgCodePage *page, uint64_t pc, uint64_t key,
                         const TcgUnit *unit)
{
    TcgBlock *block = follow(blocks, bucket(blocks, page, pc, key));

    while (block && (block->pc != pc || block->page != page || block->key != key ||
                     block->unit != unit->number || atomic_read(&block->invalid))) {
        block = follow(blocks, &block->hash_next);
    }
    return block;
}

/* Does RAM, which others may write meanwhile, hold these bytes? */
static bool bytes_are(const uint8_t *guest, const uint8_t *copy, unsigned count)
{
    uint64_t wanted;
    unsigned i = 0;

    for (; i < count && ((uintptr_t)&guest[i] % sizeof(wanted) || count - i < sizeof(wanted));
         i++) {
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

static bool has_bytes(const TcgBlocks *blocks, const TcgBlock *block, const uint8_t *bytes)
{
    unsigned start = block->pc % TCG_PAGE_BYTES;
    unsigned first = MIN(TCG_PAGE_BYTES - start, block->bytes);

    return bytes_are(block->page->host + start, bytes, first) &&
           (first == block->bytes ||
            bytes_are(tcg_block_page(blocks, block, 1)->host, bytes + first, block->bytes - first));
}

bool tcg_block_is_current(const TcgBlocks *blocks, const TcgBlock *block)
{
    return has_bytes(blocks, block, tcg_block_more(blocks, block)->copy);
}

TcgBlockMore *tcg_block_extend(TcgBlocks *blocks, TcgBlock *block)
{
    if (!block->more) {
        TcgBlockMore *more =
            tcg_chunk_note(blocks, &blocks->chunks[block->chunk], sizeof(TcgBlockMore));
        memset(more, 0, sizeof(*more));
        block->more = tcg_ref_to(blocks, more);
    }
    return tcg_block_more(blocks, block);
}

void tcg_block_keep_bytes(TcgBlocks *blocks, TcgBlock *block, const uint8_t *bytes)
{
    TcgBlockMore *more = tcg_block_extend(blocks, block);

    if (!more->copy) {
        more->copy = tcg_chunk_note(blocks, &blocks->chunks[block->chunk], block->bytes);
        memcpy(more->copy, bytes, block->bytes);
    }
}

static bool is_same(const TcgBlocks *blocks, const TcgBlock *one, const TcgBlock *other)
{
    TcgCodePage *second = tcg_block_page(blocks, one, 1);

    return !second || second == tcg_block_page(blocks, other, 1);
}

static void find_guards_locked(TcgBlocks *blocks, TcgBlock *block)
{
    TcgCodePage *second = tcg_block_page(blocks, block, 1);

    block->guard = tcg_code_guard_locked(blocks, block->page, block->pc);
    if (second) {
        tcg_block_more(blocks, block)->guard =
            tcg_code_guard_locked(blocks, second, block->pc + TCG_PAGE_BYTES);
    }
}

TcgBlock *tcg_block_publish(TcgBlocks *blocks, TcgBlock *block, const uint8_t *bytes, Cpu *self)
{
    TcgRef *head = bucket(blocks, block->page, block->pc, block->key);
    TcgCodePage *second = tcg_block_page(blocks, block, 1);

    g_mutex_lock(&blocks->lock);
    TcgBlock *first = tcg_block_find(blocks, block->page, block->pc, block->key, self->tcg->unit);
    if (first && is_same(blocks, block, first)) {
        block->invalid = true;
        g_mutex_unlock(&blocks->lock);
        return first;
    }
    find_guards_locked(blocks, block);
    bool mixed = block->page->mixed || (second && second->mixed);
    if (tcg_code_add_locked(blocks, block, self)) {
        tcg_block_keep_bytes(blocks, block, bytes);
    }
    atomic_fence(); /* the granules before the bytes; pairs with tcg_code_written() */
    if (!has_bytes(blocks, block, bytes) || (mixed && !(block->flags & BLOCK_MIXED))) {
        tcg_code_remove_locked(blocks, block);
        block->invalid = true;
        g_mutex_unlock(&blocks->lock);
        return NULL;
    }
    block->published = true;
    block->hash_next = *head;
    atomic_store_release(head, tcg_ref_to(blocks, block));
    atomic_fetch_add(&blocks->built, 1);
    g_mutex_unlock(&blocks->lock);
    return block;
}

static void patch(TcgBlocks *blocks, const uint8_t *operand, int32_t value)
{
    atomic_store_release((int32_t *)tcg_cache_writable(blocks, operand), value);
}

static TcgBlock *block_of_link(TcgLink *link)
{
    return (TcgBlock *)((char *)(link - link->index) - offsetof(TcgBlock, link));
}

static TcgLink *link_at(const TcgBlocks *blocks, TcgRef ref)
{
    return (TcgLink *)tcg_ref_at(blocks, ref);
}

/* Where the operand of the exit's jump is executed, and that of its guard. */
static const uint8_t *jump_of(const TcgBlocks *blocks, const TcgBlock *from, const TcgLink *link)
{
    return blocks->exec + (link->flags & LINK_JUMP_COLD ? from->cold : from->code) + link->jump_at;
}

static const uint8_t *guard_of(const TcgBlocks *blocks, const TcgBlock *from, const TcgLink *link)
{
    return blocks->exec + (link->flags & LINK_GUARD_COLD ? from->cold : from->code) +
           link->guard_at;
}

static void patch_jump(TcgBlocks *blocks, const TcgBlock *from, const TcgLink *link,
                       const uint8_t *target)
{
    const uint8_t *operand = jump_of(blocks, from, link);

    patch(blocks, operand, target - (operand + sizeof(int32_t)));
}

static void unlink_locked(TcgBlocks *blocks, TcgLink *link)
{
    const TcgBlock *from = block_of_link(link);
    TcgBlock *to = (TcgBlock *)tcg_ref_at(blocks, link->to);

    patch_jump(blocks, from, link, blocks->exec + from->cold + link->stub_at);
    if (link->previous) {
        link_at(blocks, link->previous)->next = link->next;
    } else {
        to->incoming = link->next;
    }
    if (link->next) {
        link_at(blocks, link->next)->previous = link->previous;
    }
    link->to = link->next = link->previous = 0;
}

static void remove_from_hash_locked(TcgBlocks *blocks, TcgBlock *block)
{
    TcgRef *link = bucket(blocks, block->page, block->pc, block->key);
    TcgRef wanted = tcg_ref_to(blocks, block);

    while (*link && *link != wanted) {
        link = &((TcgBlock *)tcg_ref_at(blocks, *link))->hash_next;
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
        unlink_locked(blocks, link_at(blocks, block->incoming));
    }
    for (unsigned i = 0; i < block->links; i++) {
        if (block->link[i].to) {
            unlink_locked(blocks, &block->link[i]);
        }
    }
    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu->tcg) {
            tcg_contexts_forget(cpu, block);
        }
    }
}

/* May the exit @link of @from go to @to without looking at the TLB again? */
static bool may_link(const TcgBlocks *blocks, const TcgBlock *from, const TcgLink *link,
                     const TcgBlock *to)
{
    if (from->invalid || to->invalid || link->to || from->key != to->key ||
        from->unit != to->unit || (to->flags & BLOCK_NO_LINK) || !to->hot_bytes) {
        return false;
    }
    if (from->pc == to->pc && (tcg_block_page(blocks, from, 1) || (from->flags & BLOCK_MIXED))) {
        return false; /* this exit may be the one that its own check takes: to the loop */
    }
    if (!link->guard_at) {
        return from->page == to->page && !((from->pc ^ to->pc) >> TCG_PAGE_BITS);
    }
    return to->guard && (!link->guard || link->guard == to->guard);
}

static void link_locked(TcgBlocks *blocks, TcgBlock *from, TcgLink *link, TcgBlock *to)
{
    if (link->guard_at && !link->guard) {
        link->guard = to->guard;
        patch(blocks, guard_of(blocks, from, link), link->guard);
    }
    link->to = tcg_ref_to(blocks, to);
    link->next = to->incoming;
    if (link->next) {
        link_at(blocks, link->next)->previous = tcg_ref_to(blocks, link);
    }
    to->incoming = tcg_ref_to(blocks, link);
    patch_jump(blocks, from, link,
               tcg_block_code(blocks, to) +
                   (link->flags & LINK_CHECK ? to->entry_checked : to->entry_unchecked));
}

void tcg_block_link(TcgBlocks *blocks, Cpu *cpu, const void *site, TcgBlock *to)
{
    TcgBlock *from = tcg_cache_block_at(blocks, site);
    unsigned i = 0;

    while (from && i < from->links && jump_of(blocks, from, &from->link[i]) != site) {
        i++;
    }
    if (!from || i == from->links) {
        return;
    }
    g_mutex_lock(&blocks->lock);
    if (may_link(blocks, from, &from->link[i], to)) {
        link_locked(blocks, from, &from->link[i], to);
        cpu->tcg->stats.links++;
    }
    g_mutex_unlock(&blocks->lock);
}

bool tcg_block_unwind(const TcgBlocks *blocks, const TcgBlock *block, const void *host_return,
                      TcgUnwound *at)
{
    return tcg_unwind((TcgUnwindTable){ .code = tcg_block_code(blocks, block),
                                        .cold = blocks->exec + block->cold,
                                        .bytes = (const uint8_t *)&block->link[block->links],
                                        .size = block->unwind_bytes,
                                        .insns = block->insns,
                                        .pc = block->pc },
                      host_return, at);
}

/* One that is still being made is left alone. */
static void flush_chunk_locked(TcgBlocks *blocks, TcgChunk *chunk)
{
    unsigned count = atomic_load_acquire(&chunk->count); /* pairs with tcg_chunk_add() */

    for (unsigned i = count; i-- > chunk->flushed;) { /* pages list the newest first */
        TcgBlock *block = tcg_chunk_block(blocks, chunk, i);
        if (block->published) {
            tcg_block_invalidate_locked(blocks, block);
        }
    }
    while (chunk->flushed < count && tcg_chunk_block(blocks, chunk, chunk->flushed)->invalid) {
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translated blocks, the pages they came from, the cache they live in. Shared by all vCPUs. */
#pragma once

#include "accel/tcg/block_note_internal.h"
#include "accel/tcg/working_set.h"
#include "memory/ram.h"

/* One piece of the code cache: owned by one translating thread, evicted as a whole. */
struct TcgChunk {
    TcgSpace space;
    uint32_t start;      /* offset of the chunk in the cache */
    Cpu *owner;          /* blocks->lock; NULL: nobody adds to it */
    bool used;           /* atomic: found by a lookup since the clock's hand passed */
    uint8_t *notes;      /* descriptions, and from the end downwards their TcgRefs in order of */
    uint32_t notes_used; /* creation: hot parts of code ascend, cold parts descend */
    uint32_t count;      /* atomic */
    uint32_t flushed;    /* blocks->lock: those before it are invalid */
    uint32_t returned;   /* of the blocks: how many were evicted not long before */
    uint32_t ready_hot, ready_cold, ready_notes; /* memory is there up to, or down to, here */
    GPtrArray *slabs;                            /* interp and lockstep: regions */
    uint8_t *slab_at;
    size_t slab_left, slab_bytes;
};

enum { BLOCK_HASH_BITS = 18 };

typedef struct TcgRamMap TcgRamMap; /* code_page_internal.h */

struct TcgBlocks {
    TcgAccel *accel;
    RamCodeOps code_ops;
    GMutex lock;
    TcgRef *hash;    /* atomic links */
    TcgRamMap *maps; /* atomic; written under lock */
    uint32_t next_guard;
    TcgRef provisional; /* lock; atomic to peek */
    uint64_t built;     /* atomic: blocks ever */
    /* the cache */
    int fd;
    uint8_t *write;
    const uint8_t *exec;
    TcgSpace stubs;
    size_t bytes, chunk_bytes;
    uint8_t *notes; /* chunk_bytes a chunk */
    TcgChunk *chunks;
    unsigned chunk_count, hand;
    uint64_t evictions;
    TcgWorkingSet working_set; /* its limit: chunks in use, if most are used only once */
};

static inline void *tcg_ref_at(const TcgBlocks *blocks, TcgRef ref)
{
    return ref ? blocks->notes + (size_t)ref * REF_BYTES : NULL;
}
static inline TcgRef tcg_ref_to(const TcgBlocks *blocks, const void *note)
{
    return note ? ((const uint8_t *)note - blocks->notes) / REF_BYTES : 0;
}
static inline TcgBlockMore *tcg_block_more(const TcgBlocks *blocks, const TcgBlock *block)
{
    return (TcgBlockMore *)tcg_ref_at(blocks, block->more);
}
/** tcg_block_page - page number @index (0, 1) of @block, or NULL */
static inline TcgCodePage *tcg_block_page(const TcgBlocks *blocks, const TcgBlock *block,
                                          unsigned index)
{
    return !index ? block->page : block->more ? tcg_block_more(blocks, block)->page : NULL;
}
static inline const uint8_t *tcg_block_code(const TcgBlocks *blocks, const TcgBlock *block)
{
    return blocks->exec + block->code;
}
static inline IrRegion *tcg_block_region(const TcgBlocks *blocks, const TcgBlock *block)
{
    return block->more ? tcg_block_more(blocks, block)->region : NULL;
}

/* block.c */
TcgBlocks *tcg_blocks_new(TcgAccel *accel, GError **errp);
void tcg_blocks_free(TcgBlocks *blocks);
/** tcg_block_find - the block for @pc, which is mapped to @page */
TcgBlock *tcg_block_find(TcgBlocks *blocks, const TcgCodePage *page, uint64_t pc, uint64_t key,
                         const TcgUnit *unit);
/** tcg_block_publish - @block, which was made from @bytes, or an equal one that came first, or
 * NULL: the bytes changed meanwhile */
TcgBlock *tcg_block_publish(TcgBlocks *blocks, TcgBlock *block, const uint8_t *bytes, Cpu *self);
/** tcg_block_extend - @block's TcgBlockMore, made if need be. Only who makes the block */
TcgBlockMore *tcg_block_extend(TcgBlocks *blocks, TcgBlock *block);
/** tcg_block_keep_bytes - for tcg_block_is_current(). Only who makes the block */
void tcg_block_keep_bytes(TcgBlocks *blocks, TcgBlock *block, const uint8_t *bytes);
/** tcg_block_is_current - the guest's bytes are still those that were translated, and kept */
bool tcg_block_is_current(const TcgBlocks *blocks, const TcgBlock *block);
void tcg_block_invalidate_locked(TcgBlocks *blocks, TcgBlock *block);
/** tcg_block_link - let the exit whose rel32 operand is at @site go straight to @to, which is where
 * it went */
void tcg_block_link(TcgBlocks *blocks, Cpu *cpu, const void *site, TcgBlock *to);
/** tcg_block_unwind - like tcg_unwind() */
bool tcg_block_unwind(const TcgBlocks *blocks, const TcgBlock *block, const void *host_return,
                      TcgUnwound *at);
/** tcg_blocks_flush - invalidate all */
void tcg_blocks_flush(TcgBlocks *blocks);

/* code_cache.c */
bool tcg_cache_init(TcgBlocks *blocks, GError **errp);
void tcg_cache_cleanup(TcgBlocks *blocks);
/** tcg_cache_chunk - a chunk for @cpu to add to; @next: the present one is full. May wait; @cpu is
 * outside guest code */
TcgChunk *tcg_cache_chunk(TcgBlocks *blocks, Cpu *cpu, bool next);
/** tcg_chunk_is_full - there may be no room for another description */
bool tcg_chunk_is_full(const TcgBlocks *blocks, const TcgChunk *chunk);
/** tcg_chunk_note - room among the notes, at the address that tcg_chunk_next_note() told; as it is
 */
void *tcg_chunk_note(TcgBlocks *blocks, TcgChunk *chunk, size_t bytes);
static inline void *tcg_chunk_next_note(const TcgChunk *chunk)
{
    return chunk->notes + chunk->notes_used;
}
/** tcg_chunk_alloc - large things that live as long as the chunk's blocks; cleared */
void *tcg_chunk_alloc(TcgChunk *chunk, size_t bytes);
void tcg_chunk_add(TcgBlocks *blocks, TcgChunk *chunk, TcgBlock *block);
/** tcg_chunk_block - number @i in order of creation */
TcgBlock *tcg_chunk_block(const TcgBlocks *blocks, const TcgChunk *chunk, uint32_t i);
/** tcg_cache_block_at - the block whose code contains @host; NULL: none */
TcgBlock *tcg_cache_block_at(TcgBlocks *blocks, const void *host);
/** tcg_cache_writable - where to write what is executed at @exec */
static inline uint8_t *tcg_cache_writable(const TcgBlocks *blocks, const void *exec)
{
    return blocks->write + ((const uint8_t *)exec - blocks->exec);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translated blocks, the pages they came from, the cache they live in. Shared by all vCPUs. */
#pragma once

#include "accel/tcg/tcg_internal.h"
#include "memory/ram.h"

enum { BLOCK_NO_LINK = 1, /* only the loop may start it */ BLOCK_MIXED = 2 /* checks its bytes */ };

/* A direct exit and where it goes. Guarded by blocks->lock. */
typedef struct TcgLink {
    TcgBlock *from, *to;          /* to NULL: not linked */
    struct TcgLink *next, **link; /* among the incoming ones of .to */
    uint32_t guard;               /* written to the code; fixed once set */
} TcgLink;

/* Immutable once published, but for what says otherwise. Memory belongs to the chunk. */
struct TcgBlock {
    TcgBlock *hash_next; /* atomic */
    uint64_t pc, key;
    const uint8_t *guest; /* host address of the first byte */
    const TcgUnit *unit;
    TcgCodePage *page[2];   /* second: of an instruction that straddles */
    TcgBlock *page_next[2]; /* blocks->lock */
    TcgChunk *chunk;
    const uint8_t *copy;        /* the guest's bytes as translated */
    IrRegion *region;           /* interp and lockstep; else NULL */
    TcgCompiled *code;          /* NULL: interpreted */
    TcgLink *links;             /* one a site; blocks->lock */
    TcgLink *incoming;          /* blocks->lock */
    TcgBlock *provisional_next; /* blocks->lock */
    uint64_t provisional_epoch;
    uint32_t guard[2];
    uint16_t bytes, insns;
    uint8_t flags;
    bool invalid;   /* atomic; set under blocks->lock */
    bool published; /* blocks->lock */
};

/* A page of RAM that holds, or once held, code. Never freed while its RAM exists. */
struct TcgCodePage {
    uint64_t
        granules; /* atomic: bit i: bytes [64 i, 64 i + 64) are code. Written under blocks->lock */
    uint8_t *host;
    RamBlock *ram;
    ram_offset at;
    TcgBlock *blocks;    /* blocks->lock */
    uint64_t epoch;      /* since when; blocks->lock */
    bool withheld;       /* atomic: vCPUs may not write directly */
    bool mixed;          /* atomic: they may; blocks check their bytes */
    uint32_t false_hits; /* atomic */
    uint32_t dropped;    /* times that data beside code made us drop it; blocks->lock */
    GArray *guards;      /* of PageGuard; blocks->lock */
};

typedef struct {
    uint64_t page; /* virtual */
    uint32_t id;
} PageGuard;

/* One piece of the code cache: owned by one translating thread, evicted as a whole. */
struct TcgChunk {
    TcgSpace space;
    uint32_t start;   /* offset of the chunk in the cache */
    Cpu *owner;       /* blocks->lock; NULL: nobody adds to it */
    bool used;        /* atomic: found by a lookup since the clock's hand passed */
    TcgBlock **list;  /* atomic; in order of creation: hot parts ascend, cold parts descend */
    unsigned count;   /* atomic */
    unsigned flushed; /* blocks->lock: those before it in .list are invalid */
    unsigned capacity;
    GPtrArray *slabs;
    uint8_t *slab_at;
    size_t slab_left, slab_bytes;
};

typedef struct TcgRamMap {
    struct TcgRamMap *next;
    RamBlock *ram;
    uint8_t *host;
    uint64_t size;
    TcgCodePage **pages; /* one a page; atomic */
} TcgRamMap;

enum { BLOCK_HASH_BITS = 18 };

struct TcgBlocks {
    TcgAccel *accel;
    RamCodeOps code_ops;
    GMutex lock;
    TcgBlock **hash; /* atomic links */
    TcgRamMap *maps; /* atomic; written under lock */
    uint32_t next_guard;
    TcgBlock *provisional; /* lock; atomic to peek */
    uint64_t built;        /* atomic: blocks ever */
    /* the cache */
    int fd;
    uint8_t *write;
    const uint8_t *exec;
    TcgSpace stubs;
    size_t bytes, chunk_bytes;
    TcgChunk *chunks;
    unsigned chunk_count, hand;
    uint64_t evictions;
};

/* block.c */
TcgBlocks *tcg_blocks_new(TcgAccel *accel, GError **errp);
void tcg_blocks_free(TcgBlocks *blocks);
TcgBlock *tcg_block_find(TcgBlocks *blocks, const uint8_t *guest, uint64_t pc, uint64_t key,
                         const TcgUnit *unit);
/** tcg_block_publish - @block, or an equal one that came first, or NULL: the bytes changed
 * meanwhile */
TcgBlock *tcg_block_publish(TcgBlocks *blocks, TcgBlock *block, Cpu *self);
/** tcg_block_is_current - the guest's bytes are still those that were translated */
bool tcg_block_is_current(const TcgBlock *block);
void tcg_block_invalidate_locked(TcgBlocks *blocks, TcgBlock *block);
/** tcg_block_link - let the exit whose rel32 operand is at @site go straight to @to */
void tcg_block_link(TcgBlocks *blocks, Cpu *cpu, const void *site, TcgBlock *to);
/** tcg_blocks_flush - invalidate all */
void tcg_blocks_flush(TcgBlocks *blocks);

/* code_cache.c */
bool tcg_cache_init(TcgBlocks *blocks, GError **errp);
void tcg_cache_cleanup(TcgBlocks *blocks);
/** tcg_cache_chunk - a chunk for @cpu to add to; @next: the present one is full. May wait; @cpu is
 * outside guest code */
TcgChunk *tcg_cache_chunk(TcgBlocks *blocks, Cpu *cpu, bool next);
void *tcg_chunk_alloc(TcgChunk *chunk, size_t bytes);
void tcg_chunk_add(TcgChunk *chunk, TcgBlock *block);
/** tcg_cache_block_at - the block whose code contains @host; NULL: none */
TcgBlock *tcg_cache_block_at(TcgBlocks *blocks, const void *host);
/** tcg_cache_writable - where to write what is executed at @exec */
static inline uint8_t *tcg_cache_writable(const TcgBlocks *blocks, const void *exec)
{
    return blocks->write + ((const uint8_t *)exec - blocks->exec);
}

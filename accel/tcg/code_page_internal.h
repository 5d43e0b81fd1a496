/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of RAM that hold code: who may write to them directly, and what a write drops. */
#pragma once

#include "accel/tcg/block_internal.h"
#include "util/atomic.h"

/* A page of RAM that holds, or once held, code. Never freed while its RAM exists. */
struct TcgCodePage {
    uint64_t
        granules; /* atomic: bit i: bytes [64 i, 64 i + 64) are code. Written under blocks->lock */
    uint8_t *host;
    RamBlock *ram;
    ram_offset at;
    TcgRef blocks;       /* blocks->lock */
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

/* The pages of one piece of RAM. */
struct TcgRamMap {
    struct TcgRamMap *next;
    RamBlock *ram;
    uint8_t *host;
    uint64_t size;
    TcgCodePage **pages; /* one a page; atomic */
};

TcgCodePage **tcg_code_slot(TcgBlocks *blocks, RamBlock *ram, ram_offset at);
TcgCodePage *tcg_code_page(TcgBlocks *blocks, TcgCodePage **slot);
static inline bool tcg_code_withheld(TcgCodePage *const *slot)
{
    TcgCodePage *page = atomic_load_acquire(slot); /* pairs with tcg_code_page() */

    return page && atomic_read(&page->withheld);
}
/** tcg_code_add_locked - to its pages. True: it is provisional, its bytes will be compared again */
bool tcg_code_add_locked(TcgBlocks *blocks, TcgBlock *block, Cpu *self);
void tcg_code_remove_locked(TcgBlocks *blocks, TcgBlock *block);
uint32_t tcg_code_guard_locked(TcgBlocks *blocks, TcgCodePage *page, uint64_t pc);
/** tcg_code_withholds - is the page at host address @page withheld from direct writes? */
bool tcg_code_withholds(TcgBlocks *blocks, uint64_t page);
/** tcg_code_overlaps - would writing [@at, @at + @length) of the page hit a granule of code? */
bool tcg_code_overlaps(const TcgCodePage *page, unsigned at, unsigned length);
/** tcg_code_written - memory of RAM changed: drop overlapping blocks. Any thread */
void tcg_code_written(TcgBlocks *blocks, RamBlock *ram, ram_offset at, uint64_t length);
/** tcg_code_false_hit - a store beside code took the slow path: time to change the policy? */
void tcg_code_false_hit(TcgBlocks *blocks, TcgCodePage *page);
/** tcg_code_settle - confirm or drop provisional blocks whose epoch has passed */
void tcg_code_settle(TcgBlocks *blocks, Cpu *self);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a vCPU finds blocks by guest pc: banks of inline caches, the second level, pages that it
 * fetches from. */
#pragma once

#include "accel/tcg/tcg_internal.h"

enum {
    CONTEXT_BANKS = 16,
    JUMP_SECOND_BITS = 16,
    JUMP_GENERATIONS = 1024,
    FETCH_PAGES = 256,
    JUMP_GROUP_BITS = 6, /* entries of the inline cache that are cleared together, log2 */
};

/* The exact tag of a bank. */
typedef struct {
    uint64_t key;   /* atomic: read by tcg_contexts_forget() */
    uint32_t stamp; /* of the address space; 0: free */
    uint64_t last_use;
    uint64_t used;                              /* bit a group of jump entries that was filled */
    uint64_t pages[(1 << TCG_GUARD_BITS) / 64]; /* bit a guard index whose pages have entries */
} TcgContext;

/* One entry of the second level; pc and key stand in the block. */
typedef struct {
    TcgBlock *block; /* atomic */
    uint32_t stamp;
    uint32_t generation; /* of the page, see TcgContexts.generation */
} TcgJumpSecond;

/* A page that code is fetched from. */
typedef struct {
    uint64_t tag; /* page | bank << 1 | 1 */
    uint32_t stamp;
    const uint8_t *host;
    TcgCodePage **code;
    bool global;
} TcgFetchPage;

struct TcgContexts {
    TcgContextBank *banks;
    TcgContext context[CONTEXT_BANKS];
    unsigned current;
    uint64_t clock;
    uint64_t key; /* present one */
    TcgJumpSecond *second;
    uint32_t generation[JUMP_GENERATIONS];
    TcgFetchPage fetch[FETCH_PAGES];
};

TcgContexts *tcg_contexts_new(void);
void tcg_contexts_free(TcgContexts *contexts);

/** tcg_contexts_select - switch to the bank of the present key and address space */
void tcg_contexts_select(Cpu *cpu);

/** tcg_contexts_find - the block at @pc if the second level has it */
TcgBlock *tcg_contexts_find(Cpu *cpu, uint64_t pc);

/** tcg_contexts_install - @block runs at its pc in the present context; @global: in every address
 * space */
void tcg_contexts_install(Cpu *cpu, TcgBlock *block, bool global);

/** tcg_contexts_forget - @block (already marked invalid) is found no more. Any thread, blocks->lock
 * held */
void tcg_contexts_forget(Cpu *cpu, TcgBlock *block);

/** tcg_contexts_clear - forget all blocks and pages */
void tcg_contexts_clear(Cpu *cpu);
/** tcg_contexts_flush_stamp - forget the address space that had @stamp */
void tcg_contexts_flush_stamp(Cpu *cpu, uint32_t stamp);
void tcg_contexts_flush_page(Cpu *cpu, vaddr address);

/** tcg_fetch_page - the page of @pc for execution; NULL: raised, or *@uncached: it must be fetched
 * piece by piece */
const TcgFetchPage *tcg_fetch_page(Cpu *cpu, vaddr pc, bool *uncached);

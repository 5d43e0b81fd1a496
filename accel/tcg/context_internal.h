/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a vCPU finds blocks by guest pc: banks of inline caches, the second level, pages that it
 * fetches from. */
#pragma once

#include "accel/tcg/tcg_internal.h"

enum {
    CONTEXT_BANKS = 16,
    JUMP_SECOND_BITS = 16,
    JUMP_GENERATIONS = 1024,
    GENERATION_BITS = 20,
    KEYS_MAX = 1024,
    FETCH_PAGES = 256,
    JUMP_GROUP_BITS = 6, /* entries of the inline cache that are cleared together, log2 */
};

/* The exact tag of a bank. */
typedef struct {
    uint64_t key;        /* atomic: read by tcg_contexts_forget() */
    uint32_t stamp;      /* of the address space; 0: free */
    uint32_t key_number; /* index of .key in TcgContexts.keys */
    uint64_t last_use;
    uint64_t used;                              /* bit a group of jump entries that was filled */
    uint64_t pages[(1 << TCG_GUARD_BITS) / 64]; /* bit a guard index whose pages have entries */
} TcgContext;

/* Of empty entries of the second level; odd: in memory that was never written, 0 has no block. */
static const uint64_t NO_PC = ~0ull;

/* One entry of the second level: half a cache line has all that a hit needs. */
typedef struct {
    uint64_t pc; /* atomic, others may set it to ~0: empty. Written last */
    TcgBlock *block;
    uint32_t
        host; /* 1 + checked entry, from the start of the code cache; 0: only the loop runs it */
    uint32_t guard; /* of the page of .pc */
    uint32_t stamp; /* of the address space, or of global pages */
    uint32_t check; /* context_check(): the key, and the state of the page */
} TcgJumpSecond;
_Static_assert(sizeof(TcgJumpSecond) == 32, "two in a cache line");

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
    uint64_t key;        /* present one */
    const uint8_t *code; /* start of the code cache */
    TcgJumpSecond *second;
    uint64_t keys[KEYS_MAX]; /* all seen so far: their numbers are shorter */
    unsigned key_count;
    unsigned victim;                       /* which of two entries goes */
    uint32_t generation[JUMP_GENERATIONS]; /* by context_page(): counts changes; below 1 <<
                                              GENERATION_BITS */
    TcgFetchPage fetch[FETCH_PAGES];
};

TcgContexts *tcg_contexts_new(const uint8_t *code);
void tcg_contexts_free(TcgContexts *contexts);

/** tcg_contexts_select - switch to the bank of the present key and address space */
void tcg_contexts_select(Cpu *cpu);

static inline unsigned tcg_context_page(uint64_t pc)
{
    uint64_t page = pc >> TCG_PAGE_BITS;

    return (page ^ page >> 10 ^ page >> 20) & (JUMP_GENERATIONS - 1);
}
static inline uint32_t tcg_context_check(const TcgContexts *contexts, uint64_t pc)
{
    return contexts->context[contexts->current].key_number << GENERATION_BITS |
           contexts->generation[tcg_context_page(pc)];
}
/* The first of the two entries where @pc may be. Neighbours in a page are neighbours here, so that
 * the host's prefetching helps. */
static inline TcgJumpSecond *tcg_context_second(const TcgContexts *contexts, uint64_t pc,
                                                uint64_t key)
{
    enum {
        LINE_BITS = JUMP_SECOND_BITS - 1,
        GRANULE_BITS = 5, /* guest bytes that share a pair of entries */
        IN_PAGE_BITS = TCG_PAGE_BITS - GRANULE_BITS,
        REGION_BITS = LINE_BITS - IN_PAGE_BITS,
    };
    uint64_t page = pc >> TCG_PAGE_BITS;
    uint64_t region = page ^ page >> REGION_BITS ^ page >> 2 * REGION_BITS ^
                      key * 0x9e3779b97f4a7c15ull >> (64 - REGION_BITS);
    uint64_t line = (region << IN_PAGE_BITS | (pc >> GRANULE_BITS & ((1u << IN_PAGE_BITS) - 1))) &
                    ((1u << LINE_BITS) - 1);

    return &contexts->second[2 * line];
}

/** tcg_contexts_find - the block at @pc if the second level has it */
TcgBlock *tcg_contexts_find(Cpu *cpu, uint64_t pc);

/* context_lookup.c */
void tcg_context_set_guard(TcgContexts *contexts, uint64_t pc, uint32_t guard);
/** tcg_context_hit - the entry for @pc in the present context, now in the first level too; NULL:
 * none */
const TcgJumpSecond *tcg_context_hit(Cpu *cpu, uint64_t pc);
/** tcg_contexts_lookup - TcgRuntime.lookup: the host code for @pc if the second level has it;
 * touches no vector register */
const void *tcg_contexts_lookup(TcgEnv *env, uint64_t pc);

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What generated code addresses besides guest registers. A TcgEnv is the last member of struct Cpu,
 * so that the guest's registers, which follow it, are near the host register that points between
 * the two (the anchor).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TCG_TLB_BITS = 9,
    TCG_TLB_ENTRIES = 1 << TCG_TLB_BITS,
    TCG_MMU_BANKS = 8,
    TCG_PAGE_BITS = 12,
    TCG_JUMP_BITS = 12,
    TCG_SITE_BITS = 7, /* predictors of one bank and right, log2 */
    TCG_PREDICTORS = 2 * TCG_MMU_BANKS << TCG_SITE_BITS,
    TCG_GUARD_BITS = 10,
};

/*
 * First level of the soft TLB. Entry i of rtag/wtag is the guest page address if that page is plain
 * RAM with that right and hashes to i, else tcg_tlb_empty(i), which no address can match. A page is
 * in wtag only if it is readable too, so that one check can stand for stores and loads. addend:
 * host address minus guest address.
 */
typedef struct {
    uint64_t rtag[TCG_TLB_ENTRIES];
    uint64_t wtag[TCG_TLB_ENTRIES];
    uint64_t addend[TCG_TLB_ENTRIES];
} TcgTlbBank;

static inline uint64_t tcg_tlb_empty(unsigned index)
{
    return (uint64_t)(index ^ 1) << TCG_PAGE_BITS;
}

/*
 * The page that an access in a loop touched last. Generated code compares the address, cut to its
 * page and the low bits that are zero if it is aligned, with the tag: bit 11 survives in none of
 * the 2^64 addresses, and an empty tag has it set. What is here was in the first level with the
 * right of tcg_predictor(); whoever takes anything out of there calls tcg_env_forget_pages().
 */
typedef struct {
    uint64_t tag; /* page address or TCG_PREDICTOR_EMPTY */
    uint64_t addend;
} TcgPredictor;

#define TCG_PREDICTOR_EMPTY (1ull << (TCG_PAGE_BITS - 1))

/* Sites with different banks or rights never share a predictor. */
static inline unsigned tcg_predictor(unsigned bank, bool write, unsigned site)
{
    return (bank * 2 + write) << TCG_SITE_BITS | (site & ((1u << TCG_SITE_BITS) - 1));
}

typedef struct {
    uint64_t bad;    /* address in generated code of a site that is better without one; 0: none */
    uint64_t since;  /* time stamp counter when the present series of misses began */
    uint32_t misses; /* ever */
    bool ready;      /* false: memory is as allocated */
    bool losing;     /* the last series was short */
    uint32_t used_count;
    uint16_t used[TCG_PREDICTORS]; /* the first .used_count: those not empty */
    struct {
        uint16_t series, misses; /* in that series and those just before it */
    } of[TCG_PREDICTORS];
} TcgPredictors;

/* One entry of the inline jump cache. */
typedef struct {
    uint64_t pc;      /* tcg_jump_empty() when empty */
    const void *host; /* checked entry of the block */
} TcgJumpEntry;

/*
 * What depends on the whole translation context (mode bits that select code, address space and its
 * generation). Switching context is switching banks. A guard word says which mapping its virtual
 * page has: cross-page links compare it with the id they were made for. 0 never matches.
 */
typedef struct {
    TcgJumpEntry jump[1 << TCG_JUMP_BITS];
    uint32_t guard[1 << TCG_GUARD_BITS];
} TcgContextBank;

/* Index rules shared by generated code and C. The instructions of one guest page share one half of
 * the jump cache. */
static inline unsigned tcg_jump_index(uint64_t pc)
{
    return (pc >> 1) & ((1u << TCG_JUMP_BITS) - 1);
}
/* A pc that belongs to another entry than @index: no lookup there can match it. */
static inline uint64_t tcg_jump_empty(unsigned index)
{
    return (uint64_t)(index ^ 1) << 1;
}
static inline unsigned tcg_guard_index(uint64_t pc)
{
    return (pc >> TCG_PAGE_BITS) & ((1u << TCG_GUARD_BITS) - 1);
}

/* Within reach of an 8-bit displacement from the anchor. Owned by the vCPU thread but for .irq. */
typedef struct {
    int32_t irq;    /* negative: leave at the next check (set with atomic or by any thread) */
    uint32_t raise; /* not 0: a helper or slow path raised; leave as soon as it returns */
    TcgContextBank *bank;
    uint64_t pc;          /* guest pc; exact outside generated code and in the interpreter */
    uint64_t host_return; /* address in generated code that the running helper or slow path returns
                             to; 0: interpreter */
    int64_t budget;       /* instructions left under -icount */
    uint64_t spill[10];   /* tier 1 temporaries */
} TcgHot;

typedef struct {
    TcgTlbBank tlb[TCG_MMU_BANKS];
    TcgPredictor predictor[TCG_PREDICTORS];
    TcgPredictors predictors;
    uint64_t spill_more[54]; /* tier 1 temporaries beyond those in hot */
    uint64_t save[32];       /* stubs: caller-saved registers, slow-path arguments and results */
    uint32_t mxcsr_guest;    /* guest rounding mode and sticky flags while not in generated code */
    uint32_t mxcsr_host;
    uint32_t mxcsr_run; /* what generated code of x86 guests runs with: mxcsr_guest, traps masked */
    TcgHot hot;
} TcgEnv;

_Static_assert(sizeof(TcgHot) <= 128, "TcgHot must be reachable with 8-bit displacements");
/* The host register that holds the environment points here: just behind TcgHot. */
static inline char *tcg_env_anchor(TcgEnv *env)
{
    return (char *)(env + 1);
}

/** tcg_env_forget_pages - empty all predictors; due whenever the first level loses anything */
static inline void tcg_env_forget_pages(TcgEnv *env)
{
    TcgPredictors *all = &env->predictors;
    for (uint32_t i = 0; !all->ready && i < TCG_PREDICTORS; i++) {
        env->predictor[i].tag = TCG_PREDICTOR_EMPTY;
    }
    all->ready = true;
    for (uint32_t i = 0; i < all->used_count; i++) {
        env->predictor[all->used[i]].tag = TCG_PREDICTOR_EMPTY;
    }
    all->used_count = 0;
}

#define TCG_ANCHOR_OFFSET(field) ((int32_t)offsetof(TcgEnv, field) - (int32_t)sizeof(TcgEnv))

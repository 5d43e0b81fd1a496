/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the x86-64 back end share: the back end object and the shared stubs. */
#pragma once

#include "tcg/backend.h"
#include "tcg/host/x86_64/asm.h"

enum {
    MAX_PINNED_INT = 9, /* the other general registers are needed for temporaries */
    MAX_PINNED_FP = 12,
    NO_SLOT = -1,
};
#define ENV_REG RBP

/* Shared code, and constants that code addresses relative to itself. */
typedef enum {
    STUB_ENTER,
    STUB_GOTO,   /* leave by a direct exit: rax: its operand, rcx: pc */
    STUB_GUARD,  /* go on at pc rax through the jump cache */
    STUB_LOOKUP, /* go on at pc rax, which the inline jump cache does not know */
    STUB_EXIT,   /* the others leave too, rcx: pc */
    STUB_IRQ,
    STUB_RAISE, /* pc by unwinding */
    STUB_LOAD,  /* slow paths; arguments on the stack, see stubs.c */
    STUB_STORE,
    STUB_PROBE_LOAD, /* likewise, but they look at the first level themselves: nothing to try again
                      */
    STUB_PROBE_STORE,
    STUB_PREDICT_LOAD, /* likewise, and bring the site's predictor up to date */
    STUB_PREDICT_STORE,
    STUB_LOADV, /* likewise for vectors; the value is where its home is, from the anchor */
    STUB_STOREV,
    STUB_PREDICT_LOADV,
    STUB_PREDICT_STOREV,
    STUB_ATOMIC,
    STUB_CAS,
    STUB_HELPER,    /* call rax with caller-saved vector registers kept */
    STUB_HELPER_FP, /* likewise, and MXCSR at home around it */
    STUB_X87,       /* call a helper: function and arguments on the stack, all registers kept */
    STUB_SOFT_FP,   /* operation rax on save[SAVE_FP...] in software */
    CONST_NAN32,
    CONST_NAN64,
    CONST_BOX,         /* upper half of 64 bits */
    CONST_BELOW32_F32, /* the largest number below 2^32 that rounds to no more, and so on */
    CONST_BELOW32_F64,
    CONST_BELOW63_F32,
    CONST_BELOW63_F64,
    STUB_COUNT,
} Stub;

/* TcgEnv.save */
enum {
    SAVE_SITE,     /* STUB_GOTO: address of the exit's operand */
    SAVE_RESULT,   /* of a slow path */
    SAVE_OBJECT,   /* first argument of helpers */
    SAVE_FP,       /* three arguments, then the result in the first */
    SAVE_REG = 16, /* general registers */
};

enum { AVOID_BITS = 15, PROBE_BYTES = 64 };

struct TcgBackend {
    const TcgSlot *slots;
    unsigned slot_count;
    TcgRuntime runtime;
    TcgBackendOptions options;
    uint32_t features;
    uint8_t pin[IR_MAX_SLOTS];              /* host register or NO_REG */
    unsigned vectors;                       /* guest vectors; 0: it has none */
    uint8_t vector_of[IR_MAX_SLOTS];        /* number of the one a slot is part of, or NO_VECTOR */
    uint8_t vector_slot[IR_MAX_VECTORS];    /* first slot of each */
    int16_t slot_of_reg[ASM_REGS];          /* pinned there, or NO_SLOT */
    uint32_t pinned, scratch;               /* masks of host registers */
    const uint8_t *stub[STUB_COUNT];        /* executable addresses */
    uint8_t probe[PROBE_BYTES];             /* what jump_cache_probe() emits */
    uint8_t probe_bytes, probe_miss;        /* of it; where in it the displacement is */
    uint64_t avoid[(1 << AVOID_BITS) / 64]; /* atomic: bit backend_avoid_bit(): see
                                               tcg_avoid_predictor() */
    struct Emit *idle;                      /* atomic; an emitter that nobody uses now */
};

/* Caller-saved general registers, as a mask. */
static const uint32_t caller_saved = 1u << RAX | 1u << RCX | 1u << RDX | 1u << RSI | 1u << RDI |
                                     1u << R8 | 1u << R9 | 1u << R10 | 1u << R11;
static const uint32_t all_general = 0xffffu & ~(1u << RSP | 1u << RBP);
static const uint32_t all_vector = 0xffff0000u;

#define ENV_MEM(field) asm_mem(ENV_REG, TCG_ANCHOR_OFFSET(field))
static inline AsmMem save_mem(unsigned index)
{
    return asm_mem(ENV_REG, TCG_ANCHOR_OFFSET(save) + 8 * (int32_t)index);
}
static inline AsmMem slot_mem(const TcgBackend *be, unsigned slot)
{
    return asm_mem(ENV_REG, be->slots[slot].offset);
}
static inline bool backend_has(const TcgBackend *be, uint32_t feature)
{
    return be->features & feature;
}

static inline unsigned backend_avoid_bit(uint64_t pc)
{
    return (pc >> 1) * 0x9e3779b97f4a7c15ull >> (64 - AVOID_BITS);
}

/* A slow path's arguments beside address and value, one immediate pushed by the thunk. */
typedef struct {
    IrMem mem;
    uint8_t last;   /* size in bytes - 1 */
    uint8_t detail; /* address bits that must be 0 for the quick way; << 4: IrAtomic */
} SlowAccess;
_Static_assert(sizeof(SlowAccess) == 4, "fits an immediate");

/** slot_load, slot_store - between the host register @reg and the home of @slot */
void slot_load(Asm *a, const TcgBackend *be, unsigned slot, uint8_t reg);
void slot_store(Asm *a, const TcgBackend *be, unsigned slot, uint8_t reg);
/** slots_store, slots_load - the pinned slots whose registers are in @mask */
void slots_store(Asm *a, const TcgBackend *be, uint32_t mask);
void slots_load(Asm *a, const TcgBackend *be, uint32_t mask);

/** call_c - `call` a C function; clobbers r11 when it is far away. @exec: executable address of
 * @a's origin */
void call_c(Asm *a, const uint8_t *exec, const void *fn);

/** jump_cache_probe - jump to what the inline cache has for pc rax; returns the displacement of the
 * jump taken on a miss; clobbers rcx */
uint32_t jump_cache_probe(const TcgBackend *be, Asm *a);

/** stubs_emit - the shared code, at the start of @space; false: no room */
bool stubs_emit(TcgBackend *be, TcgSpace *space);

/**
 * predictor_missed - the first level, or what @refill brings there, becomes the prediction
 *
 * Returns the host address, 0: it is not to be had. Touches no vector register.
 */
uint64_t predictor_missed(TcgEnv *env, uint64_t address, uint32_t predictor,
                          bool (*refill)(TcgEnv *, uint64_t, uint32_t, uint32_t));

/** soft_fp - an FP operation in software: @op is the packed IrOp (soft_fp_pack()), arguments and
 * result in save[SAVE_FP] */
void soft_fp(TcgEnv *env, uint32_t op);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a compilation notes down for later: displacements, out-of-line code, calls out. */
#pragma once

#include "tcg/pass.h"

typedef struct Emit Emit;

/*
 * A position is an offset in the chunk (hot code), POS_COLD + an offset in the cold code, which is
 * placed at the end, a label of the region or a stub.
 */
enum {
    POS_COLD = 0x40000000,
    POS_LABEL = 0x80000000,
    POS_STUB = 0xc0000000,
    POS_KIND = 0xc0000000
};

/* A displacement to be set when all positions are final. */
typedef struct {
    uint32_t at, target;
} Fix;

/* Guest vectors that are only in registers, as sets of numbers. */
typedef struct {
    uint32_t dirty, wide; /* wide: 32 bytes of it */
    bool clean;           /* upper halves of registers are in use */
    uint8_t reg[IR_MAX_VECTORS];
} VectorNote;

/* A vector that stays in a register through all rounds of a loop. */
typedef struct {
    uint8_t reg, bytes; /* 0: not this one */
    bool written;
} LoopVector;

typedef struct {
    bool on;
    uint32_t head; /* position that jumps to the start go to */
    LoopVector vector[IR_MAX_VECTORS];
} VectorLoop;

/* Out-of-line code that is wanted, emitted after the hot code. */
typedef struct ColdJob ColdJob;
struct ColdJob {
    void (*emit)(Emit *e, const ColdJob *job);
    uint32_t from, from2, from3, from4; /* displacements of the jumps to it; 0: none */
    uint32_t back;                      /* where it ends up */
    uint32_t retry;                     /* memory: the check; exits: number of the site */
    int32_t insn;
    uint8_t reg[4];
    int16_t predictor; /* memory */
    const IrOp *op;
    int64_t imm;
    int32_t imm2;
    VectorNote vectors; /* as of when it was asked for */
};

typedef struct {
    uint32_t at; /* after the call */
    int32_t insn;
} CallOut;

/* Ops first to last are emitted a second time, with no shared checks, for when a shared check
 * fails. */
typedef struct {
    uint32_t first, last;
    uint32_t fail[IR_MAX_GROUPS]; /* displacement of the jump of a failed check; 0: none */
} Window;

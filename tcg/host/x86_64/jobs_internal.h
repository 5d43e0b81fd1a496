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
    VectorNote vectors;        /* as of when it was asked for */
    uint32_t late, late_count; /* in Emit.late_store: puts that are due first */
};

/* A put done out of line. */
typedef struct {
    uint16_t slot;
    uint8_t reg;            /* or NO_REG: in memory */
    bool is_const, spilled; /* imm; in a spill, else in a home */
    uint16_t index;         /* of the spill or slot */
    int32_t imm;
} LateStore;
enum { MAX_LATE_STORES = 4096 };

/** emit_job_late - note the puts that are due when the present op goes to @job, and where their
 * values are now; emit_late() does them there */
void emit_job_late(Emit *e, ColdJob *job);
void emit_late(Emit *e, const ColdJob *job);

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

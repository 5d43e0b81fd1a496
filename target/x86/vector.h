/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the instructions on MMX, SSE and AVX registers compute, apart from where operands come from.
 *
 * An operation reads up to three vectors and writes one; the caller decides how much of the result
 * is kept. Integer operands stand in the lowest element of @b, integer results in that of @d. An
 * operation whose name has no lane suffix works on each 16 bytes alike, as AVX defines it.
 *
 * Spec: SDM vol. 2, the instruction of the same name; SDM vol. 1, 11.5 (exceptions).
 */
#pragma once

#include "fpu/status.h"
#include "target/x86/cpu.h"

enum {
    X86_MXCSR_INVALID = 1 << 0,
    X86_MXCSR_DENORMAL = 1 << 1,
    X86_MXCSR_DIVBYZERO = 1 << 2,
    X86_MXCSR_OVERFLOW = 1 << 3,
    X86_MXCSR_UNDERFLOW = 1 << 4,
    X86_MXCSR_INEXACT = 1 << 5,
    X86_MXCSR_FLAGS = 0x3f,
    X86_MXCSR_DAZ = 1 << 6,
    X86_MXCSR_MASK_SHIFT = 7,
    X86_MXCSR_RC_SHIFT = 13,
    X86_MXCSR_FTZ = 1 << 15,
    X86_MXCSR_DEFAULT = 0x1f80,
    X86_MXCSR_VALID = 0xffff,
};

/* One operation under way. */
typedef struct {
    uint8_t bytes; /* of a whole operand: 8 (MMX), 16 or 32 */
    uint8_t imm;
    bool wide; /* REX.W or VEX.W: integers have 64 bits; indices of string operations too */
    const X86Vector *c;  /* third operand */
    FloatStatus st;      /* rounding, flush modes; collects flags */
    uint32_t unmasked;   /* exceptions that are not masked, as flags of MXCSR */
    uint32_t raised;     /* by the stages so far */
    uint64_t lengths[2]; /* PCMPESTRx: RAX, RDX */
    uint32_t flags;      /* result in EFLAGS: comparisons, PTEST, string operations */
    uint32_t index;      /* PCMPxSTRI: result for ECX */
} X86VectorCall;

/* @d is none of the operands and all zero on entry. */
typedef void X86VectorFn(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call);

typedef enum {
#define VECTOR(name, fp) X86_V_##name,
#include "target/x86/vector_ops.def"
#undef VECTOR
    X86_V_COUNT,
} X86VectorOp;

#define VECTOR(name, fp) X86VectorFn x86_vector_##name;
#include "target/x86/vector_ops.def"
#undef VECTOR

typedef struct {
    const char *name;
    X86VectorFn *fn;
    bool fp; /* reads and writes MXCSR */
} X86VectorInfo;
extern const X86VectorInfo x86_vector_info[X86_V_COUNT];

/**
 * x86_vector_stage - take over the flags of one step of an operation that computes in several
 *
 * False: one is not masked; the operation ends here. An exception found before computing (invalid,
 * denormal, division by zero) that is not masked keeps the step from being computed.
 */
bool x86_vector_stage(X86VectorCall *call);

/**
 * x86_vector_run - compute @op into *@d under the MXCSR in *@mxcsr
 *
 * Sets MXCSR's flags. False: an exception that is not masked was among them (#XM); *@d is not
 * to be used.
 */
bool x86_vector_run(X86VectorOp op, X86Vector *d, const X86Vector *a, const X86Vector *b,
                    X86VectorCall *call, uint32_t *mxcsr);

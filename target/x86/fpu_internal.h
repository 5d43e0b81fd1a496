/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The register stack and exceptions, for what implements x87 instructions. */
#pragma once

#include "fpu/softfloat.h"
#include "target/x86/fpu.h"

#define X87_INDEFINITE                                             \
    (FloatX80)                                                     \
    {                                                              \
        .significand = 0xc000000000000000, .sign_exponent = 0xffff \
    }

static inline unsigned fpu_physical(const X86Fpu *fpu, unsigned i)
{
    return (fpu->top + i) & 7;
}

static inline bool fpu_is_empty(const X86Fpu *fpu, unsigned i)
{
    return fpu->empty >> fpu_physical(fpu, i) & 1;
}

static inline FloatX80 fpu_get(const X86Fpu *fpu, unsigned i)
{
    return fpu->r[fpu_physical(fpu, i)];
}

static inline void fpu_set(X86Fpu *fpu, unsigned i, FloatX80 v)
{
    fpu->r[fpu_physical(fpu, i)] = v;
    fpu->empty &= ~(1u << fpu_physical(fpu, i));
}

/** fpu_float_status - rounding, precision and traps as the control word says */
FloatStatus fpu_float_status(const X86Fpu *fpu);

/**
 * fpu_settle - take over the flags of @st, and C1
 *
 * False: an exception that is not masked was found before computing; no result is to be written.
 */
bool fpu_settle(X86Fpu *fpu, const FloatStatus *st);

/** fpu_underflow - a register was empty. True: masked, the result is indefinite */
bool fpu_underflow(X86Fpu *fpu);
/** fpu_push - make room for a value. False: it was written nowhere (stack overflow, not masked);
 * masked overflow pushes the indefinite one */
bool fpu_push(X86Fpu *fpu, FloatX80 v);

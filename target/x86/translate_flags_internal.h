/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flags within a region (translate_flags.c). */
#pragma once

#include "target/x86/decode.h"
#include "target/x86/flags.h"
#include "tcg/builder.h"

/*
 * What made the flags, as far as this region knows. A value of 0 can be had from its slot. Values
 * are as operands are: zero-extended, of up to 4 bytes I32, of 8 bytes I64; .extra is I32.
 */
typedef struct {
    bool known;
    uint8_t kind;                /* X86FlagsKind without size */
    uint8_t bytes;               /* operand size */
    IrValue a, b, result, extra; /* a: first operand; result 0: not computed yet */
    IrValue carry, overflow;     /* I32, bit 0: set apart from the others */
} X86FlagState;

/* a helper wrote them, or a label: only the slots know */
void x86_flags_unknown(X86Translate *t);
/*
 * an operation made them: x86_flags_sized(); @a, @b and @extra are 0 where the kind has none. @a is
 * not kept beyond the region. Kinds CMP and TEST have their functions.
 */
void x86_put_flags(X86Translate *t, unsigned kind, IrValue a, IrValue b, IrValue result,
                   IrValue extra);
/* @a - @b, or @a & @b, of which only the flags count so far */
void x86_put_flags_cmp(X86Translate *t, unsigned bytes, IrValue a, IrValue b);
void x86_put_flags_test(X86Translate *t, unsigned bytes, IrValue a, IrValue b);
static inline void x86_put_flags_logic(X86Translate *t, unsigned bytes, IrValue result)
{
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_LOGIC, bytes), 0, 0, result, 0);
}
/* only CF, only OF; I32, bit 0 counts */
void x86_put_carry(X86Translate *t, IrValue carry);
void x86_put_overflow(X86Translate *t, IrValue overflow);
/* CF and OF as ROL (@left) or ROR leave them, unless @count is 0 */
void x86_put_rotated(X86Translate *t, bool left, unsigned bytes, IrValue result, IrValue count);
/* CF as I32, 0 or 1 */
IrValue x86_carry(X86Translate *t);
/* all six at their places, as I32 */
IrValue x86_flags_bits(X86Translate *t);
void x86_put_flags_bits(X86Translate *t, IrValue bits); /* I32, others than the six are 0 */

/* A condition of Jcc, SETcc, CMOVcc as the IR compares */
typedef struct {
    IrCond cond;
    IrValue a, c;
} X86Condition;
X86Condition x86_condition(X86Translate *t, unsigned cc);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic flags, computed when somebody looks. Spec: SDM vol. 1, 3.4.3.1; the instructions'
 * entries in vol. 2.
 */
#pragma once

#include "target/x86/cpu.h"

/*
 * X86Flags.kind: how .result, .source and .extra give the flags. Those with an operand size are
 * X86_FLAGS_x + log2 of its bytes. The kinds keep what an instruction has at hand, so that nothing
 * is computed for flags that nobody looks at.
 */
typedef enum {
    X86_FLAGS_BITS = 0,   /* .result: the flags themselves */
    X86_FLAGS_ADD = 4,    /* .result, .source: second operand */
    X86_FLAGS_ADC = 8,    /* and .extra: carry in */
    X86_FLAGS_SUB = 12,   /* .result, .source: second operand */
    X86_FLAGS_SBB = 16,   /* and .extra: borrow in */
    X86_FLAGS_LOGIC = 20, /* .result */
    X86_FLAGS_INC = 24,   /* .result; .extra: CF as before */
    X86_FLAGS_DEC = 28,   /* likewise */
    X86_FLAGS_SHIFT = 32, /* .result; .extra: CF, OF and AF at their places */
    X86_FLAGS_SHL = 36,   /* .result, .source: the value before, .extra: count, not 0 */
    X86_FLAGS_SHR = 40,   /* likewise */
    X86_FLAGS_SAR = 44,   /* likewise */
    X86_FLAGS_CMP = 48,   /* .result: first operand, .source: second */
    X86_FLAGS_TEST = 52,  /* likewise */
    X86_FLAGS_IMUL = 56,  /* .result: low half; .source, .extra: operands */
    X86_FLAGS_MULU = 60,  /* .result: low half, .source: high half */
    X86_FLAGS_MULS = 64,  /* likewise, signed */
    X86_FLAGS_COUNT = 68, /* .result; .source: 0 sets CF */
    X86_FLAGS_ZERO = 72,  /* .result: 0 sets ZF */
} X86FlagsKind;

/* Added to a kind: CF or OF were set apart from the others. .rotated gives those that neither
 * .carry nor .overflow gives. */
enum {
    X86_FLAGS_KIND = 0x7f,       /* mask */
    X86_FLAGS_CARRY = 1 << 7,    /* bit 0 of .carry */
    X86_FLAGS_OVERFLOW = 1 << 8, /* bit 0 of .overflow */
    X86_FLAGS_ROL = 1 << 9,      /* as ROL left them, whose result is .rotated */
    X86_FLAGS_ROR = 1 << 10,     /* as ROR left them */
    X86_FLAGS_ROTATED_SHIFT = 11 /* log2 of the bytes that were rotated */
};

/** x86_flags_sized - a kind with its operand size */
static inline unsigned x86_flags_sized(X86FlagsKind kind, unsigned bytes)
{
    return kind + __builtin_ctz(bytes);
}

/** x86_flags_arithmetic - CF PF AF ZF SF OF at their places in RFLAGS */
uint32_t x86_flags_arithmetic(const X86Flags *flags);
/** x86_flags_get - RFLAGS as a whole. Only while the processor's state is at home: in helpers that
 * read the flag slots, and outside translated code */
uint64_t x86_flags_get(const X86Cpu *cpu);
/** x86_flags_set - all of RFLAGS at once; the mode word is not touched */
void x86_flags_set(X86Cpu *cpu, uint64_t rflags);

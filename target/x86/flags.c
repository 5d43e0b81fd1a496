/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/x86/flags.h"

#include "target/x86/registers_internal.h"

/* An operation whose flags are wanted; values cut to the operand size. */
typedef struct {
    uint64_t a, b, result;
    uint64_t sign; /* mask of the top bit */
    bool carry;
} Arithmetic;

static uint64_t cut(uint64_t value, unsigned size_log2)
{
    unsigned shift = 64 - (8u << size_log2);

    return value << shift >> shift;
}

static uint32_t result_flags(uint64_t result, uint64_t sign)
{
    return (result ? 0 : RFLAGS_ZF) | (result & sign ? RFLAGS_SF : 0) |
           (__builtin_parity(result & 0xff) ? 0 : RFLAGS_PF);
}

static uint32_t all_flags(const Arithmetic *x, bool carry, uint64_t overflow)
{
    return result_flags(x->result, x->sign) | (carry ? RFLAGS_CF : 0) |
           ((x->a ^ x->b ^ x->result) & RFLAGS_AF) | (overflow & x->sign ? RFLAGS_OF : 0);
}

static uint32_t add_flags(const Arithmetic *x)
{
    bool carry = x->carry ? x->result <= x->a : x->result < x->a;

    return all_flags(x, carry, (x->a ^ x->result) & (x->b ^ x->result));
}

static uint32_t sub_flags(const Arithmetic *x)
{
    bool borrow = x->carry ? x->a <= x->b : x->a < x->b;

    return all_flags(x, borrow, (x->a ^ x->b) & (x->a ^ x->result));
}

/* AF, which is undefined, is set. OF is as if each step set it. */
static uint32_t shift_flags(unsigned kind, const Arithmetic *x)
{
    bool left = kind == X86_FLAGS_SHL;
    bool carry = x->b & (left ? x->sign : 1);
    bool overflow = left                    ? !(x->result & x->sign) == carry
                    : kind == X86_FLAGS_SHR ? (x->result ^ x->result << 1) & x->sign
                                            : false;

    return result_flags(x->result, x->sign) | RFLAGS_AF | (carry ? RFLAGS_CF : 0) |
           (overflow ? RFLAGS_OF : 0);
}

static uint32_t flags_of_kind(const X86Flags *flags)
{
    unsigned kind = flags->kind & X86_FLAGS_KIND & ~3u, size = flags->kind & 3;
    Arithmetic x = {
        .b = cut(flags->source, size),
        .result = cut(flags->result, size),
        .sign = 1ull << ((8u << size) - 1),
        .carry = flags->extra & 1 && (kind == X86_FLAGS_ADC || kind == X86_FLAGS_SBB),
    };

    switch (kind) {
    case X86_FLAGS_BITS: return flags->result & RFLAGS_ARITHMETIC;
    case X86_FLAGS_ADD:
    case X86_FLAGS_ADC: x.a = cut(x.result - x.b - x.carry, size); return add_flags(&x);
    case X86_FLAGS_SUB:
    case X86_FLAGS_SBB: x.a = cut(x.result + x.b + x.carry, size); return sub_flags(&x);
    case X86_FLAGS_INC:
    case X86_FLAGS_DEC:
        x.b = 1;
        x.a = cut(kind == X86_FLAGS_INC ? x.result - 1 : x.result + 1, size);
        return ((kind == X86_FLAGS_INC ? add_flags(&x) : sub_flags(&x)) & ~RFLAGS_CF) |
               (flags->extra & RFLAGS_CF);
    case X86_FLAGS_LOGIC: return result_flags(x.result, x.sign);
    case X86_FLAGS_SHL:
    case X86_FLAGS_SHR:
    case X86_FLAGS_SAR: return shift_flags(kind, &x);
    default: /* X86_FLAGS_SHIFT */
        return result_flags(x.result, x.sign) |
               (flags->extra & (RFLAGS_CF | RFLAGS_OF | RFLAGS_AF));
    }
}

uint32_t x86_flags_arithmetic(const X86Flags *flags)
{
    uint32_t bits = flags_of_kind(flags);

    if (flags->kind & X86_FLAGS_CARRY) {
        bits = (bits & ~RFLAGS_CF) | (flags->kind >> X86_FLAGS_CARRY_SHIFT & 1 ? RFLAGS_CF : 0);
    }
    if (flags->kind & X86_FLAGS_OVERFLOW) {
        bits = (bits & ~RFLAGS_OF) | (flags->kind >> X86_FLAGS_OVERFLOW_SHIFT & 1 ? RFLAGS_OF : 0);
    }
    return bits;
}

uint64_t x86_flags_get(const X86Cpu *cpu)
{
    return cpu->flags.other | x86_flags_arithmetic(&cpu->flags);
}

void x86_flags_set(X86Cpu *cpu, uint64_t rflags)
{
    cpu->flags.kind = X86_FLAGS_BITS;
    cpu->flags.result = rflags & RFLAGS_ARITHMETIC;
    cpu->flags.other = (rflags & ~(uint64_t)RFLAGS_ARITHMETIC) | RFLAGS_ONE;
}

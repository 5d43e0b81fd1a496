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

/* What a shift by one less leaves. */
static uint64_t before_last_step(unsigned kind, const X86Flags *flags, unsigned size)
{
    unsigned steps = (flags->extra - 1) & 63, unused = 64 - (8u << size);
    uint64_t v = cut(flags->source, size);

    switch (kind) {
    case X86_FLAGS_SHL: return cut(v << steps, size);
    case X86_FLAGS_SHR: return v >> steps;
    default: return cut((uint64_t)((int64_t)(v << unused) >> unused >> steps), size);
    }
}

/* AF, which is undefined, is set. OF is as if each step set it. */
static uint32_t shift_flags(unsigned kind, const X86Flags *flags, Arithmetic *x, unsigned size)
{
    bool left = kind == X86_FLAGS_SHL;

    x->b = before_last_step(kind, flags, size);
    bool carry = x->b & (left ? x->sign : 1);
    bool overflow = left                    ? !(x->result & x->sign) == carry
                    : kind == X86_FLAGS_SHR ? (x->result ^ x->result << 1) & x->sign
                                            : false;

    return result_flags(x->result, x->sign) | RFLAGS_AF | (carry ? RFLAGS_CF : 0) |
           (overflow ? RFLAGS_OF : 0);
}

static int64_t widened(uint64_t v, unsigned size)
{
    unsigned unused = 64 - (8u << size);

    return (int64_t)(v << unused) >> unused;
}

/* The product has more bits than its low half. */
static bool product_overflows(unsigned kind, const X86Flags *flags, unsigned size)
{
    int64_t low = widened(flags->result, size);

    if (kind == X86_FLAGS_MULU) {
        return cut(flags->source, size);
    }
    if (kind == X86_FLAGS_MULS) {
        return widened(flags->source, size) != low >> 63;
    }
    return (__int128)widened(flags->source, size) * widened(flags->extra, size) != low;
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
    case X86_FLAGS_CMP:
        x.a = x.result;
        x.result = cut(x.a - x.b, size);
        return sub_flags(&x);
    case X86_FLAGS_INC:
    case X86_FLAGS_DEC:
        x.b = 1;
        x.a = cut(kind == X86_FLAGS_INC ? x.result - 1 : x.result + 1, size);
        return ((kind == X86_FLAGS_INC ? add_flags(&x) : sub_flags(&x)) & ~RFLAGS_CF) |
               (flags->extra & RFLAGS_CF);
    case X86_FLAGS_LOGIC: return result_flags(x.result, x.sign);
    case X86_FLAGS_TEST: return result_flags(x.result & x.b, x.sign);
    case X86_FLAGS_SHL:
    case X86_FLAGS_SHR:
    case X86_FLAGS_SAR: return shift_flags(kind, flags, &x, size);
    case X86_FLAGS_IMUL:
    case X86_FLAGS_MULU:
    case X86_FLAGS_MULS:
        return result_flags(x.result, x.sign) |
               (product_overflows(kind, flags, size) ? RFLAGS_CF | RFLAGS_OF : 0);
    case X86_FLAGS_COUNT: return result_flags(x.result, x.sign) | (x.b ? 0 : RFLAGS_CF);
    case X86_FLAGS_ZERO: return x.result ? 0 : RFLAGS_ZF;
    default: /* X86_FLAGS_SHIFT */
        return result_flags(x.result, x.sign) |
               (flags->extra & (RFLAGS_CF | RFLAGS_OF | RFLAGS_AF));
    }
}

static uint32_t replace(uint32_t bits, uint32_t flag, bool set)
{
    return (bits & ~flag) | (set ? flag : 0);
}

uint32_t x86_flags_arithmetic(const X86Flags *flags)
{
    uint32_t bits = flags_of_kind(flags);

    if (flags->kind & (X86_FLAGS_ROL | X86_FLAGS_ROR)) {
        unsigned top = (8u << (flags->kind >> X86_FLAGS_ROTATED_SHIFT & 3)) - 1;
        bool first = flags->rotated >> top & 1, left = flags->kind & X86_FLAGS_ROL;
        bool other = flags->rotated >> (left ? 0 : top - 1) & 1;

        bits = replace(bits, RFLAGS_CF, left ? other : first);
        bits = replace(bits, RFLAGS_OF, first != other);
    }
    if (flags->kind & X86_FLAGS_CARRY) {
        bits = replace(bits, RFLAGS_CF, flags->carry & 1);
    }
    if (flags->kind & X86_FLAGS_OVERFLOW) {
        bits = replace(bits, RFLAGS_OF, flags->overflow & 1);
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

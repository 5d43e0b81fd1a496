/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic comes from exact_call(); what moves and inspects bits is written out from the manual.
 * Spec: RISC-V unprivileged ISA 20240411, ch. 20 to 23 (F, D, Zfh), "Zfa".
 */
#include "tests/tcg/riscv/vectors/insn.h"

#include <glib.h>

#include "tests/fpu/exact.h"

enum { ANY = 1 << FMT_S | 1 << FMT_D | 1 << FMT_H, ONLY_D = 1 << FMT_D };

const Insn insns[] = {
    { "fadd", 0x00000053, KIND_ARITHMETIC, SOFT_ADD, 2, ANY },
    { "fsub", 0x08000053, KIND_ARITHMETIC, SOFT_SUB, 2, ANY },
    { "fmul", 0x10000053, KIND_ARITHMETIC, SOFT_MUL, 2, ANY },
    { "fdiv", 0x18000053, KIND_ARITHMETIC, SOFT_DIV, 2, ANY },
    { "fsqrt", 0x58000053, KIND_ARITHMETIC, SOFT_SQRT, 1, ANY },
    { "fmadd", 0x00000043, KIND_FMA, 0, 3, ANY },
    { "fmsub", 0x00000047, KIND_FMA, FLOAT_FMA_NEGATE_ADDEND, 3, ANY },
    { "fnmsub", 0x0000004b, KIND_FMA, FLOAT_FMA_NEGATE_PRODUCT, 3, ANY },
    { "fnmadd", 0x0000004f, KIND_FMA, FLOAT_FMA_NEGATE_PRODUCT | FLOAT_FMA_NEGATE_ADDEND, 3, ANY },
    { "fcvt-from-s", 0x40000053, KIND_CONVERT, FMT_S, 1, ANY & ~(1 << FMT_S) },
    { "fcvt-from-d", 0x40100053, KIND_CONVERT, FMT_D, 1, ANY & ~(1 << FMT_D) },
    { "fcvt-from-h", 0x40200053, KIND_CONVERT, FMT_H, 1, ANY & ~(1 << FMT_H) },
    { "fround", 0x40400053, KIND_ROUND, false, 1, ANY },
    { "froundnx", 0x40500053, KIND_ROUND, true, 1, ANY },
    { "fcvt-to-w", 0xc0000053, KIND_TO_INT, 0, 1, ANY },
    { "fcvt-to-wu", 0xc0100053, KIND_TO_INT, 1, 1, ANY },
    { "fcvt-to-l", 0xc0200053, KIND_TO_INT, 2, 1, ANY },
    { "fcvt-to-lu", 0xc0300053, KIND_TO_INT, 3, 1, ANY },
    { "fcvt-from-w", 0xd0000053, KIND_FROM_INT, 0, 1, ANY },
    { "fcvt-from-wu", 0xd0100053, KIND_FROM_INT, 1, 1, ANY },
    { "fcvt-from-l", 0xd0200053, KIND_FROM_INT, 2, 1, ANY },
    { "fcvt-from-lu", 0xd0300053, KIND_FROM_INT, 3, 1, ANY },
    { "fsgnj", 0x20000053, KIND_SIGN, 0, 2, ANY },
    { "fsgnjn", 0x20001053, KIND_SIGN, 1, 2, ANY },
    { "fsgnjx", 0x20002053, KIND_SIGN, 2, 2, ANY },
    { "fmin", 0x28000053, KIND_MINMAX, 0, 2, ANY },
    { "fmax", 0x28001053, KIND_MINMAX, 1, 2, ANY },
    { "fminm", 0x28002053, KIND_MINMAX, 2, 2, ANY },
    { "fmaxm", 0x28003053, KIND_MINMAX, 3, 2, ANY },
    { "fle", 0xa0000053, KIND_COMPARE, 0, 2, ANY },
    { "flt", 0xa0001053, KIND_COMPARE, 1, 2, ANY },
    { "feq", 0xa0002053, KIND_COMPARE, 2, 2, ANY },
    { "fleq", 0xa0004053, KIND_COMPARE, 4, 2, ANY },
    { "fltq", 0xa0005053, KIND_COMPARE, 5, 2, ANY },
    { "fclass", 0xe0001053, KIND_CLASS, 0, 1, ANY },
    { "fmv-to-x", 0xe0000053, KIND_TO_X, 0, 1, ANY },
    { "fmv-from-x", 0xf0000053, KIND_FROM_X, 0, 1, ANY },
    { "fli", 0xf0100053, KIND_CONSTANT, 0, 0, ANY },
    { "fcvtmod", 0xc0801053, KIND_MODULAR, 0, 1, ONLY_D },
};
const unsigned insn_count = G_N_ELEMENTS(insns);

static const SoftFormat soft_formats[] = {
    [FMT_S] = SOFT_F32,
    [FMT_D] = SOFT_F64,
    [FMT_H] = SOFT_F16,
};

bool insn_has_rounding(const Insn *insn)
{
    return insn->kind <= KIND_FROM_INT;
}

bool insn_reads_x(const Insn *insn)
{
    return insn->kind == KIND_FROM_INT || insn->kind == KIND_FROM_X;
}

bool insn_writes_x(const Insn *insn)
{
    return insn->kind == KIND_TO_INT || insn->kind == KIND_COMPARE || insn->kind == KIND_CLASS ||
           insn->kind == KIND_TO_X || insn->kind == KIND_MODULAR;
}

Fmt insn_source_format(const Insn *insn, Fmt fmt)
{
    return insn->kind == KIND_CONVERT ? insn->variant : fmt;
}

static const OperandShape *shape_of(Fmt fmt)
{
    return &exact_formats[soft_formats[fmt]].shape;
}

static unsigned bits_of(Fmt fmt)
{
    return 1 + shape_of(fmt)->exp_bits + shape_of(fmt)->frac_bits;
}

static uint64_t mask_of(Fmt fmt)
{
    return UINT64_MAX >> (64 - bits_of(fmt));
}

static uint64_t sign_of(Fmt fmt)
{
    return UINT64_C(1) << (bits_of(fmt) - 1);
}

static uint64_t infinity_of(Fmt fmt)
{
    return ((UINT64_C(1) << shape_of(fmt)->exp_bits) - 1) << shape_of(fmt)->frac_bits;
}

static uint64_t quiet_bit_of(Fmt fmt)
{
    return UINT64_C(1) << (shape_of(fmt)->frac_bits - 1);
}

static uint64_t canonical_nan(Fmt fmt)
{
    return infinity_of(fmt) | quiet_bit_of(fmt);
}

uint64_t insn_box(Fmt fmt, uint64_t v)
{
    return v | ~mask_of(fmt);
}

static uint64_t unbox(Fmt fmt, uint64_t v)
{
    return (v | mask_of(fmt)) == UINT64_MAX ? v & mask_of(fmt) : canonical_nan(fmt);
}

static bool is_nan(Fmt fmt, uint64_t v)
{
    return (v & ~sign_of(fmt)) > infinity_of(fmt);
}

static bool is_signalling(Fmt fmt, uint64_t v)
{
    return is_nan(fmt, v) && !(v & quiet_bit_of(fmt));
}

/* Numbers in order: -0 directly below +0. */
static int64_t place_of(Fmt fmt, uint64_t v)
{
    int64_t magnitude = (int64_t)(v & ~sign_of(fmt));

    return v & sign_of(fmt) ? ~magnitude : magnitude;
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
    return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

static uint64_t exact(const SoftCall *soft, unsigned rounding, unsigned *flags)
{
    FloatStatus st = { .rounding = rounding, .default_nan = true };
    uint8_t raised;
    uint64_t result = exact_call(soft, &st, &raised);

    *flags = raised & 0x1f;
    return result;
}

static uint64_t expect_arithmetic(const InsnCall *call, const uint64_t v[3], unsigned *flags)
{
    const Insn *insn = call->insn;
    SoftCall soft = {
        .op = insn->kind == KIND_ARITHMETIC ? insn->variant
              : insn->kind == KIND_FMA      ? SOFT_FMA
              : insn->kind == KIND_CONVERT  ? SOFT_CONVERT
                                            : SOFT_ROUND_INT,
        .format = soft_formats[insn_source_format(insn, call->fmt)],
        .to = soft_formats[call->fmt],
        .flags = insn->kind == KIND_FMA ? insn->variant : 0,
        .a = v[0],
        .b = v[1],
        .c = v[2],
    };
    uint64_t result = exact(&soft, call->rounding, flags);

    if (insn->kind == KIND_ROUND && !insn->variant) {
        *flags &= ~FLOAT_INEXACT;
    }
    return insn_box(call->fmt, result);
}

static uint64_t expect_to_int(const InsnCall *call, uint64_t v, unsigned *flags)
{
    static const SoftOp ops[] = { SOFT_TO_I32, SOFT_TO_U32, SOFT_TO_I64, SOFT_TO_U64 };
    SoftCall soft = { .op = ops[call->insn->variant], .format = soft_formats[call->fmt], .a = v };
    uint64_t result = exact(&soft, call->rounding, flags);

    return call->insn->variant < 2 ? sign_extend(result, 32) : result;
}

static uint64_t expect_from_int(const InsnCall *call, unsigned *flags)
{
    bool is_unsigned = call->insn->variant & 1;
    uint64_t v = call->source[0];
    SoftCall soft = { .op = is_unsigned ? SOFT_FROM_U64 : SOFT_FROM_I64,
                      .format = soft_formats[call->fmt] };

    if (call->insn->variant < 2) {
        v = is_unsigned ? (uint32_t)v : sign_extend(v, 32);
    }
    soft.a = v;
    return insn_box(call->fmt, exact(&soft, call->rounding, flags));
}

static uint64_t expect_sign(const InsnCall *call, const uint64_t v[3])
{
    uint64_t sign = sign_of(call->fmt);
    uint64_t other = call->insn->variant == 1   ? ~v[1]
                     : call->insn->variant == 2 ? v[0] ^ v[1]
                                                : v[1];

    return insn_box(call->fmt, (v[0] & ~sign) | (other & sign));
}

static uint64_t expect_minmax(const InsnCall *call, const uint64_t v[3], unsigned *flags)
{
    Fmt fmt = call->fmt;
    bool nan_wins = call->insn->variant & 2, max = call->insn->variant & 1;
    bool nan0 = is_nan(fmt, v[0]), nan1 = is_nan(fmt, v[1]);

    *flags = is_signalling(fmt, v[0]) || is_signalling(fmt, v[1]) ? FLOAT_INVALID : 0;
    if ((nan0 && nan1) || (nan_wins && (nan0 || nan1))) {
        return insn_box(fmt, canonical_nan(fmt));
    }
    if (nan0 || nan1) {
        return insn_box(fmt, nan0 ? v[1] : v[0]);
    }
    return insn_box(fmt, (place_of(fmt, v[0]) > place_of(fmt, v[1])) == max ? v[0] : v[1]);
}

static uint64_t expect_compare(const InsnCall *call, const uint64_t v[3], unsigned *flags)
{
    enum { LE, LT, EQ, LEQ = 4, LTQ = 5 };
    Fmt fmt = call->fmt;
    unsigned variant = call->insn->variant;
    bool both_zero = !((v[0] | v[1]) & ~sign_of(fmt));
    int64_t a = both_zero ? 0 : place_of(fmt, v[0]), b = both_zero ? 0 : place_of(fmt, v[1]);

    *flags = is_signalling(fmt, v[0]) || is_signalling(fmt, v[1]) ? FLOAT_INVALID : 0;
    if (is_nan(fmt, v[0]) || is_nan(fmt, v[1])) {
        *flags = variant == LE || variant == LT ? FLOAT_INVALID : *flags;
        return 0;
    }
    return variant == EQ ? a == b : variant == LT || variant == LTQ ? a < b : a <= b;
}

/* fclass: bits 0 to 3 from -infinity up to -0, 4 to 7 from +0 up, 8 signalling, 9 quiet */
static uint64_t expect_class(Fmt fmt, uint64_t v)
{
    uint64_t magnitude = v & ~sign_of(fmt), smallest_normal = quiet_bit_of(fmt) << 1;
    unsigned size = magnitude == 0                 ? 0
                    : magnitude < smallest_normal  ? 1
                    : magnitude < infinity_of(fmt) ? 2
                                                   : 3;

    if (is_nan(fmt, v)) {
        return is_signalling(fmt, v) ? 1 << 8 : 1 << 9;
    }
    return 1u << (v & sign_of(fmt) ? 3 - size : 4 + size);
}

static uint64_t expect_constant(Fmt fmt, unsigned index)
{
    static const double values[32] = {
        -1,     0,   0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125,  0.25, 0.3125, 0.375,
        0.4375, 0.5, 0.625,   0.75,    0.875,  1,      1.25,   1.5,    1.75, 2,      2.5,
        3,      4,   8,       16,      128,    256,    0x1p15, 0x1p16, 0,    0,
    };
    enum { SMALLEST_NORMAL = 1, INFINITE = 30, NAN_ = 31 };
    SoftCall soft = { .op = SOFT_CONVERT, .format = SOFT_F64, .to = soft_formats[fmt] };
    union {
        double value;
        uint64_t bits;
    } v = { values[index] };
    unsigned flags;

    switch (index) {
    case SMALLEST_NORMAL: return insn_box(fmt, quiet_bit_of(fmt) << 1);
    case INFINITE: return insn_box(fmt, infinity_of(fmt));
    case NAN_: return insn_box(fmt, canonical_nan(fmt));
    }
    soft.a = v.bits;
    return fmt == FMT_D ? v.bits : insn_box(fmt, exact(&soft, FLOAT_RNE, &flags));
}

/* The integer part modulo 2^32; flags are those of fcvt.w.d. */
static uint64_t expect_modular(uint64_t v, unsigned *flags)
{
    enum { BIAS = 1023, FRACTION_BITS = 52 };
    SoftCall soft = { .op = SOFT_TO_I32, .format = SOFT_F64, .a = v };
    uint64_t significand = (v & ((UINT64_C(1) << FRACTION_BITS) - 1)) | UINT64_C(1)
                                                                            << FRACTION_BITS;
    int exponent = (int)(v >> FRACTION_BITS & 0x7ff) - BIAS;
    uint32_t magnitude;

    exact(&soft, FLOAT_RTZ, flags);
    if (exponent < 0 || exponent > FRACTION_BITS + 31) { /* also infinities and NaNs */
        return 0;
    }
    magnitude = exponent <= FRACTION_BITS ? significand >> (FRACTION_BITS - exponent)
                                          : significand << (exponent - FRACTION_BITS);
    return sign_extend(v >> 63 ? -magnitude : magnitude, 32);
}

uint64_t insn_expect(const InsnCall *call, unsigned *flags)
{
    Fmt source_fmt = insn_source_format(call->insn, call->fmt);
    uint64_t v[3];

    *flags = 0;
    for (unsigned i = 0; i < 3; i++) {
        v[i] = unbox(source_fmt, call->source[i]);
    }
    switch (call->insn->kind) {
    case KIND_ARITHMETIC:
    case KIND_FMA:
    case KIND_CONVERT:
    case KIND_ROUND: return expect_arithmetic(call, v, flags);
    case KIND_TO_INT: return expect_to_int(call, v[0], flags);
    case KIND_FROM_INT: return expect_from_int(call, flags);
    case KIND_SIGN: return expect_sign(call, v);
    case KIND_MINMAX: return expect_minmax(call, v, flags);
    case KIND_COMPARE: return expect_compare(call, v, flags);
    case KIND_CLASS: return expect_class(call->fmt, v[0]);
    case KIND_TO_X: return sign_extend(call->source[0], bits_of(call->fmt));
    case KIND_FROM_X: return insn_box(call->fmt, call->source[0]);
    case KIND_CONSTANT: return expect_constant(call->fmt, call->index);
    case KIND_MODULAR: return expect_modular(v[0], flags);
    }
    g_assert_not_reached();
}

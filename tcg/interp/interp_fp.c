/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FP ops of the interpreter: fpu/ under the RISC-V profile, so that the host's unit is never its
 * own judge. */
#include "tcg/interp/interp_fp.h"

#include "fpu/softfloat.h"

enum {
    MXCSR_IE = 1,
    MXCSR_ZE = 4,
    MXCSR_OE = 8,
    MXCSR_UE = 16,
    MXCSR_PE = 32,
    MXCSR_RC_SHIFT = 13
};
enum { BOX_SHIFT = 32 };
static const uint32_t canonical_nan32 = 0x7fc00000;

static FloatRounding rounding_of(uint32_t mxcsr)
{
    static const uint8_t modes[4] = { FLOAT_RNE, FLOAT_RDN, FLOAT_RUP, FLOAT_RTZ };

    return modes[mxcsr >> MXCSR_RC_SHIFT & 3];
}

static uint32_t sticky_of(uint8_t flags)
{
    return (flags & FLOAT_INVALID ? MXCSR_IE : 0) | (flags & FLOAT_DIVBYZERO ? MXCSR_ZE : 0) |
           (flags & FLOAT_OVERFLOW ? MXCSR_OE : 0) | (flags & FLOAT_UNDERFLOW ? MXCSR_UE : 0) |
           (flags & FLOAT_INEXACT ? MXCSR_PE : 0);
}

static uint64_t arithmetic32(const IrOp *op, const uint64_t arg[3], FloatStatus *st)
{
    Float32 a = arg[0], b = arg[1], c = arg[2];

    switch (op->op) {
    case IR_FADD: return f32_add(a, b, st);
    case IR_FSUB: return f32_sub(a, b, st);
    case IR_FMUL: return f32_mul(a, b, st);
    case IR_FDIV: return f32_div(a, b, st);
    case IR_FSQRT: return f32_sqrt(a, st);
    case IR_FMA:
        return f32_fma(a, b, c,
                       (op->aux & IR_FMA_NEG_PRODUCT ? FLOAT_FMA_NEGATE_PRODUCT : 0) |
                           (op->aux & IR_FMA_NEG_ADDEND ? FLOAT_FMA_NEGATE_ADDEND : 0),
                       st);
    case IR_FMIN: return f32_min(a, b, FLOAT_MINMAX_NUMBER, st);
    case IR_FMAX: return f32_max(a, b, FLOAT_MINMAX_NUMBER, st);
    default: g_assert_not_reached();
    }
}

static uint64_t arithmetic64(const IrOp *op, const uint64_t arg[3], FloatStatus *st)
{
    Float64 a = arg[0], b = arg[1], c = arg[2];

    switch (op->op) {
    case IR_FADD: return f64_add(a, b, st);
    case IR_FSUB: return f64_sub(a, b, st);
    case IR_FMUL: return f64_mul(a, b, st);
    case IR_FDIV: return f64_div(a, b, st);
    case IR_FSQRT: return f64_sqrt(a, st);
    case IR_FMA:
        return f64_fma(a, b, c,
                       (op->aux & IR_FMA_NEG_PRODUCT ? FLOAT_FMA_NEGATE_PRODUCT : 0) |
                           (op->aux & IR_FMA_NEG_ADDEND ? FLOAT_FMA_NEGATE_ADDEND : 0),
                       st);
    case IR_FMIN: return f64_min(a, b, FLOAT_MINMAX_NUMBER, st);
    case IR_FMAX: return f64_max(a, b, FLOAT_MINMAX_NUMBER, st);
    default: g_assert_not_reached();
    }
}

static uint64_t compare(const IrOp *op, IrType type, const uint64_t arg[3], FloatStatus *st)
{
    uint64_t a = arg[0], b = arg[1];
    bool wide = type == IR_F64;

    switch ((IrFpCompare)op->aux) {
    case IR_FCMP_EQ_QUIET: return wide ? f64_eq(a, b, st) : f32_eq(a, b, st);
    case IR_FCMP_LT_SIGNAL: return wide ? f64_lt(a, b, st) : f32_lt(a, b, st);
    case IR_FCMP_LE_SIGNAL: return wide ? f64_le(a, b, st) : f32_le(a, b, st);
    case IR_FCMP_LT_QUIET: return wide ? f64_lt_quiet(a, b, st) : f32_lt_quiet(a, b, st);
    case IR_FCMP_LE_QUIET: return wide ? f64_le_quiet(a, b, st) : f32_le_quiet(a, b, st);
    }
    g_assert_not_reached();
}

static uint64_t to_integer(const IrOp *op, IrType from, uint64_t a, FloatStatus *st)
{
    FloatRounding rounding = op->aux & IR_CVT_TRUNCATE ? FLOAT_RTZ : st->rounding;
    bool wide = from == IR_F64;

    if (op->type == IR_I64) {
        if (op->aux & IR_CVT_UNSIGNED) {
            return wide ? f64_to_u64(a, rounding, st) : f32_to_u64(a, rounding, st);
        }
        return wide ? f64_to_i64(a, rounding, st) : f32_to_i64(a, rounding, st);
    }
    if (op->aux & IR_CVT_UNSIGNED) {
        return wide ? f64_to_u32(a, rounding, st) : f32_to_u32(a, rounding, st);
    }
    return (uint32_t)(wide ? f64_to_i32(a, rounding, st) : f32_to_i32(a, rounding, st));
}

static uint64_t from_integer(const IrOp *op, IrType from, uint64_t a, FloatStatus *st)
{
    bool wide = op->type == IR_F64;

    if (op->aux & IR_CVT_UNSIGNED) {
        return wide ? f64_from_u64(a, st) : f32_from_u64(a, st);
    }
    if (from == IR_I32) {
        a = (int64_t)(int32_t)a;
    }
    return wide ? f64_from_i64(a, st) : f32_from_i64(a, st);
}

uint64_t interp_fp(const IrOp *op, IrType from, const uint64_t arg[3], uint32_t *mxcsr)
{
    FloatStatus st = { .rounding = rounding_of(*mxcsr),
                       .default_nan = true,
                       .int_rule = FLOAT_INT_RISCV };
    uint64_t result;

    switch (op->op) {
    case IR_NANBOX: return arg[0] | (uint64_t)UINT32_MAX << BOX_SHIFT;
    case IR_UNBOX: return arg[0] >> BOX_SHIFT == UINT32_MAX ? (uint32_t)arg[0] : canonical_nan32;
    case IR_FBITS:
    case IR_BITSF: return arg[0];
    case IR_FCMP: result = compare(op, from, arg, &st); break;
    case IR_FCVT:
        result = op->type == IR_F64 ? f32_to_f64(arg[0], &st) : f64_to_f32(arg[0], &st);
        break;
    case IR_FTOI: result = to_integer(op, from, arg[0], &st); break;
    case IR_ITOF: result = from_integer(op, from, arg[0], &st); break;
    default:
        result = op->type == IR_F64 ? arithmetic64(op, arg, &st) : arithmetic32(op, arg, &st);
        break;
    }
    *mxcsr |= sticky_of(st.flags);
    return result;
}

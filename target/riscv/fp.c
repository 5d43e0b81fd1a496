/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper fp: floating point in software, for what IR ops do not cover. Spec: unprivileged ISA, ch.
 * 20 to 25. */
#include "target/riscv/fp.h"

#include "fpu/softfloat.h"
#include "target/riscv/fp_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/translate_internal.h"

/* MXCSR: the five flags of fflags are bits 5 (NX), 4 (UF), 3 (OF), 2 (DZ), 0 (NV). */
enum { MXCSR_IE = 1, MXCSR_ZE = 4, MXCSR_OE = 8, MXCSR_UE = 16, MXCSR_PE = 32 };
enum { MXCSR_FLAGS = MXCSR_IE | MXCSR_ZE | MXCSR_OE | MXCSR_UE | MXCSR_PE, MXCSR_RC_SHIFT = 13 };

static uint32_t to_mxcsr(unsigned flags)
{
    return (flags & FLOAT_INEXACT ? MXCSR_PE : 0) | (flags & FLOAT_UNDERFLOW ? MXCSR_UE : 0) |
           (flags & FLOAT_OVERFLOW ? MXCSR_OE : 0) | (flags & FLOAT_DIVBYZERO ? MXCSR_ZE : 0) |
           (flags & FLOAT_INVALID ? MXCSR_IE : 0);
}

unsigned riscv_fflags(const RiscvCpu *cpu)
{
    uint32_t mxcsr = cpu->cpu.env.mxcsr_guest;

    return (mxcsr & MXCSR_PE ? FLOAT_INEXACT : 0) | (mxcsr & MXCSR_UE ? FLOAT_UNDERFLOW : 0) |
           (mxcsr & MXCSR_OE ? FLOAT_OVERFLOW : 0) | (mxcsr & MXCSR_ZE ? FLOAT_DIVBYZERO : 0) |
           (mxcsr & MXCSR_IE ? FLOAT_INVALID : 0);
}

void riscv_set_fflags(RiscvCpu *cpu, unsigned flags)
{
    uint32_t *mxcsr = &cpu->cpu.env.mxcsr_guest;

    *mxcsr = (*mxcsr & ~(uint32_t)MXCSR_FLAGS) | to_mxcsr(flags);
}

void riscv_set_frm(RiscvCpu *cpu, unsigned frm)
{
    /* MXCSR.RC: 0 nearest, 1 down, 2 up, 3 to zero; modes it does not know are handled in software
     */
    static const uint8_t rc[8] = { 0, 3, 1, 2, 0, 0, 0, 0 };
    uint32_t *mxcsr = &cpu->cpu.env.mxcsr_guest;

    cpu->frm = frm & 7;
    *mxcsr = (*mxcsr & ~(3u << MXCSR_RC_SHIFT)) | (uint32_t)rc[cpu->frm] << MXCSR_RC_SHIFT;
}

/* One call of the helper. */
typedef struct {
    RiscvFpOp op;
    RiscvFormat fmt;
    FloatRounding rm;
    unsigned extra;
    uint64_t a, b, c;
    FloatStatus st;
} Fp;

static uint64_t box_s(Float32 v)
{
    return v | 0xffffffff00000000;
}

static uint64_t box_h(Float16 v)
{
    return v | 0xffffffffffff0000;
}

static Float32 unbox_s(uint64_t v)
{
    return v >> 32 == UINT32_MAX ? (Float32)v : 0x7fc00000;
}

static Float16 unbox_h(uint64_t v)
{
    return v >> 16 == 0xffffffffffff ? (Float16)v : 0x7e00;
}

static unsigned fma_flags(const Fp *fp)
{
    return (fp->extra & IR_FMA_NEG_PRODUCT ? FLOAT_FMA_NEGATE_PRODUCT : 0) |
           (fp->extra & IR_FMA_NEG_ADDEND ? FLOAT_FMA_NEGATE_ADDEND : 0);
}

static uint64_t arithmetic_s(Fp *fp)
{
    Float32 a = unbox_s(fp->a), b = unbox_s(fp->b), c = unbox_s(fp->c);
    FloatStatus *st = &fp->st;

    switch (fp->op) {
    case RISCV_FP_ADD: return box_s(f32_add(a, b, st));
    case RISCV_FP_SUB: return box_s(f32_sub(a, b, st));
    case RISCV_FP_MUL: return box_s(f32_mul(a, b, st));
    case RISCV_FP_DIV: return box_s(f32_div(a, b, st));
    case RISCV_FP_SQRT: return box_s(f32_sqrt(a, st));
    case RISCV_FP_MIN: return box_s(f32_min(a, b, FLOAT_MINMAX_NUMBER, st));
    case RISCV_FP_MAX: return box_s(f32_max(a, b, FLOAT_MINMAX_NUMBER, st));
    case RISCV_FP_MINM: return box_s(f32_min(a, b, FLOAT_MINMAX_NAN, st));
    case RISCV_FP_MAXM: return box_s(f32_max(a, b, FLOAT_MINMAX_NAN, st));
    case RISCV_FP_FMA: return box_s(f32_fma(a, b, c, fma_flags(fp), st));
    case RISCV_FP_ROUND: return box_s(f32_round_int(a, fp->rm, false, st));
    case RISCV_FP_ROUNDNX: return box_s(f32_round_int(a, fp->rm, true, st));
    case RISCV_FP_CLASS: return f32_classify(a);
    default: g_assert_not_reached();
    }
}

static uint64_t arithmetic_d(Fp *fp)
{
    Float64 a = fp->a, b = fp->b, c = fp->c;
    FloatStatus *st = &fp->st;

    switch (fp->op) {
    case RISCV_FP_ADD: return f64_add(a, b, st);
    case RISCV_FP_SUB: return f64_sub(a, b, st);
    case RISCV_FP_MUL: return f64_mul(a, b, st);
    case RISCV_FP_DIV: return f64_div(a, b, st);
    case RISCV_FP_SQRT: return f64_sqrt(a, st);
    case RISCV_FP_MIN: return f64_min(a, b, FLOAT_MINMAX_NUMBER, st);
    case RISCV_FP_MAX: return f64_max(a, b, FLOAT_MINMAX_NUMBER, st);
    case RISCV_FP_MINM: return f64_min(a, b, FLOAT_MINMAX_NAN, st);
    case RISCV_FP_MAXM: return f64_max(a, b, FLOAT_MINMAX_NAN, st);
    case RISCV_FP_FMA: return f64_fma(a, b, c, fma_flags(fp), st);
    case RISCV_FP_ROUND: return f64_round_int(a, fp->rm, false, st);
    case RISCV_FP_ROUNDNX: return f64_round_int(a, fp->rm, true, st);
    case RISCV_FP_CLASS: return f64_classify(a);
    case RISCV_FP_CVTMOD: return (uint64_t)(int64_t)(int32_t)f64_to_i32_modular(a, st);
    default: g_assert_not_reached();
    }
}

static uint64_t arithmetic_h(Fp *fp)
{
    Float16 a = unbox_h(fp->a), b = unbox_h(fp->b), c = unbox_h(fp->c);
    FloatStatus *st = &fp->st;

    switch (fp->op) {
    case RISCV_FP_ADD: return box_h(f16_add(a, b, st));
    case RISCV_FP_SUB: return box_h(f16_sub(a, b, st));
    case RISCV_FP_MUL: return box_h(f16_mul(a, b, st));
    case RISCV_FP_DIV: return box_h(f16_div(a, b, st));
    case RISCV_FP_SQRT: return box_h(f16_sqrt(a, st));
    case RISCV_FP_MIN: return box_h(f16_min(a, b, FLOAT_MINMAX_NUMBER, st));
    case RISCV_FP_MAX: return box_h(f16_max(a, b, FLOAT_MINMAX_NUMBER, st));
    case RISCV_FP_MINM: return box_h(f16_min(a, b, FLOAT_MINMAX_NAN, st));
    case RISCV_FP_MAXM: return box_h(f16_max(a, b, FLOAT_MINMAX_NAN, st));
    case RISCV_FP_FMA: return box_h(f16_fma(a, b, c, fma_flags(fp), st));
    case RISCV_FP_ROUND: return box_h(f16_round_int(a, fp->rm, false, st));
    case RISCV_FP_ROUNDNX: return box_h(f16_round_int(a, fp->rm, true, st));
    case RISCV_FP_CLASS: return f16_classify(a);
    default: g_assert_not_reached();
    }
}

static uint64_t compare_h(Fp *fp)
{
    Float16 a = unbox_h(fp->a), b = unbox_h(fp->b);

    switch ((IrFpCompare)fp->extra) {
    case IR_FCMP_EQ_QUIET: return f16_eq(a, b, &fp->st);
    case IR_FCMP_LT_SIGNAL: return f16_lt(a, b, &fp->st);
    case IR_FCMP_LE_SIGNAL: return f16_le(a, b, &fp->st);
    case IR_FCMP_LT_QUIET: return f16_lt_quiet(a, b, &fp->st);
    case IR_FCMP_LE_QUIET: return f16_le_quiet(a, b, &fp->st);
    }
    g_assert_not_reached();
}

enum { TO_W, TO_WU, TO_L, TO_LU };

/* Exact widening first: half and single convert to double without loss, signalling NaNs stay
 * invalid in both steps. */
static uint64_t to_integer(Fp *fp)
{
    Float64 v = fp->fmt == RISCV_FMT_D   ? fp->a
                : fp->fmt == RISCV_FMT_S ? f32_to_f64(unbox_s(fp->a), &fp->st)
                                         : f16_to_f64(unbox_h(fp->a), &fp->st);

    switch (fp->extra) {
    case TO_W: return (uint64_t)(int64_t)f64_to_i32(v, fp->rm, &fp->st);
    case TO_WU: return (uint64_t)(int64_t)(int32_t)f64_to_u32(v, fp->rm, &fp->st);
    case TO_L: return f64_to_i64(v, fp->rm, &fp->st);
    default: return f64_to_u64(v, fp->rm, &fp->st);
    }
}

static uint64_t from_integer(Fp *fp)
{
    bool is_unsigned = fp->extra & 1;
    uint64_t v = fp->extra >= TO_L ? fp->a
                 : is_unsigned     ? (uint32_t)fp->a
                                   : (uint64_t)(int64_t)(int32_t)fp->a;

    switch (fp->fmt) {
    case RISCV_FMT_D: return is_unsigned ? f64_from_u64(v, &fp->st) : f64_from_i64(v, &fp->st);
    case RISCV_FMT_S:
        return box_s(is_unsigned ? f32_from_u64(v, &fp->st) : f32_from_i64(v, &fp->st));
    default: return box_h(is_unsigned ? f16_from_u64(v, &fp->st) : f16_from_i64(v, &fp->st));
    }
}

static uint64_t convert(Fp *fp)
{
    FloatStatus *st = &fp->st;

    if (fp->fmt == RISCV_FMT_D) {
        return fp->extra == RISCV_FMT_S ? f32_to_f64(unbox_s(fp->a), st)
                                        : f16_to_f64(unbox_h(fp->a), st);
    }
    if (fp->fmt == RISCV_FMT_S) {
        return box_s(fp->extra == RISCV_FMT_D ? f64_to_f32(fp->a, st)
                                              : f16_to_f32(unbox_h(fp->a), st));
    }
    return box_h(fp->extra == RISCV_FMT_D ? f64_to_f16(fp->a, st) : f32_to_f16(unbox_s(fp->a), st));
}

static uint64_t run(Fp *fp)
{
    switch (fp->op) {
    case RISCV_FP_COMPARE: return compare_h(fp);
    case RISCV_FP_TO_INT: return to_integer(fp);
    case RISCV_FP_FROM_INT: return from_integer(fp);
    case RISCV_FP_CONVERT: return convert(fp);
    default: break;
    }
    return fp->fmt == RISCV_FMT_D   ? arithmetic_d(fp)
           : fp->fmt == RISCV_FMT_S ? arithmetic_s(fp)
                                    : arithmetic_h(fp);
}

uint64_t riscv_helper_fp(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    Fp fp = {
        .op = a & ((1 << RISCV_FP_OP_BITS) - 1),
        .fmt = a >> RISCV_FP_FMT_SHIFT & 3,
        .rm = a >> RISCV_FP_RM_SHIFT & 7,
        .extra = a >> RISCV_FP_EXTRA_SHIFT,
        .a = b,
        .b = c,
        .c = d,
    };
    uint64_t result;

    fp.st = (FloatStatus){ .rounding = fp.rm, .default_nan = true, .int_rule = FLOAT_INT_RISCV };
    result = run(&fp);
    riscv_cpu(cpu)->cpu.env.mxcsr_guest |= to_mxcsr(fp.st.flags);
    return result;
}

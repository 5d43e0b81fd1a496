/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fpu/soft_call.h"

#include <glib.h>

static Float128 f128_of(Bits v)
{
    return (Float128){ .low = v, .high = v >> 64 };
}

static Bits bits_of_f128(Float128 v)
{
    return (Bits)v.high << 64 | v.low;
}

static FloatX80 x80_of(Bits v)
{
    return (FloatX80){ .significand = v, .sign_exponent = v >> 64 };
}

static Bits bits_of_x80(FloatX80 v)
{
    return (Bits)v.sign_exponent << 64 | v.significand;
}

static Bits convert_f16(SoftFormat to, Float16 a, FloatStatus *st)
{
    switch (to) {
    case SOFT_BF16: return f16_to_bf16(a, st);
    case SOFT_F32: return f16_to_f32(a, st);
    case SOFT_F64: return f16_to_f64(a, st);
    case SOFT_F128: return bits_of_f128(f16_to_f128(a, st));
    case SOFT_X80: return bits_of_x80(f16_to_x80(a, st));
    default: g_assert_not_reached();
    }
}

static Bits call_f16(const SoftCall *call, FloatStatus *st)
{
    Float16 a = call->a, b = call->b, c = call->c;

    switch (call->op) {
    case SOFT_ADD: return f16_add(a, b, st);
    case SOFT_SUB: return f16_sub(a, b, st);
    case SOFT_MUL: return f16_mul(a, b, st);
    case SOFT_DIV: return f16_div(a, b, st);
    case SOFT_SQRT: return f16_sqrt(a, st);
    case SOFT_FMA: return f16_fma(a, b, c, call->flags, st);
    case SOFT_SCALBN: return f16_scalbn(a, call->n, st);
    case SOFT_ROUND_INT: return f16_round_int(a, st->rounding, true, st);
    case SOFT_COMPARE: return (Bits)f16_compare_quiet(a, b, st);
    case SOFT_TO_I32: return (uint64_t)f16_to_i32(a, st->rounding, st);
    case SOFT_TO_U32: return f16_to_u32(a, st->rounding, st);
    case SOFT_TO_I64: return (uint64_t)f16_to_i64(a, st->rounding, st);
    case SOFT_TO_U64: return f16_to_u64(a, st->rounding, st);
    case SOFT_FROM_I64: return f16_from_i64((int64_t)call->a, st);
    case SOFT_FROM_U64: return f16_from_u64((uint64_t)call->a, st);
    case SOFT_CONVERT: return convert_f16(call->to, a, st);
    default: g_assert_not_reached();
    }
}

static Bits convert_bf16(SoftFormat to, Bfloat16 a, FloatStatus *st)
{
    switch (to) {
    case SOFT_F16: return bf16_to_f16(a, st);
    case SOFT_F32: return bf16_to_f32(a, st);
    case SOFT_F64: return bf16_to_f64(a, st);
    case SOFT_F128: return bits_of_f128(bf16_to_f128(a, st));
    case SOFT_X80: return bits_of_x80(bf16_to_x80(a, st));
    default: g_assert_not_reached();
    }
}

static Bits call_bf16(const SoftCall *call, FloatStatus *st)
{
    Bfloat16 a = call->a, b = call->b, c = call->c;

    switch (call->op) {
    case SOFT_ADD: return bf16_add(a, b, st);
    case SOFT_SUB: return bf16_sub(a, b, st);
    case SOFT_MUL: return bf16_mul(a, b, st);
    case SOFT_DIV: return bf16_div(a, b, st);
    case SOFT_SQRT: return bf16_sqrt(a, st);
    case SOFT_FMA: return bf16_fma(a, b, c, call->flags, st);
    case SOFT_SCALBN: return bf16_scalbn(a, call->n, st);
    case SOFT_ROUND_INT: return bf16_round_int(a, st->rounding, true, st);
    case SOFT_COMPARE: return (Bits)bf16_compare_quiet(a, b, st);
    case SOFT_TO_I32: return (uint64_t)bf16_to_i32(a, st->rounding, st);
    case SOFT_TO_U32: return bf16_to_u32(a, st->rounding, st);
    case SOFT_TO_I64: return (uint64_t)bf16_to_i64(a, st->rounding, st);
    case SOFT_TO_U64: return bf16_to_u64(a, st->rounding, st);
    case SOFT_FROM_I64: return bf16_from_i64((int64_t)call->a, st);
    case SOFT_FROM_U64: return bf16_from_u64((uint64_t)call->a, st);
    case SOFT_CONVERT: return convert_bf16(call->to, a, st);
    default: g_assert_not_reached();
    }
}

static Bits convert_f32(SoftFormat to, Float32 a, FloatStatus *st)
{
    switch (to) {
    case SOFT_F16: return f32_to_f16(a, st);
    case SOFT_BF16: return f32_to_bf16(a, st);
    case SOFT_F64: return f32_to_f64(a, st);
    case SOFT_F128: return bits_of_f128(f32_to_f128(a, st));
    case SOFT_X80: return bits_of_x80(f32_to_x80(a, st));
    default: g_assert_not_reached();
    }
}

static Bits call_f32(const SoftCall *call, FloatStatus *st)
{
    Float32 a = call->a, b = call->b, c = call->c;

    switch (call->op) {
    case SOFT_ADD: return f32_add(a, b, st);
    case SOFT_SUB: return f32_sub(a, b, st);
    case SOFT_MUL: return f32_mul(a, b, st);
    case SOFT_DIV: return f32_div(a, b, st);
    case SOFT_SQRT: return f32_sqrt(a, st);
    case SOFT_FMA: return f32_fma(a, b, c, call->flags, st);
    case SOFT_SCALBN: return f32_scalbn(a, call->n, st);
    case SOFT_ROUND_INT: return f32_round_int(a, st->rounding, true, st);
    case SOFT_COMPARE: return (Bits)f32_compare_quiet(a, b, st);
    case SOFT_TO_I32: return (uint64_t)f32_to_i32(a, st->rounding, st);
    case SOFT_TO_U32: return f32_to_u32(a, st->rounding, st);
    case SOFT_TO_I64: return (uint64_t)f32_to_i64(a, st->rounding, st);
    case SOFT_TO_U64: return f32_to_u64(a, st->rounding, st);
    case SOFT_FROM_I64: return f32_from_i64((int64_t)call->a, st);
    case SOFT_FROM_U64: return f32_from_u64((uint64_t)call->a, st);
    case SOFT_CONVERT: return convert_f32(call->to, a, st);
    default: g_assert_not_reached();
    }
}

static Bits convert_f64(SoftFormat to, Float64 a, FloatStatus *st)
{
    switch (to) {
    case SOFT_F16: return f64_to_f16(a, st);
    case SOFT_BF16: return f64_to_bf16(a, st);
    case SOFT_F32: return f64_to_f32(a, st);
    case SOFT_F128: return bits_of_f128(f64_to_f128(a, st));
    case SOFT_X80: return bits_of_x80(f64_to_x80(a, st));
    default: g_assert_not_reached();
    }
}

static Bits call_f64(const SoftCall *call, FloatStatus *st)
{
    Float64 a = call->a, b = call->b, c = call->c;

    switch (call->op) {
    case SOFT_ADD: return f64_add(a, b, st);
    case SOFT_SUB: return f64_sub(a, b, st);
    case SOFT_MUL: return f64_mul(a, b, st);
    case SOFT_DIV: return f64_div(a, b, st);
    case SOFT_SQRT: return f64_sqrt(a, st);
    case SOFT_FMA: return f64_fma(a, b, c, call->flags, st);
    case SOFT_SCALBN: return f64_scalbn(a, call->n, st);
    case SOFT_ROUND_INT: return f64_round_int(a, st->rounding, true, st);
    case SOFT_COMPARE: return (Bits)f64_compare_quiet(a, b, st);
    case SOFT_TO_I32: return (uint64_t)f64_to_i32(a, st->rounding, st);
    case SOFT_TO_U32: return f64_to_u32(a, st->rounding, st);
    case SOFT_TO_I64: return (uint64_t)f64_to_i64(a, st->rounding, st);
    case SOFT_TO_U64: return f64_to_u64(a, st->rounding, st);
    case SOFT_FROM_I64: return f64_from_i64((int64_t)call->a, st);
    case SOFT_FROM_U64: return f64_from_u64((uint64_t)call->a, st);
    case SOFT_CONVERT: return convert_f64(call->to, a, st);
    default: g_assert_not_reached();
    }
}

static Bits convert_f128(SoftFormat to, Float128 a, FloatStatus *st)
{
    switch (to) {
    case SOFT_F16: return f128_to_f16(a, st);
    case SOFT_BF16: return f128_to_bf16(a, st);
    case SOFT_F32: return f128_to_f32(a, st);
    case SOFT_F64: return f128_to_f64(a, st);
    case SOFT_X80: return bits_of_x80(f128_to_x80(a, st));
    default: g_assert_not_reached();
    }
}

static Bits call_f128(const SoftCall *call, FloatStatus *st)
{
    Float128 a = f128_of(call->a), b = f128_of(call->b), c = f128_of(call->c);

    switch (call->op) {
    case SOFT_ADD: return bits_of_f128(f128_add(a, b, st));
    case SOFT_SUB: return bits_of_f128(f128_sub(a, b, st));
    case SOFT_MUL: return bits_of_f128(f128_mul(a, b, st));
    case SOFT_DIV: return bits_of_f128(f128_div(a, b, st));
    case SOFT_SQRT: return bits_of_f128(f128_sqrt(a, st));
    case SOFT_FMA: return bits_of_f128(f128_fma(a, b, c, call->flags, st));
    case SOFT_SCALBN: return bits_of_f128(f128_scalbn(a, call->n, st));
    case SOFT_ROUND_INT: return bits_of_f128(f128_round_int(a, st->rounding, true, st));
    case SOFT_COMPARE: return (Bits)f128_compare_quiet(a, b, st);
    case SOFT_TO_I32: return (uint64_t)f128_to_i32(a, st->rounding, st);
    case SOFT_TO_U32: return f128_to_u32(a, st->rounding, st);
    case SOFT_TO_I64: return (uint64_t)f128_to_i64(a, st->rounding, st);
    case SOFT_TO_U64: return f128_to_u64(a, st->rounding, st);
    case SOFT_FROM_I64: return bits_of_f128(f128_from_i64((int64_t)call->a, st));
    case SOFT_FROM_U64: return bits_of_f128(f128_from_u64((uint64_t)call->a, st));
    case SOFT_CONVERT: return convert_f128(call->to, a, st);
    default: g_assert_not_reached();
    }
}

static Bits convert_x80(SoftFormat to, FloatX80 a, FloatStatus *st)
{
    switch (to) {
    case SOFT_F16: return x80_to_f16(a, st);
    case SOFT_BF16: return x80_to_bf16(a, st);
    case SOFT_F32: return x80_to_f32(a, st);
    case SOFT_F64: return x80_to_f64(a, st);
    case SOFT_F128: return bits_of_f128(x80_to_f128(a, st));
    default: g_assert_not_reached();
    }
}

static Bits call_x80(const SoftCall *call, FloatStatus *st)
{
    FloatX80 a = x80_of(call->a), b = x80_of(call->b), c = x80_of(call->c);

    switch (call->op) {
    case SOFT_ADD: return bits_of_x80(x80_add(a, b, st));
    case SOFT_SUB: return bits_of_x80(x80_sub(a, b, st));
    case SOFT_MUL: return bits_of_x80(x80_mul(a, b, st));
    case SOFT_DIV: return bits_of_x80(x80_div(a, b, st));
    case SOFT_SQRT: return bits_of_x80(x80_sqrt(a, st));
    case SOFT_FMA: return bits_of_x80(x80_fma(a, b, c, call->flags, st));
    case SOFT_SCALBN: return bits_of_x80(x80_scalbn(a, call->n, st));
    case SOFT_ROUND_INT: return bits_of_x80(x80_round_int(a, st->rounding, true, st));
    case SOFT_COMPARE: return (Bits)x80_compare_quiet(a, b, st);
    case SOFT_TO_I32: return (uint64_t)x80_to_i32(a, st->rounding, st);
    case SOFT_TO_U32: return x80_to_u32(a, st->rounding, st);
    case SOFT_TO_I64: return (uint64_t)x80_to_i64(a, st->rounding, st);
    case SOFT_TO_U64: return x80_to_u64(a, st->rounding, st);
    case SOFT_FROM_I64: return bits_of_x80(x80_from_i64((int64_t)call->a, st));
    case SOFT_FROM_U64: return bits_of_x80(x80_from_u64((uint64_t)call->a, st));
    case SOFT_CONVERT: return convert_x80(call->to, a, st);
    default: g_assert_not_reached();
    }
}

Bits soft_call(const SoftCall *call, FloatStatus *st)
{
    switch (call->format) {
    case SOFT_F16: return call_f16(call, st);
    case SOFT_BF16: return call_bf16(call, st);
    case SOFT_F32: return call_f32(call, st);
    case SOFT_F64: return call_f64(call, st);
    case SOFT_F128: return call_f128(call, st);
    case SOFT_X80: return call_x80(call, st);
    default: g_assert_not_reached();
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on x87 double extended precision; what they do is said in fpu/softfloat.h. */
#pragma once

#include "fpu/status.h"

FloatX80 x80_add(FloatX80 a, FloatX80 b, FloatStatus *st);
FloatX80 x80_sub(FloatX80 a, FloatX80 b, FloatStatus *st);
FloatX80 x80_mul(FloatX80 a, FloatX80 b, FloatStatus *st);
FloatX80 x80_div(FloatX80 a, FloatX80 b, FloatStatus *st);
FloatX80 x80_sqrt(FloatX80 a, FloatStatus *st);
FloatX80 x80_fma(FloatX80 a, FloatX80 b, FloatX80 c, unsigned negate, FloatStatus *st);
FloatX80 x80_round_int(FloatX80 a, FloatRounding rounding, bool exact, FloatStatus *st);
FloatX80 x80_scalbn(FloatX80 a, int n, FloatStatus *st);
FloatX80 x80_min(FloatX80 a, FloatX80 b, FloatMinMax family, FloatStatus *st);
FloatX80 x80_max(FloatX80 a, FloatX80 b, FloatMinMax family, FloatStatus *st);

FloatRelation x80_compare(FloatX80 a, FloatX80 b, FloatStatus *st);
FloatRelation x80_compare_quiet(FloatX80 a, FloatX80 b, FloatStatus *st);
bool x80_eq(FloatX80 a, FloatX80 b, FloatStatus *st);
bool x80_lt(FloatX80 a, FloatX80 b, FloatStatus *st);
bool x80_le(FloatX80 a, FloatX80 b, FloatStatus *st);
bool x80_lt_quiet(FloatX80 a, FloatX80 b, FloatStatus *st);
bool x80_le_quiet(FloatX80 a, FloatX80 b, FloatStatus *st);
unsigned x80_classify(FloatX80 a);
bool x80_is_nan(FloatX80 a);
bool x80_is_snan(FloatX80 a);

int16_t x80_to_i16(FloatX80 a, FloatRounding rounding, FloatStatus *st);
int32_t x80_to_i32(FloatX80 a, FloatRounding rounding, FloatStatus *st);
uint32_t x80_to_u32(FloatX80 a, FloatRounding rounding, FloatStatus *st);
int64_t x80_to_i64(FloatX80 a, FloatRounding rounding, FloatStatus *st);
uint64_t x80_to_u64(FloatX80 a, FloatRounding rounding, FloatStatus *st);
FloatX80 x80_from_i32(int32_t v, FloatStatus *st);
FloatX80 x80_from_u32(uint32_t v, FloatStatus *st);
FloatX80 x80_from_i64(int64_t v, FloatStatus *st);
FloatX80 x80_from_u64(uint64_t v, FloatStatus *st);

Float16 x80_to_f16(FloatX80 a, FloatStatus *st);
Bfloat16 x80_to_bf16(FloatX80 a, FloatStatus *st);
Float32 x80_to_f32(FloatX80 a, FloatStatus *st);
Float64 x80_to_f64(FloatX80 a, FloatStatus *st);
Float128 x80_to_f128(FloatX80 a, FloatStatus *st);

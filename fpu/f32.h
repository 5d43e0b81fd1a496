/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary32 (single precision); what they do is said in fpu/softfloat.h. */
#pragma once

#include "fpu/status.h"

Float32 f32_add(Float32 a, Float32 b, FloatStatus *st);
Float32 f32_sub(Float32 a, Float32 b, FloatStatus *st);
Float32 f32_mul(Float32 a, Float32 b, FloatStatus *st);
Float32 f32_div(Float32 a, Float32 b, FloatStatus *st);
Float32 f32_sqrt(Float32 a, FloatStatus *st);
Float32 f32_fma(Float32 a, Float32 b, Float32 c, unsigned negate, FloatStatus *st);
Float32 f32_round_int(Float32 a, FloatRounding rounding, bool exact, FloatStatus *st);
Float32 f32_scalbn(Float32 a, int n, FloatStatus *st);
Float32 f32_min(Float32 a, Float32 b, FloatMinMax family, FloatStatus *st);
Float32 f32_max(Float32 a, Float32 b, FloatMinMax family, FloatStatus *st);

FloatRelation f32_compare(Float32 a, Float32 b, FloatStatus *st);
FloatRelation f32_compare_quiet(Float32 a, Float32 b, FloatStatus *st);
bool f32_eq(Float32 a, Float32 b, FloatStatus *st);
bool f32_lt(Float32 a, Float32 b, FloatStatus *st);
bool f32_le(Float32 a, Float32 b, FloatStatus *st);
bool f32_lt_quiet(Float32 a, Float32 b, FloatStatus *st);
bool f32_le_quiet(Float32 a, Float32 b, FloatStatus *st);
unsigned f32_classify(Float32 a);
bool f32_is_nan(Float32 a);
bool f32_is_snan(Float32 a);

int32_t f32_to_i32(Float32 a, FloatRounding rounding, FloatStatus *st);
uint32_t f32_to_u32(Float32 a, FloatRounding rounding, FloatStatus *st);
int64_t f32_to_i64(Float32 a, FloatRounding rounding, FloatStatus *st);
uint64_t f32_to_u64(Float32 a, FloatRounding rounding, FloatStatus *st);
Float32 f32_from_i32(int32_t v, FloatStatus *st);
Float32 f32_from_u32(uint32_t v, FloatStatus *st);
Float32 f32_from_i64(int64_t v, FloatStatus *st);
Float32 f32_from_u64(uint64_t v, FloatStatus *st);

Float16 f32_to_f16(Float32 a, FloatStatus *st);
Bfloat16 f32_to_bf16(Float32 a, FloatStatus *st);
Float64 f32_to_f64(Float32 a, FloatStatus *st);
Float128 f32_to_f128(Float32 a, FloatStatus *st);
FloatX80 f32_to_x80(Float32 a, FloatStatus *st);

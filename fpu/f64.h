/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary64 (double precision); what they do is said in fpu/softfloat.h. */
#pragma once

#include "fpu/status.h"

Float64 f64_add(Float64 a, Float64 b, FloatStatus *st);
Float64 f64_sub(Float64 a, Float64 b, FloatStatus *st);
Float64 f64_mul(Float64 a, Float64 b, FloatStatus *st);
Float64 f64_div(Float64 a, Float64 b, FloatStatus *st);
Float64 f64_sqrt(Float64 a, FloatStatus *st);
Float64 f64_fma(Float64 a, Float64 b, Float64 c, unsigned negate, FloatStatus *st);
Float64 f64_round_int(Float64 a, FloatRounding rounding, bool exact, FloatStatus *st);
Float64 f64_scalbn(Float64 a, int n, FloatStatus *st);
Float64 f64_min(Float64 a, Float64 b, FloatMinMax family, FloatStatus *st);
Float64 f64_max(Float64 a, Float64 b, FloatMinMax family, FloatStatus *st);

FloatRelation f64_compare(Float64 a, Float64 b, FloatStatus *st);
FloatRelation f64_compare_quiet(Float64 a, Float64 b, FloatStatus *st);
bool f64_eq(Float64 a, Float64 b, FloatStatus *st);
bool f64_lt(Float64 a, Float64 b, FloatStatus *st);
bool f64_le(Float64 a, Float64 b, FloatStatus *st);
bool f64_lt_quiet(Float64 a, Float64 b, FloatStatus *st);
bool f64_le_quiet(Float64 a, Float64 b, FloatStatus *st);
unsigned f64_classify(Float64 a);
bool f64_is_nan(Float64 a);
bool f64_is_snan(Float64 a);

int32_t f64_to_i32(Float64 a, FloatRounding rounding, FloatStatus *st);
uint32_t f64_to_u32(Float64 a, FloatRounding rounding, FloatStatus *st);
int64_t f64_to_i64(Float64 a, FloatRounding rounding, FloatStatus *st);
uint64_t f64_to_u64(Float64 a, FloatRounding rounding, FloatStatus *st);
uint32_t f64_to_i32_modular(Float64 a, FloatStatus *st);
Float64 f64_from_i32(int32_t v, FloatStatus *st);
Float64 f64_from_u32(uint32_t v, FloatStatus *st);
Float64 f64_from_i64(int64_t v, FloatStatus *st);
Float64 f64_from_u64(uint64_t v, FloatStatus *st);

Float16 f64_to_f16(Float64 a, FloatStatus *st);
Bfloat16 f64_to_bf16(Float64 a, FloatStatus *st);
Float32 f64_to_f32(Float64 a, FloatStatus *st);
Float128 f64_to_f128(Float64 a, FloatStatus *st);
FloatX80 f64_to_x80(Float64 a, FloatStatus *st);

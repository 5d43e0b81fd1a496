/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary128 (quad precision); what they do is said in fpu/softfloat.h. */
#pragma once

#include "fpu/status.h"

Float128 f128_add(Float128 a, Float128 b, FloatStatus *st);
Float128 f128_sub(Float128 a, Float128 b, FloatStatus *st);
Float128 f128_mul(Float128 a, Float128 b, FloatStatus *st);
Float128 f128_div(Float128 a, Float128 b, FloatStatus *st);
Float128 f128_sqrt(Float128 a, FloatStatus *st);
Float128 f128_fma(Float128 a, Float128 b, Float128 c, unsigned negate, FloatStatus *st);
Float128 f128_round_int(Float128 a, FloatRounding rounding, bool exact, FloatStatus *st);
Float128 f128_scalbn(Float128 a, int n, FloatStatus *st);
Float128 f128_min(Float128 a, Float128 b, FloatMinMax family, FloatStatus *st);
Float128 f128_max(Float128 a, Float128 b, FloatMinMax family, FloatStatus *st);

FloatRelation f128_compare(Float128 a, Float128 b, FloatStatus *st);
FloatRelation f128_compare_quiet(Float128 a, Float128 b, FloatStatus *st);
bool f128_eq(Float128 a, Float128 b, FloatStatus *st);
bool f128_lt(Float128 a, Float128 b, FloatStatus *st);
bool f128_le(Float128 a, Float128 b, FloatStatus *st);
bool f128_lt_quiet(Float128 a, Float128 b, FloatStatus *st);
bool f128_le_quiet(Float128 a, Float128 b, FloatStatus *st);
unsigned f128_classify(Float128 a);
bool f128_is_nan(Float128 a);
bool f128_is_snan(Float128 a);

int32_t f128_to_i32(Float128 a, FloatRounding rounding, FloatStatus *st);
uint32_t f128_to_u32(Float128 a, FloatRounding rounding, FloatStatus *st);
int64_t f128_to_i64(Float128 a, FloatRounding rounding, FloatStatus *st);
uint64_t f128_to_u64(Float128 a, FloatRounding rounding, FloatStatus *st);
Float128 f128_from_i32(int32_t v, FloatStatus *st);
Float128 f128_from_u32(uint32_t v, FloatStatus *st);
Float128 f128_from_i64(int64_t v, FloatStatus *st);
Float128 f128_from_u64(uint64_t v, FloatStatus *st);

Float16 f128_to_f16(Float128 a, FloatStatus *st);
Bfloat16 f128_to_bf16(Float128 a, FloatStatus *st);
Float32 f128_to_f32(Float128 a, FloatStatus *st);
Float64 f128_to_f64(Float128 a, FloatStatus *st);
FloatX80 f128_to_x80(Float128 a, FloatStatus *st);

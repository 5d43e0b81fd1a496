/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary16 (half precision); what they do is said in fpu/softfloat.h. */
#pragma once

#include "fpu/status.h"

Float16 f16_add(Float16 a, Float16 b, FloatStatus *st);
Float16 f16_sub(Float16 a, Float16 b, FloatStatus *st);
Float16 f16_mul(Float16 a, Float16 b, FloatStatus *st);
Float16 f16_div(Float16 a, Float16 b, FloatStatus *st);
Float16 f16_sqrt(Float16 a, FloatStatus *st);
Float16 f16_fma(Float16 a, Float16 b, Float16 c, unsigned negate, FloatStatus *st);
Float16 f16_round_int(Float16 a, FloatRounding rounding, bool exact, FloatStatus *st);
Float16 f16_scalbn(Float16 a, int n, FloatStatus *st);
Float16 f16_min(Float16 a, Float16 b, FloatMinMax family, FloatStatus *st);
Float16 f16_max(Float16 a, Float16 b, FloatMinMax family, FloatStatus *st);

FloatRelation f16_compare(Float16 a, Float16 b, FloatStatus *st);
FloatRelation f16_compare_quiet(Float16 a, Float16 b, FloatStatus *st);
bool f16_eq(Float16 a, Float16 b, FloatStatus *st);
bool f16_lt(Float16 a, Float16 b, FloatStatus *st);
bool f16_le(Float16 a, Float16 b, FloatStatus *st);
bool f16_lt_quiet(Float16 a, Float16 b, FloatStatus *st);
bool f16_le_quiet(Float16 a, Float16 b, FloatStatus *st);
unsigned f16_classify(Float16 a);
bool f16_is_nan(Float16 a);
bool f16_is_snan(Float16 a);

int16_t f16_to_i16(Float16 a, FloatRounding rounding, FloatStatus *st);
uint16_t f16_to_u16(Float16 a, FloatRounding rounding, FloatStatus *st);
int32_t f16_to_i32(Float16 a, FloatRounding rounding, FloatStatus *st);
uint32_t f16_to_u32(Float16 a, FloatRounding rounding, FloatStatus *st);
int64_t f16_to_i64(Float16 a, FloatRounding rounding, FloatStatus *st);
uint64_t f16_to_u64(Float16 a, FloatRounding rounding, FloatStatus *st);
Float16 f16_from_i32(int32_t v, FloatStatus *st);
Float16 f16_from_u32(uint32_t v, FloatStatus *st);
Float16 f16_from_i64(int64_t v, FloatStatus *st);
Float16 f16_from_u64(uint64_t v, FloatStatus *st);

Bfloat16 f16_to_bf16(Float16 a, FloatStatus *st);
Float32 f16_to_f32(Float16 a, FloatStatus *st);
Float64 f16_to_f64(Float16 a, FloatStatus *st);
Float128 f16_to_f128(Float16 a, FloatStatus *st);
FloatX80 f16_to_x80(Float16 a, FloatStatus *st);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on bfloat16: binary32 cut to 8 significant bits; what they do is said in
 * fpu/softfloat.h. */
#pragma once

#include "fpu/status.h"

Bfloat16 bf16_add(Bfloat16 a, Bfloat16 b, FloatStatus *st);
Bfloat16 bf16_sub(Bfloat16 a, Bfloat16 b, FloatStatus *st);
Bfloat16 bf16_mul(Bfloat16 a, Bfloat16 b, FloatStatus *st);
Bfloat16 bf16_div(Bfloat16 a, Bfloat16 b, FloatStatus *st);
Bfloat16 bf16_sqrt(Bfloat16 a, FloatStatus *st);
Bfloat16 bf16_fma(Bfloat16 a, Bfloat16 b, Bfloat16 c, unsigned negate, FloatStatus *st);
Bfloat16 bf16_round_int(Bfloat16 a, FloatRounding rounding, bool exact, FloatStatus *st);
Bfloat16 bf16_scalbn(Bfloat16 a, int n, FloatStatus *st);
Bfloat16 bf16_min(Bfloat16 a, Bfloat16 b, FloatMinMax family, FloatStatus *st);
Bfloat16 bf16_max(Bfloat16 a, Bfloat16 b, FloatMinMax family, FloatStatus *st);

FloatRelation bf16_compare(Bfloat16 a, Bfloat16 b, FloatStatus *st);
FloatRelation bf16_compare_quiet(Bfloat16 a, Bfloat16 b, FloatStatus *st);
bool bf16_eq(Bfloat16 a, Bfloat16 b, FloatStatus *st);
bool bf16_lt(Bfloat16 a, Bfloat16 b, FloatStatus *st);
bool bf16_le(Bfloat16 a, Bfloat16 b, FloatStatus *st);
bool bf16_lt_quiet(Bfloat16 a, Bfloat16 b, FloatStatus *st);
bool bf16_le_quiet(Bfloat16 a, Bfloat16 b, FloatStatus *st);
unsigned bf16_classify(Bfloat16 a);
bool bf16_is_nan(Bfloat16 a);
bool bf16_is_snan(Bfloat16 a);

int32_t bf16_to_i32(Bfloat16 a, FloatRounding rounding, FloatStatus *st);
uint32_t bf16_to_u32(Bfloat16 a, FloatRounding rounding, FloatStatus *st);
int64_t bf16_to_i64(Bfloat16 a, FloatRounding rounding, FloatStatus *st);
uint64_t bf16_to_u64(Bfloat16 a, FloatRounding rounding, FloatStatus *st);
Bfloat16 bf16_from_i32(int32_t v, FloatStatus *st);
Bfloat16 bf16_from_u32(uint32_t v, FloatStatus *st);
Bfloat16 bf16_from_i64(int64_t v, FloatStatus *st);
Bfloat16 bf16_from_u64(uint64_t v, FloatStatus *st);

Float16 bf16_to_f16(Bfloat16 a, FloatStatus *st);
Float32 bf16_to_f32(Bfloat16 a, FloatStatus *st);
Float64 bf16_to_f64(Bfloat16 a, FloatStatus *st);
Float128 bf16_to_f128(Bfloat16 a, FloatStatus *st);
FloatX80 bf16_to_x80(Bfloat16 a, FloatStatus *st);

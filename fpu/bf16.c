/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on bfloat16: binary32 cut to 8 significant bits. */
#include "fpu/bf16.h"

#include "fpu/wrappers_internal.h"

#define UNARY(name, op)              FLOAT_UNARY(Bfloat16, bf16_unpack, bf16_pack, name, op)
#define BINARY(name, op)             FLOAT_BINARY(Bfloat16, bf16_unpack, bf16_pack, name, op)
#define MINMAX(name, max)            FLOAT_MINMAX(Bfloat16, bf16_unpack, bf16_pack, name, max)
#define COMPARE(name, quiet)         FLOAT_COMPARE(Bfloat16, bf16_unpack, name, quiet)
#define PREDICATE(name, quiet, test) FLOAT_PREDICATE(Bfloat16, bf16_unpack, name, quiet, test)
#define IS_NAN(name, lowest_kind)    FLOAT_IS_NAN(Bfloat16, bf16_unpack, name, lowest_kind)
#define TO_INT(name, type, bits, signed_) \
    FLOAT_TO_INT(Bfloat16, bf16_unpack, type, bits, signed_, name)
#define FROM_SIGNED(name, type)   FLOAT_FROM_SIGNED(Bfloat16, bf16_pack, type, name)
#define FROM_UNSIGNED(name, type) FLOAT_FROM_UNSIGNED(Bfloat16, bf16_pack, type, name)
#define CONVERT(name, to, pack)   FLOAT_CONVERT(Bfloat16, bf16_unpack, to, pack, name)

BINARY(bf16_add, parts_add)
BINARY(bf16_sub, parts_sub)
BINARY(bf16_mul, parts_mul)
BINARY(bf16_div, parts_div)
UNARY(bf16_sqrt, parts_sqrt_narrow)
FLOAT_FMA(Bfloat16, bf16_unpack, bf16_pack, bf16_fma)
FLOAT_ROUND_INT(Bfloat16, bf16_unpack, bf16_pack, bf16_round_int)
FLOAT_SCALBN(Bfloat16, bf16_unpack, bf16_pack, bf16_scalbn)
MINMAX(bf16_min, false)
MINMAX(bf16_max, true)

COMPARE(bf16_compare, false)
COMPARE(bf16_compare_quiet, true)
PREDICATE(bf16_eq, true, == FLOAT_EQUAL)
PREDICATE(bf16_lt, false, == FLOAT_LESS)
PREDICATE(bf16_le, false, <= FLOAT_EQUAL)
PREDICATE(bf16_lt_quiet, true, == FLOAT_LESS)
PREDICATE(bf16_le_quiet, true, <= FLOAT_EQUAL)
FLOAT_CLASSIFY(Bfloat16, bf16_unpack, bf16_classify)
IS_NAN(bf16_is_nan, PARTS_QNAN)
IS_NAN(bf16_is_snan, PARTS_SNAN)

TO_INT(bf16_to_i32, int32_t, 32, true)
TO_INT(bf16_to_u32, uint32_t, 32, false)
TO_INT(bf16_to_i64, int64_t, 64, true)
TO_INT(bf16_to_u64, uint64_t, 64, false)
FROM_SIGNED(bf16_from_i32, int32_t)
FROM_UNSIGNED(bf16_from_u32, uint32_t)
FROM_SIGNED(bf16_from_i64, int64_t)
FROM_UNSIGNED(bf16_from_u64, uint64_t)

CONVERT(bf16_to_f16, Float16, f16_pack)
CONVERT(bf16_to_f32, Float32, f32_pack)
CONVERT(bf16_to_f64, Float64, f64_pack)
CONVERT(bf16_to_f128, Float128, f128_pack)
CONVERT(bf16_to_x80, FloatX80, x80_pack)

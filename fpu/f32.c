/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary32 (single precision). */
#include "fpu/f32.h"

#include "fpu/wrappers_internal.h"

#define UNARY(name, op)              FLOAT_UNARY(Float32, f32_unpack, f32_pack, name, op)
#define BINARY(name, op)             FLOAT_BINARY(Float32, f32_unpack, f32_pack, name, op)
#define MINMAX(name, max)            FLOAT_MINMAX(Float32, f32_unpack, f32_pack, name, max)
#define COMPARE(name, quiet)         FLOAT_COMPARE(Float32, f32_unpack, name, quiet)
#define PREDICATE(name, quiet, test) FLOAT_PREDICATE(Float32, f32_unpack, name, quiet, test)
#define IS_NAN(name, lowest_kind)    FLOAT_IS_NAN(Float32, f32_unpack, name, lowest_kind)
#define TO_INT(name, type, bits, signed_) \
    FLOAT_TO_INT(Float32, f32_unpack, type, bits, signed_, name)
#define FROM_SIGNED(name, type)   FLOAT_FROM_SIGNED(Float32, f32_pack, type, name)
#define FROM_UNSIGNED(name, type) FLOAT_FROM_UNSIGNED(Float32, f32_pack, type, name)
#define CONVERT(name, to, pack)   FLOAT_CONVERT(Float32, f32_unpack, to, pack, name)

BINARY(f32_add, parts_add)
BINARY(f32_sub, parts_sub)
BINARY(f32_mul, parts_mul)
BINARY(f32_div, parts_div)
UNARY(f32_sqrt, parts_sqrt_narrow)
FLOAT_FMA(Float32, f32_unpack, f32_pack, f32_fma)
FLOAT_ROUND_INT(Float32, f32_unpack, f32_pack, f32_round_int)
FLOAT_SCALBN(Float32, f32_unpack, f32_pack, f32_scalbn)
MINMAX(f32_min, false)
MINMAX(f32_max, true)

COMPARE(f32_compare, false)
COMPARE(f32_compare_quiet, true)
PREDICATE(f32_eq, true, == FLOAT_EQUAL)
PREDICATE(f32_lt, false, == FLOAT_LESS)
PREDICATE(f32_le, false, <= FLOAT_EQUAL)
PREDICATE(f32_lt_quiet, true, == FLOAT_LESS)
PREDICATE(f32_le_quiet, true, <= FLOAT_EQUAL)
FLOAT_CLASSIFY(Float32, f32_unpack, f32_classify)
IS_NAN(f32_is_nan, PARTS_QNAN)
IS_NAN(f32_is_snan, PARTS_SNAN)

TO_INT(f32_to_i32, int32_t, 32, true)
TO_INT(f32_to_u32, uint32_t, 32, false)
TO_INT(f32_to_i64, int64_t, 64, true)
TO_INT(f32_to_u64, uint64_t, 64, false)
FROM_SIGNED(f32_from_i32, int32_t)
FROM_UNSIGNED(f32_from_u32, uint32_t)
FROM_SIGNED(f32_from_i64, int64_t)
FROM_UNSIGNED(f32_from_u64, uint64_t)

CONVERT(f32_to_f16, Float16, f16_pack)
CONVERT(f32_to_bf16, Bfloat16, bf16_pack)
CONVERT(f32_to_f64, Float64, f64_pack)
CONVERT(f32_to_f128, Float128, f128_pack)
CONVERT(f32_to_x80, FloatX80, x80_pack)

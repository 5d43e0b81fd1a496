/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary128 (quad precision). */
#include "fpu/f128.h"

#include "fpu/wrappers_internal.h"

#define UNARY(name, op)              FLOAT_UNARY(Float128, f128_unpack, f128_pack, name, op)
#define BINARY(name, op)             FLOAT_BINARY(Float128, f128_unpack, f128_pack, name, op)
#define MINMAX(name, max)            FLOAT_MINMAX(Float128, f128_unpack, f128_pack, name, max)
#define COMPARE(name, quiet)         FLOAT_COMPARE(Float128, f128_unpack, name, quiet)
#define PREDICATE(name, quiet, test) FLOAT_PREDICATE(Float128, f128_unpack, name, quiet, test)
#define IS_NAN(name, lowest_kind)    FLOAT_IS_NAN(Float128, f128_unpack, name, lowest_kind)
#define TO_INT(name, type, bits, signed_) \
    FLOAT_TO_INT(Float128, f128_unpack, type, bits, signed_, name)
#define FROM_SIGNED(name, type)   FLOAT_FROM_SIGNED(Float128, f128_pack, type, name)
#define FROM_UNSIGNED(name, type) FLOAT_FROM_UNSIGNED(Float128, f128_pack, type, name)
#define CONVERT(name, to, pack)   FLOAT_CONVERT(Float128, f128_unpack, to, pack, name)

BINARY(f128_add, parts_add)
BINARY(f128_sub, parts_sub)
BINARY(f128_mul, parts_mul)
BINARY(f128_div, parts_div)
UNARY(f128_sqrt, parts_sqrt_wide)
FLOAT_FMA(Float128, f128_unpack, f128_pack, f128_fma)
FLOAT_ROUND_INT(Float128, f128_unpack, f128_pack, f128_round_int)
FLOAT_SCALBN(Float128, f128_unpack, f128_pack, f128_scalbn)
MINMAX(f128_min, false)
MINMAX(f128_max, true)

COMPARE(f128_compare, false)
COMPARE(f128_compare_quiet, true)
PREDICATE(f128_eq, true, == FLOAT_EQUAL)
PREDICATE(f128_lt, false, == FLOAT_LESS)
PREDICATE(f128_le, false, <= FLOAT_EQUAL)
PREDICATE(f128_lt_quiet, true, == FLOAT_LESS)
PREDICATE(f128_le_quiet, true, <= FLOAT_EQUAL)
FLOAT_CLASSIFY(Float128, f128_unpack, f128_classify)
IS_NAN(f128_is_nan, PARTS_QNAN)
IS_NAN(f128_is_snan, PARTS_SNAN)

TO_INT(f128_to_i32, int32_t, 32, true)
TO_INT(f128_to_u32, uint32_t, 32, false)
TO_INT(f128_to_i64, int64_t, 64, true)
TO_INT(f128_to_u64, uint64_t, 64, false)
FROM_SIGNED(f128_from_i32, int32_t)
FROM_UNSIGNED(f128_from_u32, uint32_t)
FROM_SIGNED(f128_from_i64, int64_t)
FROM_UNSIGNED(f128_from_u64, uint64_t)

CONVERT(f128_to_f16, Float16, f16_pack)
CONVERT(f128_to_bf16, Bfloat16, bf16_pack)
CONVERT(f128_to_f32, Float32, f32_pack)
CONVERT(f128_to_f64, Float64, f64_pack)
CONVERT(f128_to_x80, FloatX80, x80_pack)

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary16 (half precision). */
#include "fpu/f16.h"

#include "fpu/wrappers_internal.h"

#define UNARY(name, op)              FLOAT_UNARY(Float16, f16_unpack, f16_pack, name, op)
#define BINARY(name, op)             FLOAT_BINARY(Float16, f16_unpack, f16_pack, name, op)
#define MINMAX(name, max)            FLOAT_MINMAX(Float16, f16_unpack, f16_pack, name, max)
#define COMPARE(name, quiet)         FLOAT_COMPARE(Float16, f16_unpack, name, quiet)
#define PREDICATE(name, quiet, test) FLOAT_PREDICATE(Float16, f16_unpack, name, quiet, test)
#define IS_NAN(name, lowest_kind)    FLOAT_IS_NAN(Float16, f16_unpack, name, lowest_kind)
#define TO_INT(name, type, bits, signed_) \
    FLOAT_TO_INT(Float16, f16_unpack, type, bits, signed_, name)
#define FROM_SIGNED(name, type)   FLOAT_FROM_SIGNED(Float16, f16_pack, type, name)
#define FROM_UNSIGNED(name, type) FLOAT_FROM_UNSIGNED(Float16, f16_pack, type, name)
#define CONVERT(name, to, pack)   FLOAT_CONVERT(Float16, f16_unpack, to, pack, name)

BINARY(f16_add, parts_add)
BINARY(f16_sub, parts_sub)
BINARY(f16_mul, parts_mul)
BINARY(f16_div, parts_div)
UNARY(f16_sqrt, parts_sqrt_narrow)
FLOAT_FMA(Float16, f16_unpack, f16_pack, f16_fma)
FLOAT_ROUND_INT(Float16, f16_unpack, f16_pack, f16_round_int)
FLOAT_SCALBN(Float16, f16_unpack, f16_pack, f16_scalbn)
MINMAX(f16_min, false)
MINMAX(f16_max, true)

COMPARE(f16_compare, false)
COMPARE(f16_compare_quiet, true)
PREDICATE(f16_eq, true, == FLOAT_EQUAL)
PREDICATE(f16_lt, false, == FLOAT_LESS)
PREDICATE(f16_le, false, <= FLOAT_EQUAL)
PREDICATE(f16_lt_quiet, true, == FLOAT_LESS)
PREDICATE(f16_le_quiet, true, <= FLOAT_EQUAL)
FLOAT_CLASSIFY(Float16, f16_unpack, f16_classify)
IS_NAN(f16_is_nan, PARTS_QNAN)
IS_NAN(f16_is_snan, PARTS_SNAN)

TO_INT(f16_to_i16, int16_t, 16, true)
TO_INT(f16_to_u16, uint16_t, 16, false)
TO_INT(f16_to_i32, int32_t, 32, true)
TO_INT(f16_to_u32, uint32_t, 32, false)
TO_INT(f16_to_i64, int64_t, 64, true)
TO_INT(f16_to_u64, uint64_t, 64, false)
FROM_SIGNED(f16_from_i32, int32_t)
FROM_UNSIGNED(f16_from_u32, uint32_t)
FROM_SIGNED(f16_from_i64, int64_t)
FROM_UNSIGNED(f16_from_u64, uint64_t)

CONVERT(f16_to_bf16, Bfloat16, bf16_pack)
CONVERT(f16_to_f32, Float32, f32_pack)
CONVERT(f16_to_f64, Float64, f64_pack)
CONVERT(f16_to_f128, Float128, f128_pack)
CONVERT(f16_to_x80, FloatX80, x80_pack)

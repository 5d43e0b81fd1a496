/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on IEEE 754 binary64 (double precision). */
#include "fpu/f64.h"

#include "fpu/wrappers_internal.h"

#define UNARY(name, op)              FLOAT_UNARY(Float64, f64_unpack, f64_pack, name, op)
#define BINARY(name, op)             FLOAT_BINARY(Float64, f64_unpack, f64_pack, name, op)
#define MINMAX(name, max)            FLOAT_MINMAX(Float64, f64_unpack, f64_pack, name, max)
#define COMPARE(name, quiet)         FLOAT_COMPARE(Float64, f64_unpack, name, quiet)
#define PREDICATE(name, quiet, test) FLOAT_PREDICATE(Float64, f64_unpack, name, quiet, test)
#define IS_NAN(name, lowest_kind)    FLOAT_IS_NAN(Float64, f64_unpack, name, lowest_kind)
#define TO_INT(name, type, bits, signed_) \
    FLOAT_TO_INT(Float64, f64_unpack, type, bits, signed_, name)
#define FROM_SIGNED(name, type)   FLOAT_FROM_SIGNED(Float64, f64_pack, type, name)
#define FROM_UNSIGNED(name, type) FLOAT_FROM_UNSIGNED(Float64, f64_pack, type, name)
#define CONVERT(name, to, pack)   FLOAT_CONVERT(Float64, f64_unpack, to, pack, name)

BINARY(f64_add, parts_add)
BINARY(f64_sub, parts_sub)
BINARY(f64_mul, parts_mul)
BINARY(f64_div, parts_div)
UNARY(f64_sqrt, parts_sqrt_narrow)
FLOAT_FMA(Float64, f64_unpack, f64_pack, f64_fma)
FLOAT_ROUND_INT(Float64, f64_unpack, f64_pack, f64_round_int)
FLOAT_SCALBN(Float64, f64_unpack, f64_pack, f64_scalbn)
MINMAX(f64_min, false)
MINMAX(f64_max, true)

COMPARE(f64_compare, false)
COMPARE(f64_compare_quiet, true)
PREDICATE(f64_eq, true, == FLOAT_EQUAL)
PREDICATE(f64_lt, false, == FLOAT_LESS)
PREDICATE(f64_le, false, <= FLOAT_EQUAL)
PREDICATE(f64_lt_quiet, true, == FLOAT_LESS)
PREDICATE(f64_le_quiet, true, <= FLOAT_EQUAL)
FLOAT_CLASSIFY(Float64, f64_unpack, f64_classify)
IS_NAN(f64_is_nan, PARTS_QNAN)
IS_NAN(f64_is_snan, PARTS_SNAN)

TO_INT(f64_to_i32, int32_t, 32, true)
TO_INT(f64_to_u32, uint32_t, 32, false)
TO_INT(f64_to_i64, int64_t, 64, true)
TO_INT(f64_to_u64, uint64_t, 64, false)
FROM_SIGNED(f64_from_i32, int32_t)
FROM_UNSIGNED(f64_from_u32, uint32_t)
FROM_SIGNED(f64_from_i64, int64_t)
FROM_UNSIGNED(f64_from_u64, uint64_t)

CONVERT(f64_to_f16, Float16, f16_pack)
CONVERT(f64_to_bf16, Bfloat16, bf16_pack)
CONVERT(f64_to_f32, Float32, f32_pack)
CONVERT(f64_to_f128, Float128, f128_pack)
CONVERT(f64_to_x80, FloatX80, x80_pack)

uint32_t f64_to_i32_modular(Float64 a, FloatStatus *st)
{
    FloatParts pa = f64_unpack(a, st);
    return parts_to_int32_modular(&pa, st);
}

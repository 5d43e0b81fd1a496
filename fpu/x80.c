/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on x87 double extended precision. */
#include "fpu/x80.h"

#include "fpu/wrappers_internal.h"

#define UNARY(name, op)              FLOAT_UNARY(FloatX80, x80_unpack, x80_pack_controlled, name, op)
#define BINARY(name, op)             FLOAT_BINARY(FloatX80, x80_unpack, x80_pack_controlled, name, op)
#define MINMAX(name, max)            FLOAT_MINMAX(FloatX80, x80_unpack, x80_pack, name, max)
#define COMPARE(name, quiet)         FLOAT_COMPARE(FloatX80, x80_unpack, name, quiet)
#define PREDICATE(name, quiet, test) FLOAT_PREDICATE(FloatX80, x80_unpack, name, quiet, test)
#define IS_NAN(name, lowest_kind)    FLOAT_IS_NAN(FloatX80, x80_unpack, name, lowest_kind)
#define TO_INT(name, type, bits, signed_) \
    FLOAT_TO_INT(FloatX80, x80_unpack, type, bits, signed_, name)
#define FROM_SIGNED(name, type)   FLOAT_FROM_SIGNED(FloatX80, x80_pack, type, name)
#define FROM_UNSIGNED(name, type) FLOAT_FROM_UNSIGNED(FloatX80, x80_pack, type, name)
#define CONVERT(name, to, pack)   FLOAT_CONVERT(FloatX80, x80_unpack, to, pack, name)

/*
 * Precision control rules these five only (Intel SDM vol. 1 §8.1.5.2); a shorter precision keeps
 * the full exponent range.
 */
BINARY(x80_add, parts_add)
BINARY(x80_sub, parts_sub)
BINARY(x80_mul, parts_mul)
BINARY(x80_div, parts_div)
UNARY(x80_sqrt, parts_sqrt_wide)
FLOAT_FMA(FloatX80, x80_unpack, x80_pack, x80_fma)
FLOAT_SCALBN(FloatX80, x80_unpack, x80_pack, x80_scalbn)
MINMAX(x80_min, false)
MINMAX(x80_max, true)

COMPARE(x80_compare, false)
COMPARE(x80_compare_quiet, true)
PREDICATE(x80_eq, true, == FLOAT_EQUAL)
PREDICATE(x80_lt, false, == FLOAT_LESS)
PREDICATE(x80_le, false, <= FLOAT_EQUAL)
PREDICATE(x80_lt_quiet, true, == FLOAT_LESS)
PREDICATE(x80_le_quiet, true, <= FLOAT_EQUAL)
FLOAT_CLASSIFY(FloatX80, x80_unpack, x80_classify)
IS_NAN(x80_is_nan, PARTS_QNAN)
IS_NAN(x80_is_snan, PARTS_SNAN)

TO_INT(x80_to_i16, int16_t, 16, true)
TO_INT(x80_to_i32, int32_t, 32, true)
TO_INT(x80_to_u32, uint32_t, 32, false)
TO_INT(x80_to_i64, int64_t, 64, true)
TO_INT(x80_to_u64, uint64_t, 64, false)
FROM_SIGNED(x80_from_i32, int32_t)
FROM_UNSIGNED(x80_from_u32, uint32_t)
FROM_SIGNED(x80_from_i64, int64_t)
FROM_UNSIGNED(x80_from_u64, uint64_t)

CONVERT(x80_to_f16, Float16, f16_pack)
CONVERT(x80_to_bf16, Bfloat16, bf16_pack)
CONVERT(x80_to_f32, Float32, f32_pack)
CONVERT(x80_to_f64, Float64, f64_pack)
CONVERT(x80_to_f128, Float128, f128_pack)

FloatX80 x80_round_int(FloatX80 a, FloatRounding rounding, bool exact, FloatStatus *st)
{
    FloatParts pa = x80_unpack(a, st);

    /* FRNDINT reports a subnormal operand, unlike ROUNDSD. */
    parts_note_denormal(pa.denormal, st);
    FloatParts r = parts_round_int(&pa, rounding, exact, st);
    return x80_pack(&r, st);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversions: between formats, to and from integers, to integral values, scaling.
 * Spec: IEEE 754-2019 §5.3.1, §5.3.3, §5.4.1, §5.8, §7.2; RISC-V F (FCVT), Zfa (FCVTMOD.W.D).
 */
#include "fpu/parts_internal.h"

FloatParts parts_convert(const FloatParts *a, FloatStatus *st)
{
    if (parts_is_nan(a)) {
        return parts_nan1(a, st);
    }
    parts_note_denormal(a->denormal, st);
    return *a;
}

FloatParts parts_scalbn(const FloatParts *a, int n, FloatStatus *st)
{
    enum { LIMIT = 0x10000 }; /* beyond the exponent range of every format */
    FloatParts r = parts_convert(a, st);

    if (r.kind == PARTS_NORMAL) {
        r.exp += n > LIMIT ? LIMIT : n < -LIMIT ? -LIMIT : n;
    }
    return r;
}

/*
 * Round a finite number below 2^128 to an integer; its magnitude is the return value, carried out
 * beyond 128 bits never: an operand of 2^113 or more is an integer already.
 */
static Uint128 round_magnitude(const FloatParts *a, uint8_t rounding, bool *inexact, bool *up)
{
    const Uint128 half = PARTS_LEADING_BIT;
    Uint128 integer = 0, rest = 0;

    if (a->kind == PARTS_ZERO) {
        rest = 0;
    } else if (a->exp >= 127) {
        integer = a->frac;
    } else if (a->exp >= 0) {
        integer = a->frac >> (127 - a->exp);
        rest = a->frac << (a->exp + 1);
    } else {
        rest = shift_right_jam(a->frac, -1 - a->exp);
    }
    *inexact = rest != 0;
    *up = round_goes_up(rounding, a->sign, integer & 1, rest, half);
    return integer + *up;
}

static void raise_inexact(bool inexact, bool up, FloatStatus *st)
{
    st->flags |= (inexact ? FLOAT_INEXACT : 0) | (up ? FLOAT_ROUNDED_UP : 0);
}

FloatParts parts_round_int(const FloatParts *a, uint8_t rounding, bool exact, FloatStatus *st)
{
    bool inexact, up;

    if (parts_is_nan(a)) {
        return parts_nan1(a, st);
    }
    if (a->kind != PARTS_NORMAL || a->exp >= 127) {
        return *a;
    }
    FloatParts r = { .sign = a->sign };
    Uint128 integer = round_magnitude(a, rounding, &inexact, &up);
    if (exact) {
        raise_inexact(inexact, up, st);
    }
    if (integer != 0) {
        unsigned shift = clz128(integer);
        r.kind = PARTS_NORMAL;
        r.exp = 127 - (int32_t)shift;
        r.frac = integer << shift;
    }
    return r;
}

FloatParts parts_from_int(uint64_t magnitude, bool sign)
{
    if (magnitude == 0) {
        return (FloatParts){ .kind = PARTS_ZERO };
    }
    unsigned shift = __builtin_clzll(magnitude);
    return (FloatParts){ .kind = PARTS_NORMAL,
                         .sign = sign,
                         .exp = 63 - (int32_t)shift,
                         .frac = (Uint128)(magnitude << shift) << 64 };
}

static uint64_t int_invalid(bool nan, bool sign, uint64_t min, uint64_t max, FloatStatus *st)
{
    st->flags |= FLOAT_INVALID;
    switch (st->int_rule) {
    case FLOAT_INT_X86: return min ? min : max;
    case FLOAT_INT_ARM: return nan ? 0 : sign ? min : max;
    case FLOAT_INT_PPC: return nan || sign ? min : max;
    default: return !nan && sign ? min : max;
    }
}

uint64_t parts_to_int(const FloatParts *a, unsigned bits, bool is_signed, uint8_t rounding,
                      FloatStatus *st)
{
    uint64_t max = UINT64_MAX >> (64 - bits + is_signed);
    uint64_t min = is_signed ? -max - 1 : 0;
    bool inexact, up;

    if (parts_is_nan(a) || a->kind == PARTS_INF || (a->kind == PARTS_NORMAL && a->exp >= 64)) {
        return int_invalid(parts_is_nan(a), a->sign, min, max, st);
    }
    Uint128 magnitude = round_magnitude(a, rounding, &inexact, &up);
    Uint128 limit = a->sign ? -min : max;
    if (magnitude > limit) {
        return int_invalid(false, a->sign, min, max, st);
    }
    raise_inexact(inexact, up, st);
    return a->sign ? -(uint64_t)magnitude : (uint64_t)magnitude;
}

uint32_t parts_to_int32_modular(const FloatParts *a, FloatStatus *st)
{
    bool inexact, up;

    if (parts_is_nan(a) || a->kind == PARTS_INF) {
        st->flags |= FLOAT_INVALID;
        return 0;
    }
    /* From 2^127 on, the low 32 bits of an f64 are zeros. */
    Uint128 magnitude = round_magnitude(a, FLOAT_RTZ, &inexact, &up);
    if (a->kind == PARTS_NORMAL && a->exp > 127) {
        magnitude = 0;
    }
    if (a->exp >= 64 || magnitude > (Uint128)INT32_MAX + a->sign) {
        st->flags |= FLOAT_INVALID;
    } else {
        raise_inexact(inexact, up, st);
    }
    return a->sign ? -(uint32_t)magnitude : (uint32_t)magnitude;
}

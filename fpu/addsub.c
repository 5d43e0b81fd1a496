/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addition and subtraction.  Spec: IEEE 754-2019 §5.4.1, §6.3 (sign of a zero sum). */
#include "fpu/parts_internal.h"

/* Both finite and non-zero, same sign. */
static FloatParts add_magnitudes(const FloatParts *a, const FloatParts *b)
{
    if (a->exp < b->exp) {
        return add_magnitudes(b, a);
    }
    FloatParts r = { .kind = PARTS_NORMAL, .sign = a->sign, .exp = a->exp };
    /* An operand's low bits are zero, so halving it is exact and makes room for the carry. */
    r.frac = (a->frac >> 1) + shift_right_jam(b->frac >> 1, a->exp - b->exp);
    if (r.frac & PARTS_LEADING_BIT) {
        r.exp++;
    } else {
        r.frac <<= 1;
    }
    return r;
}

/* Both finite and non-zero, opposite signs. */
static FloatParts sub_magnitudes(const FloatParts *a, const FloatParts *b, FloatStatus *st)
{
    if (a->exp < b->exp || (a->exp == b->exp && a->frac < b->frac)) {
        return sub_magnitudes(b, a, st);
    }
    FloatParts r = { .kind = PARTS_NORMAL, .sign = a->sign };
    r.frac = a->frac - shift_right_jam(b->frac, a->exp - b->exp);
    if (r.frac == 0) {
        return (FloatParts){ .kind = PARTS_ZERO, .sign = st->rounding == FLOAT_RDN };
    }
    unsigned shift = clz128(r.frac);
    r.exp = a->exp - (int32_t)shift;
    r.frac <<= shift;
    return r;
}

FloatParts parts_add(const FloatParts *a, const FloatParts *b, FloatStatus *st)
{
    if (parts_is_nan(a) || parts_is_nan(b)) {
        return parts_nan2(a, b, st);
    }
    if (a->kind == PARTS_INF && b->kind == PARTS_INF && a->sign != b->sign) {
        return parts_invalid(st);
    }
    parts_note_denormal(a->denormal || b->denormal, st);
    if (a->kind == PARTS_INF || b->kind == PARTS_INF) {
        return a->kind == PARTS_INF ? *a : *b;
    }
    if (a->kind == PARTS_ZERO && b->kind == PARTS_ZERO) {
        FloatParts zero = *a;
        if (a->sign != b->sign) {
            zero.sign = st->rounding == FLOAT_RDN;
        }
        return zero;
    }
    if (a->kind == PARTS_ZERO || b->kind == PARTS_ZERO) {
        return a->kind == PARTS_ZERO ? *b : *a;
    }
    return a->sign == b->sign ? add_magnitudes(a, b) : sub_magnitudes(a, b, st);
}

FloatParts parts_sub(const FloatParts *a, const FloatParts *b, FloatStatus *st)
{
    if (parts_is_nan(a) || parts_is_nan(b)) {
        return parts_nan2(a, b, st);
    }
    FloatParts negated = *b;
    negated.sign = !b->sign;
    return parts_add(a, &negated, st);
}

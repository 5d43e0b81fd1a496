/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiplication and division.  Spec: IEEE 754-2019 §5.4.1, §7.2, §7.3. */
#include "fpu/parts_internal.h"

void mul128(Uint128 a, Uint128 b, Uint128 *high, Uint128 *low)
{
    uint64_t a1 = a >> 64, a0 = a, b1 = b >> 64, b0 = b;
    Uint128 low_low = (Uint128)a0 * b0;
    Uint128 cross = (Uint128)a1 * b0 + (low_low >> 64);
    Uint128 cross2 = (Uint128)a0 * b1 + (uint64_t)cross;

    *low = cross2 << 64 | (uint64_t)low_low;
    *high = (Uint128)a1 * b1 + (cross >> 64) + (cross2 >> 64);
}

/* Product of two fractions, jammed; its leading bit is 127 or 126. */
static Uint128 mul_fracs(Uint128 a, Uint128 b)
{
    if ((uint64_t)(a | b) == 0) {
        return (Uint128)(uint64_t)(a >> 64) * (uint64_t)(b >> 64);
    }
    Uint128 high, low;
    mul128(a, b, &high, &low);
    return high | (low != 0);
}

FloatParts parts_mul(const FloatParts *a, const FloatParts *b, FloatStatus *st)
{
    FloatParts r = { .sign = a->sign ^ b->sign };

    if (parts_is_nan(a) || parts_is_nan(b)) {
        return parts_nan2(a, b, st);
    }
    if (a->kind == PARTS_NORMAL && b->kind == PARTS_NORMAL) {
        parts_note_denormal(a->denormal || b->denormal, st);
        r.kind = PARTS_NORMAL;
        r.exp = a->exp + b->exp + 1;
        r.frac = mul_fracs(a->frac, b->frac);
        if (!(r.frac & PARTS_LEADING_BIT)) {
            r.frac <<= 1;
            r.exp--;
        }
        return r;
    }
    bool zero = a->kind == PARTS_ZERO || b->kind == PARTS_ZERO;
    bool inf = a->kind == PARTS_INF || b->kind == PARTS_INF;
    if (zero && inf) {
        return parts_invalid(st);
    }
    parts_note_denormal(a->denormal || b->denormal, st);
    r.kind = inf ? PARTS_INF : PARTS_ZERO;
    return r;
}

/*
 * One 64-bit digit of a long division: the quotient of *rem * 2^64 by b, where *rem < b and b has
 * its top bit set.  The digit estimated from the divisor's upper half is at most 2 too large.
 */
static uint64_t div_digit(Uint128 *rem, Uint128 b)
{
    uint64_t b1 = b >> 64, b0 = b;
    Uint128 digit, left;

    if ((uint64_t)(*rem >> 64) >= b1) {
        digit = UINT64_MAX;
    } else {
        digit = *rem / b1;
    }
    left = *rem - digit * b1;
    /* remainder = left * 2^64 - digit * b0, to be made non-negative */
    while (left >> 64 == 0 && left << 64 < digit * b0) {
        digit--;
        left += b1;
    }
    *rem = (left << 64) - digit * b0;
    return digit;
}

/* The first 128 fraction bits of rem / b, jammed; needs rem < b. */
static Uint128 div_fracs(Uint128 rem, Uint128 b)
{
    uint64_t high, low;

    if ((uint64_t)(rem | b) == 0) {
        uint64_t divisor = b >> 64;
        high = rem / divisor;
        rem = (rem - (Uint128)high * divisor) << 64;
        low = rem / divisor;
        rem -= (Uint128)low * divisor;
    } else {
        high = div_digit(&rem, b);
        low = div_digit(&rem, b);
    }
    return (Uint128)high << 64 | low | (rem != 0);
}

FloatParts parts_div(const FloatParts *a, const FloatParts *b, FloatStatus *st)
{
    FloatParts r = { .sign = a->sign ^ b->sign };

    if (parts_is_nan(a) || parts_is_nan(b)) {
        return parts_nan2(a, b, st);
    }
    if (a->kind == PARTS_NORMAL && b->kind == PARTS_NORMAL) {
        parts_note_denormal(a->denormal || b->denormal, st);
        r.kind = PARTS_NORMAL;
        r.exp = a->exp - b->exp;
        if (a->frac < b->frac) {
            r.exp--;
            r.frac = div_fracs(a->frac, b->frac);
        } else {
            Uint128 below_one = div_fracs(a->frac - b->frac, b->frac);
            r.frac = PARTS_LEADING_BIT | below_one >> 1 | (below_one & 1);
        }
        return r;
    }
    if (a->kind == b->kind) {
        return parts_invalid(st); /* 0 / 0, inf / inf */
    }
    if (b->kind == PARTS_ZERO && a->kind == PARTS_NORMAL) {
        st->flags |= FLOAT_DIVBYZERO;
        r.kind = PARTS_INF;
        return r;
    }
    parts_note_denormal(a->denormal || b->denormal, st);
    r.kind = a->kind == PARTS_INF || b->kind == PARTS_ZERO ? PARTS_INF : PARTS_ZERO;
    return r;
}

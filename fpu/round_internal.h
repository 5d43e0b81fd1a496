/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rounding a number to a format.  Inline, since with a constant format it takes half the time.
 * Spec: IEEE 754-2019 §4.3, §7.4, §7.5.
 */
#pragma once

#include "fpu/parts_internal.h"

/* Round frac after @keep leading bits; returns whether it carried out of bit 127. */
static inline bool round_frac(Uint128 *frac, unsigned keep, bool sign, uint8_t rounding, bool *up)
{
    Uint128 unit = (Uint128)1 << (128 - keep);
    Uint128 rest = *frac & (unit - 1);

    *up = round_goes_up(rounding, sign, *frac & unit, rest, unit >> 1);
    *frac -= rest;
    if (*up) {
        *frac += unit;
        return *frac == 0;
    }
    return false;
}

static inline uint32_t round_overflow(FloatParts *p, unsigned precision, uint32_t exp_max,
                                      FloatStatus *st)
{
    bool to_inf = false;

    switch (st->rounding) {
    case FLOAT_RNE:
    case FLOAT_RMM: to_inf = true; break;
    case FLOAT_RDN: to_inf = p->sign; break;
    case FLOAT_RUP: to_inf = !p->sign; break;
    default: break;
    }
    st->flags |= FLOAT_OVERFLOW | FLOAT_INEXACT;
    if (to_inf) {
        st->flags |= FLOAT_ROUNDED_UP;
        p->frac = 0;
        return exp_max;
    }
    p->frac = -((Uint128)1 << (128 - precision));
    return exp_max - 1;
}

static inline uint32_t round_tiny(FloatParts *p, int32_t exp, unsigned precision, FloatStatus *st)
{
    bool tiny = true, up;

    if (exp == 0 && !st->tininess_before_rounding) {
        Uint128 frac = p->frac;
        tiny = !round_frac(&frac, precision, p->sign, st->rounding, &up);
    }
    if (tiny && st->flush_to_zero) {
        st->flags |= FLOAT_UNDERFLOW | (st->flush_is_inexact ? FLOAT_INEXACT : 0);
        p->frac = 0;
        return 0;
    }
    p->frac = shift_right_jam(p->frac, 1 - exp);
    Uint128 unrounded = p->frac;
    round_frac(&p->frac, precision, p->sign, st->rounding, &up);
    if (p->frac != unrounded) {
        st->flags |= FLOAT_INEXACT | (tiny ? FLOAT_UNDERFLOW : 0) | (up ? FLOAT_ROUNDED_UP : 0);
    }
    return p->frac >> 127;
}

/**
 * parts_round - round a number to a format
 * @p:         finite and non-zero; out: frac rounded, exp meaningless
 * @fmt:       the format
 * @precision: of the rounding, at most the format's
 *
 * Returns the biased exponent: 0 for subnormals and zero (bit 127 of frac clear), all ones with a
 * frac of 0 for infinity.
 */
static inline uint32_t parts_round(FloatParts *p, const FloatFormat *fmt, unsigned precision,
                                   FloatStatus *st)
{
    int32_t exp_max = (1 << fmt->exp_bits) - 1, wrap = 3 << (fmt->exp_bits - 2);
    int32_t exp = p->exp + fmt->bias;
    bool up;

    if (exp <= 0 && !st->trap_underflow) {
        return round_tiny(p, exp, precision, st);
    }
    Uint128 unrounded = p->frac;
    if (round_frac(&p->frac, precision, p->sign, st->rounding, &up)) {
        p->frac = PARTS_LEADING_BIT;
        exp++;
    }
    if (exp >= exp_max) {
        if (!st->trap_overflow) {
            return round_overflow(p, precision, exp_max, st);
        }
        st->flags |= FLOAT_OVERFLOW;
        exp -= wrap; /* IEEE 754-1985, 7.3 and 7.4 */
    } else if (exp <= 0) {
        st->flags |= FLOAT_UNDERFLOW;
        exp += wrap;
    }
    if (p->frac != unrounded) {
        st->flags |= FLOAT_INEXACT | (up ? FLOAT_ROUNDED_UP : 0);
    }
    if (exp <= 0 || exp >= exp_max) { /* even so */
        p->frac = 0;
        return exp <= 0 ? 0 : exp_max;
    }
    return exp;
}

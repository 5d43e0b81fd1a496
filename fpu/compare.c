/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comparison, minimum and maximum, classes.
 * Spec: IEEE 754-2019 §5.7.2, §5.11, §9.6; 754-2008 §5.3.1; Intel SDM vol. 2 MINSS; RISC-V FCLASS.
 */
#include "fpu/parts_internal.h"

/* Order of two numbers, with -0 below +0 if @zeros_differ. */
static FloatRelation order(const FloatParts *a, const FloatParts *b, bool zeros_differ)
{
    FloatRelation if_a_larger_magnitude = a->sign ? FLOAT_LESS : FLOAT_GREATER;

    if (a->kind == PARTS_ZERO && b->kind == PARTS_ZERO) {
        return zeros_differ ? (FloatRelation)((int)b->sign - (int)a->sign) : FLOAT_EQUAL;
    }
    if (a->kind == PARTS_ZERO) {
        return b->sign ? FLOAT_GREATER : FLOAT_LESS;
    }
    if (b->kind == PARTS_ZERO || a->sign != b->sign) {
        return if_a_larger_magnitude;
    }
    /* PARTS_ZERO < PARTS_NORMAL < PARTS_INF */
    if (a->kind != b->kind) {
        return a->kind > b->kind ? if_a_larger_magnitude : -if_a_larger_magnitude;
    }
    if (a->kind == PARTS_INF) {
        return FLOAT_EQUAL;
    }
    if (a->exp != b->exp) {
        return a->exp > b->exp ? if_a_larger_magnitude : -if_a_larger_magnitude;
    }
    if (a->frac != b->frac) {
        return a->frac > b->frac ? if_a_larger_magnitude : -if_a_larger_magnitude;
    }
    return FLOAT_EQUAL;
}

FloatRelation parts_compare(const FloatParts *a, const FloatParts *b, bool quiet, FloatStatus *st)
{
    if (parts_is_nan(a) || parts_is_nan(b)) {
        if (!quiet || a->kind >= PARTS_SNAN || b->kind >= PARTS_SNAN) {
            st->flags |= FLOAT_INVALID;
        }
        return FLOAT_UNORDERED;
    }
    parts_note_denormal(a->denormal || b->denormal, st);
    return order(a, b, false);
}

static FloatParts minmax_nan(const FloatParts *a, const FloatParts *b, FloatMinMax family,
                             FloatStatus *st)
{
    bool signalling = a->kind >= PARTS_SNAN || b->kind >= PARTS_SNAN;
    bool one_number = parts_is_nan(a) != parts_is_nan(b);

    switch (family) {
    case FLOAT_MINMAX_X86: st->flags |= FLOAT_INVALID; return *b;
    case FLOAT_MINMAX_NAN: return parts_nan2(a, b, st);
    case FLOAT_MINMAX_NUM_2008:
        if (!one_number || signalling) {
            return parts_nan2(a, b, st);
        }
        break;
    case FLOAT_MINMAX_NUMBER:
        if (!one_number) {
            return parts_nan2(a, b, st);
        }
        st->flags |= signalling ? FLOAT_INVALID : 0;
        break;
    }
    const FloatParts *number = parts_is_nan(a) ? b : a;
    parts_note_denormal(number->denormal, st);
    return *number;
}

FloatParts parts_minmax(const FloatParts *a, const FloatParts *b, bool max, FloatMinMax family,
                        FloatStatus *st)
{
    if (parts_is_nan(a) || parts_is_nan(b)) {
        return minmax_nan(a, b, family, st);
    }
    parts_note_denormal(a->denormal || b->denormal, st);
    FloatRelation relation = order(a, b, family != FLOAT_MINMAX_X86);
    return relation == (max ? FLOAT_GREATER : FLOAT_LESS) ? *a : *b;
}

unsigned parts_classify(const FloatParts *p)
{
    switch (p->kind) {
    case PARTS_ZERO: return p->sign ? FLOAT_CLASS_NEG_ZERO : FLOAT_CLASS_POS_ZERO;
    case PARTS_INF: return p->sign ? FLOAT_CLASS_NEG_INF : FLOAT_CLASS_POS_INF;
    case PARTS_QNAN: return FLOAT_CLASS_QNAN;
    case PARTS_NORMAL: break;
    default: return FLOAT_CLASS_SNAN;
    }
    if (p->denormal) {
        return p->sign ? FLOAT_CLASS_NEG_SUBNORMAL : FLOAT_CLASS_POS_SUBNORMAL;
    }
    return p->sign ? FLOAT_CLASS_NEG_NORMAL : FLOAT_CLASS_POS_NORMAL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which NaN an operation returns.
 *
 * Spec: IEEE 754-2019 §6.2; Intel SDM vol. 1 tables 4-7 and 14-17 (x87, SSE, FMA); Arm ARM
 * FPProcessNaNs, FPProcessNaNs3, FPMulAdd; Power ISA §4.3.2 and §7.4 (VSX multiply-add tables).
 */
#include "fpu/parts_internal.h"

FloatParts parts_default_nan(const FloatStatus *st)
{
    return (FloatParts){ .kind = PARTS_QNAN,
                         .frac = PARTS_LEADING_BIT | PARTS_QUIET_BIT,
                         .sign = st->default_nan_negative };
}

FloatParts parts_invalid(FloatStatus *st)
{
    st->flags |= FLOAT_INVALID;
    return parts_default_nan(st);
}

static FloatParts quieten(const FloatParts *a, FloatStatus *st)
{
    if (st->default_nan || a->kind == PARTS_UNSUPPORTED) {
        return parts_default_nan(st);
    }
    FloatParts nan = *a;
    nan.kind = PARTS_QNAN;
    nan.frac |= PARTS_QUIET_BIT;
    return nan;
}

/* Raise INVALID for a signalling operand; true if one has no defined meaning at all. */
static bool check_signalling(const FloatParts *a, FloatStatus *st)
{
    if (a->kind >= PARTS_SNAN) {
        st->flags |= FLOAT_INVALID;
    }
    return a->kind == PARTS_UNSUPPORTED;
}

static const FloatParts *pick_x87(const FloatParts *a, const FloatParts *b)
{
    if (!parts_is_nan(a) || !parts_is_nan(b)) {
        return parts_is_nan(a) ? a : b;
    }
    if (a->kind != b->kind) {
        return a->kind == PARTS_QNAN ? a : b;
    }
    if (a->frac != b->frac) {
        return a->frac > b->frac ? a : b;
    }
    return b->sign ? a : b;
}

FloatParts parts_nan1(const FloatParts *a, FloatStatus *st)
{
    check_signalling(a, st);
    return quieten(a, st);
}

FloatParts parts_nan2(const FloatParts *a, const FloatParts *b, FloatStatus *st)
{
    bool unsupported = check_signalling(a, st);

    unsupported |= check_signalling(b, st);
    if (unsupported) {
        return parts_default_nan(st);
    }
    switch (st->nan_rule) {
    case FLOAT_NAN_X87: return quieten(pick_x87(a, b), st);
    case FLOAT_NAN_ARM:
        if (a->kind == PARTS_SNAN || b->kind == PARTS_SNAN) {
            return quieten(a->kind == PARTS_SNAN ? a : b, st);
        }
        break;
    default: break;
    }
    return quieten(parts_is_nan(a) ? a : b, st);
}

static const FloatParts *first_nan(const FloatParts *const order[3])
{
    for (unsigned i = 0; i < 2; i++) {
        if (parts_is_nan(order[i])) {
            return order[i];
        }
    }
    return order[2];
}

static const FloatParts *pick_arm(const FloatParts *const order[3])
{
    for (unsigned i = 0; i < 3; i++) {
        if (order[i]->kind == PARTS_SNAN) {
            return order[i];
        }
    }
    return first_nan(order);
}

FloatParts parts_nan3(const FloatParts *a, const FloatParts *b, const FloatParts *c,
                      FloatStatus *st)
{
    bool inf_zero = (a->kind == PARTS_INF && b->kind == PARTS_ZERO) ||
                    (a->kind == PARTS_ZERO && b->kind == PARTS_INF);
    bool unsupported = check_signalling(a, st);

    unsupported |= check_signalling(b, st);
    unsupported |= check_signalling(c, st);
    /* 754-2019 §7.2 leaves it to the implementation whether (inf * 0) + qnan is invalid. */
    if (inf_zero && (st->nan_rule != FLOAT_NAN_X86 || st->default_nan)) {
        st->flags |= FLOAT_INVALID;
    }
    if (unsupported) {
        return parts_default_nan(st);
    }
    switch (st->nan_rule) {
    case FLOAT_NAN_ARM:
        if (inf_zero && c->kind == PARTS_QNAN) {
            return parts_default_nan(st);
        }
        return quieten(pick_arm((const FloatParts *const[]){ c, a, b }), st);
    case FLOAT_NAN_PPC: return quieten(first_nan((const FloatParts *const[]){ a, c, b }), st);
    default: return quieten(first_nan((const FloatParts *const[]){ a, b, c }), st);
    }
}

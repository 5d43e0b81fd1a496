/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Square root, one bit at a time.  Spec: IEEE 754-2019 §5.4.1. */
#include "fpu/parts_internal.h"

/*
 * Both functions: @m in [1, 4) and the root in [1, 2) have their integer digit at bit ONE.  After
 * step i, rem is (m - root^2) * 2^i, which stays below 8, hence the three bits above ONE.
 */
static uint64_t sqrt_narrow(uint64_t m, bool *exact)
{
    enum { ONE = 60 };
    uint64_t root = 0, rem = m;

    for (uint64_t bit = UINT64_C(1) << ONE; bit >= 1 << 4; bit >>= 1) {
        uint64_t trial = 2 * root + bit;
        if (rem >= trial) {
            rem -= trial;
            root += bit;
        }
        rem <<= 1;
    }
    *exact = rem == 0;
    return root;
}

static Uint128 sqrt_wide(Uint128 m, bool *exact)
{
    enum { ONE = 124 };
    Uint128 root = 0, rem = m;

    for (Uint128 bit = (Uint128)1 << ONE; bit >= 1 << 4; bit >>= 1) {
        Uint128 trial = 2 * root + bit;
        if (rem >= trial) {
            rem -= trial;
            root += bit;
        }
        rem <<= 1;
    }
    *exact = rem == 0;
    return root;
}

/* The cases without arithmetic; returns whether *a is one. */
static bool sqrt_special(const FloatParts *a, FloatParts *r, FloatStatus *st)
{
    *r = *a;
    if (parts_is_nan(a)) {
        *r = parts_nan1(a, st);
    } else if (a->kind != PARTS_ZERO && a->sign) {
        *r = parts_invalid(st);
    } else {
        parts_note_denormal(a->denormal, st);
    }
    return r->kind != PARTS_NORMAL;
}

FloatParts parts_sqrt_narrow(const FloatParts *a, FloatStatus *st)
{
    FloatParts r;
    bool odd = a->exp & 1, exact;

    if (sqrt_special(a, &r, st)) {
        return r;
    }
    r.exp = (a->exp - odd) / 2;
    r.frac = (Uint128)sqrt_narrow((uint64_t)(a->frac >> 67) << odd, &exact) << 67;
    r.frac |= !exact;
    return r;
}

FloatParts parts_sqrt_wide(const FloatParts *a, FloatStatus *st)
{
    FloatParts r;
    bool odd = a->exp & 1, exact;

    if (sqrt_special(a, &r, st)) {
        return r;
    }
    r.exp = (a->exp - odd) / 2;
    r.frac = sqrt_wide(a->frac >> 3 << odd, &exact) << 3;
    r.frac |= !exact;
    return r;
}

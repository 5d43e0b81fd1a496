/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Square root.  Spec: IEEE 754-2019 §5.4.1. */
#include "fpu/parts_internal.h"

/* A root and what its square leaves. */
typedef struct SqrtStep {
    __int128 root, rem;
} SqrtStep;

/*
 * From the root of the number so far to that of the number with 2 * @k more bits (@upper, @lower: k
 * bits each): the Karatsuba square root of P. Zimmermann, INRIA RR-3805.
 */
static SqrtStep sqrt_extend(SqrtStep s, unsigned k, uint64_t upper, uint64_t lower)
{
    /* Dividend and divisor are halved, since twice the root may exceed 64 bits by one. */
    uint64_t root = s.root;
    uint64_t dividend = (uint64_t)s.rem << (k - 1) | upper >> 1;
    uint64_t quotient = dividend / root, rem = dividend % root << 1 | (upper & 1);
    SqrtStep next = { .root = (s.root << k) + quotient };

    next.rem = ((__int128)rem << k | lower) - (__int128)quotient * quotient;
    if (next.rem < 0) {
        next.rem += 2 * next.root - 1;
        next.root--;
    }
    return next;
}

/* Root of @n, which is at least 2^126. */
static uint64_t sqrt_narrow(Uint128 n, bool *exact)
{
    uint32_t first = n >> 112, root = 0;

    for (uint32_t bit = 1 << 7; bit; bit >>= 1) {
        root += (root + bit) * (root + bit) <= first ? bit : 0;
    }
    SqrtStep s = { .root = root, .rem = first - root * root };
    s = sqrt_extend(s, 8, n >> 104 & 0xff, n >> 96 & 0xff);
    s = sqrt_extend(s, 16, n >> 80 & 0xffff, n >> 64 & 0xffff);
    s = sqrt_extend(s, 32, n >> 32 & UINT32_MAX, n & UINT32_MAX);
    *exact = s.rem == 0;
    return s.root;
}

/*
 * @m in [1, 4) and the root in [1, 2) have their integer digit at bit ONE.  After step i, rem is
 * (m - root^2) * 2^i, which stays below 8, hence the three bits above ONE.
 */
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
    r.frac = (Uint128)sqrt_narrow(a->frac >> !odd, &exact) << 64;
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

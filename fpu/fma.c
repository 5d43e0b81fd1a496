/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fused multiply-add: a * b + c, rounded once.  Spec: IEEE 754-2019 §5.4.1, §6.3, §7.2. */
#include "fpu/parts_internal.h"

typedef struct Uint256 {
    Uint128 high, low;
} Uint256;

static Uint256 shift_left256(Uint256 v, unsigned n)
{
    if (n == 0) {
        return v;
    }
    if (n >= 128) {
        return (Uint256){ v.low << (n - 128), 0 };
    }
    return (Uint256){ v.high << n | v.low >> (128 - n), v.low << n };
}

/* Needs n > 0. */
static Uint256 shift_right_jam256(Uint256 v, unsigned n)
{
    if (n >= 128) {
        Uint128 low = shift_right_jam(v.high, n - 128);
        return (Uint256){ 0, low | (v.low != 0) };
    }
    bool lost = v.low << (128 - n) != 0;
    return (Uint256){ v.high >> n, v.high << (128 - n) | v.low >> n | lost };
}

static bool less256(Uint256 a, Uint256 b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/*
 * Add numbers of exponents @a_exp and @b_exp, leading bit in bit 255; the difference if @subtract,
 * for which @a must be the larger.  Product and addend have at least two low zero bits.
 */
static FloatParts combine(Uint256 a, int32_t a_exp, Uint256 b, int32_t b_exp, bool subtract)
{
    FloatParts r = { .kind = PARTS_NORMAL, .exp = a_exp + 1 };
    Uint256 sum;

    a = shift_right_jam256(a, 1);
    b = shift_right_jam256(b, 1 + (unsigned)(a_exp - b_exp));
    if (subtract) {
        sum.low = a.low - b.low;
        sum.high = a.high - b.high - (a.low < b.low);
    } else {
        sum.low = a.low + b.low;
        sum.high = a.high + b.high + (sum.low < a.low);
    }
    if (sum.high == 0 && sum.low == 0) {
        r.kind = PARTS_ZERO;
        return r;
    }
    unsigned shift = sum.high ? clz128(sum.high) : 128 + clz128(sum.low);
    sum = shift_left256(sum, shift);
    r.exp -= (int32_t)shift;
    r.frac = sum.high | (sum.low != 0);
    return r;
}

/*
 * Multiply exactly, if the product has no more bits than an operand of parts_add() may have; that
 * is so for f64 and everything shorter.
 */
static bool multiply_narrow(const FloatParts *a, const FloatParts *b, bool sign,
                            FloatParts *product)
{
    enum { BITS = 63 };
    Uint128 below = ((Uint128)1 << (128 - BITS)) - 1;

    if ((a->frac | b->frac) & below) {
        return false;
    }
    *product =
        (FloatParts){ .kind = PARTS_NORMAL,
                      .sign = sign,
                      .exp = a->exp + b->exp + 1,
                      .frac = (Uint128)(uint64_t)(a->frac >> 64) * (uint64_t)(b->frac >> 64) };
    if (!(product->frac & PARTS_LEADING_BIT)) {
        product->frac <<= 1;
        product->exp--;
    }
    return true;
}

static FloatParts fma_finite(const FloatParts *a, const FloatParts *b, const FloatParts *c,
                             bool product_sign, bool addend_sign, FloatStatus *st)
{
    Uint256 product, addend = { c->frac, 0 };
    int32_t exp = a->exp + b->exp + 1;
    FloatParts r;

    if (multiply_narrow(a, b, product_sign, &r)) {
        FloatParts c_signed = *c;
        c_signed.sign = addend_sign;
        return c->kind == PARTS_ZERO ? r : parts_add(&r, &c_signed, st);
    }
    mul128(a->frac, b->frac, &product.high, &product.low);
    if (!(product.high & PARTS_LEADING_BIT)) {
        product = shift_left256(product, 1);
        exp--;
    }
    if (c->kind == PARTS_ZERO) {
        return (FloatParts){ .kind = PARTS_NORMAL,
                             .sign = product_sign,
                             .exp = exp,
                             .frac = product.high | (product.low != 0) };
    }
    bool subtract = product_sign != addend_sign;
    bool product_larger = exp != c->exp ? exp > c->exp : !less256(product, addend);
    if (product_larger) {
        r = combine(product, exp, addend, c->exp, subtract);
        r.sign = product_sign;
    } else {
        r = combine(addend, c->exp, product, exp, subtract);
        r.sign = addend_sign;
    }
    if (r.kind == PARTS_ZERO) {
        r.sign = st->rounding == FLOAT_RDN;
    }
    return r;
}

FloatParts parts_fma(const FloatParts *a, const FloatParts *b, const FloatParts *c, unsigned flags,
                     FloatStatus *st)
{
    bool product_sign = a->sign ^ b->sign ^ !!(flags & FLOAT_FMA_NEGATE_PRODUCT);
    bool addend_sign = c->sign ^ !!(flags & FLOAT_FMA_NEGATE_ADDEND);
    bool product_inf = a->kind == PARTS_INF || b->kind == PARTS_INF;
    bool product_zero = a->kind == PARTS_ZERO || b->kind == PARTS_ZERO;
    FloatParts r;

    if (parts_is_nan(a) || parts_is_nan(b) || parts_is_nan(c)) {
        return parts_nan3(a, b, c, st);
    }
    if ((product_inf && product_zero) ||
        (product_inf && c->kind == PARTS_INF && product_sign != addend_sign)) {
        return parts_invalid(st);
    }
    parts_note_denormal(a->denormal || b->denormal || c->denormal, st);
    if (product_inf) {
        r = (FloatParts){ .kind = PARTS_INF, .sign = product_sign };
    } else if (c->kind == PARTS_INF || (product_zero && c->kind != PARTS_ZERO)) {
        r = *c;
        r.sign = addend_sign;
    } else if (product_zero) {
        bool zero_sign = product_sign == addend_sign ? product_sign : st->rounding == FLOAT_RDN;
        r = (FloatParts){ .kind = PARTS_ZERO, .sign = zero_sign };
    } else {
        r = fma_finite(a, b, c, product_sign, addend_sign, st);
    }
    r.negate_after = !!(flags & FLOAT_FMA_NEGATE_RESULT);
    return r;
}

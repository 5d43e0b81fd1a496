/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encodings to parts and back.  Spec: IEEE 754-2019 §3.4; Intel SDM vol. 1 §4.2.2 (x80). */
#include "fpu/round_internal.h"

static const FloatFormat f16_format = { .precision = 11, .exp_bits = 5, .bias = 15 };
static const FloatFormat bf16_format = { .precision = 8, .exp_bits = 8, .bias = 127 };
static const FloatFormat f32_format = { .precision = 24, .exp_bits = 8, .bias = 127 };
static const FloatFormat f64_format = { .precision = 53, .exp_bits = 11, .bias = 1023 };
static const FloatFormat f128_format = { .precision = 113, .exp_bits = 15, .bias = 16383 };
static const FloatFormat x80_format = { .precision = 64, .exp_bits = 15, .bias = 16383 };

/* @frac: fraction field with the bit below the leading one in bit 126 */
static inline FloatParts unpack(const FloatFormat *fmt, bool sign, uint32_t exp, Uint128 frac,
                                FloatStatus *st)
{
    FloatParts p = { .sign = sign, .frac = frac };
    uint32_t exp_max = (1u << fmt->exp_bits) - 1;

    if (exp == exp_max) {
        p.kind = frac == 0 ? PARTS_INF : frac & PARTS_QUIET_BIT ? PARTS_QNAN : PARTS_SNAN;
    } else if (exp != 0) {
        p.kind = PARTS_NORMAL;
        p.exp = (int32_t)exp - fmt->bias;
        p.frac |= PARTS_LEADING_BIT;
    } else if (frac == 0) {
        p.kind = PARTS_ZERO;
    } else if (st->flush_inputs_to_zero) {
        st->flags |= FLOAT_INPUT_FLUSHED;
        p.kind = PARTS_ZERO;
        p.frac = 0;
    } else {
        unsigned shift = clz128(frac);
        p.kind = PARTS_NORMAL;
        p.denormal = true;
        p.exp = 1 - fmt->bias - (int32_t)shift;
        p.frac <<= shift;
    }
    return p;
}

/* Returns the biased exponent and leaves the fraction, leading bit included, in p->frac. */
static inline uint32_t pack(const FloatFormat *fmt, unsigned precision, FloatParts *p,
                            FloatStatus *st)
{
    switch (p->kind) {
    case PARTS_NORMAL: return parts_round(p, fmt, precision, st);
    case PARTS_ZERO: p->frac = 0; return 0;
    case PARTS_INF: p->frac = 0; break;
    default: break;
    }
    return (1u << fmt->exp_bits) - 1;
}

static inline FloatParts unpack64(const FloatFormat *fmt, uint64_t a, FloatStatus *st)
{
    unsigned frac_bits = fmt->precision - 1;
    uint64_t frac = a << (64 - frac_bits) >> 1;
    uint32_t exp = a >> frac_bits & ((1u << fmt->exp_bits) - 1);

    return unpack(fmt, a >> (frac_bits + fmt->exp_bits) & 1, exp, (Uint128)frac << 64, st);
}

static inline uint64_t pack64(const FloatFormat *fmt, FloatParts *p, FloatStatus *st)
{
    unsigned frac_bits = fmt->precision - 1;
    uint64_t exp = pack(fmt, fmt->precision, p, st);
    uint64_t frac = (uint64_t)(p->frac >> 64) << 1 >> (64 - frac_bits);
    uint64_t sign = p->sign ^ p->negate_after;

    return sign << (frac_bits + fmt->exp_bits) | exp << frac_bits | frac;
}

FloatParts f16_unpack(Float16 a, FloatStatus *st)
{
    return unpack64(&f16_format, a, st);
}

FloatParts bf16_unpack(Bfloat16 a, FloatStatus *st)
{
    return unpack64(&bf16_format, a, st);
}

FloatParts f32_unpack(Float32 a, FloatStatus *st)
{
    return unpack64(&f32_format, a, st);
}

FloatParts f64_unpack(Float64 a, FloatStatus *st)
{
    return unpack64(&f64_format, a, st);
}

FloatParts f128_unpack(Float128 a, FloatStatus *st)
{
    Uint128 bits = (Uint128)a.high << 64 | a.low;

    return unpack(&f128_format, a.high >> 63, a.high >> 48 & 0x7fff, bits << 16 >> 1, st);
}

FloatParts x80_unpack(FloatX80 a, FloatStatus *st)
{
    bool sign = a.sign_exponent >> 15;
    uint32_t exp = a.sign_exponent & 0x7fff;
    Uint128 frac = (Uint128)a.significand << 64;

    if (exp == 0) {
        /* The integer bit of a pseudo-denormal counts: the value is that of exponent 1. */
        return unpack(&x80_format, sign, 0, frac, st);
    }
    if (!(frac & PARTS_LEADING_BIT)) {
        return (FloatParts){ .kind = PARTS_UNSUPPORTED, .sign = sign, .frac = frac };
    }
    return unpack(&x80_format, sign, exp, frac & ~PARTS_LEADING_BIT, st);
}

Float16 f16_pack(FloatParts *p, FloatStatus *st)
{
    return pack64(&f16_format, p, st);
}

Bfloat16 bf16_pack(FloatParts *p, FloatStatus *st)
{
    return pack64(&bf16_format, p, st);
}

Float32 f32_pack(FloatParts *p, FloatStatus *st)
{
    return pack64(&f32_format, p, st);
}

Float64 f64_pack(FloatParts *p, FloatStatus *st)
{
    return pack64(&f64_format, p, st);
}

Float128 f128_pack(FloatParts *p, FloatStatus *st)
{
    uint64_t exp = pack(&f128_format, f128_format.precision, p, st);
    uint64_t sign = p->sign ^ p->negate_after;
    Uint128 frac = p->frac << 1 >> 16;

    return (Float128){ .low = frac, .high = sign << 63 | exp << 48 | (uint64_t)(frac >> 64) };
}

static FloatX80 pack_x80(FloatParts *p, unsigned precision, FloatStatus *st)
{
    uint32_t exp = pack(&x80_format, precision, p, st);
    uint64_t significand = p->frac >> 64;

    if (exp == 0x7fff) {
        significand |= UINT64_C(1) << 63;
    }
    return (FloatX80){ .significand = significand,
                       .sign_exponent = (p->sign ^ p->negate_after) << 15 | exp };
}

FloatX80 x80_pack(FloatParts *p, FloatStatus *st)
{
    return pack_x80(p, x80_format.precision, st);
}

FloatX80 x80_pack_controlled(FloatParts *p, FloatStatus *st)
{
    bool reduced = st->x80_precision == 24 || st->x80_precision == 53;

    return pack_x80(p, reduced ? st->x80_precision : x80_format.precision, st);
}

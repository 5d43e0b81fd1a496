/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form in which all formats are operated on.
 *
 * A finite non-zero number is (-1)^sign * frac / 2^127 * 2^exp with bit 127 of frac set.  Operands
 * have at most 113 significant bits.  A result may have more: bit 0 of its frac then also stands
 * for everything below ("jammed"), which is all that rounding needs.
 *
 * A NaN keeps its fraction below bit 127, the quiet bit in bit 126.
 */
#pragma once

#include "fpu/status.h"

typedef unsigned __int128 Uint128;

typedef enum PartsKind {
    PARTS_ZERO,
    PARTS_NORMAL,
    PARTS_INF,
    PARTS_QNAN,
    PARTS_SNAN,
    PARTS_UNSUPPORTED, /* x87 encodings that no operation accepts */
} PartsKind;

typedef struct FloatParts {
    Uint128 frac;
    int32_t exp;
    uint8_t kind; /* PartsKind */
    bool sign;
    bool denormal;     /* came from a subnormal operand */
    bool negate_after; /* pack with the sign opposite to the one it is rounded with */
} FloatParts;

/* An IEEE 754 binary interchange format, or x80. */
typedef struct FloatFormat {
    uint8_t precision; /* significant bits, the leading one included */
    uint8_t exp_bits;
    int32_t bias;
} FloatFormat;

#define PARTS_LEADING_BIT ((Uint128)1 << 127)
#define PARTS_QUIET_BIT   ((Uint128)1 << 126)

static inline bool parts_is_nan(const FloatParts *p)
{
    return p->kind >= PARTS_QNAN;
}

static inline void parts_note_denormal(bool denormal, FloatStatus *st)
{
    st->flags |= denormal ? FLOAT_INPUT_DENORMAL : 0;
}

static inline unsigned clz128(Uint128 v)
{
    uint64_t high = v >> 64;
    return high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)v);
}

/* Shift right; bit 0 of the result tells of any bit lost. */
static inline Uint128 shift_right_jam(Uint128 v, unsigned n)
{
    if (n == 0) {
        return v;
    }
    if (n >= 128) {
        return v != 0;
    }
    return v >> n | (v << (128 - n) != 0);
}

/* Does rounding to a neighbour in magnitude go up? @rest is what is cut off, @half half a unit. */
static inline bool round_goes_up(uint8_t rounding, bool sign, bool odd, Uint128 rest, Uint128 half)
{
    switch (rounding) {
    case FLOAT_RNE: return rest > half || (rest == half && odd);
    case FLOAT_RMM: return rest >= half;
    case FLOAT_RDN: return rest && sign;
    case FLOAT_RUP: return rest && !sign;
    case FLOAT_ODD: return rest && !odd;
    default: return false;
    }
}

/* format.c: to and from parts; packing rounds, and changes *p. */
FloatParts f16_unpack(Float16 a, FloatStatus *st);
FloatParts bf16_unpack(Bfloat16 a, FloatStatus *st);
FloatParts f32_unpack(Float32 a, FloatStatus *st);
FloatParts f64_unpack(Float64 a, FloatStatus *st);
FloatParts f128_unpack(Float128 a, FloatStatus *st);
FloatParts x80_unpack(FloatX80 a, FloatStatus *st);
Float16 f16_pack(FloatParts *p, FloatStatus *st);
Bfloat16 bf16_pack(FloatParts *p, FloatStatus *st);
Float32 f32_pack(FloatParts *p, FloatStatus *st);
Float64 f64_pack(FloatParts *p, FloatStatus *st);
Float128 f128_pack(FloatParts *p, FloatStatus *st);
FloatX80 x80_pack(FloatParts *p, FloatStatus *st);
FloatX80 x80_pack_controlled(FloatParts *p, FloatStatus *st); /* to FloatStatus.x80_precision */

/* nan.c */
FloatParts parts_default_nan(const FloatStatus *st);
FloatParts parts_invalid(FloatStatus *st);
FloatParts parts_nan1(const FloatParts *a, FloatStatus *st);
FloatParts parts_nan2(const FloatParts *a, const FloatParts *b, FloatStatus *st);
FloatParts parts_nan3(const FloatParts *a, const FloatParts *b, const FloatParts *c,
                      FloatStatus *st);

/* addsub.c */
FloatParts parts_add(const FloatParts *a, const FloatParts *b, FloatStatus *st);
FloatParts parts_sub(const FloatParts *a, const FloatParts *b, FloatStatus *st);

/* muldiv.c */
void mul128(Uint128 a, Uint128 b, Uint128 *high, Uint128 *low);
FloatParts parts_mul(const FloatParts *a, const FloatParts *b, FloatStatus *st);
FloatParts parts_div(const FloatParts *a, const FloatParts *b, FloatStatus *st);

/* sqrt.c: for results of up to 53 significant bits, and of up to 113 */
FloatParts parts_sqrt_narrow(const FloatParts *a, FloatStatus *st);
FloatParts parts_sqrt_wide(const FloatParts *a, FloatStatus *st);

/* fma.c */
FloatParts parts_fma(const FloatParts *a, const FloatParts *b, const FloatParts *c, unsigned flags,
                     FloatStatus *st);

/* compare.c */
FloatRelation parts_compare(const FloatParts *a, const FloatParts *b, bool quiet, FloatStatus *st);
FloatParts parts_minmax(const FloatParts *a, const FloatParts *b, bool max, FloatMinMax family,
                        FloatStatus *st);
unsigned parts_classify(const FloatParts *p);

/* convert.c */
FloatParts parts_convert(const FloatParts *a, FloatStatus *st);
FloatParts parts_scalbn(const FloatParts *a, int n, FloatStatus *st);
FloatParts parts_round_int(const FloatParts *a, uint8_t rounding, bool exact, FloatStatus *st);
FloatParts parts_from_int(uint64_t magnitude, bool sign);
uint64_t parts_to_int(const FloatParts *a, unsigned bits, bool is_signed, uint8_t rounding,
                      FloatStatus *st);
uint32_t parts_to_int32_modular(const FloatParts *a, FloatStatus *st);

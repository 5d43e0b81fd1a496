/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fpu/exact.h"

#include <glib.h>
#include <mpfr.h>

enum { WORK_BITS = 512 };

const ExactFormat exact_formats[SOFT_FORMATS] = {
    [SOFT_F16] = { "f16", 11, { 5, 10 } },      [SOFT_BF16] = { "bf16", 8, { 8, 7 } },
    [SOFT_F32] = { "f32", 24, { 8, 23 } },      [SOFT_F64] = { "f64", 53, { 11, 52 } },
    [SOFT_F128] = { "f128", 113, { 15, 112 } }, [SOFT_X80] = { "x80", 64, { 15, 64, true } },
};

typedef struct Operand {
    mpfr_t value;
    bool nan, signalling, sign;
} Operand;

static int exp_bias(const ExactFormat *format)
{
    return (1 << (format->shape.exp_bits - 1)) - 1;
}

static void set_bits(mpfr_t value, Bits bits)
{
    uint64_t words[2] = { (uint64_t)bits, (uint64_t)(bits >> 64) };
    mpz_t integer;

    mpz_init(integer);
    mpz_import(integer, 2, -1, sizeof(words[0]), 0, 0, words);
    mpfr_set_z(value, integer, MPFR_RNDN);
    mpz_clear(integer);
}

static Bits get_bits(const mpfr_t value)
{
    uint64_t words[2] = { 0 };
    mpz_t integer;

    mpz_init(integer);
    mpfr_get_z(integer, value, MPFR_RNDZ);
    mpz_export(words, NULL, -1, sizeof(words[0]), 0, 0, integer);
    mpz_clear(integer);
    return (Bits)words[1] << 64 | words[0];
}

static void operand_init(Operand *v, const ExactFormat *format, Bits bits, const FloatStatus *st,
                         uint8_t *flags)
{
    const OperandShape *shape = &format->shape;
    unsigned exp_max = (1u << shape->exp_bits) - 1;
    unsigned exp = bits >> shape->frac_bits & exp_max;
    Bits frac = bits & (((Bits)1 << shape->frac_bits) - 1);
    Bits integer_bit = (Bits)1 << (format->precision - 1);
    Bits quiet_bit = integer_bit >> 1;

    mpfr_init2(v->value, 128);
    v->sign = bits >> (shape->frac_bits + shape->exp_bits) & 1;
    v->nan = v->signalling = false;
    if (shape->integer_bit && exp != 0 && !(frac & integer_bit)) {
        v->nan = v->signalling = true;
    } else if (exp == exp_max) {
        v->nan = (frac & ~integer_bit) != 0;
        v->signalling = v->nan && !(frac & quiet_bit);
        mpfr_set_inf(v->value, v->sign ? -1 : 1);
    } else if (exp == 0 && frac != 0 && st->flush_inputs_to_zero) {
        *flags |= FLOAT_INPUT_FLUSHED;
        mpfr_set_zero(v->value, v->sign ? -1 : 1);
    } else {
        set_bits(v->value, exp == 0 ? frac : frac | integer_bit);
        mpfr_mul_2si(v->value, v->value,
                     MAX((int)exp, 1) - exp_bias(format) - (int)format->precision + 1, MPFR_RNDN);
        mpfr_setsign(v->value, v->value, v->sign, MPFR_RNDN);
    }
    if (v->nan) {
        mpfr_set_nan(v->value);
    }
    if (v->signalling) {
        *flags |= FLOAT_INVALID;
    }
}

/* To an integer; the last bit of an inexact value becomes odd in FLOAT_ODD. */
static void round_value(mpfr_t value, uint8_t rounding)
{
    switch (rounding) {
    case FLOAT_RNE: mpfr_rint(value, value, MPFR_RNDN); break;
    case FLOAT_RTZ: mpfr_trunc(value, value); break;
    case FLOAT_RDN: mpfr_floor(value, value); break;
    case FLOAT_RUP: mpfr_ceil(value, value); break;
    case FLOAT_RMM: mpfr_round(value, value); break;
    default:
        if (!mpfr_integer_p(value)) {
            int sign = mpfr_signbit(value);
            mpfr_trunc(value, value);
            mpfr_setsign(value, value, 0, MPFR_RNDN);
            if (!(get_bits(value) & 1)) {
                mpfr_add_ui(value, value, 1, MPFR_RNDN);
            }
            mpfr_setsign(value, value, sign, MPFR_RNDN);
        }
        break;
    }
}

/* Round *value to a multiple of 2^@quantum; returns whether it changed. */
static bool round_at(mpfr_t value, int quantum, uint8_t rounding)
{
    mpfr_t before;

    mpfr_init2(before, WORK_BITS + 4);
    mpfr_set(before, value, MPFR_RNDN);
    mpfr_mul_2si(value, value, -quantum, MPFR_RNDN);
    round_value(value, rounding);
    mpfr_mul_2si(value, value, quantum, MPFR_RNDN);
    bool changed = !mpfr_equal_p(before, value);
    mpfr_clear(before);
    return changed;
}

static Bits encode(const ExactFormat *format, bool sign, unsigned exp, Bits frac)
{
    const OperandShape *shape = &format->shape;

    if (!shape->integer_bit) {
        frac &= ((Bits)1 << shape->frac_bits) - 1;
    }
    return (Bits)sign << (shape->exp_bits + shape->frac_bits) | (Bits)exp << shape->frac_bits |
           frac;
}

static Bits encode_inf(const ExactFormat *format, bool sign)
{
    return encode(format, sign, (1u << format->shape.exp_bits) - 1,
                  (Bits)1 << (format->precision - 1));
}

static Bits encode_nan(const ExactFormat *format)
{
    return encode(format, false, (1u << format->shape.exp_bits) - 1,
                  (Bits)3 << (format->precision - 2));
}

static Bits overflowed(const ExactFormat *format, bool sign, unsigned keep, uint8_t rounding,
                       uint8_t *flags)
{
    bool to_max = rounding == FLOAT_RTZ || rounding == FLOAT_ODD ||
                  (rounding == FLOAT_RDN && !sign) || (rounding == FLOAT_RUP && sign);
    Bits ones = (((Bits)1 << keep) - 1) << (format->precision - keep);

    *flags |= FLOAT_OVERFLOW | FLOAT_INEXACT;
    return to_max ? encode(format, sign, (1u << format->shape.exp_bits) - 2, ones)
                  : encode_inf(format, sign);
}

static bool is_tiny(const mpfr_t value, int emin, unsigned keep, const FloatStatus *st)
{
    int exp = (int)mpfr_get_exp(value) - 1;
    mpfr_t rounded;

    if (st->tininess_before_rounding) {
        return exp < emin;
    }
    mpfr_init2(rounded, WORK_BITS + 4);
    mpfr_set(rounded, value, MPFR_RNDN);
    round_at(rounded, exp - (int)keep + 1, st->rounding);
    bool tiny = mpfr_get_exp(rounded) - 1 < emin;
    mpfr_clear(rounded);
    return tiny;
}

/* Round an exact value (of at most WORK_BITS + 4 bits) to @keep bits in a format. */
static Bits finish(mpfr_t value, const ExactFormat *format, unsigned keep, const FloatStatus *st,
                   uint8_t *flags)
{
    int bias = exp_bias(format), emin = 1 - bias;
    bool sign = mpfr_signbit(value);

    if (mpfr_nan_p(value)) {
        return encode_nan(format);
    }
    if (mpfr_inf_p(value)) {
        return encode_inf(format, sign);
    }
    if (mpfr_zero_p(value)) {
        return encode(format, sign, 0, 0);
    }
    bool tiny = is_tiny(value, emin, keep, st);
    if (tiny && st->flush_to_zero) {
        *flags |= FLOAT_UNDERFLOW | (st->flush_is_inexact ? FLOAT_INEXACT : 0);
        return encode(format, sign, 0, 0);
    }
    int exp = MAX((int)mpfr_get_exp(value) - 1, emin);
    if (round_at(value, exp - (int)keep + 1, st->rounding)) {
        *flags |= FLOAT_INEXACT | (tiny ? FLOAT_UNDERFLOW : 0);
    }
    if (mpfr_zero_p(value)) {
        return encode(format, sign, 0, 0);
    }
    exp = MAX((int)mpfr_get_exp(value) - 1, emin);
    if (exp > bias) {
        return overflowed(format, sign, keep, st->rounding, flags);
    }
    mpfr_abs(value, value, MPFR_RNDN);
    mpfr_mul_2si(value, value, (int)format->precision - 1 - exp, MPFR_RNDN);
    Bits frac = get_bits(value);
    bool normal = frac >> (format->precision - 1) & 1;
    return encode(format, sign, normal ? exp + bias : 0, frac);
}

/* Make an inexact value, cut to WORK_BITS, one that lies strictly between its neighbours. */
static void add_sticky(mpfr_t value, int ternary)
{
    mpfr_t half_unit;

    if (ternary == 0 || !mpfr_regular_p(value)) {
        return;
    }
    mpfr_prec_round(value, WORK_BITS + 2, MPFR_RNDN);
    mpfr_init2(half_unit, 2);
    mpfr_set_ui_2exp(half_unit, 1, mpfr_get_exp(value) - WORK_BITS - 1, MPFR_RNDN);
    mpfr_setsign(half_unit, half_unit, mpfr_signbit(value), MPFR_RNDN);
    mpfr_add(value, value, half_unit, MPFR_RNDN);
    mpfr_clear(half_unit);
}

static int fma_value(mpfr_t value, Operand v[3], unsigned negate, mpfr_rnd_t rnd)
{
    if (negate & FLOAT_FMA_NEGATE_PRODUCT) {
        mpfr_neg(v[0].value, v[0].value, MPFR_RNDN);
    }
    if (negate & FLOAT_FMA_NEGATE_ADDEND) {
        mpfr_neg(v[2].value, v[2].value, MPFR_RNDN);
    }
    int ternary = mpfr_fma(value, v[0].value, v[1].value, v[2].value, rnd);
    if (mpfr_zero_p(value) && ternary == 0) {
        /* MPFR gives the sign of the rounding it was called with. */
        mpfr_fma(value, v[0].value, v[1].value, v[2].value, MPFR_RNDN);
    }
    return ternary;
}

/* The value of an arithmetic operation, and the flags that do not come from rounding. */
static void compute(mpfr_t value, const SoftCall *call, Operand v[3], const FloatStatus *st,
                    uint8_t *flags)
{
    unsigned operands = call->op == SOFT_FMA ? 3 : call->op <= SOFT_DIV ? 2 : 1;
    /* An exact zero sum gets the sign that the mode asks for; otherwise both cut. */
    mpfr_rnd_t cut = MPFR_RNDZ;
    bool any_nan = false;
    int ternary = 0;

    for (unsigned i = 0; i < operands; i++) {
        any_nan |= v[i].nan;
    }
    switch (call->op) {
    case SOFT_ADD: ternary = mpfr_add(value, v[0].value, v[1].value, cut); break;
    case SOFT_SUB: ternary = mpfr_sub(value, v[0].value, v[1].value, cut); break;
    case SOFT_MUL: ternary = mpfr_mul(value, v[0].value, v[1].value, cut); break;
    case SOFT_DIV: ternary = mpfr_div(value, v[0].value, v[1].value, cut); break;
    case SOFT_SQRT: ternary = mpfr_sqrt(value, v[0].value, cut); break;
    case SOFT_FMA: ternary = fma_value(value, v, call->flags, cut); break;
    case SOFT_SCALBN: mpfr_mul_2si(value, v[0].value, call->n, cut); break;
    default: mpfr_set(value, v[0].value, cut); break;
    }
    if (mpfr_zero_p(value) && ternary == 0 && st->rounding == FLOAT_RDN) {
        switch (call->op) {
        case SOFT_ADD: mpfr_add(value, v[0].value, v[1].value, MPFR_RNDD); break;
        case SOFT_SUB: mpfr_sub(value, v[0].value, v[1].value, MPFR_RNDD); break;
        case SOFT_FMA: mpfr_fma(value, v[0].value, v[1].value, v[2].value, MPFR_RNDD); break;
        default: break;
        }
    }
    add_sticky(value, ternary);
    if (mpfr_nan_p(value) && !any_nan) {
        *flags |= FLOAT_INVALID;
    }
    if (call->op == SOFT_FMA && ((mpfr_inf_p(v[0].value) && mpfr_zero_p(v[1].value)) ||
                                 (mpfr_zero_p(v[0].value) && mpfr_inf_p(v[1].value)))) {
        *flags |= FLOAT_INVALID;
    }
    if (call->op == SOFT_DIV && mpfr_regular_p(v[0].value) && mpfr_zero_p(v[1].value)) {
        *flags |= FLOAT_DIVBYZERO;
    }
}

static Bits to_int(const SoftCall *call, Operand *v, uint8_t rounding, uint8_t *flags)
{
    bool is_signed = call->op == SOFT_TO_I32 || call->op == SOFT_TO_I64;
    unsigned bits = call->op == SOFT_TO_I32 || call->op == SOFT_TO_U32 ? 32 : 64;
    uint64_t max = UINT64_MAX >> (64 - bits + is_signed);
    uint64_t min = is_signed ? -max - 1 : 0;
    uint8_t invalid = *flags | FLOAT_INVALID;
    mpfr_t value, limit;
    Bits result;

    if (v->nan) {
        *flags = invalid;
        return max;
    }
    mpfr_init2(value, 256);
    mpfr_init2(limit, 256);
    mpfr_set(value, v->value, MPFR_RNDN);
    if (mpfr_number_p(value)) {
        round_value(value, rounding);
    }
    set_bits(limit, mpfr_signbit(value) ? -min : max);
    if (mpfr_cmpabs(value, limit) > 0) {
        *flags = invalid;
        result = mpfr_signbit(value) ? min : max;
    } else {
        *flags |= mpfr_equal_p(value, v->value) ? 0 : FLOAT_INEXACT;
        mpfr_abs(limit, value, MPFR_RNDN);
        result = get_bits(limit);
        result = (uint64_t)(mpfr_signbit(value) ? -result : result);
    }
    mpfr_clears(value, limit, NULL);
    return result;
}

static Bits relation(Operand v[2])
{
    if (v[0].nan || v[1].nan) {
        return FLOAT_UNORDERED;
    }
    return (Bits)CLAMP(mpfr_cmp(v[0].value, v[1].value), FLOAT_LESS, FLOAT_GREATER);
}

static Bits from_int(const SoftCall *call, const ExactFormat *format, const FloatStatus *st,
                     uint8_t *flags)
{
    bool sign = call->op == SOFT_FROM_I64 && (int64_t)call->a < 0;
    mpfr_t value;

    mpfr_init2(value, WORK_BITS + 4);
    set_bits(value, sign ? -(uint64_t)call->a : (uint64_t)call->a);
    mpfr_setsign(value, value, sign, MPFR_RNDN);
    Bits result = finish(value, format, format->precision, st, flags);
    mpfr_clear(value);
    return result;
}

static unsigned kept_bits(const SoftCall *call, const ExactFormat *format, const FloatStatus *st)
{
    bool reduced = st->x80_precision == 24 || st->x80_precision == 53;

    return call->format == SOFT_X80 && call->op <= SOFT_SQRT && reduced ? st->x80_precision
                                                                        : format->precision;
}

static Bits exact_value(const SoftCall *call, Operand v[3], const FloatStatus *st, uint8_t *flags)
{
    const ExactFormat *format = &exact_formats[call->op == SOFT_CONVERT ? call->to : call->format];
    FloatStatus rules = *st;
    mpfr_t value;

    mpfr_init2(value, WORK_BITS);
    compute(value, call, v, st, flags);
    if (call->op == SOFT_ROUND_INT && mpfr_regular_p(value)) {
        bool sign = mpfr_signbit(value);
        round_value(value, st->rounding);
        mpfr_setsign(value, value, sign, MPFR_RNDN);
        *flags |= mpfr_equal_p(value, v[0].value) ? 0 : FLOAT_INEXACT;
    }
    Bits result = finish(value, format, kept_bits(call, format, st), &rules, flags);
    if (call->op == SOFT_FMA && (call->flags & FLOAT_FMA_NEGATE_RESULT) && !mpfr_nan_p(value)) {
        result ^= (Bits)1 << (format->shape.exp_bits + format->shape.frac_bits);
    }
    mpfr_clear(value);
    return result;
}

Bits exact_call(const SoftCall *call, const FloatStatus *st, uint8_t *flags)
{
    const ExactFormat *format = &exact_formats[call->format];
    bool binary = call->op <= SOFT_DIV || call->op == SOFT_COMPARE || call->op == SOFT_FMA;
    Operand v[3];
    Bits result;

    *flags = 0;
    if (call->op == SOFT_FROM_I64 || call->op == SOFT_FROM_U64) {
        return from_int(call, format, st, flags);
    }
    operand_init(&v[0], format, call->a, st, flags);
    operand_init(&v[1], format, binary ? call->b : 0, st, flags);
    operand_init(&v[2], format, call->op == SOFT_FMA ? call->c : 0, st, flags);
    switch (call->op) {
    case SOFT_TO_I32:
    case SOFT_TO_U32:
    case SOFT_TO_I64:
    case SOFT_TO_U64: result = to_int(call, &v[0], st->rounding, flags); break;
    case SOFT_COMPARE: result = relation(v); break;
    default: result = exact_value(call, v, st, flags); break;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(v); i++) {
        mpfr_clear(v[i].value);
    }
    return result;
}

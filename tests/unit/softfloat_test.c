/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Softfloat, rule by rule: rounding, flags, NaNs, conversions, minimum and maximum, classes. */
#include "fpu/softfloat.h"

#include <glib.h>

static const FloatStatus riscv = { .default_nan = true };
static const FloatStatus x86 = { .default_nan_negative = true, .int_rule = FLOAT_INT_X86 };

enum {
    F32_ONE = 0x3f800000,
    F32_TWO = 0x40000000,
    F32_INF = 0x7f800000,
    F32_QNAN = 0x7fc00000,
    F32_SNAN = 0x7f800001,
    F32_MAX = 0x7f7fffff,
    F32_MIN_NORMAL = 0x00800000,
};
#define F32_MINUS UINT32_C(0x80000000)
#define F64_ONE   UINT64_C(0x3ff0000000000000)
#define F64_QNAN  UINT64_C(0x7ff8000000000000)

#define assert_result(actual, expected, st, expected_flags)                  \
    do {                                                                     \
        g_assert_cmphex(actual, ==, expected);                               \
        g_assert_cmphex((st).flags & ~FLOAT_ROUNDED_UP, ==, expected_flags); \
        (st).flags = 0;                                                      \
    } while (0)

/* 1 + 2^-24 is half-way, 1 + 2^-24 + 2^-47 beyond it. */
static void test_add_rounds_by_mode(void)
{
    static const struct {
        FloatRounding rounding;
        uint32_t half_way, beyond, negative_beyond, exact;
    } rows[] = {
        { FLOAT_RNE, 0x3f800000, 0x3f800001, 0xbf800001, 0x40000000 },
        { FLOAT_RTZ, 0x3f800000, 0x3f800000, 0xbf800000, 0x40000000 },
        { FLOAT_RDN, 0x3f800000, 0x3f800000, 0xbf800001, 0x40000000 },
        { FLOAT_RUP, 0x3f800001, 0x3f800001, 0xbf800000, 0x40000000 },
        { FLOAT_RMM, 0x3f800001, 0x3f800001, 0xbf800001, 0x40000000 },
        { FLOAT_ODD, 0x3f800001, 0x3f800001, 0xbf800001, 0x40000000 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus st = riscv;
        st.rounding = rows[i].rounding;
        assert_result(f32_add(F32_ONE, 0x33800000, &st), rows[i].half_way, st, FLOAT_INEXACT);
        assert_result(f32_add(F32_ONE, 0x33800001, &st), rows[i].beyond, st, FLOAT_INEXACT);
        assert_result(f32_add(F32_MINUS | F32_ONE, 0xb3800001, &st), rows[i].negative_beyond, st,
                      FLOAT_INEXACT);
        assert_result(f32_add(F32_ONE, F32_ONE, &st), rows[i].exact, st, 0);
    }
}

static void test_overflow_goes_to_infinity_or_maximum_by_mode(void)
{
    static const struct {
        FloatRounding rounding;
        uint32_t positive, negative;
    } rows[] = {
        { FLOAT_RNE, F32_INF, 0xff800000 }, { FLOAT_RTZ, F32_MAX, 0xff7fffff },
        { FLOAT_RDN, F32_MAX, 0xff800000 }, { FLOAT_RUP, F32_INF, 0xff7fffff },
        { FLOAT_RMM, F32_INF, 0xff800000 }, { FLOAT_ODD, F32_MAX, 0xff7fffff },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus st = riscv;
        st.rounding = rows[i].rounding;
        assert_result(f32_mul(F32_MAX, F32_TWO, &st), rows[i].positive, st,
                      FLOAT_OVERFLOW | FLOAT_INEXACT);
        assert_result(f32_mul(F32_MAX, F32_MINUS | F32_TWO, &st), rows[i].negative, st,
                      FLOAT_OVERFLOW | FLOAT_INEXACT);
    }
}

/* Both products are below the smallest normal number and become it, but only 1 - 2^-46 does so when
 * rounded to 24 bits without a lower bound of the exponent. */
static void test_tininess_is_detected_before_or_after_rounding(void)
{
    enum {
        ONE_MINUS_2_24 = 0x3f7fffff,
        ONE_PLUS_2_23 = 0x3f800001,
        LARGEST_SUBNORMAL = 0x007fffff
    };
    FloatStatus st = riscv;
    uint8_t denormal = FLOAT_INPUT_DENORMAL;

    assert_result(f32_mul(ONE_MINUS_2_24, F32_MIN_NORMAL, &st), F32_MIN_NORMAL, st,
                  FLOAT_UNDERFLOW | FLOAT_INEXACT);
    assert_result(f32_mul(ONE_PLUS_2_23, LARGEST_SUBNORMAL, &st), F32_MIN_NORMAL, st,
                  FLOAT_INEXACT | denormal);
    st.tininess_before_rounding = true;
    assert_result(f32_mul(ONE_PLUS_2_23, LARGEST_SUBNORMAL, &st), F32_MIN_NORMAL, st,
                  FLOAT_UNDERFLOW | FLOAT_INEXACT | denormal);
}

static void test_exact_subnormals_raise_nothing(void)
{
    FloatStatus st = riscv;

    assert_result(f32_mul(F32_MIN_NORMAL, 0x3f000000, &st), 0x00400000, st, 0);
    assert_result(f32_mul(0x00000001, 0x3f000000, &st), 0, st,
                  FLOAT_UNDERFLOW | FLOAT_INEXACT | FLOAT_INPUT_DENORMAL);
}

static void test_flush_to_zero_raises_underflow(void)
{
    FloatStatus st = { .flush_to_zero = true, .nan_rule = FLOAT_NAN_ARM };

    assert_result(f32_mul(F32_MIN_NORMAL, 0xbf000000, &st), F32_MINUS, st, FLOAT_UNDERFLOW);
    st.flush_is_inexact = true;
    assert_result(f32_mul(F32_MIN_NORMAL, 0xbf000000, &st), F32_MINUS, st,
                  FLOAT_UNDERFLOW | FLOAT_INEXACT);
    st.flush_inputs_to_zero = true;
    assert_result(f32_add(F32_ONE, 0x00400000, &st), F32_ONE, st, FLOAT_INPUT_FLUSHED);
}

static void test_invalid_operations_give_the_default_nan(void)
{
    FloatStatus st = riscv, sx = x86;

    assert_result(f32_sub(F32_INF, F32_INF, &st), F32_QNAN, st, FLOAT_INVALID);
    assert_result(f32_mul(F32_INF, 0, &st), F32_QNAN, st, FLOAT_INVALID);
    assert_result(f32_div(0, F32_MINUS, &st), F32_QNAN, st, FLOAT_INVALID);
    assert_result(f32_div(F32_INF, F32_INF, &st), F32_QNAN, st, FLOAT_INVALID);
    assert_result(f32_sqrt(F32_MINUS | F32_ONE, &st), F32_QNAN, st, FLOAT_INVALID);
    assert_result(f32_add(0xffc12345, F32_ONE, &st), F32_QNAN, st, 0);
    assert_result(f32_add(F32_SNAN, F32_ONE, &st), F32_QNAN, st, FLOAT_INVALID);
    assert_result(f64_sqrt(UINT64_C(1) << 63 | F64_ONE, &sx), UINT64_C(0xfff8000000000000), sx,
                  FLOAT_INVALID);
}

static void test_division_by_zero(void)
{
    FloatStatus st = riscv;

    assert_result(f32_div(F32_ONE, F32_MINUS, &st), F32_MINUS | F32_INF, st, FLOAT_DIVBYZERO);
    assert_result(f32_div(F32_INF, 0, &st), F32_INF, st, 0);
}

static void test_zero_sums_have_the_sign_of_the_mode(void)
{
    FloatStatus st = riscv;

    assert_result(f32_sub(F32_ONE, F32_ONE, &st), 0, st, 0);
    assert_result(f32_add(F32_MINUS, F32_MINUS, &st), F32_MINUS, st, 0);
    assert_result(f32_fma(F32_ONE, F32_MINUS | F32_ONE, F32_ONE, 0, &st), 0, st, 0);
    st.rounding = FLOAT_RDN;
    assert_result(f32_sub(F32_ONE, F32_ONE, &st), F32_MINUS, st, 0);
    assert_result(f32_fma(F32_ONE, F32_MINUS | F32_ONE, F32_ONE, 0, &st), F32_MINUS, st, 0);
    assert_result(f32_sqrt(F32_MINUS, &st), F32_MINUS, st, 0);
}

static void test_nan_operands_are_chosen_by_rule(void)
{
    enum {
        QUIET = 0x7fc00011,
        SIGNALLING = 0xff800022,
        QUIETENED = 0xffc00022,
        LARGER = 0xffd00000
    };
    static const struct {
        FloatNanRule rule;
        uint32_t quiet_signalling, quiet_larger;
    } rows[] = {
        { FLOAT_NAN_X86, QUIET, QUIET },
        { FLOAT_NAN_X87, QUIET, LARGER },
        { FLOAT_NAN_ARM, QUIETENED, QUIET },
        { FLOAT_NAN_PPC, QUIET, QUIET },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus st = { .nan_rule = rows[i].rule };
        assert_result(f32_sub(QUIET, SIGNALLING, &st), rows[i].quiet_signalling, st, FLOAT_INVALID);
        assert_result(f32_mul(QUIET, LARGER, &st), rows[i].quiet_larger, st, 0);
        assert_result(f32_div(F32_ONE, SIGNALLING, &st), QUIETENED, st, FLOAT_INVALID);
    }
}

static void test_fma_nan_operands_are_chosen_by_rule(void)
{
    enum { A = 0x7fc00011, B = 0x7fc00022, C = 0x7fc00033 };
    static const struct {
        FloatNanRule rule;
        uint32_t all, not_a, inf_zero;
        uint8_t inf_zero_flags;
    } rows[] = {
        { FLOAT_NAN_X86, A, B, C, 0 },
        { FLOAT_NAN_ARM, C, C, F32_QNAN, FLOAT_INVALID },
        { FLOAT_NAN_PPC, A, C, C, FLOAT_INVALID },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus st = { .nan_rule = rows[i].rule };
        assert_result(f32_fma(A, B, C, 0, &st), rows[i].all, st, 0);
        assert_result(f32_fma(F32_ONE, B, C, FLOAT_FMA_NEGATE_RESULT, &st), rows[i].not_a, st, 0);
        assert_result(f32_fma(F32_INF, 0, C, 0, &st), rows[i].inf_zero, st, rows[i].inf_zero_flags);
    }
    FloatStatus st = riscv;
    assert_result(f32_fma(0, F32_INF, C, 0, &st), F32_QNAN, st, FLOAT_INVALID);
}

static void test_fma_rounds_once_and_negates(void)
{
    FloatStatus st = riscv;
    enum { A = 0x3f800001, SQUARE = 0x3f800002, REST = 0x28800000 }; /* 1+2^-23, 1+2^-22, 2^-46 */

    assert_result(f32_fma(A, A, F32_MINUS | SQUARE, 0, &st), REST, st, 0);
    assert_result(f32_fma(A, A, SQUARE, FLOAT_FMA_NEGATE_ADDEND, &st), REST, st, 0);
    assert_result(f32_fma(A, A, SQUARE, FLOAT_FMA_NEGATE_PRODUCT, &st), F32_MINUS | REST, st, 0);
    assert_result(f32_fma(A, A, F32_MINUS | SQUARE, FLOAT_FMA_NEGATE_RESULT, &st), F32_MINUS | REST,
                  st, 0);
    /* Towards +infinity happens before the negation of the result. */
    st.rounding = FLOAT_RUP;
    assert_result(f32_fma(A, A, 0, FLOAT_FMA_NEGATE_RESULT, &st), 0xbf800003, st, FLOAT_INEXACT);
    assert_result(f32_fma(A, A, F32_MINUS, FLOAT_FMA_NEGATE_PRODUCT, &st), 0xbf800002, st,
                  FLOAT_INEXACT);
}

static void test_compare_quiet_and_signalling(void)
{
    FloatStatus st = riscv;

    assert_result(f32_eq(0, F32_MINUS, &st), true, st, 0);
    assert_result(f32_eq(F32_QNAN, F32_QNAN, &st), false, st, 0);
    assert_result(f32_eq(F32_SNAN, F32_ONE, &st), false, st, FLOAT_INVALID);
    assert_result(f32_lt(F32_QNAN, F32_ONE, &st), false, st, FLOAT_INVALID);
    assert_result(f32_le(F32_ONE, F32_QNAN, &st), false, st, FLOAT_INVALID);
    assert_result(f32_lt_quiet(F32_QNAN, F32_ONE, &st), false, st, 0);
    assert_result(f32_le_quiet(F32_ONE, F32_SNAN, &st), false, st, FLOAT_INVALID);
    assert_result(f32_lt(F32_MINUS | F32_TWO, F32_ONE, &st), true, st, 0);
    assert_result(f32_lt(F32_MINUS | F32_ONE, F32_MINUS | F32_TWO, &st), false, st, 0);
    assert_result(f32_le(F32_INF, F32_INF, &st), true, st, 0);
    assert_result(f32_compare(F32_INF, F32_MAX, &st), FLOAT_GREATER, st, 0);
    assert_result(f32_compare_quiet(F32_INF, F32_QNAN, &st), FLOAT_UNORDERED, st, 0);
}

static void test_minmax_families(void)
{
    FloatStatus st = riscv;

    for (FloatMinMax family = FLOAT_MINMAX_NUMBER; family <= FLOAT_MINMAX_NUM_2008; family++) {
        assert_result(f32_min(0, F32_MINUS, family, &st), F32_MINUS, st, 0);
        assert_result(f32_max(F32_MINUS, 0, family, &st), 0, st, 0);
        assert_result(f32_max(F32_ONE, F32_TWO, family, &st), F32_TWO, st, 0);
        assert_result(f32_min(F32_QNAN, F32_QNAN | 5, family, &st), F32_QNAN, st, 0);
    }
    assert_result(f32_min(F32_ONE, F32_QNAN, FLOAT_MINMAX_NUMBER, &st), F32_ONE, st, 0);
    assert_result(f32_min(F32_SNAN, F32_ONE, FLOAT_MINMAX_NUMBER, &st), F32_ONE, st, FLOAT_INVALID);
    assert_result(f32_min(F32_ONE, F32_QNAN, FLOAT_MINMAX_NAN, &st), F32_QNAN, st, 0);
    assert_result(f32_min(F32_ONE, F32_QNAN, FLOAT_MINMAX_NUM_2008, &st), F32_ONE, st, 0);
    assert_result(f32_min(F32_ONE, F32_SNAN, FLOAT_MINMAX_NUM_2008, &st), F32_QNAN, st,
                  FLOAT_INVALID);
    assert_result(f32_min(F32_ONE, F32_SNAN, FLOAT_MINMAX_X86, &st), F32_SNAN, st, FLOAT_INVALID);
    assert_result(f32_min(F32_QNAN, F32_ONE, FLOAT_MINMAX_X86, &st), F32_ONE, st, FLOAT_INVALID);
    assert_result(f32_max(0, F32_MINUS, FLOAT_MINMAX_X86, &st), F32_MINUS, st, 0);
    /* A subnormal result is an operand, not an underflow. */
    st.flush_to_zero = true;
    assert_result(f32_min(F32_ONE, 1, FLOAT_MINMAX_NUMBER, &st), 1, st, FLOAT_INPUT_DENORMAL);
}

static void test_round_int(void)
{
    FloatStatus st = riscv;

    assert_result(f32_round_int(0x40200000, FLOAT_RNE, true, &st), F32_TWO, st, FLOAT_INEXACT);
    assert_result(f32_round_int(0x40200000, FLOAT_RMM, true, &st), 0x40400000, st, FLOAT_INEXACT);
    assert_result(f32_round_int(0x40200000, FLOAT_RMM, false, &st), 0x40400000, st, 0);
    assert_result(f32_round_int(0xbe800000, FLOAT_RTZ, true, &st), F32_MINUS, st, FLOAT_INEXACT);
    assert_result(f32_round_int(0xbe800000, FLOAT_RDN, true, &st), 0xbf800000, st, FLOAT_INEXACT);
    assert_result(f32_round_int(0x4b800001, FLOAT_RDN, true, &st), 0x4b800001, st, 0);
    assert_result(f32_round_int(F32_SNAN, FLOAT_RDN, false, &st), F32_QNAN, st, FLOAT_INVALID);
    assert_result(f32_round_int(F32_INF, FLOAT_RDN, true, &st), F32_INF, st, 0);
}

static void test_to_int_saturates_by_rule(void)
{
    static const struct {
        FloatIntRule rule;
        uint32_t signed_nan, signed_low, signed_high, unsigned_nan, unsigned_low, unsigned_high;
    } rows[] = {
        { FLOAT_INT_RISCV, 0x7fffffff, 0x80000000, 0x7fffffff, 0xffffffff, 0, 0xffffffff },
        { FLOAT_INT_ARM, 0, 0x80000000, 0x7fffffff, 0, 0, 0xffffffff },
        { FLOAT_INT_PPC, 0x80000000, 0x80000000, 0x7fffffff, 0, 0, 0xffffffff },
        { FLOAT_INT_X86, 0x80000000, 0x80000000, 0x80000000, 0xffffffff, 0xffffffff, 0xffffffff },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus st = { .int_rule = rows[i].rule };
        FloatRounding rtz = FLOAT_RTZ;
        assert_result((uint32_t)f32_to_i32(F32_MINUS | F32_QNAN, rtz, &st), rows[i].signed_nan, st,
                      FLOAT_INVALID);
        assert_result((uint32_t)f32_to_i32(0xff800000, rtz, &st), rows[i].signed_low, st,
                      FLOAT_INVALID);
        assert_result((uint32_t)f32_to_i32(0x4f000000, rtz, &st), rows[i].signed_high, st,
                      FLOAT_INVALID);
        assert_result(f32_to_u32(F32_QNAN, rtz, &st), rows[i].unsigned_nan, st, FLOAT_INVALID);
        assert_result(f32_to_u32(0xbf800000, rtz, &st), rows[i].unsigned_low, st, FLOAT_INVALID);
        assert_result(f32_to_u32(0x4f800000, rtz, &st), rows[i].unsigned_high, st, FLOAT_INVALID);
    }
}

static void test_to_int_in_range(void)
{
    FloatStatus st = riscv;

    assert_result((uint32_t)f32_to_i32(0xcf000000, FLOAT_RTZ, &st), 0x80000000, st, 0);
    assert_result(f32_to_u32(0xbf7fffff, FLOAT_RTZ, &st), 0, st, FLOAT_INEXACT);
    assert_result(f32_to_u32(0xbf000000, FLOAT_RNE, &st), 0, st, FLOAT_INEXACT);
    assert_result(f32_to_u32(0xbf000000, FLOAT_RMM, &st), 0, st, FLOAT_INVALID);
    assert_result(f32_to_i64(0x40200000, FLOAT_RUP, &st), 3, st, FLOAT_INEXACT);
    assert_result(f64_to_i32(UINT64_C(0x41dfffffffe00000), FLOAT_RNE, &st), INT32_MAX, st,
                  FLOAT_INVALID);
    assert_result(f64_to_i32(UINT64_C(0x41dfffffffd00000), FLOAT_RNE, &st), INT32_MAX, st,
                  FLOAT_INEXACT);
    assert_result(f64_to_u64(UINT64_C(0x43efffffffffffff), FLOAT_RNE, &st),
                  UINT64_C(0xfffffffffffff800), st, 0);
}

static void test_to_int_modular(void)
{
    FloatStatus st = riscv;

    assert_result(f64_to_i32_modular(UINT64_C(0x4008000000000000), &st), 3, st, 0);
    assert_result(f64_to_i32_modular(UINT64_C(0xc00c000000000000), &st), (uint32_t)-3, st,
                  FLOAT_INEXACT);
    assert_result(f64_to_i32_modular(UINT64_C(0xc1e0000000000000), &st), 0x80000000, st, 0);
    assert_result(f64_to_i32_modular(UINT64_C(0x41e0000000000000), &st), 0x80000000, st,
                  FLOAT_INVALID);
    /* 2^52 + 5.0, 2^84 * (1 + 2^-52), 2^85 * the same, -(2^32 + 1.5) */
    assert_result(f64_to_i32_modular(UINT64_C(0x4330000000000005), &st), 5, st, FLOAT_INVALID);
    assert_result(f64_to_i32_modular(UINT64_C(0x4530000000000001), &st), 0, st, FLOAT_INVALID);
    assert_result(f64_to_i32_modular(UINT64_C(0x4520000000000001), &st), 0x80000000, st,
                  FLOAT_INVALID);
    assert_result(f64_to_i32_modular(UINT64_C(0xc1f0000000180000), &st), (uint32_t)-1, st,
                  FLOAT_INVALID);
    assert_result(f64_to_i32_modular(UINT64_C(0x7fefffffffffffff), &st), 0, st, FLOAT_INVALID);
    assert_result(f64_to_i32_modular(F64_QNAN, &st), 0, st, FLOAT_INVALID);
}

static void test_from_int(void)
{
    FloatStatus st = riscv;

    assert_result(f32_from_i32(INT32_MIN, &st), 0xcf000000, st, 0);
    assert_result(f32_from_u32(UINT32_MAX, &st), 0x4f800000, st, FLOAT_INEXACT);
    assert_result(f64_from_u64(UINT64_MAX, &st), UINT64_C(0x43f0000000000000), st, FLOAT_INEXACT);
    assert_result(f64_from_i64(INT64_MIN, &st), UINT64_C(0xc3e0000000000000), st, 0);
    assert_result(f64_from_i32(-1, &st), UINT64_C(0xbff0000000000000), st, 0);
    assert_result(f32_from_i64(0, &st), 0, st, 0);
    assert_result(f16_from_u32(65520, &st), 0x7c00, st, FLOAT_OVERFLOW | FLOAT_INEXACT);
    assert_result(f16_from_u32(65519, &st), 0x7bff, st, FLOAT_INEXACT);
}

static void test_classify(void)
{
    static const uint32_t values[] = { 0xff800000, 0xbf800000, 0x80000001, 0x80000000, 0x00000000,
                                       0x007fffff, 0x00800000, 0x7f800000, 0x7f800001, 0xffc00000 };

    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        g_assert_cmphex(f32_classify(values[i]), ==, 1u << i);
    }
    g_assert_true(f32_is_nan(F32_QNAN) && f32_is_nan(F32_SNAN) && !f32_is_nan(F32_INF));
    g_assert_true(!f32_is_snan(F32_QNAN) && f32_is_snan(F32_SNAN));
}

static void test_nan_payload_survives_conversion(void)
{
    FloatStatus st = x86;

    assert_result(f32_to_f64(0xffc12345, &st), UINT64_C(0xfff82468a0000000), st, 0);
    assert_result(f32_to_f64(0x7f812345, &st), UINT64_C(0x7ff82468a0000000), st, FLOAT_INVALID);
    assert_result(f64_to_f32(UINT64_C(0x7ff0000000000001), &st), F32_QNAN, st, FLOAT_INVALID);
    st.default_nan = true;
    assert_result(f32_to_f64(0x7fc12345, &st), UINT64_C(0xfff8000000000000), st, 0);
}

static void test_scalbn_bounds(void)
{
    FloatStatus st = riscv;

    assert_result(f32_scalbn(F32_ONE, 1, &st), F32_TWO, st, 0);
    assert_result(f32_scalbn(F32_ONE, -149, &st), 1, st, 0);
    assert_result(f32_scalbn(F32_ONE, INT32_MAX, &st), F32_INF, st, FLOAT_OVERFLOW | FLOAT_INEXACT);
    assert_result(f32_scalbn(F32_ONE, INT32_MIN, &st), 0, st, FLOAT_UNDERFLOW | FLOAT_INEXACT);
    assert_result(f32_scalbn(F32_INF, INT32_MIN, &st), F32_INF, st, 0);
}

static void test_half_formats(void)
{
    enum { H_ONE = 0x3c00, H_THREE = 0x4200, H_MAX = 0x7bff, H_INF = 0x7c00 };
    FloatStatus st = riscv;

    assert_result(f16_div(H_ONE, H_THREE, &st), 0x3555, st, FLOAT_INEXACT);
    assert_result(f16_add(H_MAX, H_MAX, &st), H_INF, st, FLOAT_OVERFLOW | FLOAT_INEXACT);
    assert_result(f32_to_f16(0x33800000, &st), 0x0001, st, 0);
    assert_result(f32_to_f16(0x33000000, &st), 0, st, FLOAT_UNDERFLOW | FLOAT_INEXACT);
    assert_result(f32_to_f16(F32_SNAN, &st), 0x7e00, st, FLOAT_INVALID);
    /* bfloat16 has the exponents of f32: half-way cases go to even. */
    assert_result(f32_to_bf16(0x3f808000, &st), 0x3f80, st, FLOAT_INEXACT);
    assert_result(f32_to_bf16(0x3f818000, &st), 0x3f82, st, FLOAT_INEXACT);
    assert_result(f32_to_bf16(F32_MAX, &st), 0x7f80, st, FLOAT_OVERFLOW | FLOAT_INEXACT);
    assert_result(bf16_to_f32(0xc049, &st), 0xc0490000, st, 0);
}

#define assert_f128(actual, high_bits, low_bits, st, expected_flags)        \
    do {                                                                    \
        Float128 result_ = actual;                                          \
        g_assert_cmphex(result_.high, ==, UINT64_C(high_bits));             \
        assert_result(result_.low, UINT64_C(low_bits), st, expected_flags); \
    } while (0)

static void test_quad(void)
{
    FloatStatus st = riscv;
    Float128 one = f64_to_f128(F64_ONE, &st), two = f128_add(one, one, &st);
    Float128 three = f128_add(two, one, &st);

    assert_f128(one, 0x3fff000000000000, 0, st, 0);
    assert_f128(f128_div(one, three, &st), 0x3ffd555555555555, 0x5555555555555555, st,
                FLOAT_INEXACT);
    assert_f128(f128_sqrt(two, &st), 0x3fff6a09e667f3bc, 0xc908b2fb1366ea95, st, FLOAT_INEXACT);
    Float128 root = f128_sqrt(two, &st);
    /* What rounding took from the root shows in root^2 - 2, exact in one fused step. */
    Float128 rest = f128_fma(root, root, two, FLOAT_FMA_NEGATE_ADDEND, &st);
    g_assert_true(f128_lt(rest, (Float128){ 0 }, &st));
    st.flags = 0;
    assert_result(f128_to_f64(root, &st), UINT64_C(0x3ff6a09e667f3bcd), st, FLOAT_INEXACT);
}

#define assert_x80(actual, sign_exponent_bits, significand_bits, st, expected_flags)        \
    do {                                                                                    \
        FloatX80 result_ = actual;                                                          \
        g_assert_cmphex(result_.sign_exponent, ==, sign_exponent_bits);                     \
        assert_result(result_.significand, UINT64_C(significand_bits), st, expected_flags); \
    } while (0)

static void test_x80_precision_control(void)
{
    FloatStatus st = x86;
    FloatX80 one = x80_from_i32(1, &st), three = x80_from_i32(3, &st);

    assert_x80(x80_div(one, three, &st), 0x3ffd, 0xaaaaaaaaaaaaaaab, st, FLOAT_INEXACT);
    st.x80_precision = 53;
    assert_x80(x80_div(one, three, &st), 0x3ffd, 0xaaaaaaaaaaaaa800, st, FLOAT_INEXACT);
    st.x80_precision = 24;
    assert_x80(x80_div(one, three, &st), 0x3ffd, 0xaaaaab0000000000, st, FLOAT_INEXACT);
    assert_x80(x80_from_u64(UINT64_MAX, &st), 0x403e, 0xffffffffffffffff, st, 0);
}

static void test_x80_refuses_unnormals(void)
{
    FloatStatus st = x86;
    FloatX80 one = x80_from_i32(1, &st);
    FloatX80 unnormal = { .sign_exponent = 0x3fff, .significand = 1 };
    FloatX80 pseudo_denormal = { .sign_exponent = 0, .significand = UINT64_C(1) << 63 };

    assert_x80(x80_add(one, unnormal, &st), 0xffff, 0xc000000000000000, st, FLOAT_INVALID);
    assert_result(x80_compare_quiet(one, unnormal, &st), FLOAT_UNORDERED, st, FLOAT_INVALID);
    assert_result((uint16_t)x80_to_i16(unnormal, FLOAT_RNE, &st), 0x8000, st, FLOAT_INVALID);
    assert_x80(x80_mul(one, pseudo_denormal, &st), 1, 0x8000000000000000, st, FLOAT_INPUT_DENORMAL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fpu/add/rounds-by-mode", test_add_rounds_by_mode);
    g_test_add_func("/fpu/overflow/by-mode", test_overflow_goes_to_infinity_or_maximum_by_mode);
    g_test_add_func("/fpu/tiny/before-or-after",
                    test_tininess_is_detected_before_or_after_rounding);
    g_test_add_func("/fpu/tiny/exact", test_exact_subnormals_raise_nothing);
    g_test_add_func("/fpu/tiny/flush", test_flush_to_zero_raises_underflow);
    g_test_add_func("/fpu/invalid/default-nan", test_invalid_operations_give_the_default_nan);
    g_test_add_func("/fpu/div/by-zero", test_division_by_zero);
    g_test_add_func("/fpu/add/zero-sign", test_zero_sums_have_the_sign_of_the_mode);
    g_test_add_func("/fpu/nan/rule", test_nan_operands_are_chosen_by_rule);
    g_test_add_func("/fpu/nan/fma-rule", test_fma_nan_operands_are_chosen_by_rule);
    g_test_add_func("/fpu/nan/conversion", test_nan_payload_survives_conversion);
    g_test_add_func("/fpu/fma/once", test_fma_rounds_once_and_negates);
    g_test_add_func("/fpu/compare", test_compare_quiet_and_signalling);
    g_test_add_func("/fpu/minmax", test_minmax_families);
    g_test_add_func("/fpu/round-int", test_round_int);
    g_test_add_func("/fpu/to-int/out-of-range", test_to_int_saturates_by_rule);
    g_test_add_func("/fpu/to-int/in-range", test_to_int_in_range);
    g_test_add_func("/fpu/to-int/modular", test_to_int_modular);
    g_test_add_func("/fpu/from-int", test_from_int);
    g_test_add_func("/fpu/classify", test_classify);
    g_test_add_func("/fpu/scalbn", test_scalbn_bounds);
    g_test_add_func("/fpu/half", test_half_formats);
    g_test_add_func("/fpu/quad", test_quad);
    g_test_add_func("/fpu/x80/precision-control", test_x80_precision_control);
    g_test_add_func("/fpu/x80/unnormals", test_x80_refuses_unnormals);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every floating-point operation is told and reports: rounding, flags, the guest's free
 * choices.
 *
 * Values are plain bit patterns.  Nothing in fpu/ touches the host's floating-point unit, so all of
 * it may run while the host unit holds the guest's control word.
 *
 * Spec: IEEE 754-2019 §3 (formats), §4 (rounding), §6 (NaNs), §7 (exceptions).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef uint16_t Float16;
typedef uint16_t Bfloat16;
typedef uint32_t Float32;
typedef uint64_t Float64;

typedef struct Float128 {
    uint64_t low;
    uint64_t high; /* sign, exponent, upper 48 fraction bits */
} Float128;

/* x87 extended precision; the integer bit is explicit (bit 63 of the significand). */
typedef struct FloatX80 {
    uint64_t significand;
    uint16_t sign_exponent;
} FloatX80;

/* The first five have the numbers of the RISC-V rm field. */
typedef enum FloatRounding {
    FLOAT_RNE = 0, /* nearest, ties to even */
    FLOAT_RTZ = 1, /* towards zero */
    FLOAT_RDN = 2, /* towards -infinity */
    FLOAT_RUP = 3, /* towards +infinity */
    FLOAT_RMM = 4, /* nearest, ties away from zero */
    FLOAT_ODD = 5, /* inexact results get an odd last bit */
} FloatRounding;

/* Sticky flags; the low five have the places of the RISC-V fflags. */
enum {
    FLOAT_INEXACT = 0x01,
    FLOAT_UNDERFLOW = 0x02,
    FLOAT_OVERFLOW = 0x04,
    FLOAT_DIVBYZERO = 0x08,
    FLOAT_INVALID = 0x10,
    FLOAT_INPUT_DENORMAL = 0x20, /* a subnormal operand was used as it is (x86 DE) */
    FLOAT_INPUT_FLUSHED = 0x40,  /* a subnormal operand was taken as zero (Arm IDC) */
    FLOAT_ROUNDED_UP = 0x80,     /* rounding increased the magnitude (x87 C1, Power FR) */
};

/* Which operand's NaN a result carries, and what infinity * 0 + NaN gives. */
typedef enum FloatNanRule {
    FLOAT_NAN_X86, /* SSE: the first operand that is a NaN; (inf * 0) + qnan is quiet */
    FLOAT_NAN_X87, /* quiet before signalling, then larger significand, then positive */
    FLOAT_NAN_ARM, /* signalling before quiet, addend first; (inf * 0) + qnan: default NaN */
    FLOAT_NAN_PPC, /* first of a, addend, b; (inf * 0) + qnan: that NaN, invalid */
} FloatNanRule;

/* What a conversion to integer returns when it cannot represent the operand (always INVALID). */
typedef enum FloatIntRule {
    FLOAT_INT_RISCV, /* nearest representable; NaN as +infinity */
    FLOAT_INT_ARM,   /* nearest representable; NaN as 0 */
    FLOAT_INT_PPC,   /* nearest representable; NaN as -infinity */
    FLOAT_INT_X86,   /* integer indefinite: only the top bit set; unsigned: all ones */
} FloatIntRule;

typedef struct FloatStatus {
    uint8_t rounding;              /* FloatRounding */
    uint8_t flags;                 /* FLOAT_INEXACT..., only ever set here */
    uint8_t nan_rule;              /* FloatNanRule */
    uint8_t int_rule;              /* FloatIntRule */
    uint8_t x80_precision;         /* x87 precision control: 24 or 53 bits; anything else: 64 */
    bool default_nan;              /* every NaN result is the default NaN */
    bool default_nan_negative;     /* sign of the default NaN (set on x86) */
    bool trap_overflow;            /* results out of range are rounded as if they were not, */
    bool trap_underflow;           /* exact tiny ones raise too, and their exponent is wrapped */
    bool tininess_before_rounding; /* Arm, Power; x86 and RISC-V detect after rounding */
    bool flush_to_zero;            /* tiny results become zero, with UNDERFLOW */
    bool flush_is_inexact;         /* ... and INEXACT (x86 FTZ) */
    bool flush_inputs_to_zero;     /* subnormal operands count as zero */
} FloatStatus;

typedef enum FloatRelation {
    FLOAT_LESS = -1,
    FLOAT_EQUAL = 0,
    FLOAT_GREATER = 1,
    FLOAT_UNORDERED = 2,
} FloatRelation;

/* Families of minimum and maximum; in all but the last, -0 orders below +0. */
typedef enum FloatMinMax {
    FLOAT_MINMAX_NUMBER,   /* 754-2019 minimumNumber: a number wins over any NaN */
    FLOAT_MINMAX_NAN,      /* 754-2019 minimum: a NaN wins */
    FLOAT_MINMAX_NUM_2008, /* 754-2008 minNum: a number wins over a quiet NaN only */
    FLOAT_MINMAX_X86,      /* SSE: a op b ? a : b; any NaN is INVALID and gives b as it is */
} FloatMinMax;

/* Flags of fused multiply-add; NaNs keep their sign. */
enum {
    FLOAT_FMA_NEGATE_PRODUCT = 1,
    FLOAT_FMA_NEGATE_ADDEND = 2,
    FLOAT_FMA_NEGATE_RESULT = 4, /* after rounding */
};

/* Bits of the classify functions, those of the RISC-V fclass instruction. */
enum {
    FLOAT_CLASS_NEG_INF = 1 << 0,
    FLOAT_CLASS_NEG_NORMAL = 1 << 1,
    FLOAT_CLASS_NEG_SUBNORMAL = 1 << 2,
    FLOAT_CLASS_NEG_ZERO = 1 << 3,
    FLOAT_CLASS_POS_ZERO = 1 << 4,
    FLOAT_CLASS_POS_SUBNORMAL = 1 << 5,
    FLOAT_CLASS_POS_NORMAL = 1 << 6,
    FLOAT_CLASS_POS_INF = 1 << 7,
    FLOAT_CLASS_SNAN = 1 << 8,
    FLOAT_CLASS_QNAN = 1 << 9,
};

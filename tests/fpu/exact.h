/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What IEEE 754 says an operation gives, computed with MPFR: the exact value first, then rounded.
 * NaN results are the default NaN, integers saturate as on RISC-V.
 */
#pragma once

#include "tests/fpu/soft_call.h"

typedef struct ExactFormat {
    const char *name;
    unsigned precision;
    OperandShape shape;
} ExactFormat;

extern const ExactFormat exact_formats[SOFT_FORMATS];

/**
 * exact_call - the result and flags that a call has to give
 * @st:    modes; its flags are not used
 * @flags: out: all but FLOAT_INPUT_DENORMAL and FLOAT_ROUNDED_UP
 */
Bits exact_call(const SoftCall *call, const FloatStatus *st, uint8_t *flags);

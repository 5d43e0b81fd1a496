/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Softfloat's functions by number, on plain bits, so that one loop can test all of them. */
#pragma once

#include "fpu/softfloat.h"
#include "tests/fpu/operands.h"

typedef enum SoftFormat {
    SOFT_F16,
    SOFT_BF16,
    SOFT_F32,
    SOFT_F64,
    SOFT_F128,
    SOFT_X80,
    SOFT_FORMATS,
} SoftFormat;

typedef enum SoftOp {
    SOFT_ADD,
    SOFT_SUB,
    SOFT_MUL,
    SOFT_DIV,
    SOFT_SQRT,
    SOFT_FMA,
    SOFT_SCALBN,
    SOFT_ROUND_INT,
    SOFT_COMPARE,
    SOFT_TO_I32,
    SOFT_TO_U32,
    SOFT_TO_I64,
    SOFT_TO_U64,
    SOFT_FROM_I64,
    SOFT_FROM_U64,
    SOFT_CONVERT,
    SOFT_OPS,
} SoftOp;

/* Operands, and what an operation needs beside them. */
typedef struct SoftCall {
    SoftOp op;
    SoftFormat format;
    SoftFormat to;  /* SOFT_CONVERT */
    unsigned flags; /* SOFT_FMA: FLOAT_FMA_NEGATE_* */
    int n;          /* SOFT_SCALBN */
    Bits a, b, c;   /* integers are sign-extended to 64 bits */
} SoftCall;

Bits soft_call(const SoftCall *call, FloatStatus *st);

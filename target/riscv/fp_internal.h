/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The code that helper fp gets as its first argument: operation, format and rounding mode. */
#pragma once

#include <stdint.h>

typedef enum { RISCV_FMT_S, RISCV_FMT_D, RISCV_FMT_H, RISCV_FMT_Q } RiscvFormat;

enum { RISCV_RM_RNE, RISCV_RM_RTZ, RISCV_RM_RDN, RISCV_RM_RUP, RISCV_RM_RMM, RISCV_RM_DYN = 7 };

typedef enum {
    RISCV_FP_ADD,
    RISCV_FP_SUB,
    RISCV_FP_MUL,
    RISCV_FP_DIV,
    RISCV_FP_SQRT,
    RISCV_FP_MIN,
    RISCV_FP_MAX,
    RISCV_FP_MINM,
    RISCV_FP_MAXM,
    RISCV_FP_FMA,     /* extra: IR_FMA_NEG_* */
    RISCV_FP_COMPARE, /* extra: IrFpCompare */
    RISCV_FP_CLASS,
    RISCV_FP_ROUND,
    RISCV_FP_ROUNDNX,
    RISCV_FP_TO_INT,   /* extra: as the instruction's rs2 field: 0 w, 1 wu, 2 l, 3 lu */
    RISCV_FP_FROM_INT, /* extra: likewise */
    RISCV_FP_CONVERT,  /* extra: format of the operand */
    RISCV_FP_CVTMOD,
} RiscvFpOp;

enum {
    RISCV_FP_OP_BITS = 8,
    RISCV_FP_FMT_SHIFT = 8,
    RISCV_FP_RM_SHIFT = 12,
    RISCV_FP_EXTRA_SHIFT = 16
};

static inline uint32_t riscv_fp_code(RiscvFpOp op, RiscvFormat fmt, unsigned rm, unsigned extra)
{
    return op | fmt << RISCV_FP_FMT_SHIFT | rm << RISCV_FP_RM_SHIFT | extra << RISCV_FP_EXTRA_SHIFT;
}

#define RISCV_CANONICAL_NAN_D 0x7ff8000000000000ull

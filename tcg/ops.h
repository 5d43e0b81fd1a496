/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of the intermediate representation, made from ops.def, and the values that select
 * a variant of one: conditions, orderings, rules.
 */
#pragma once

#include <stdint.h>

typedef enum { IR_VOID, IR_I32, IR_I64, IR_F32, IR_F64, IR_TYPE_COUNT } IrType;

typedef enum {
#define OP(name, text, result, arguments, flags, meaning) IR_##name,
#include "tcg/ops.def"
#undef OP
    IR_OP_COUNT,
} IrOpcode;

enum {
    IR_FLAG_PURE = 1,
    IR_FLAG_FAULT = 2,
    IR_FLAG_END = 4,
    IR_FLAG_CALL = 8,
    IR_FLAG_STICKY = 16,
};

/* Static facts of an opcode, made from ops.def. */
typedef struct {
    const char *text;
    char result; /* 'T' 'F' 'A' 'V' */
    uint8_t arguments;
    uint8_t flags;
} IrOpInfo;
extern const IrOpInfo ir_op_info[IR_OP_COUNT];

/* The last two test a & b against zero. cond ^ 1 is the negation. */
typedef enum {
    IR_EQ,
    IR_NE,
    IR_LT,
    IR_GE,
    IR_LE,
    IR_GT,
    IR_LTU,
    IR_GEU,
    IR_LEU,
    IR_GTU,
    IR_TSTEQ,
    IR_TSTNE,
    IR_COND_COUNT,
} IrCond;

/* What integer division gives where the host would trap. */
typedef enum {
    IR_DIV_RISCV, /* x / 0 = -1, x % 0 = x, MIN / -1 = MIN, MIN % -1 = 0 */
    IR_DIV_ARM,   /* x / 0 = 0, MIN / -1 = MIN */
} IrDivRule;

typedef enum {
    IR_ATOMIC_SWAP,
    IR_ATOMIC_ADD,
    IR_ATOMIC_AND,
    IR_ATOMIC_OR,
    IR_ATOMIC_XOR,
    IR_ATOMIC_MIN,
    IR_ATOMIC_MAX,
    IR_ATOMIC_MINU,
    IR_ATOMIC_MAXU,
} IrAtomic;

enum { IR_FENCE_RR = 1, IR_FENCE_RW = 2, IR_FENCE_WR = 4, IR_FENCE_WW = 8, IR_FENCE_ALL = 15 };
enum { IR_FMA_NEG_PRODUCT = 1, IR_FMA_NEG_ADDEND = 2 };
enum { IR_CVT_UNSIGNED = 1, IR_CVT_TRUNCATE = 2 };
/* Signalling kinds raise invalid for any NaN, quiet ones only for signalling NaNs. */
typedef enum {
    IR_FCMP_EQ_QUIET,
    IR_FCMP_LT_SIGNAL,
    IR_FCMP_LE_SIGNAL,
    IR_FCMP_LT_QUIET,
    IR_FCMP_LE_QUIET
} IrFpCompare;

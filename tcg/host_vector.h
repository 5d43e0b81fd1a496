/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a helper tells a host that one of its instructions does the same (IrHelper.host). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * What one instruction of an x86 host would do instead of a helper: on up to three vectors
 * (TcgSlot.vector). Hosts that have it may emit it in place of the call.
 */
typedef enum {
    IR_HOST_AB,         /* d, a, b */
    IR_HOST_AB_IMM,     /* d, a, b, imm */
    IR_HOST_AB_INT,     /* d, a, integer (the helper's argument c), imm */
    IR_HOST_AB_INT_W,   /* d, a, integer of 32 or 64 bits */
    IR_HOST_ABC,        /* d, a, b, c in the immediate */
    IR_HOST_B,          /* d, b */
    IR_HOST_B_IMM,      /* d, b, imm */
    IR_HOST_FLAGS,      /* a, b; the helper's result is CF, PF and ZF of EFLAGS */
    IR_HOST_FMA,        /* d = a * b + c (form 213) */
    IR_HOST_INT,        /* d, integer of 32 or 64 bits */
    IR_HOST_INT_B,      /* the helper's result, b */
    IR_HOST_INT_B_W,    /* likewise, of 32 or 64 bits */
    IR_HOST_INT_RM,     /* likewise as the r/m operand, b, imm */
    IR_HOST_RM_IMM,     /* d as the r/m operand, b, imm */
    IR_HOST_SHIFT_IMM,  /* d, a, imm; .extension of the opcode */
    IR_HOST_LEGACY,     /* not in VEX: d = d op b */
    IR_HOST_LEGACY_IMM, /* likewise, imm */
    IR_HOST_LEGACY_C,   /* likewise, c is in XMM0 */
    IR_HOST_INT_MOVE,   /* the helper's result is the low 32 or 64 bits of b */
    IR_HOST_ZERO,  /* upper halves of imm vectors from d on are cleared; .stored 32: all of them */
    IR_HOST_OTHER, /* no such form */
} IrHostShape;

typedef struct {
    uint8_t shape;               /* IrHostShape */
    uint8_t prefix, map, opcode; /* as VEX has them: 0 none 1 66 2 F3 3 F2; 1 0F 2 0F38 3 0F3A */
    uint8_t extension;
    uint8_t imm;
    uint8_t bytes;       /* 16 or 32 */
    uint8_t stored;      /* bytes of d that change; 32: cleared above the result */
    bool wide;           /* VEX.W */
    bool clears;         /* the upper 16 bytes of d, which .stored leaves out */
    bool fp;             /* works under MXCSR */
    uint32_t needs;      /* TCG_HOST_x */
    uint16_t d, a, b, c; /* first slots */
} IrHostVector;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How translated code tells the vector helpers what to do. */
#pragma once

#include "target/x86/vector.h"
#include "tcg/ir.h"

/* Slots of X86Cpu.operand: 4 quadwords */
enum { SLOT_OPERAND = 60 };

/* Argument a of the helpers */
enum {
    X86_CONTROL_BYTES_SHIFT = 12, /* operation below */
    X86_CONTROL_IMM_SHIFT = 20,
    X86_CONTROL_TRAPS = 1 << 18,   /* exceptions are not all masked: no host instruction will do */
    X86_CONTROL_INTEGER = 1 << 19, /* b is an integer: argument c */
    X86_CONTROL_VEX = 1 << 28,     /* the destination is cleared above the result */
    X86_CONTROL_WIDE = 1 << 29,    /* X86VectorCall.wide */
    X86_CONTROL_LOW4 = 1 << 30,    /* of the result only 4, 8 bytes go to the destination */
    X86_CONTROL_LOW8 = 1u << 31,
};

/* Argument b: where d, a, b and c are, a byte each. */
enum {
    X86_PLACE_OPERAND = 16, /* X86Cpu.operand: of memory, or an integer; results go there too */
    X86_PLACE_MMX = 32,     /* + number */
    X86_PLACE_NONE = 255,
};

/* Bits of a row's arg besides the operation */
enum {
    X86_ROW_OP = 0xfff,
    X86_ROW_UNALIGNED = 0x8000, /* 16 bytes of memory need not be aligned without VEX either */
    X86_ROW_ALIGNED = 0x4000,   /* memory must be aligned with VEX too */
    X86_ROW_LOW4 = 0x2000,      /* as X86_CONTROL_LOW4, LOW8 */
    X86_ROW_LOW8 = 0x1000,
};

/** x86_vector_host, x86_vzero_host - IrHelper.host of the vector helpers */
bool x86_vector_host(uint64_t control, uint64_t places, IrHostVector *out);
bool x86_vzero_host(uint64_t all, uint64_t count, IrHostVector *out);

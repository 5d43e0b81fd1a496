/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One instruction, taken apart. Spec: SDM vol. 2, ch. 2 (format). */
#pragma once

#include "target/x86/mode.h"
#include "target/x86/opcode.h"

typedef enum {
    X86_NONE,
    X86_GPR,
    X86_HIGH, /* AH CH DH BH: .reg 0-3 */
    X86_MEMORY,
    X86_IMMEDIATE,
    X86_SEGMENT_REGISTER,
    X86_CONTROL_REGISTER,
    X86_DEBUG_REGISTER,
    X86_MMX,
    X86_VECTOR,
    X86_FPU,
} X86OperandKind;

typedef struct {
    uint8_t kind;  /* X86OperandKind */
    uint8_t bytes; /* 0: without size */
    uint8_t reg;
    uint64_t imm;
} X86Operand;

enum {
    X86_PREFIX_LOCK = 1,
    X86_PREFIX_66 = 2,
    X86_PREFIX_67 = 4,
    X86_PREFIX_F3 = 8,
    X86_PREFIX_F2 = 16
};
enum { X86_REX_B = 1, X86_REX_X = 2, X86_REX_R = 4, X86_REX_W = 8, X86_REX = 0x40 };
enum { X86_NO_REGISTER = 255, X86_RIP = 16 };
enum { X86_MAX_INSN_BYTES = 15 };

/* The memory operand of ModRM, or the offset of Ob, Ov. */
typedef struct {
    uint8_t segment; /* X86SegmentNumber */
    uint8_t base;    /* register, X86_RIP, X86_NO_REGISTER */
    uint8_t index;   /* register or X86_NO_REGISTER; VSIB: vector register */
    uint8_t scale;   /* log2 */
    int64_t offset;  /* X86_RIP: from the next instruction */
} X86Memory;

struct X86Insn {
    const X86Opcode *opcode;
    uint64_t pc, next_pc; /* linear */
    uint8_t length;
    uint8_t map, byte;
    uint8_t prefixes; /* X86_PREFIX_x; of F3 and F2 the last */
    uint8_t rex;      /* X86_REX_x as given by REX or VEX; X86_REX itself only by REX */
    uint8_t segment;  /* X86SegmentNumber of an override, X86_SEGMENTS: none */
    bool vex;
    uint8_t vector_bytes; /* 16, or 32 with VEX.L */
    uint8_t vvvv;         /* register number */
    uint8_t modrm, sib;
    bool has_modrm;
    uint8_t operand_bytes; /* 2, 4, 8 */
    uint8_t address_bytes;
    uint16_t selector; /* of Ap */
    uint64_t imm; /* the immediate, extended as its operand asks; both of ENTER: Iw | Ib << 16 */
    X86Memory memory;
    X86Operand operand[4];
};

static inline unsigned x86_mod(const X86Insn *insn)
{
    return insn->modrm >> 6;
}
static inline unsigned x86_reg(const X86Insn *insn) /* without REX */
{
    return insn->modrm >> 3 & 7;
}
static inline unsigned x86_rm(const X86Insn *insn) /* without REX */
{
    return insn->modrm & 7;
}

typedef enum {
    X86_DECODED,
    X86_DECODE_STOP,      /* a byte could not be fetched: the region ends before the instruction */
    X86_DECODE_UNDEFINED, /* #UD */
    X86_DECODE_TOO_LONG,  /* #GP(0) */
} X86DecodeResult;

typedef struct {
    bool (*fetch)(void *opaque, uint64_t pc, unsigned bytes, uint64_t *value);
    void *opaque;
    uint32_t mode;      /* X86_MODE_x */
    uint64_t code_base; /* of CS, 0 in 64-bit code */
    const X86Config *config;
} X86DecodeContext;

/** x86_decode - take apart the instruction at linear address @pc. Whatever is returned,
 * insn->length bytes were fetched. Privilege is not checked here */
X86DecodeResult x86_decode(const X86DecodeContext *context, uint64_t pc, X86Insn *insn);

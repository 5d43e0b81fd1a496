/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An encoder for the instructions that tier 1 uses. Spec: Intel 64 SDM volume 2, chapter 2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* clang-format off */
/* General registers are 0-15, vector registers 16-31. */
typedef enum {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
    XMM0, XMM12 = XMM0 + 12, XMM15 = XMM0 + 15,
    ASM_REGS = 32,
    NO_REG = 0xff,
} AsmReg;
/* clang-format on */

/* [base + index * 2^scale + disp]; base NO_REG: relative to the instruction, disp is filled in
 * through asm_rip_at() */
typedef struct {
    uint8_t base, index, scale;
    int32_t disp;
} AsmMem;
static inline AsmMem asm_mem(uint8_t base, int32_t disp)
{
    return (AsmMem){ base, NO_REG, 0, disp };
}
static inline AsmMem asm_mem_index(uint8_t base, uint8_t index, uint8_t scale, int32_t disp)
{
    return (AsmMem){ base, index, scale, disp };
}

typedef struct {
    uint8_t *p; /* next byte */
    uint8_t *start;
    uint32_t origin; /* position of start */
} Asm;
static inline uint32_t asm_pos(const Asm *a)
{
    return a->origin + (uint32_t)(a->p - a->start);
}
static inline uint8_t *asm_at(const Asm *a, uint32_t pos)
{
    return a->start + (pos - a->origin);
}

/* Opcode words: the byte, its map and mandatory prefix, operand size, byte registers. */
enum {
    A_0F = 0x100,
    A_0F38 = 0x200,
    A_0F3A = 0x300,
    A_66 = 0x400,
    A_F3 = 0x800,
    A_F2 = 0xc00,
    A_W = 0x1000,    /* 64-bit operands */
    A_BYTE = 0x2000, /* a register operand is a byte */
    A_LOCK = 0x4000,
    A_L = 0x8000, /* VEX: 256 bits */
};

typedef enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP } AsmAlu;
typedef enum { SHIFT_ROL, SHIFT_ROR, SHIFT_SHL = 4, SHIFT_SHR, SHIFT_SAR = 7 } AsmShift;
typedef enum { UNARY_NOT = 2, UNARY_NEG, UNARY_MUL, UNARY_IMUL, UNARY_DIV, UNARY_IDIV } AsmUnary;
typedef enum {
    CC_O,
    CC_NO,
    CC_B,
    CC_AE,
    CC_E,
    CC_NE,
    CC_BE,
    CC_A,
    CC_S,
    CC_NS,
    CC_P,
    CC_NP,
    CC_L,
    CC_GE,
    CC_LE,
    CC_G,
} AsmCond;

/* any instruction with a register and a register-or-memory operand; asm_v*: with VEX and a further
 * source */
void asm_rr(Asm *a, uint32_t op, uint8_t reg, uint8_t rm);
void asm_rm(Asm *a, uint32_t op, uint8_t reg, AsmMem mem);
void asm_vrr(Asm *a, uint32_t op, uint8_t reg, uint8_t source, uint8_t rm);
void asm_vrm(Asm *a, uint32_t op, uint8_t reg, uint8_t source, AsmMem mem);
static inline void asm_imm8(Asm *a, uint8_t value)
{
    *a->p++ = value;
}
static inline void asm_imm32(Asm *a, uint32_t value)
{
    memcpy(a->p, &value, 4);
    a->p += 4;
}
static inline void asm_imm64(Asm *a, uint64_t value)
{
    memcpy(a->p, &value, 8);
    a->p += 8;
}

/* w: 64-bit operands */
void asm_alu_rr(Asm *a, AsmAlu op, bool w, uint8_t dst, uint8_t src);
void asm_alu_rm(Asm *a, AsmAlu op, bool w, uint8_t dst, AsmMem mem);
void asm_alu_mr(Asm *a, AsmAlu op, bool w, AsmMem mem, uint8_t src);
void asm_alu_ri(Asm *a, AsmAlu op, bool w, uint8_t dst, int32_t imm);
void asm_alu_mi(Asm *a, AsmAlu op, bool w, AsmMem mem, int32_t imm);
/* always a 4-byte immediate; returns its position */
uint32_t asm_cmp_m32_imm32(Asm *a, AsmMem mem, uint32_t imm);
void asm_test_rr(Asm *a, bool w, uint8_t x, uint8_t y);
void asm_test_ri(Asm *a, bool w, uint8_t x, int32_t imm);
/* nothing when both are the same 64-bit register */
void asm_mov_rr(Asm *a, bool w, uint8_t dst, uint8_t src);
void asm_mov_ri(Asm *a, uint8_t dst, uint64_t imm);
void asm_load(Asm *a, bool w, uint8_t dst, AsmMem mem);
void asm_store(Asm *a, bool w, AsmMem mem, uint8_t src);
void asm_store_imm(Asm *a, bool w, AsmMem mem, int32_t imm);
void asm_lea(Asm *a, bool w, uint8_t dst, AsmMem mem);
void asm_shift_ri(Asm *a, AsmShift op, bool w, uint8_t dst, uint8_t count);
void asm_shift_cl(Asm *a, AsmShift op, bool w, uint8_t dst);
void asm_unary(Asm *a, AsmUnary op, bool w, uint8_t dst);
void asm_setcc(Asm *a, AsmCond cc, uint8_t dst);
void asm_cmov(Asm *a, AsmCond cc, bool w, uint8_t dst, uint8_t src);
void asm_push(Asm *a, uint8_t reg);
void asm_push_imm(Asm *a, int32_t imm);
void asm_pop(Asm *a, uint8_t reg);
void asm_nop(Asm *a, unsigned bytes);

/* Jumps return the position of their displacement, which is still to be set. */
uint32_t asm_jmp(Asm *a);
uint32_t asm_jcc(Asm *a, AsmCond cc);
uint32_t asm_call(Asm *a);
uint32_t asm_jcc8(Asm *a, AsmCond cc);
uint32_t asm_jmp8(Asm *a);
/* the short jump at @at comes here */
void asm_here8(Asm *a, uint32_t at);
/* set the displacement at @at (of this buffer) to reach @target */
void asm_patch32(Asm *a, uint32_t at, uint32_t target);
/* position of the displacement of the rip-relative operand just emitted, which had no immediate
 * behind it */
static inline uint32_t asm_rip_at(const Asm *a)
{
    return asm_pos(a) - 4;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/host/x86_64/asm.h"

#include <string.h>

/*
 * The writers store more bytes than they keep (the caller guarantees room) and advance by what
 * counts: fewer branches, and translation time is mostly this file.
 */

static inline uint8_t *put32(uint8_t *p, uint32_t value)
{
    memcpy(p, &value, 4);
    return p + 4;
}

/* Prefixes and opcode; index, base: registers whose upper bit goes to the prefix. */
static inline uint8_t *put_opcode(uint8_t *p, uint32_t op, uint8_t reg, uint8_t index, uint8_t base,
                                  bool force_rex)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    static const uint8_t map_byte[4] = { 0, 0, 0x38, 0x3a };
    unsigned pp = op >> 10 & 3, map = op >> 8 & 3;
    uint8_t rex = 0x40 | (op & A_W) >> 9 | (reg & 8) >> 1 | (index & 8) >> 2 | (base & 8) >> 3;
    if (op & A_LOCK) {
        *p++ = 0xf0;
    }
    *p = prefix[pp];
    p += pp != 0;
    *p = rex;
    p += rex != 0x40 || force_rex;
    *p = 0x0f;
    p += map != 0;
    *p = map_byte[map];
    p += map > 1;
    *p = op;
    return p + 1;
}

static inline uint8_t *put_memory(uint8_t *p, uint8_t reg, AsmMem m)
{
    uint8_t r = (reg & 7) << 3, base = m.base & 7;
    if (m.base == NO_REG) {
        *p = r | 5;
        return put32(p + 1, m.disp);
    }
    bool is_short = m.disp == (int8_t)m.disp;
    uint8_t mod = m.disp == 0 && base != 5 ? 0 : is_short ? 0x40 : 0x80;
    if (m.index != NO_REG) {
        p[0] = mod | r | 4;
        p[1] = m.scale << 6 | (m.index & 7) << 3 | base;
        p += 2;
    } else {
        p[0] = mod | r | base;
        p[1] = 0x24; /* wanted after rsp and r12 */
        p += base == 4 ? 2 : 1;
    }
    put32(p, m.disp);
    return p + (mod == 0 ? 0 : is_short ? 1 : 4);
}

/* A byte register 4-7 needs a REX prefix to mean spl, bpl, sil, dil. */
static inline bool needs_rex(uint32_t op, uint8_t reg)
{
    return (op & A_BYTE) && reg >= 4 && reg < 8;
}

/* One opcode byte and perhaps 64-bit operands: most of what is emitted. */
static inline bool is_simple(uint32_t op)
{
    return !(op & ~(A_W | 0xffu));
}

static inline uint8_t *put_simple(uint8_t *p, uint32_t op, uint8_t reg, uint8_t index, uint8_t base)
{
    unsigned rex = 0x40 | op >> 9 | (reg & 8) >> 1 | (index & 8) >> 2 | (base & 8) >> 3;
    *p = rex;
    p += rex != 0x40;
    *p = op;
    return p + 1;
}

static inline void rr(Asm *a, uint32_t op, uint8_t reg, uint8_t rm)
{
    uint8_t *p = is_simple(op)
                     ? put_simple(a->p, op, reg, 0, rm)
                     : put_opcode(a->p, op, reg, 0, rm, needs_rex(op, reg) || needs_rex(op, rm));
    *p = 0xc0 | (reg & 7) << 3 | (rm & 7);
    a->p = p + 1;
}

void asm_rr(Asm *a, uint32_t op, uint8_t reg, uint8_t rm)
{
    rr(a, op, reg, rm);
}

void asm_rm(Asm *a, uint32_t op, uint8_t reg, AsmMem mem)
{
    uint8_t index = mem.index == NO_REG ? 0 : mem.index, base = mem.base == NO_REG ? 0 : mem.base;
    uint8_t *p = is_simple(op) ? put_simple(a->p, op, reg, index, base)
                               : put_opcode(a->p, op, reg, index, base, needs_rex(op, reg));
    a->p = put_memory(p, reg, mem);
}

static void emit_vex(Asm *a, uint32_t op, uint8_t reg, uint8_t source, AsmMem rm)
{
    unsigned map = op >> 8 & 3, pp = op >> 10 & 3;
    uint8_t x = rm.index == NO_REG ? 0 : rm.index & 8;
    uint8_t b = rm.base == NO_REG ? 0 : rm.base & 8;
    uint8_t r = reg & 8 ? 0 : 0x80;
    uint8_t v = (~source & 15) << 3 | (op & A_L ? 4 : 0);
    if (!x && !b && map == 1 && !(op & A_W)) {
        asm_imm8(a, 0xc5);
        asm_imm8(a, r | v | pp);
    } else {
        asm_imm8(a, 0xc4);
        asm_imm8(a, r | (x ? 0 : 0x40) | (b ? 0 : 0x20) | map);
        asm_imm8(a, (op & A_W ? 0x80 : 0) | v | pp);
    }
    asm_imm8(a, op);
}

void asm_vrr(Asm *a, uint32_t op, uint8_t reg, uint8_t source, uint8_t rm)
{
    emit_vex(a, op, reg, source, asm_mem(rm & 15, 0));
    asm_imm8(a, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

void asm_vrm(Asm *a, uint32_t op, uint8_t reg, uint8_t source, AsmMem mem)
{
    emit_vex(a, op, reg, source, mem);
    a->p = put_memory(a->p, reg, mem);
}

static uint32_t wide(bool w)
{
    return w ? A_W : 0;
}

void asm_alu_rr(Asm *a, AsmAlu op, bool w, uint8_t dst, uint8_t src)
{
    rr(a, (0x03 | op << 3) | wide(w), dst, src);
}

void asm_alu_rm(Asm *a, AsmAlu op, bool w, uint8_t dst, AsmMem mem)
{
    asm_rm(a, (0x03 | op << 3) | wide(w), dst, mem);
}

void asm_alu_mr(Asm *a, AsmAlu op, bool w, AsmMem mem, uint8_t src)
{
    asm_rm(a, (0x01 | op << 3) | wide(w), src, mem);
}

void asm_alu_ri(Asm *a, AsmAlu op, bool w, uint8_t dst, int32_t imm)
{
    if (imm == (int8_t)imm) {
        rr(a, 0x83 | wide(w), op, dst);
        asm_imm8(a, imm);
    } else {
        rr(a, 0x81 | wide(w), op, dst);
        asm_imm32(a, imm);
    }
}

void asm_alu_mi(Asm *a, AsmAlu op, bool w, AsmMem mem, int32_t imm)
{
    if (imm == (int8_t)imm) {
        asm_rm(a, 0x83 | wide(w), op, mem);
        asm_imm8(a, imm);
    } else {
        asm_rm(a, 0x81 | wide(w), op, mem);
        asm_imm32(a, imm);
    }
}

uint32_t asm_cmp_m32_imm32(Asm *a, AsmMem mem, uint32_t imm)
{
    asm_rm(a, 0x81, ALU_CMP, mem);
    asm_imm32(a, imm);
    return asm_pos(a) - 4;
}

void asm_test_rr(Asm *a, bool w, uint8_t x, uint8_t y)
{
    rr(a, 0x85 | wide(w), y, x);
}

void asm_test_ri(Asm *a, bool w, uint8_t x, int32_t imm)
{
    asm_rr(a, 0xf7 | wide(w && imm < 0), 0, x);
    asm_imm32(a, imm);
}

void asm_mov_rr(Asm *a, bool w, uint8_t dst, uint8_t src)
{
    if (!w || dst != src) {
        rr(a, 0x8b | wide(w), dst, src);
    }
}

void asm_mov_ri(Asm *a, uint8_t dst, uint64_t imm)
{
    if (imm == (uint32_t)imm) {
        if (dst & 8) {
            asm_imm8(a, 0x41);
        }
        asm_imm8(a, 0xb8 | (dst & 7));
        asm_imm32(a, imm);
    } else if (imm == (uint64_t)(int32_t)imm) {
        asm_rr(a, 0xc7 | A_W, 0, dst);
        asm_imm32(a, imm);
    } else {
        asm_imm8(a, 0x48 | dst >> 3);
        asm_imm8(a, 0xb8 | (dst & 7));
        asm_imm64(a, imm);
    }
}

void asm_load(Asm *a, bool w, uint8_t dst, AsmMem mem)
{
    asm_rm(a, 0x8b | wide(w), dst, mem);
}

void asm_store(Asm *a, bool w, AsmMem mem, uint8_t src)
{
    asm_rm(a, 0x89 | wide(w), src, mem);
}

void asm_store_imm(Asm *a, bool w, AsmMem mem, int32_t imm)
{
    asm_rm(a, 0xc7 | wide(w), 0, mem);
    asm_imm32(a, imm);
}

void asm_lea(Asm *a, bool w, uint8_t dst, AsmMem mem)
{
    asm_rm(a, 0x8d | wide(w), dst, mem);
}

void asm_shift_ri(Asm *a, AsmShift op, bool w, uint8_t dst, uint8_t count)
{
    rr(a, 0xc1 | wide(w), op, dst);
    asm_imm8(a, count);
}

void asm_shift_cl(Asm *a, AsmShift op, bool w, uint8_t dst)
{
    asm_rr(a, 0xd3 | wide(w), op, dst);
}

void asm_unary(Asm *a, AsmUnary op, bool w, uint8_t dst)
{
    asm_rr(a, 0xf7 | wide(w), op, dst);
}

void asm_setcc(Asm *a, AsmCond cc, uint8_t dst)
{
    asm_rr(a, 0x90 | cc | A_0F | A_BYTE, 0, dst);
}

void asm_cmov(Asm *a, AsmCond cc, bool w, uint8_t dst, uint8_t src)
{
    asm_rr(a, 0x40 | cc | A_0F | wide(w), dst, src);
}

void asm_push(Asm *a, uint8_t reg)
{
    if (reg & 8) {
        asm_imm8(a, 0x41);
    }
    asm_imm8(a, 0x50 | (reg & 7));
}

void asm_push_imm(Asm *a, int32_t imm)
{
    asm_imm8(a, 0x68);
    asm_imm32(a, imm);
}

void asm_pop(Asm *a, uint8_t reg)
{
    if (reg & 8) {
        asm_imm8(a, 0x41);
    }
    asm_imm8(a, 0x58 | (reg & 7));
}

/* Spec: SDM volume 2, NOP, recommended multi-byte forms. */
void asm_nop(Asm *a, unsigned bytes)
{
    static const uint8_t forms[5][5] = {
        { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 }, { 0x0f, 0x1f, 0x40, 0x00 },
    };
    while (bytes) {
        unsigned n = bytes < 4 ? bytes : 4;
        memcpy(a->p, forms[n], n);
        a->p += n;
        bytes -= n;
    }
}

static uint32_t displacement(Asm *a)
{
    asm_imm32(a, 0);
    return asm_pos(a) - 4;
}

uint32_t asm_jmp(Asm *a)
{
    asm_imm8(a, 0xe9);
    return displacement(a);
}

uint32_t asm_jcc(Asm *a, AsmCond cc)
{
    asm_imm8(a, 0x0f);
    asm_imm8(a, 0x80 | cc);
    return displacement(a);
}

uint32_t asm_call(Asm *a)
{
    asm_imm8(a, 0xe8);
    return displacement(a);
}

uint32_t asm_jcc8(Asm *a, AsmCond cc)
{
    asm_imm8(a, 0x70 | cc);
    asm_imm8(a, 0);
    return asm_pos(a) - 1;
}

uint32_t asm_jmp8(Asm *a)
{
    asm_imm8(a, 0xeb);
    asm_imm8(a, 0);
    return asm_pos(a) - 1;
}

void asm_here8(Asm *a, uint32_t at)
{
    *asm_at(a, at) = asm_pos(a) - (at + 1);
}

void asm_patch32(Asm *a, uint32_t at, uint32_t target)
{
    uint32_t relative = target - (at + 4);
    memcpy(asm_at(a, at), &relative, 4);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers that one host instruction can stand for (IrHelper.host). Guest vectors are at home; their
 * halves may have been stored one by one, so they are loaded likewise, which lets the processor
 * forward stores. Everything has VEX encodings: legacy ones would wait for upper halves.
 */
#include "tcg/host/x86_64/emit_internal.h"

static uint32_t word(unsigned prefix, unsigned map, unsigned opcode, bool wide, unsigned bytes)
{
    return opcode | map << 8 | prefix << 10 | (wide ? A_W : 0) | (bytes == 32 ? A_L : 0);
}

enum { NONE, P66, PF3, PF2 };

static AsmMem home(const Emit *e, unsigned slot)
{
    return slot_mem(e->be, slot);
}

/* movd, movq: cleared above */
static void load_low(Emit *e, uint8_t reg, unsigned slot, unsigned bytes)
{
    uint32_t op = bytes == 4 ? word(P66, 1, 0x6e, false, 16) : word(PF3, 1, 0x7e, false, 16);
    asm_vrm(e->a, op, reg, XMM0, home(e, slot));
}

static void load16(Emit *e, uint8_t reg, unsigned slot)
{
    load_low(e, reg, slot, 8);
    asm_vrm(e->a, word(NONE, 1, 0x16, false, 16), reg, reg, home(e, slot + 1)); /* movhps */
}

static uint8_t load(Emit *e, unsigned slot, unsigned bytes)
{
    uint8_t reg = regs_temp_fp(e);
    if (bytes <= 8) {
        load_low(e, reg, slot, bytes);
        return reg;
    }
    load16(e, reg, slot);
    if (bytes == 32) {
        uint8_t high = regs_temp_fp(e);
        load16(e, high, slot + 2);
        asm_vrr(e->a, word(P66, 3, 0x18, false, 32), reg, reg, high); /* vinsertf128 */
        asm_imm8(e->a, 1);
        regs_unlock(e, high);
    }
    return reg;
}

static void store(Emit *e, unsigned slot, uint8_t reg, unsigned bytes)
{
    static const uint32_t moves[] = {
        [4] = 0x7e | 1 << 8 | P66 << 10, /* movd */
        [8] = 0xd6 | 1 << 8 | P66 << 10, /* movq */
        [16] = 0x11 | 1 << 8,            /* movups */
        [32] = 0x11 | 1 << 8 | A_L,
    };
    asm_vrm(e->a, moves[bytes], reg, XMM0, home(e, slot));
}

static void store_result(Emit *e, const IrHostVector *v, uint8_t reg)
{
    for (unsigned i = 0; i < (v->stored + 7u) / 8; i++) {
        regs_slot_changes(e, v->d + i);
    }
    store(e, v->d, reg, v->stored);
    for (unsigned i = 2; v->clears && i < 4; i++) {
        regs_slot_changes(e, v->d + i);
        asm_store_imm(e->a, true, home(e, v->d + i), 0);
    }
    if (v->bytes == 32) { /* C code may use legacy encodings */
        asm_vrr(e->a, word(NONE, 1, 0x77, false, 16), 0, XMM0, 0);
        e->a->p--; /* vzeroupper has no ModRM */
    }
}

static uint32_t opcode_of(const IrHostVector *v)
{
    return word(v->prefix, v->map, v->opcode, v->wide, v->bytes);
}

/* Bytes of a source: a scalar's element, but all of what the result keeps of a */
static unsigned length_of_a(const IrHostVector *v)
{
    bool low_only = v->element && v->stored <= 8 && v->d == v->a;
    return low_only ? v->stored : v->bytes;
}

static unsigned length_of_b(const IrHostVector *v)
{
    return v->element ? v->element : v->bytes;
}

static void emit_two(Emit *e, const IrHostVector *v)
{
    uint8_t a = load(e, v->a, length_of_a(v));
    if (v->element) {
        asm_vrm(e->a, opcode_of(v), a, a, home(e, v->b));
    } else {
        asm_vrr(e->a, opcode_of(v), a, a, load(e, v->b, length_of_b(v)));
    }
    if (v->shape == IR_HOST_AB_IMM) {
        asm_imm8(e->a, v->imm);
    }
    store_result(e, v, a);
}

static void emit_three(Emit *e, const IrHostVector *v)
{
    unsigned bytes = length_of_b(v);
    uint8_t a = load(e, v->a, bytes), b = load(e, v->b, bytes), c = load(e, v->c, bytes);
    if (v->shape == IR_HOST_FMA) {
        asm_vrr(e->a, opcode_of(v), b, a, c);
        store_result(e, v, b);
    } else {
        asm_vrr(e->a, opcode_of(v), a, a, b);
        asm_imm8(e->a, (c & 15) << 4);
        store_result(e, v, a);
    }
}

static void emit_one(Emit *e, const IrHostVector *v)
{
    uint8_t b = load(e, v->b, v->bytes);
    if (v->shape == IR_HOST_RM_IMM) {
        uint8_t d = regs_temp_fp(e);
        asm_vrr(e->a, opcode_of(v), b, XMM0, d);
        asm_imm8(e->a, v->imm);
        store_result(e, v, d);
        return;
    }
    asm_vrr(e->a, opcode_of(v), b, XMM0, b);
    if (v->shape == IR_HOST_B_IMM) {
        asm_imm8(e->a, v->imm);
    }
    store_result(e, v, b);
}

static void emit_shift_by(Emit *e, const IrHostVector *v)
{
    uint8_t a = load(e, v->a, v->bytes);
    asm_vrr(e->a, opcode_of(v), v->extension, a, a);
    asm_imm8(e->a, v->imm);
    store_result(e, v, a);
}

static void emit_from_integer(Emit *e, const IrHostVector *v)
{
    uint8_t a = load(e, v->a, length_of_a(v));
    asm_vrm(e->a, opcode_of(v), a, a, home(e, v->b));
    if (v->shape == IR_HOST_AB_INT) {
        asm_imm8(e->a, v->imm);
    }
    store_result(e, v, a);
}

static void emit_to_integer(Emit *e, const IrHostVector *v)
{
    uint8_t b = load(e, v->b, length_of_b(v)), dst = regs_temp(e);
    if (v->shape == IR_HOST_INT_RM) {
        asm_vrr(e->a, opcode_of(v), b, XMM0, dst);
        asm_imm8(e->a, v->imm);
    } else {
        asm_vrr(e->a, opcode_of(v), dst, XMM0, b);
    }
    regs_def_in(e, dst);
}

/* lahf: what the instruction clears is 0 there too, bit 1 is always set */
static void emit_flags(Emit *e, const IrHostVector *v)
{
    enum { CF_PF_ZF = 0x45 };
    uint8_t a = load(e, v->a, length_of_b(v));
    regs_take(e, RAX);
    if (v->element) {
        asm_vrm(e->a, opcode_of(v), a, XMM0, home(e, v->b));
    } else {
        asm_vrr(e->a, opcode_of(v), a, XMM0, load(e, v->b, v->bytes));
    }
    *e->a->p++ = 0x9f;
    asm_rr(e->a, 0xb6 | A_0F, RAX, RSP); /* movzx eax, ah */
    asm_alu_ri(e->a, ALU_AND, false, RAX, CF_PF_ZF);
    regs_def_in(e, RAX);
}

bool emit_vector(Emit *e, const IrOp *op)
{
    const IrHelper *helper = (const IrHelper *)(uintptr_t)op->imm;
    IrHostVector v;
    uint64_t a, b;
    if (!regs_const(e, 0, &a) || !regs_const(e, 1, &b) || !helper->host(a, b, &v) ||
        !backend_has(e->be, TCG_HOST_AVX) || (e->be->features & v.needs) != v.needs ||
        (v.fp && e->be->options.fp_profile != IR_FP_X86)) {
        return false;
    }
    switch (v.shape) {
    case IR_HOST_AB:
    case IR_HOST_AB_IMM: emit_two(e, &v); break;
    case IR_HOST_ABC:
    case IR_HOST_FMA: emit_three(e, &v); break;
    case IR_HOST_B:
    case IR_HOST_B_IMM:
    case IR_HOST_RM_IMM: emit_one(e, &v); break;
    case IR_HOST_SHIFT_IMM: emit_shift_by(e, &v); break;
    case IR_HOST_AB_INT:
    case IR_HOST_AB_INT_W: emit_from_integer(e, &v); break;
    case IR_HOST_INT_B:
    case IR_HOST_INT_B_W:
    case IR_HOST_INT_RM: emit_to_integer(e, &v); break;
    case IR_HOST_FLAGS: emit_flags(e, &v); break;
    default: return false;
    }
    return true;
}

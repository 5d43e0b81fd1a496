/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers that one host instruction can stand for (IrHelper.host), on guest vectors in registers.
 * Everything has VEX encodings, which clear the upper half as the guest's do, and of which legacy
 * ones would have to wait; what has none is between copies that leave a clean upper half.
 */
#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

static uint32_t opcode_of(const IrHostVector *v)
{
    return v->opcode | v->map << 8 | v->prefix << 10 | (v->wide ? A_W : 0) |
           (v->bytes == 32 ? A_L : 0);
}

/* How much of the destination is another value afterwards: without VEX the upper half stays. */
static unsigned written(const IrHostVector *v)
{
    return v->stored == 32 || v->clears ? 32 : 16;
}

static uint8_t source(Emit *e, const IrHostVector *v, unsigned slot)
{
    return vector_use(e, slot, v->bytes);
}

/* Of a vector with itself: the result does not depend on it. */
static bool is_idiom(const IrHostVector *v)
{
    bool constant = v->opcode == 0xef || (v->opcode >= 0xf8 && v->opcode <= 0xfb) ||
                    (v->opcode >= 0x74 && v->opcode <= 0x76);
    return v->a == v->b && v->shape == IR_HOST_AB && v->map == 1 && v->prefix == 1 && constant;
}

static void two(Emit *e, const IrHostVector *v)
{
    if (is_idiom(v)) {
        uint8_t d = vector_def(e, v->d, written(v));
        asm_vrr(e->a, opcode_of(v), d, d, d);
        return;
    }
    uint8_t a = source(e, v, v->a), b = source(e, v, v->b);
    asm_vrr(e->a, opcode_of(v), vector_def(e, v->d, written(v)), a, b);
    if (v->shape == IR_HOST_AB_IMM) {
        asm_imm8(e->a, v->imm);
    }
}

static void three(Emit *e, const IrHostVector *v)
{
    uint8_t a = source(e, v, v->a), b = source(e, v, v->b), c = source(e, v, v->c);
    asm_vrr(e->a, opcode_of(v), vector_def(e, v->d, written(v)), a, b);
    asm_imm8(e->a, (c & 15) << 4);
}

/* The opcode is that of form 213; which one serves is a question of where the destination is. */
static void fused(Emit *e, const IrHostVector *v)
{
    enum { FORM_STEP = 0x10 };
    uint8_t a = source(e, v, v->a), b = source(e, v, v->b), c = source(e, v, v->c);
    uint32_t op = opcode_of(v);
    if (v->d == v->b) {
        asm_vrr(e->a, op, vector_def(e, v->d, 32), a, c);
    } else if (v->d == v->c) {
        asm_vrr(e->a, op + FORM_STEP, vector_def(e, v->d, 32), a, b);
    } else {
        asm_vrr(e->a, op - FORM_STEP, vector_def(e, v->d, 32), c, b);
    }
}

static void one(Emit *e, const IrHostVector *v)
{
    uint8_t b = source(e, v, v->b);
    uint8_t d = vector_def(e, v->d, written(v));
    bool reverse = v->shape == IR_HOST_RM_IMM;
    asm_vrr(e->a, opcode_of(v), reverse ? b : d, XMM0, reverse ? d : b);
    if (v->shape != IR_HOST_B) {
        asm_imm8(e->a, v->imm);
    }
}

static void shift_by(Emit *e, const IrHostVector *v)
{
    uint8_t a = source(e, v, v->a);
    asm_vrr(e->a, opcode_of(v), v->extension, vector_def(e, v->d, written(v)), a);
    asm_imm8(e->a, v->imm);
}

/* The integer is the helper's third argument. */
static void from_integer(Emit *e, const IrHostVector *v)
{
    uint8_t a = v->shape == IR_HOST_INT ? XMM0 : source(e, v, v->a);
    uint8_t integer = regs_use(e, 2);
    asm_vrr(e->a, opcode_of(v), vector_def(e, v->d, written(v)), a, integer);
    if (v->shape == IR_HOST_AB_INT) {
        asm_imm8(e->a, v->imm);
    }
}

static void to_integer(Emit *e, const IrHostVector *v)
{
    uint8_t b = source(e, v, v->b), dst = regs_def(e, DEF_PIN);
    if (v->shape == IR_HOST_INT_RM || v->shape == IR_HOST_INT_MOVE) {
        asm_vrr(e->a, opcode_of(v), b, XMM0, dst);
        if (v->shape == IR_HOST_INT_RM) {
            asm_imm8(e->a, v->imm);
        }
    } else {
        asm_vrr(e->a, opcode_of(v), dst, XMM0, b);
    }
}

/* lahf: what the instruction clears is 0 there too, bit 1 is always set */
static void flags(Emit *e, const IrHostVector *v)
{
    enum { CF_PF_ZF = 0x45 };
    uint8_t a = source(e, v, v->a), b = source(e, v, v->b);
    regs_take(e, RAX);
    asm_vrr(e->a, opcode_of(v), a, XMM0, b);
    *e->a->p++ = 0x9f;
    asm_rr(e->a, 0xb6 | A_0F, RAX, RSP); /* movzx eax, ah */
    asm_alu_ri(e->a, ALU_AND, false, RAX, CF_PF_ZF);
    regs_def_in(e, RAX);
}

static void move(Emit *e, uint8_t dst, uint8_t src)
{
    if (dst != src) {
        asm_vrr(e->a, 0x28 | A_0F, dst, XMM0, src);
    }
}

/* d = d op b, and XMM0 if the third operand is there by definition */
static void legacy(Emit *e, const IrHostVector *v)
{
    bool has_c = v->shape == IR_HOST_LEGACY_C;
    if (has_c) {
        regs_take(e, XMM0);
        regs_unlock(e, XMM0);
        uint8_t c = source(e, v, v->c);
        if (c != XMM0) {
            regs_take(e, XMM0);
            move(e, XMM0, c);
        }
    }
    uint8_t b = source(e, v, v->b), a = source(e, v, v->a), t = regs_temp_fp(e);
    move(e, t, a);
    asm_rr(e->a, opcode_of(v), t, b);
    if (v->shape == IR_HOST_LEGACY_IMM) {
        asm_imm8(e->a, v->imm);
    }
    move(e, vector_def(e, v->d, 16), t);
}

static void zero(Emit *e, const IrHostVector *v)
{
    uint8_t t = regs_temp_fp(e);
    asm_vrr(e->a, 0x57 | A_0F, t, t, t);
    for (unsigned i = 0; i < v->imm; i++) {
        vector_zero(e, v->d + 4 * i, t, v->stored);
    }
}

typedef void EmitVector(Emit *e, const IrHostVector *v);

bool emit_vector(Emit *e, const IrOp *op)
{
    static EmitVector *const shapes[IR_HOST_OTHER] = {
        [IR_HOST_AB] = two,
        [IR_HOST_AB_IMM] = two,
        [IR_HOST_AB_INT] = from_integer,
        [IR_HOST_AB_INT_W] = from_integer,
        [IR_HOST_ABC] = three,
        [IR_HOST_B] = one,
        [IR_HOST_B_IMM] = one,
        [IR_HOST_FLAGS] = flags,
        [IR_HOST_FMA] = fused,
        [IR_HOST_INT] = from_integer,
        [IR_HOST_INT_B] = to_integer,
        [IR_HOST_INT_B_W] = to_integer,
        [IR_HOST_INT_RM] = to_integer,
        [IR_HOST_INT_MOVE] = to_integer,
        [IR_HOST_ZERO] = zero,
        [IR_HOST_RM_IMM] = one,
        [IR_HOST_SHIFT_IMM] = shift_by,
        [IR_HOST_LEGACY] = legacy,
        [IR_HOST_LEGACY_IMM] = legacy,
        [IR_HOST_LEGACY_C] = legacy,
    };
    const IrHelper *helper = (const IrHelper *)(uintptr_t)op->imm;
    IrHostVector v;
    uint64_t a, b;
    if (!regs_const(e, 0, &a) || !regs_const(e, 1, &b) || !helper->host(a, b, &v) ||
        !backend_has(e->be, TCG_HOST_AVX) || (e->be->features & v.needs) != v.needs ||
        (v.fp && e->be->options.fp_profile != IR_FP_X86) || !shapes[v.shape]) {
        return false;
    }
    e->wide |= v.bytes == 32;
    shapes[v.shape](e, &v);
    switch (v.shape) {
    case IR_HOST_FLAGS:
    case IR_HOST_INT_B:
    case IR_HOST_INT_B_W:
    case IR_HOST_INT_RM:
    case IR_HOST_INT_MOVE:
    case IR_HOST_ZERO: break;
    default: vector_defined(e, v.d, written(&v)); break;
    }
    return true;
}

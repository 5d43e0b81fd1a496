/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point. */
#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/interp/interp_fp.h"

void soft_fp(TcgEnv *env, uint32_t packed)
{
    const IrOp op = { .op = packed, .type = packed >> 8, .aux = packed >> 16 };
    uint64_t *arg = &env->save[SAVE_FP];
    arg[0] = interp_fp(&op, packed >> 24, arg, &env->mxcsr_guest);
}

static void emit_soft(Emit *e, const IrOp *op)
{
    Asm *a = e->a;
    uint32_t packed = op->op | op->type << 8 | op->aux << 16 | (uint32_t)emit_arg_type(e, 0) << 24;
    regs_take(e, RAX);
    for (unsigned k = 0; k < ir_op_info[op->op].arguments; k++) {
        bool fp = type_is_fp(emit_arg_type(e, k));
        uint8_t reg = fp ? regs_use(e, k) : regs_use_clean(e, k);
        if (fp) {
            asm_rm(a, 0x11 | A_0F | A_F2, reg, save_mem(SAVE_FP + k));
        } else {
            asm_store(a, true, save_mem(SAVE_FP + k), reg);
        }
    }
    asm_mov_ri(a, RAX, packed);
    emit_ref(e, asm_call(a), stub_pos(STUB_SOFT_FP));
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst >= XMM0) {
        asm_rm(a, 0x10 | A_0F | (op->type == IR_F64 ? A_F2 : A_F3), dst, save_mem(SAVE_FP));
    } else {
        asm_load(a, op->type == IR_I64, dst, save_mem(SAVE_FP));
    }
}

void emit_farith(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}
void emit_fsqrt(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}
void emit_fma(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}
void emit_fminmax(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}
void emit_fcmp(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}
void emit_fcvt(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}
void emit_ftoi(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}
void emit_itof(Emit *e, const IrOp *op)
{
    emit_soft(e, op);
}

/* moves of bits */

void emit_fbits(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0);
    asm_rr(e->a, 0x7e | A_0F | A_66 | (op->type == IR_I64 ? A_W : 0), a, regs_def(e, DEF_ANY));
}

void emit_bitsf(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0);
    asm_rr(e->a, 0x6e | A_0F | A_66 | (op->type == IR_F64 ? A_W : 0), regs_def(e, DEF_ANY), a);
}

static void fp_with_constant(Emit *e, uint32_t opcode, uint8_t reg, Stub which)
{
    asm_rm(e->a, opcode, reg, asm_mem(NO_REG, 0));
    emit_ref(e, asm_rip_at(e->a), stub_pos(which));
}

static void fp_move(Emit *e, uint8_t dst, uint8_t src)
{
    if (dst != src) {
        asm_rr(e->a, 0x28 | A_0F, dst, src);
    }
}

void emit_nanbox(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    fp_move(e, dst, a);
    fp_with_constant(e, 0x56 | A_0F, dst, CONST_BOX); /* orps */
}

/* Not properly boxed: the canonical NaN. */
static void cold_unboxed(Emit *e, const ColdJob *job)
{
    fp_with_constant(e, 0x28 | A_0F, job->reg[0], CONST_NAN32);
    emit_ref(e, asm_jmp(e->a), job->back);
}

void emit_unbox(Emit *e, const IrOp *op)
{
    Asm *a = e->a;
    uint8_t boxed = regs_use(e, 0);
    uint8_t t = regs_temp(e);
    uint8_t dst = regs_def(e, DEF_ANY);
    asm_rr(a, 0x7e | A_0F | A_66 | A_W, boxed, t);
    fp_move(e, dst, boxed);
    asm_shift_ri(a, SHIFT_SAR, true, t, 32);
    asm_alu_ri(a, ALU_CMP, false, t, -1);
    ColdJob *job = emit_job(e, cold_unboxed, asm_jcc(a, CC_NE));
    job->reg[0] = dst;
    job->back = emit_pos(e);
}

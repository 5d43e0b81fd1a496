/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base integer instructions and M. Spec: unprivileged ISA, ch. 2, 4, 12. */
#include "target/riscv/riscv_decode.h"
#include "target/riscv/translate_internal.h"

bool riscv_trans_illegal(RiscvTranslate *t, const RiscvArgNone *a)
{
    return false;
}

bool riscv_trans_lui(RiscvTranslate *t, const RiscvArgU *a)
{
    riscv_put_x(t, a->rd, riscv_const(t, (int64_t)a->imm));
    return true;
}

bool riscv_trans_auipc(RiscvTranslate *t, const RiscvArgU *a)
{
    riscv_put_x(t, a->rd, riscv_const(t, t->pc + (int64_t)a->imm));
    return true;
}

/* Whether a target is aligned to IALIGN (2.5); without C that is 4 bytes. */
static bool is_aligned(const RiscvTranslate *t, uint64_t target)
{
    return t->config->c || !(target & 2);
}

bool riscv_trans_jal(RiscvTranslate *t, const RiscvArgJ *a)
{
    uint64_t target = riscv_pc_mask(t, t->pc + (int64_t)a->imm);

    if (!is_aligned(t, target)) {
        riscv_end_raise(t, RISCV_CAUSE_FETCH_MISALIGNED, target);
        return true;
    }
    riscv_put_x(t, a->rd, riscv_const(t, t->next_pc));
    if (a->rd != 0 || !riscv_follow_jump(t, target)) {
        riscv_end_goto(t, target);
    }
    return true;
}

/* 2.5.1: the sum with its lowest bit cleared */
static IrValue jalr_target(RiscvTranslate *t, const RiscvArgJr *a)
{
    int64_t offset = a->imm;
    IrValue base = riscv_address(t, a->rs1, &offset);
    IrValue sum = ir_binary(t->ir, IR_ADD, base, ir_i64(t->ir, offset));

    return ir_binary(t->ir, IR_AND, sum, ir_i64(t->ir, ~1ull));
}

bool riscv_trans_jalr(RiscvTranslate *t, const RiscvArgJr *a)
{
    IrBuilder *b = t->ir;
    IrValue target = jalr_target(t, a);
    uint64_t known;

    if (!t->config->c) {
        uint32_t aligned = ir_new_label(b);
        ir_brcond(b, IR_TSTEQ, target, ir_i64(b, 2), aligned);
        riscv_call(t, HELPER_raise, ir_i64(b, RISCV_CAUSE_FETCH_MISALIGNED), target, 0, 0);
        ir_label(b, aligned);
        target = jalr_target(t, a); /* again: no value lives across a label */
    }
    riscv_put_x(t, a->rd, riscv_const(t, t->next_pc));
    if (ir_constant(b, target, &known)) {
        riscv_end_goto(t, known);
    } else {
        riscv_end_indirect(t, target);
    }
    return true;
}

/* The exception of a conditional branch whose target is misaligned and which is taken. */
static void raise_if(RiscvTranslate *t, IrCond cond, IrValue x, IrValue y, uint64_t target)
{
    IrBuilder *b = t->ir;
    uint32_t not_taken = ir_new_label(b);

    ir_brcond(b, cond ^ 1, x, y, not_taken);
    riscv_call(t, HELPER_raise, ir_i64(b, RISCV_CAUSE_FETCH_MISALIGNED), ir_i64(b, target), 0, 0);
    ir_label(b, not_taken);
}

bool riscv_trans_branch(RiscvTranslate *t, const RiscvArgB *a)
{
    IrValue x = riscv_get_x(t, a->rs1), y = riscv_get_x(t, a->rs2);
    uint64_t target = riscv_pc_mask(t, t->pc + (int64_t)a->imm);

    if (!is_aligned(t, target)) {
        raise_if(t, a->op, x, y, target);
        return true;
    }
    if (a->rs1 == a->rs2 && (a->op == IR_EQ || a->op == IR_GE || a->op == IR_GEU)) {
        riscv_end_goto(t, target);
        return true;
    }
    ir_exit_if(t->ir, a->op, x, y, target);
    if (target <= t->pc) {
        riscv_end_goto(t, t->next_pc); /* most likely a loop: what follows it is cold */
    }
    return true;
}

bool riscv_trans_load(RiscvTranslate *t, const RiscvArgLoad *a)
{
    int64_t offset = a->imm;
    IrValue address = riscv_address(t, a->rs1, &offset);

    riscv_put_x(t, a->rd, ir_load(t->ir, IR_I64, riscv_mem(t, a->size, a->sign), address, offset));
    return true;
}

bool riscv_trans_store(RiscvTranslate *t, const RiscvArgStore *a)
{
    int64_t offset = a->imm;
    IrValue address = riscv_address(t, a->rs1, &offset);

    ir_store(t->ir, riscv_mem(t, a->size, false), address, offset, riscv_get_x(t, a->rs2));
    return true;
}

/* Arithmetic on the low 32 bits, result sign-extended. */
static IrValue word_op(RiscvTranslate *t, IrOpcode op, IrValue x, IrValue y)
{
    return ir_convert(t->ir, IR_SEXT32, IR_I64, ir_binary(t->ir, op, x, y), 0);
}

static IrValue word(RiscvTranslate *t, IrValue v)
{
    return ir_convert(t->ir, IR_TRUNC, IR_I32, v, 0);
}

static bool is_logic(IrOpcode op)
{
    return op == IR_AND || op == IR_OR || op == IR_XOR;
}

/* An XLEN-wide operation. Logic on sign-extended operands needs no narrowing. */
static IrValue full_op(RiscvTranslate *t, IrOpcode op, IrValue x, IrValue y)
{
    IrValue v = ir_binary(t->ir, op, x, y);

    return is_logic(op) ? v : riscv_narrow(t, v);
}

bool riscv_trans_alu(RiscvTranslate *t, const RiscvArgR *a)
{
    riscv_put_x(t, a->rd, full_op(t, a->op, riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2)));
    return true;
}

bool riscv_trans_alu_imm(RiscvTranslate *t, const RiscvArgI *a)
{
    IrValue imm = ir_i64(t->ir, (int64_t)a->imm);

    riscv_put_x(t, a->rd, full_op(t, a->op, riscv_get_x(t, a->rs1), imm));
    return true;
}

bool riscv_trans_alu_w(RiscvTranslate *t, const RiscvArgR *a)
{
    riscv_put_x(t, a->rd, word_op(t, a->op, riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2)));
    return true;
}

bool riscv_trans_alu_imm_w(RiscvTranslate *t, const RiscvArgI *a)
{
    IrValue imm = ir_i64(t->ir, (int64_t)a->imm);

    riscv_put_x(t, a->rd, word_op(t, a->op, riscv_get_x(t, a->rs1), imm));
    return true;
}

bool riscv_trans_set(RiscvTranslate *t, const RiscvArgR *a)
{
    riscv_put_x(t, a->rd,
                ir_setcond(t->ir, IR_I64, a->op, riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2)));
    return true;
}

bool riscv_trans_set_imm(RiscvTranslate *t, const RiscvArgI *a)
{
    IrValue imm = ir_i64(t->ir, (int64_t)a->imm);

    riscv_put_x(t, a->rd, ir_setcond(t->ir, IR_I64, a->op, riscv_get_x(t, a->rs1), imm));
    return true;
}

/* Shift or rotate of the low 32 bits; the IR takes amounts modulo the width. */
static IrValue shift_word(RiscvTranslate *t, IrOpcode op, IrValue x, IrValue amount)
{
    IrValue v = ir_binary(t->ir, op, word(t, x), word(t, amount));

    return ir_convert(t->ir, IR_SEXT32, IR_I64, v, 0);
}

static IrValue shift_full(RiscvTranslate *t, IrOpcode op, IrValue x, IrValue amount)
{
    return t->xlen == 32 ? shift_word(t, op, x, amount) : ir_binary(t->ir, op, x, amount);
}

bool riscv_trans_shift(RiscvTranslate *t, const RiscvArgR *a)
{
    riscv_put_x(t, a->rd, shift_full(t, a->op, riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2)));
    return true;
}

bool riscv_trans_shift_w(RiscvTranslate *t, const RiscvArgR *a)
{
    riscv_put_x(t, a->rd, shift_word(t, a->op, riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2)));
    return true;
}

bool riscv_trans_shift_imm(RiscvTranslate *t, const RiscvArgI *a)
{
    if (a->imm >= t->xlen) {
        return false; /* 2.4.1: shamt[5] must be 0 on RV32 */
    }
    riscv_put_x(t, a->rd, shift_full(t, a->op, riscv_get_x(t, a->rs1), ir_i64(t->ir, a->imm)));
    return true;
}

bool riscv_trans_shift_imm_w(RiscvTranslate *t, const RiscvArgI *a)
{
    riscv_put_x(t, a->rd, shift_word(t, a->op, riscv_get_x(t, a->rs1), ir_i64(t->ir, a->imm)));
    return true;
}

bool riscv_trans_mulh(RiscvTranslate *t, const RiscvArgR *a)
{
    IrBuilder *b = t->ir;
    IrValue x = riscv_get_x(t, a->rs1), y = riscv_get_x(t, a->rs2);

    if (t->xlen == 64) {
        riscv_put_x(t, a->rd, ir_binary(b, a->op, x, y));
        return true;
    }
    if (a->op == IR_MULHU) {
        x = ir_convert(b, IR_ZEXT32, IR_I64, x, 0);
    }
    if (a->op != IR_MULHS) {
        y = ir_convert(b, IR_ZEXT32, IR_I64, y, 0);
    }
    x = ir_binary(b, IR_SAR, ir_binary(b, IR_MUL, x, y), ir_i64(b, 32));
    riscv_put_x(t, a->rd, x);
    return true;
}

static IrValue divide_word(RiscvTranslate *t, IrOpcode op, IrValue x, IrValue y)
{
    IrValue v = ir_divide(t->ir, op, IR_DIV_RISCV, word(t, x), word(t, y));

    return ir_convert(t->ir, IR_SEXT32, IR_I64, v, 0);
}

bool riscv_trans_divide(RiscvTranslate *t, const RiscvArgR *a)
{
    IrValue x = riscv_get_x(t, a->rs1), y = riscv_get_x(t, a->rs2);

    riscv_put_x(t, a->rd,
                t->xlen == 32 ? divide_word(t, a->op, x, y)
                              : ir_divide(t->ir, a->op, IR_DIV_RISCV, x, y));
    return true;
}

bool riscv_trans_divide_w(RiscvTranslate *t, const RiscvArgR *a)
{
    riscv_put_x(t, a->rd, divide_word(t, a->op, riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2)));
    return true;
}

/* 2.7: pred and succ are sets of I O R W. Device and memory order alike here; the host orders all
 * but stores before loads. */
bool riscv_trans_fence(RiscvTranslate *t, const RiscvArgI *a)
{
    enum { SUCC_SHIFT = 0, PRED_SHIFT = 4, FM_SHIFT = 8, FM_TSO = 8, R = 2 | 8, W = 1 | 4 };
    unsigned pred = a->imm >> PRED_SHIFT & 15, succ = a->imm >> SUCC_SHIFT & 15;
    unsigned kinds =
        (pred & R && succ & R ? IR_FENCE_RR : 0) | (pred & R && succ & W ? IR_FENCE_RW : 0) |
        (pred & W && succ & R ? IR_FENCE_WR : 0) | (pred & W && succ & W ? IR_FENCE_WW : 0);

    if ((a->imm >> FM_SHIFT & 15) == FM_TSO) {
        kinds &= ~IR_FENCE_WR;
    }
    if (kinds) {
        ir_fence(t->ir, kinds);
    }
    return true;
}

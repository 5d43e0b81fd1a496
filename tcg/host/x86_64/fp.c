/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point on the host's unit, under the RISC-V profile: MXCSR holds the guest's rounding
 * mode and sticky flags. What the host does differently is caught and done out of line: constants
 * for NaNs, software for the rest. The host's flags are never too many, so software only adds.
 * Spec: RISC-V unprivileged ISA, 11 and 12; SDM volume 1, 11.5 and 14.
 */
#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/interp/interp_fp.h"

void soft_fp(TcgEnv *env, uint32_t packed)
{
    const IrOp op = { .op = packed, .type = packed >> 8, .aux = packed >> 16 };
    uint64_t *arg = &env->save[SAVE_FP];
    arg[0] = interp_fp(&op, packed >> 24, arg, &env->mxcsr_guest);
}

/* instructions */

static uint32_t scalar(uint8_t type)
{
    return A_0F | (type == IR_F64 ? A_F2 : A_F3);
}

/* prefix of ucomis, comis, and of packed logic */
static uint32_t packed(uint8_t type)
{
    return A_0F | (type == IR_F64 ? A_66 : 0);
}

static void fp_move(Emit *e, uint8_t dst, uint8_t src)
{
    if (dst != src) {
        asm_rr(e->a, 0x28 | A_0F, dst, src);
    }
}

/* dst = a op b. Without VEX a commutative op may exchange its operands; others must not have dst ==
 * b. */
static void fp_binary(Emit *e, uint32_t opcode, uint8_t dst, uint8_t a, uint8_t b)
{
    if (backend_has(e->be, TCG_HOST_AVX)) {
        asm_vrr(e->a, opcode, dst, a, b);
    } else if (dst == b) {
        asm_rr(e->a, opcode, dst, a);
    } else {
        fp_move(e, dst, a);
        asm_rr(e->a, opcode, dst, b);
    }
}

static void fp_with_constant(Emit *e, uint32_t opcode, uint8_t reg, Stub which)
{
    asm_rm(e->a, opcode, reg, asm_mem(NO_REG, 0));
    emit_ref(e, asm_rip_at(e->a), stub_pos(which));
}

static void fp_zero(Emit *e, uint8_t reg)
{
    asm_rr(e->a, 0x57 | A_0F, reg, reg);
}

/* out of line: software. reg[0..2]: arguments, reg[3]: where the result is wanted; all other
 * registers are kept */

static void store_argument(Emit *e, unsigned k, uint8_t reg)
{
    asm_rm(e->a, 0x11 | A_0F | A_F2, reg, save_mem(SAVE_FP + k));
}

static void cold_soft(Emit *e, const ColdJob *job)
{
    const IrOp *op = job->op;
    Asm *a = e->a;
    uint8_t from = e->region->ops[op->arg[0]].type, dst = job->reg[3];
    for (unsigned k = 0; k < ir_op_info[op->op].arguments; k++) {
        store_argument(e, k, job->reg[k]);
    }
    asm_push(a, RAX);
    asm_push(a, RAX);
    asm_mov_ri(a, RAX, op->op | op->type << 8 | op->aux << 16 | (uint32_t)from << 24);
    emit_ref(e, asm_call(a), stub_pos(STUB_SOFT_FP));
    asm_pop(a, RAX);
    asm_pop(a, RAX);
    if (dst >= XMM0) {
        asm_rm(a, 0x10 | scalar(op->type), dst, save_mem(SAVE_FP));
    } else {
        asm_load(a, op->type == IR_I64, dst, save_mem(SAVE_FP));
    }
    emit_ref(e, asm_jmp(a), job->back);
}

static ColdJob *want_soft(Emit *e, const IrOp *op, uint32_t from, uint8_t a, uint8_t b)
{
    ColdJob *job = emit_job(e, cold_soft, from);
    job->op = op;
    job->reg[0] = a;
    job->reg[1] = b;
    return job;
}

/* NaNs: every arithmetic result that is one is the canonical one */

static void cold_canonical(Emit *e, const ColdJob *job)
{
    fp_with_constant(e, 0x28 | A_0F, job->reg[0],
                     job->op->type == IR_F64 ? CONST_NAN64 : CONST_NAN32);
    emit_ref(e, asm_jmp(e->a), job->back);
}

static void make_canonical(Emit *e, const IrOp *op, uint8_t reg)
{
    asm_rr(e->a, 0x2e | packed(op->type), reg, reg); /* quiet: raises nothing for a result */
    ColdJob *job = emit_job(e, cold_canonical, asm_jcc(e->a, CC_P));
    job->op = op;
    job->reg[0] = reg;
    job->back = emit_pos(e);
}

/* arithmetic */

void emit_farith(Emit *e, const IrOp *op)
{
    static const uint8_t opcode[4] = { 0x58, 0x5c, 0x59, 0x5e }; /* FADD FSUB FMUL FDIV */
    bool commutes = op->op == IR_FADD || op->op == IR_FMUL;
    uint8_t a = regs_use(e, 0), b = regs_use(e, 1);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst == b && dst != a && !commutes && !backend_has(e->be, TCG_HOST_AVX)) {
        uint8_t t = regs_temp_fp(e);
        fp_move(e, t, b);
        b = t;
    }
    fp_binary(e, opcode[op->op - IR_FADD] | scalar(op->type), dst, a, b);
    make_canonical(e, op, dst);
}

void emit_fsqrt(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst != a) { /* no waiting for what was there before */
        fp_zero(e, dst);
    }
    asm_rr(e->a, 0x51 | scalar(op->type), dst, a);
    make_canonical(e, op, dst);
}

/* A NaN is made again in software: infinity * 0 + quiet NaN is invalid for the guest, not for the
 * host. */
void emit_fma(Emit *e, const IrOp *op)
{
    static const uint8_t opcode[4] = { 0xa9, 0xad, 0xab,
                                       0xaf }; /* by IR_FMA_NEG_PRODUCT, IR_FMA_NEG_ADDEND */
    uint8_t a = regs_use(e, 0), b = regs_use(e, 1), c = regs_use(e, 2);
    uint8_t t = regs_temp_fp(e);
    uint32_t from;
    if (backend_has(e->be, TCG_HOST_FMA)) {
        fp_move(e, t, a);
        asm_vrr(e->a, opcode[op->aux & 3] | A_0F38 | A_66 | (op->type == IR_F64 ? A_W : 0), t, b,
                c);
        asm_rr(e->a, 0x2e | packed(op->type), t, t);
        from = asm_jcc(e->a, CC_P);
    } else {
        from = asm_jmp(e->a);
    }
    ColdJob *job = want_soft(e, op, from, a, b);
    job->reg[2] = c;
    job->reg[3] = t;
    job->back = emit_pos(e);
    regs_def_in(e, t);
}

/* Equal (zeroes of either sign) or unordered. */
static void cold_minmax(Emit *e, const ColdJob *job)
{
    const IrOp *op = job->op;
    uint32_t unordered = asm_jcc8(e->a, CC_P);
    uint8_t opcode = op->op == IR_FMIN ? 0x56 : 0x54; /* either sign, both signs */
    fp_binary(e, opcode | A_0F, job->reg[3], job->reg[0], job->reg[1]);
    emit_ref(e, asm_jmp(e->a), job->back);
    asm_here8(e->a, unordered);
    cold_soft(e, job);
}

void emit_fminmax(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0), b = regs_use(e, 1);
    uint8_t dst = regs_def(e, DEF_ANY);
    asm_rr(e->a, 0x2e | packed(op->type), a, b);
    ColdJob *job = want_soft(e, op, asm_jcc(e->a, CC_E), a, b);
    job->emit = cold_minmax;
    job->reg[3] = dst;
    fp_binary(e, (op->op == IR_FMIN ? 0x5d : 0x5f) | scalar(op->type), dst, a, b);
    job->back = emit_pos(e);
}

void emit_fcmp(Emit *e, const IrOp *op)
{
    Asm *a = e->a;
    uint8_t type = emit_arg_type(e, 0), x = regs_use(e, 0), y = regs_use(e, 1);
    bool signals = op->aux == IR_FCMP_LT_SIGNAL || op->aux == IR_FCMP_LE_SIGNAL;
    bool less = op->aux == IR_FCMP_LT_SIGNAL || op->aux == IR_FCMP_LT_QUIET;
    uint32_t compare = (signals ? 0x2f : 0x2e) | packed(type);
    uint8_t dst = regs_def(e, DEF_PIN);
    if (op->aux == IR_FCMP_EQ_QUIET) {
        uint8_t t = regs_temp(e);
        asm_rr(a, compare, x, y);
        asm_setcc(a, CC_E, dst);
        asm_setcc(a, CC_NP, t);
        asm_alu_rr(a, ALU_AND, false, dst, t);
    } else { /* exchanged, so that unordered counts as not above */
        asm_rr(a, compare, y, x);
        asm_setcc(a, less ? CC_A : CC_AE, dst);
    }
    asm_rr(a, 0xb6 | A_0F | A_BYTE, dst, dst);
}

/* conversions */

void emit_fcvt(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst != a) {
        fp_zero(e, dst);
    }
    asm_rr(e->a, 0x5a | scalar(emit_arg_type(e, 0)), dst, a);
    make_canonical(e, op, dst);
}

/*
 * The host has only conversions to signed numbers, which answer with the most negative one when in
 * doubt. To unsigned ones they are right for arguments from 0 to what the wider or equal signed
 * range holds; the rest is for software, before the host could raise inexact where only invalid is
 * due.
 */
void emit_ftoi(Emit *e, const IrOp *op)
{
    Asm *a = e->a;
    uint8_t type = emit_arg_type(e, 0), x = regs_use(e, 0);
    bool is_unsigned = op->aux & IR_CVT_UNSIGNED, wide = op->type == IR_I64 || is_unsigned;
    uint32_t convert = (op->aux & IR_CVT_TRUNCATE ? 0x2c : 0x2d) | scalar(type) | (wide ? A_W : 0);
    uint8_t dst = regs_def(e, DEF_PIN);
    ColdJob *job = want_soft(e, op, 0, x, NO_REG);
    job->reg[3] = dst;
    if (is_unsigned) {
        uint8_t t = regs_temp_fp(e);
        Stub most = op->type == IR_I64 ? (type == IR_F64 ? CONST_BELOW63_F64 : CONST_BELOW63_F32)
                                       : (type == IR_F64 ? CONST_BELOW32_F64 : CONST_BELOW32_F32);
        fp_zero(e, t);
        asm_rr(a, 0x2e | packed(type), x, t);
        job->from = asm_jcc(a, CC_B); /* negative or unordered */
        fp_with_constant(e, 0x10 | scalar(type), t, most);
        asm_rr(a, 0x2e | packed(type), t, x);
        job->from2 = asm_jcc(a, CC_B); /* too large */
        asm_rr(a, convert, dst, x);
    } else {
        asm_rr(a, convert, dst, x);
        asm_alu_ri(a, ALU_CMP, wide, dst, 1); /* overflows for the most negative number only */
        job->from = asm_jcc(a, CC_O);
    }
    job->back = emit_pos(e);
}

/* Unsigned, top bit set: half of it with the lost bit kept sticky rounds as the whole does;
 * doubling is exact. */
static void cold_large(Emit *e, const ColdJob *job)
{
    Asm *a = e->a;
    uint8_t x = job->reg[0], dst = job->reg[1], t = job->reg[2];
    asm_mov_rr(a, true, t, x);
    asm_alu_ri(a, ALU_AND, false, t, 1);
    asm_push(a, x);
    asm_shift_ri(a, SHIFT_SHR, true, x, 1);
    asm_alu_rr(a, ALU_OR, true, t, x);
    asm_pop(a, x);
    asm_rr(a, 0x2a | scalar(job->op->type) | A_W, dst, t);
    asm_rr(a, 0x58 | scalar(job->op->type), dst, dst);
    emit_ref(e, asm_jmp(a), job->back);
}

void emit_itof(Emit *e, const IrOp *op)
{
    Asm *a = e->a;
    bool is_unsigned = op->aux & IR_CVT_UNSIGNED, wide = emit_arg_type(e, 0) == IR_I64;
    uint8_t x = is_unsigned && !wide ? regs_use_clean(e, 0) : regs_use(e, 0);
    uint8_t t = is_unsigned && wide ? regs_temp(e) : NO_REG;
    uint8_t dst = regs_def(e, DEF_PIN);
    ColdJob *job = NULL;
    fp_zero(e, dst);
    if (is_unsigned && wide) {
        asm_test_rr(a, true, x, x);
        job = emit_job(e, cold_large, asm_jcc(a, CC_S));
        job->op = op;
        job->reg[0] = x;
        job->reg[1] = dst;
        job->reg[2] = t;
    }
    asm_rr(a, 0x2a | scalar(op->type) | (wide || is_unsigned ? A_W : 0), dst, x);
    if (job) {
        job->back = emit_pos(e);
    }
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

void emit_nanbox(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    fp_move(e, dst, a);
    fp_with_constant(e, 0x56 | A_0F, dst, CONST_BOX);
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

/* By conditional jump: SSE2 has no conditional move. */
void emit_fselect(Emit *e, const IrOp *op)
{
    AsmCond cc;
    uint8_t yes = regs_use(e, 2), no = regs_use(e, 3);
    uint8_t t = regs_temp_fp(e);
    emit_compare(e, op->aux, &cc);
    fp_move(e, t, yes);
    uint32_t done = asm_jcc8(e->a, cc);
    fp_move(e, t, no);
    asm_here8(e->a, done);
    regs_def_in(e, t);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer operations. */
#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

static bool is_wide(const IrOp *op)
{
    return type_is_wide(op->type);
}

static uint32_t wide_bit(bool w)
{
    return w ? A_W : 0;
}

void emit_get(Emit *e, const IrOp *op)
{
    vector_slot_read(e, op->imm);
    regs_get(e, op->imm);
}

void emit_put(Emit *e, const IrOp *op)
{
    vector_slot_write(e, op->imm);
    if (op->flags & IR_OP_LATE) {
        regs_put_late(e, op->imm);
    } else {
        regs_put(e, op->imm);
    }
}

static void add_imm(Emit *e, bool w, uint8_t dst, uint8_t a, int32_t imm)
{
    if (dst == a) {
        asm_alu_ri(e->a, ALU_ADD, w, dst, imm);
    } else if (imm == 0) {
        asm_mov_rr(e->a, w, dst, a);
    } else {
        asm_lea(e->a, w, dst, asm_mem(a, imm));
    }
}

/* dst = dst op argument @k, which may be in memory */
static void alu_arg(Emit *e, AsmAlu alu, bool w, uint8_t dst, unsigned k)
{
    AsmMem mem;
    if (regs_in_memory(e, k, &mem)) {
        asm_alu_rm(e->a, alu, w, dst, mem);
    } else {
        asm_alu_rr(e->a, alu, w, dst, regs_use(e, k));
    }
}

/* a + (x << n), as addresses are made: one instruction. */
static void add_index(Emit *e, const IrOp *op)
{
    const IrOp *shift = &e->region->ops[op->arg[1]];
    IrValue x = e->regs.root[shift->arg[0]];
    uint8_t a = regs_use(e, 0), index = regs_held(e, x);
    asm_lea(e->a, true, regs_def(e, DEF_ANY),
            asm_mem_index(a, index, e->region->ops[shift->arg[1]].imm, 0));
    if (e->regs.last[x] == e->at) {
        regs_drop(e, x);
    }
}

/* The present shift left is only wanted for the addition that comes next. */
static bool becomes_index(Emit *e, const IrOp *op, uint8_t count)
{
    const IrOp *ops = e->region->ops, *next = op + 1;
    uint16_t *last = &e->regs.last[regs_arg(e, 0)];
    if (op->op != IR_SHL || op->type != IR_I64 || count < 1 || count > 3) {
        return false;
    }
    while (next->flags & IR_OP_DEAD || next->op == IR_CONST) {
        next++;
    }
    if (next->op != IR_ADD || next->arg[1] != e->at || next->arg[0] == e->at ||
        op->last != next - ops) {
        return false;
    }
    e->index = e->at;
    *last = MAX(*last, op->last);
    return true;
}

void emit_add(Emit *e, const IrOp *op)
{
    bool w = is_wide(op);
    int32_t imm;
    AsmMem mem;
    if (e->index && op->arg[1] == e->index) {
        add_index(e, op);
        return;
    }
    uint8_t a = regs_use(e, 0);
    if (regs_imm32(e, 1, &imm)) {
        add_imm(e, w, regs_def(e, DEF_ANY), a, imm);
        return;
    }
    if (regs_in_memory(e, 1, &mem)) {
        uint8_t dst = regs_def(e, DEF_ANY);
        asm_mov_rr(e->a, true, dst, a);
        asm_alu_rm(e->a, ALU_ADD, w, dst, mem);
        return;
    }
    uint8_t b = regs_use(e, 1);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst == a) {
        asm_alu_rr(e->a, ALU_ADD, w, dst, b);
    } else if (dst == b) {
        asm_alu_rr(e->a, ALU_ADD, w, dst, a);
    } else {
        asm_lea(e->a, w, dst, asm_mem_index(a, b, 0, 0));
    }
}

void emit_sub(Emit *e, const IrOp *op)
{
    bool w = is_wide(op);
    int32_t imm;
    AsmMem mem;
    if (regs_imm32(e, 1, &imm) && imm != INT32_MIN) {
        uint8_t a = regs_use(e, 0);
        add_imm(e, w, regs_def(e, DEF_ANY), a, -imm);
        return;
    }
    if (regs_imm32(e, 0, &imm) && imm == 0) {
        uint8_t b = regs_use(e, 1);
        uint8_t dst = regs_def(e, DEF_ANY);
        asm_mov_rr(e->a, true, dst, b);
        asm_unary(e->a, UNARY_NEG, w, dst);
        return;
    }
    uint8_t a = regs_use(e, 0);
    if (regs_in_memory(e, 1, &mem)) {
        uint8_t dst = regs_def(e, DEF_ANY);
        asm_mov_rr(e->a, true, dst, a);
        asm_alu_rm(e->a, ALU_SUB, w, dst, mem);
        return;
    }
    uint8_t b = regs_use(e, 1);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst == b && dst != a) {
        asm_unary(e->a, UNARY_NEG, w, dst);
        asm_alu_rr(e->a, ALU_ADD, w, dst, a);
    } else {
        asm_mov_rr(e->a, true, dst, a);
        asm_alu_rr(e->a, ALU_SUB, w, dst, b);
    }
}

static bool and_by_extension(Emit *e, bool w, uint8_t dst, uint8_t a, uint64_t mask)
{
    if (mask == 0xff) {
        asm_rr(e->a, 0xb6 | A_0F | A_BYTE, dst, a);
    } else if (mask == 0xffff) {
        asm_rr(e->a, 0xb7 | A_0F, dst, a);
    } else if (mask == UINT32_MAX && w) {
        asm_mov_rr(e->a, false, dst, a);
    } else {
        return false;
    }
    return true;
}

void emit_logic(Emit *e, const IrOp *op)
{
    AsmAlu alu = op->op == IR_AND ? ALU_AND : op->op == IR_OR ? ALU_OR : ALU_XOR;
    bool w = is_wide(op);
    int32_t imm;
    uint64_t c;
    AsmMem mem;
    uint8_t a = regs_use(e, 0);
    if (alu == ALU_AND && regs_const(e, 1, &c) && (c == 0xff || c == 0xffff || c == UINT32_MAX)) {
        uint8_t dst = regs_def(e, DEF_ANY);
        if (and_by_extension(e, w, dst, a, c)) {
            return;
        }
        asm_mov_rr(e->a, w, dst, a);
        asm_alu_ri(e->a, alu, w, dst, -1);
        return;
    }
    if (regs_imm32(e, 1, &imm)) {
        uint8_t dst = regs_def(e, DEF_ANY);
        asm_mov_rr(e->a, true, dst, a);
        /* a positive mask clears the upper half as well */
        asm_alu_ri(e->a, alu, w && !(alu == ALU_AND && imm >= 0), dst, imm);
        return;
    }
    if (regs_in_memory(e, 1, &mem)) {
        uint8_t dst = regs_def(e, DEF_ANY);
        asm_mov_rr(e->a, true, dst, a);
        asm_alu_rm(e->a, alu, w, dst, mem);
        return;
    }
    uint8_t b = regs_use(e, 1);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst != a && (dst == b || regs_arg(e, 0) > regs_arg(e, 1))) {
        asm_mov_rr(e->a, true, dst, b); /* the older one: nothing waits for the copy */
        asm_alu_rr(e->a, alu, w, dst, a);
    } else {
        asm_mov_rr(e->a, true, dst, a);
        asm_alu_rr(e->a, alu, w, dst, b);
    }
}

void emit_andn(Emit *e, const IrOp *op)
{
    bool w = is_wide(op);
    uint8_t a = regs_use(e, 0), b = regs_use(e, 1);
    if (backend_has(e->be, TCG_HOST_BMI)) {
        asm_vrr(e->a, 0xf2 | A_0F38 | wide_bit(w), regs_def(e, DEF_ANY), b, a);
        return;
    }
    uint8_t t = regs_temp(e);
    asm_mov_rr(e->a, true, t, b);
    asm_unary(e->a, UNARY_NOT, w, t);
    asm_alu_rr(e->a, ALU_AND, w, t, a);
    regs_def_in(e, t);
}

void emit_unary(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    asm_mov_rr(e->a, true, dst, a);
    asm_unary(e->a, op->op == IR_NOT ? UNARY_NOT : UNARY_NEG, is_wide(op), dst);
}

void emit_mul(Emit *e, const IrOp *op)
{
    bool w = is_wide(op);
    int32_t imm;
    uint8_t a = regs_use(e, 0);
    if (regs_imm32(e, 1, &imm)) {
        bool is_short = imm == (int8_t)imm;
        asm_rr(e->a, (is_short ? 0x6b : 0x69) | wide_bit(w), regs_def(e, DEF_ANY), a);
        if (is_short) {
            asm_imm8(e->a, imm);
        } else {
            asm_imm32(e->a, imm);
        }
        return;
    }
    uint8_t b = regs_use(e, 1);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst == b) {
        b = a;
    } else {
        asm_mov_rr(e->a, true, dst, a);
    }
    asm_rr(e->a, 0xaf | A_0F | wide_bit(w), dst, b);
}

/* dst = the 32-bit number in src, widened */
static void widen(Asm *a, bool is_signed, uint8_t dst, uint8_t src)
{
    if (is_signed) {
        asm_rr(a, 0x63 | A_W, dst, src);
    } else {
        asm_mov_rr(a, false, dst, src);
    }
}

/* The high half of a 32-bit product is in a 64-bit one. */
static void mulh_narrow(Emit *e, const IrOp *op)
{
    uint8_t a = regs_use(e, 0), b = regs_use(e, 1);
    uint8_t x = regs_temp(e), y = regs_temp(e);
    widen(e->a, op->op != IR_MULHU, x, a);
    widen(e->a, op->op == IR_MULHS, y, b);
    asm_rr(e->a, 0xaf | A_0F | A_W, x, y);
    asm_shift_ri(e->a, SHIFT_SHR, true, x, 32);
    regs_def_in(e, x);
}

void emit_mulh(Emit *e, const IrOp *op)
{
    if (!is_wide(op)) {
        mulh_narrow(e, op);
        return;
    }
    regs_take(e, RAX);
    regs_take(e, RDX);
    uint8_t a = regs_use(e, 0), b = regs_use(e, 1);
    asm_mov_rr(e->a, true, RAX, a);
    asm_unary(e->a, op->op == IR_MULHS ? UNARY_IMUL : UNARY_MUL, true, b);
    if (op->op == IR_MULHSU) { /* unsigned product, less b if a is negative */
        asm_mov_rr(e->a, true, RAX, a);
        asm_shift_ri(e->a, SHIFT_SAR, true, RAX, 63);
        asm_alu_rr(e->a, ALU_AND, true, RAX, b);
        asm_alu_rr(e->a, ALU_SUB, true, RDX, RAX);
    }
    regs_def_in(e, RDX);
}

/* Divisor 0 or -1: what the host would trap on. reg[0]: dividend, reg[1]: divisor, result as the
 * host's. */
static void cold_divide(Emit *e, const ColdJob *job)
{
    const IrOp *op = job->op;
    Asm *a = e->a;
    bool w = is_wide(op), remainder = op->op == IR_REMS || op->op == IR_REMU;
    bool is_signed = op->op == IR_DIVS || op->op == IR_REMS;
    uint8_t dividend = job->reg[0], divisor = job->reg[1];
    asm_test_rr(a, w, divisor, divisor);
    uint32_t minus_one = asm_jcc8(a, CC_NE);
    if (remainder) {
        asm_mov_rr(a, w, RDX, dividend);
    } else if (op->aux == IR_DIV_RISCV) {
        asm_mov_ri(a, RAX, w ? UINT64_MAX : UINT32_MAX);
    } else {
        asm_mov_ri(a, RAX, 0);
    }
    emit_ref(e, asm_jmp(a), job->back);
    asm_here8(a, minus_one);
    if (!is_signed) {
        return;
    }
    if (remainder) {
        asm_mov_ri(a, RDX, 0);
    } else {
        asm_mov_rr(a, w, RAX, dividend);
        asm_unary(a, UNARY_NEG, w, RAX);
    }
    emit_ref(e, asm_jmp(a), job->back);
}

void emit_div(Emit *e, const IrOp *op)
{
    bool w = is_wide(op), remainder = op->op == IR_REMS || op->op == IR_REMU;
    bool is_signed = op->op == IR_DIVS || op->op == IR_REMS;
    Asm *a = e->a;
    regs_take(e, RAX);
    regs_take(e, RDX);
    uint8_t dividend = regs_use(e, 0), divisor = regs_use(e, 1);
    asm_mov_rr(a, true, RAX, dividend);
    uint32_t odd;
    if (is_signed) {
        asm_lea(a, w, RDX, asm_mem(divisor, 1));
        asm_alu_ri(a, ALU_CMP, w, RDX, 1);
        odd = asm_jcc(a, CC_BE);
        asm_imm8(a, w ? 0x48 : 0x99); /* cqo or cdq */
        if (w) {
            asm_imm8(a, 0x99);
        }
    } else {
        asm_test_rr(a, w, divisor, divisor);
        odd = asm_jcc(a, CC_E);
        asm_alu_rr(a, ALU_XOR, false, RDX, RDX);
    }
    asm_unary(a, is_signed ? UNARY_IDIV : UNARY_DIV, w, divisor);
    ColdJob *job = emit_job(e, cold_divide, odd);
    job->op = op;
    job->back = emit_pos(e);
    job->reg[0] = dividend;
    job->reg[1] = divisor;
    regs_def_in(e, remainder ? RDX : RAX);
}

static AsmShift shift_of(const IrOp *op)
{
    switch (op->op) {
    case IR_SHL: return SHIFT_SHL;
    case IR_SHR: return SHIFT_SHR;
    case IR_SAR: return SHIFT_SAR;
    case IR_ROL: return SHIFT_ROL;
    default: return SHIFT_ROR;
    }
}

static void shift_constant(Emit *e, const IrOp *op, uint8_t count)
{
    bool w = is_wide(op);
    AsmShift shift = shift_of(op);
    if (becomes_index(e, op, count)) {
        return;
    }
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    bool rotate = shift == SHIFT_ROL || shift == SHIFT_ROR;
    count &= w ? 63 : 31;
    if (rotate && dst != a && backend_has(e->be, TCG_HOST_BMI)) { /* rorx */
        uint8_t right = shift == SHIFT_ROR ? count : (w ? 64 : 32) - count;
        asm_vrr(e->a, 0xf0 | A_0F3A | A_F2 | wide_bit(w), dst, 0, a);
        asm_imm8(e->a, right & (w ? 63 : 31));
        return;
    }
    asm_mov_rr(e->a, w, dst, a);
    if (count) {
        asm_shift_ri(e->a, shift, w, dst, count);
    }
}

void emit_shift(Emit *e, const IrOp *op)
{
    bool w = is_wide(op), rotate = op->op == IR_ROL || op->op == IR_ROR;
    uint64_t count;
    if (regs_const(e, 1, &count)) {
        shift_constant(e, op, count);
        return;
    }
    if (!rotate && backend_has(e->be, TCG_HOST_BMI)) {
        static const uint32_t prefix[3] = { A_66, A_F2, A_F3 };
        uint8_t a = regs_use(e, 0), b = regs_use(e, 1);
        asm_vrr(e->a, 0xf7 | A_0F38 | prefix[op->op - IR_SHL] | wide_bit(w), regs_def(e, DEF_ANY),
                b, a);
        return;
    }
    regs_take(e, RCX);
    uint8_t a = regs_use(e, 0), b = regs_use(e, 1);
    uint8_t t = regs_temp(e);
    asm_mov_rr(e->a, true, t, a);
    asm_mov_rr(e->a, true, RCX, b);
    asm_shift_cl(e->a, shift_of(op), w, t);
    asm_mov_rr(e->a, w, t, t); /* a 32-bit shift by 0 must clear the upper half too */
    regs_def_in(e, t);
}

/* Bits set, without the instruction: sums of 2, 4, 8 bits, then of all bytes by a multiplication.
 */
static void count_by_sums(Emit *e, bool w, uint8_t x)
{
    Asm *a = e->a;
    uint8_t t = regs_temp(e), m = regs_temp(e);
    asm_mov_rr(a, w, t, x);
    asm_shift_ri(a, SHIFT_SHR, w, t, 1);
    asm_mov_ri(a, m, w ? 0x5555555555555555 : 0x55555555);
    asm_alu_rr(a, ALU_AND, w, t, m);
    asm_alu_rr(a, ALU_SUB, w, x, t);
    asm_mov_ri(a, m, w ? 0x3333333333333333 : 0x33333333);
    asm_mov_rr(a, w, t, x);
    asm_shift_ri(a, SHIFT_SHR, w, t, 2);
    asm_alu_rr(a, ALU_AND, w, t, m);
    asm_alu_rr(a, ALU_AND, w, x, m);
    asm_alu_rr(a, ALU_ADD, w, x, t);
    asm_mov_rr(a, w, t, x);
    asm_shift_ri(a, SHIFT_SHR, w, t, 4);
    asm_alu_rr(a, ALU_ADD, w, x, t);
    asm_mov_ri(a, m, w ? 0x0f0f0f0f0f0f0f0f : 0x0f0f0f0f);
    asm_alu_rr(a, ALU_AND, w, x, m);
    asm_mov_ri(a, m, w ? 0x0101010101010101 : 0x01010101);
    asm_rr(a, 0xaf | A_0F | wide_bit(w), x, m);
    asm_shift_ri(a, SHIFT_SHR, w, x, w ? 56 : 24);
}

/* bsr and bsf leave their destination undefined for 0. */
static void scan_bits(Emit *e, const IrOp *op, uint8_t t, uint8_t a)
{
    bool w = is_wide(op), leading = op->op == IR_CLZ;
    uint8_t bits = w ? 64 : 32;
    asm_rr(e->a, (leading ? 0xbd : 0xbc) | A_0F | wide_bit(w), t, a);
    uint32_t some = asm_jcc8(e->a, CC_NE);
    asm_mov_ri(e->a, t, leading ? bits * 2 - 1 : bits);
    asm_here8(e->a, some);
    if (leading) {
        asm_alu_ri(e->a, ALU_XOR, false, t, bits - 1);
    }
}

void emit_count(Emit *e, const IrOp *op)
{
    static const uint32_t feature[3] = { TCG_HOST_LZCNT, TCG_HOST_BMI, TCG_HOST_POPCNT };
    static const uint8_t opcode[3] = { 0xbd, 0xbc, 0xb8 };
    bool w = is_wide(op);
    unsigned which = op->op - IR_CLZ;
    uint8_t a = regs_use(e, 0);
    if (backend_has(e->be, feature[which])) {
        asm_rr(e->a, opcode[which] | A_0F | A_F3 | wide_bit(w), regs_def(e, DEF_ANY), a);
        return;
    }
    uint8_t t = regs_temp(e);
    if (op->op == IR_POPCNT) {
        asm_mov_rr(e->a, w, t, a);
        count_by_sums(e, w, t);
    } else {
        scan_bits(e, op, t, a);
    }
    regs_def_in(e, t);
}

void emit_bswap(Emit *e, const IrOp *op)
{
    bool w = is_wide(op);
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    asm_mov_rr(e->a, true, dst, a);
    if (w || dst & 8) {
        asm_imm8(e->a, 0x40 | (w ? 8 : 0) | dst >> 3);
    }
    asm_imm8(e->a, 0x0f);
    asm_imm8(e->a, 0xc8 | (dst & 7));
}

void emit_extend(Emit *e, const IrOp *op)
{
    uint32_t w = wide_bit(is_wide(op));
    uint8_t a = regs_use(e, 0);
    uint8_t dst = regs_def(e, DEF_ANY);
    switch (op->op) {
    case IR_SEXT8: asm_rr(e->a, 0xbe | A_0F | A_BYTE | w, dst, a); break;
    case IR_SEXT16: asm_rr(e->a, 0xbf | A_0F | w, dst, a); break;
    case IR_ZEXT8: asm_rr(e->a, 0xb6 | A_0F | A_BYTE, dst, a); break;
    case IR_ZEXT16: asm_rr(e->a, 0xb7 | A_0F, dst, a); break;
    case IR_SEXT32: asm_rr(e->a, 0x63 | A_W, dst, a); break;
    default: asm_mov_rr(e->a, false, dst, a); break;
    }
}

static const uint8_t condition_code[IR_COND_COUNT] = {
    [IR_EQ] = CC_E,   [IR_NE] = CC_NE, [IR_LT] = CC_L,    [IR_GE] = CC_GE,
    [IR_LE] = CC_LE,  [IR_GT] = CC_G,  [IR_LTU] = CC_B,   [IR_GEU] = CC_AE,
    [IR_LEU] = CC_BE, [IR_GTU] = CC_A, [IR_TSTEQ] = CC_E, [IR_TSTNE] = CC_NE,
};

uint32_t emit_compare(Emit *e, IrCond cond, AsmCond *cc)
{
    bool w = type_is_wide(emit_arg_type(e, 0)), test = cond >= IR_TSTEQ;
    int32_t imm;
    AsmMem mem;
    uint32_t start;
    *cc = condition_code[cond];
    if (regs_imm32(e, 1, &imm)) {
        if (!test && regs_in_memory(e, 0, &mem)) {
            start = emit_pos(e);
            asm_alu_mi(e->a, ALU_CMP, w, mem, imm);
            return start;
        }
        uint8_t a = regs_use(e, 0);
        start = emit_pos(e);
        if (test) {
            asm_test_ri(e->a, w, a, imm);
        } else if (imm == 0) {
            asm_test_rr(e->a, w, a, a);
        } else {
            asm_alu_ri(e->a, ALU_CMP, w, a, imm);
        }
        return start;
    }
    uint8_t a = regs_use(e, 0);
    if (!test && regs_in_memory(e, 1, &mem)) {
        start = emit_pos(e);
        alu_arg(e, ALU_CMP, w, a, 1);
        return start;
    }
    uint8_t b = regs_use(e, 1);
    start = emit_pos(e);
    if (test) {
        asm_test_rr(e->a, w, a, b);
    } else {
        asm_alu_rr(e->a, ALU_CMP, w, a, b);
    }
    return start;
}

void emit_setcond(Emit *e, const IrOp *op)
{
    AsmCond cc;
    emit_compare(e, op->aux, &cc);
    uint8_t dst = regs_def(e, DEF_ANY);
    asm_setcc(e->a, cc, dst);
    asm_rr(e->a, 0xb6 | A_0F | A_BYTE, dst, dst);
}

void emit_select(Emit *e, const IrOp *op)
{
    AsmCond cc;
    if (type_is_fp(op->type)) {
        emit_fselect(e, op);
        return;
    }
    uint8_t yes = regs_use(e, 2), no = regs_use(e, 3);
    emit_compare(e, op->aux, &cc);
    uint8_t dst = regs_def(e, DEF_ANY);
    if (dst == yes && dst != no) {
        asm_cmov(e->a, cc ^ 1, is_wide(op), dst, no);
        return;
    }
    asm_mov_rr(e->a, true, dst, no);
    asm_cmov(e->a, cc, is_wide(op), dst, yes);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit manipulation, scalar cryptography, Zicond. Spec: unprivileged ISA, ch. 13, 30, 31. */
#include "target/riscv/riscv_decode.h"
#include "target/riscv/translate_internal.h"

static IrValue zext32(RiscvTranslate *t, IrValue v)
{
    return ir_convert(t->ir, IR_ZEXT32, IR_I64, v, 0);
}

/* The low 32 bits as the IR's narrow type. */
static IrValue word(RiscvTranslate *t, IrValue v)
{
    return ir_convert(t->ir, IR_TRUNC, IR_I32, v, 0);
}

static IrValue from_word(RiscvTranslate *t, IrValue v)
{
    return ir_convert(t->ir, IR_SEXT32, IR_I64, v, 0);
}

/* (x << shift) + y */
static void shift_add(RiscvTranslate *t, unsigned rd, unsigned shift, IrValue x, IrValue y)
{
    x = ir_binary(t->ir, IR_SHL, x, ir_i64(t->ir, shift));
    riscv_put_x(t, rd, riscv_narrow(t, ir_binary(t->ir, IR_ADD, x, y)));
}

bool riscv_trans_shadd(RiscvTranslate *t, const RiscvArgR *a)
{
    shift_add(t, a->rd, a->op, riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2));
    return true;
}

bool riscv_trans_shadd_uw(RiscvTranslate *t, const RiscvArgR *a)
{
    shift_add(t, a->rd, a->op, zext32(t, riscv_get_x(t, a->rs1)), riscv_get_x(t, a->rs2));
    return true;
}

bool riscv_trans_slli_uw(RiscvTranslate *t, const RiscvArgI *a)
{
    shift_add(t, a->rd, a->imm, zext32(t, riscv_get_x(t, a->rs1)), ir_i64(t->ir, 0));
    return true;
}

bool riscv_trans_logic_not(RiscvTranslate *t, const RiscvArgR *a)
{
    IrValue x = riscv_get_x(t, a->rs1), y = riscv_get_x(t, a->rs2);

    if (a->op == IR_AND) {
        x = ir_binary(t->ir, IR_ANDN, x, y);
    } else {
        x = ir_binary(t->ir, a->op, x, ir_unary(t->ir, IR_NOT, y));
    }
    riscv_put_x(t, a->rd, x);
    return true;
}

bool riscv_trans_count_w(RiscvTranslate *t, const RiscvArgR2 *a)
{
    IrValue v = ir_unary(t->ir, a->op, word(t, riscv_get_x(t, a->rs1)));

    riscv_put_x(t, a->rd, zext32(t, v));
    return true;
}

bool riscv_trans_count(RiscvTranslate *t, const RiscvArgR2 *a)
{
    if (t->xlen == 32) {
        return riscv_trans_count_w(t, a);
    }
    riscv_put_x(t, a->rd, ir_unary(t->ir, a->op, riscv_get_x(t, a->rs1)));
    return true;
}

bool riscv_trans_minmax(RiscvTranslate *t, const RiscvArgR *a)
{
    IrValue x = riscv_get_x(t, a->rs1), y = riscv_get_x(t, a->rs2);

    riscv_put_x(t, a->rd, ir_select(t->ir, a->op, x, y, x, y));
    return true;
}

bool riscv_trans_extend(RiscvTranslate *t, const RiscvArgR2 *a)
{
    riscv_put_x(t, a->rd, ir_unary(t->ir, a->op, riscv_get_x(t, a->rs1)));
    return true;
}

/* Zbkb: the lower halves of the operands, or of their low words, put together */
bool riscv_trans_packw(RiscvTranslate *t, const RiscvArgR *a)
{
    IrValue low = ir_unary(t->ir, IR_ZEXT16, riscv_get_x(t, a->rs1));
    IrValue high = ir_unary(t->ir, IR_ZEXT16, riscv_get_x(t, a->rs2));

    high = ir_binary(t->ir, IR_SHL, high, ir_i64(t->ir, 16));
    riscv_put_x(t, a->rd, from_word(t, ir_binary(t->ir, IR_OR, low, high)));
    return true;
}

bool riscv_trans_pack(RiscvTranslate *t, const RiscvArgR *a)
{
    IrValue low, high;

    if (t->xlen == 32) {
        return riscv_trans_packw(t, a);
    }
    low = zext32(t, riscv_get_x(t, a->rs1));
    high = ir_binary(t->ir, IR_SHL, riscv_get_x(t, a->rs2), ir_i64(t->ir, 32));
    riscv_put_x(t, a->rd, ir_binary(t->ir, IR_OR, low, high));
    return true;
}

bool riscv_trans_packh(RiscvTranslate *t, const RiscvArgR *a)
{
    IrValue low = ir_unary(t->ir, IR_ZEXT8, riscv_get_x(t, a->rs1));
    IrValue high = ir_unary(t->ir, IR_ZEXT8, riscv_get_x(t, a->rs2));

    high = ir_binary(t->ir, IR_SHL, high, ir_i64(t->ir, 8));
    riscv_put_x(t, a->rd, ir_binary(t->ir, IR_OR, low, high));
    return true;
}

bool riscv_trans_rev8(RiscvTranslate *t, const RiscvArgR2 *a)
{
    IrValue v = riscv_get_x(t, a->rs1);

    if (t->xlen == 32) {
        v = from_word(t, ir_unary(t->ir, IR_BSWAP, word(t, v)));
    } else {
        v = ir_unary(t->ir, IR_BSWAP, v);
    }
    riscv_put_x(t, a->rd, v);
    return true;
}

/* Exchanges neighbouring groups of @shift bits; @mask selects the lower of each pair. */
static IrValue swap_bits(RiscvTranslate *t, IrValue v, unsigned shift, uint64_t mask)
{
    IrBuilder *b = t->ir;
    IrValue low = ir_binary(b, IR_AND, v, ir_i64(b, mask));
    IrValue high = ir_binary(b, IR_SHR, v, ir_i64(b, shift));

    low = ir_binary(b, IR_SHL, low, ir_i64(b, shift));
    high = ir_binary(b, IR_AND, high, ir_i64(b, mask));
    return ir_binary(b, IR_OR, low, high);
}

bool riscv_trans_brev8(RiscvTranslate *t, const RiscvArgR2 *a)
{
    IrValue v = riscv_get_x(t, a->rs1);

    v = swap_bits(t, v, 1, 0x5555555555555555);
    v = swap_bits(t, v, 2, 0x3333333333333333);
    v = swap_bits(t, v, 4, 0x0f0f0f0f0f0f0f0f);
    riscv_put_x(t, a->rd, riscv_narrow(t, v));
    return true;
}

/* Zbb orc.b: every byte that is not zero becomes 255 */
bool riscv_trans_orc_b(RiscvTranslate *t, const RiscvArgR2 *a)
{
    const uint64_t low7 = 0x7f7f7f7f7f7f7f7f;
    IrBuilder *b = t->ir;
    IrValue x = riscv_get_x(t, a->rs1), v, mask = ir_i64(b, low7);

    /* bit 7 of each byte of v: the byte is not zero */
    v = ir_binary(b, IR_ADD, ir_binary(b, IR_AND, x, mask), mask);
    v = ir_binary(b, IR_ANDN, ir_binary(b, IR_OR, v, x), mask);
    /* 0x80 - 0x01 + 0x80 */
    x = ir_binary(b, IR_SUB, v, ir_binary(b, IR_SHR, v, ir_i64(b, 7)));
    riscv_put_x(t, a->rd, riscv_narrow(t, ir_binary(b, IR_OR, x, v)));
    return true;
}

static bool put_single_bit(RiscvTranslate *t, const RiscvArgR *a, IrValue index)
{
    IrBuilder *b = t->ir;
    IrValue x = riscv_get_x(t, a->rs1), one = ir_i64(b, 1), bit;

    index = ir_binary(b, IR_AND, index, ir_i64(b, t->xlen - 1));
    if (a->op == 1) {
        x = ir_binary(b, IR_AND, ir_binary(b, IR_SHR, x, index), one);
        riscv_put_x(t, a->rd, x);
        return true;
    }
    bit = ir_binary(b, IR_SHL, one, index);
    x = ir_binary(b, a->op == 0 ? IR_ANDN : a->op == 2 ? IR_XOR : IR_OR, x, bit);
    riscv_put_x(t, a->rd, riscv_narrow(t, x));
    return true;
}

bool riscv_trans_single_bit(RiscvTranslate *t, const RiscvArgR *a)
{
    return put_single_bit(t, a, riscv_get_x(t, a->rs2));
}

bool riscv_trans_single_bit_imm(RiscvTranslate *t, const RiscvArgI *a)
{
    const RiscvArgR r = { .rd = a->rd, .rs1 = a->rs1, .op = a->op };

    return a->imm < t->xlen && put_single_bit(t, &r, ir_i64(t->ir, a->imm));
}

bool riscv_trans_bits1(RiscvTranslate *t, const RiscvArgR2 *a)
{
    IrValue v = riscv_call(t, HELPER_bits1, ir_i64(t->ir, a->op), riscv_get_x(t, a->rs1), 0, 0);

    riscv_put_x(t, a->rd, v);
    return true;
}

bool riscv_trans_bits2(RiscvTranslate *t, const RiscvArgR *a)
{
    riscv_put_x(t, a->rd,
                riscv_call(t, HELPER_bits2, ir_i64(t->ir, a->op), riscv_get_x(t, a->rs1),
                           riscv_get_x(t, a->rs2), 0));
    return true;
}

bool riscv_trans_aes64ks1i(RiscvTranslate *t, const RiscvArgI *a)
{
    enum { MAX_ROUND = 10 };

    if (a->imm > MAX_ROUND) {
        return false;
    }
    riscv_put_x(
        t, a->rd,
        riscv_call(t, HELPER_aes64ks1i, riscv_get_x(t, a->rs1), ir_i64(t->ir, a->imm), 0, 0));
    return true;
}

/* @flags: bit 0 decrypt, bit 1 middle round */
static bool aes32(RiscvTranslate *t, const RiscvArgR *a, unsigned flags)
{
    riscv_put_x(t, a->rd,
                riscv_call(t, HELPER_aes32, ir_i64(t->ir, flags | a->op << 2),
                           riscv_get_x(t, a->rs1), riscv_get_x(t, a->rs2), 0));
    return true;
}

bool riscv_trans_aes32esi(RiscvTranslate *t, const RiscvArgR *a)
{
    return aes32(t, a, 0);
}

bool riscv_trans_aes32esmi(RiscvTranslate *t, const RiscvArgR *a)
{
    return aes32(t, a, 2);
}

bool riscv_trans_aes32dsi(RiscvTranslate *t, const RiscvArgR *a)
{
    return aes32(t, a, 1);
}

bool riscv_trans_aes32dsmi(RiscvTranslate *t, const RiscvArgR *a)
{
    return aes32(t, a, 3);
}

bool riscv_trans_czero(RiscvTranslate *t, const RiscvArgR *a)
{
    IrValue zero = ir_i64(t->ir, 0);
    IrValue x = riscv_get_x(t, a->rs1), y = riscv_get_x(t, a->rs2);

    riscv_put_x(t, a->rd, ir_select(t->ir, a->op, y, zero, zero, x));
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A, Zacas, Zawrs. Spec: unprivileged ISA, ch. 13, 14.
 *
 * lr remembers address and value; sc is a compare-and-swap with that value. A store of the same
 * value in between goes unnoticed, as in every emulator that has no hook in stores. Orderings are
 * those of the host's locked operations.
 */
#include "target/riscv/riscv_decode.h"
#include "target/riscv/translate_internal.h"

/* A and Zacas demand natural alignment (13.2, 13.4). */
static IrMem atomic_mem(const RiscvTranslate *t, unsigned size_log2)
{
    IrMem mem = riscv_mem(t, size_log2, size_log2 == 2);

    mem.align = 1;
    return mem;
}

static IrValue atomic_address(RiscvTranslate *t, unsigned rs1)
{
    int64_t offset = 0;

    return riscv_address(t, rs1, &offset);
}

bool riscv_trans_lr(RiscvTranslate *t, const RiscvArgAmo *a)
{
    IrValue address = atomic_address(t, a->rs1), v;
    IrMem mem = atomic_mem(t, a->size);

    mem.acquire = 1;
    v = ir_load(t->ir, IR_I64, mem, address, 0);
    ir_put(t->ir, SLOT_RESERVED_ADDRESS, address);
    ir_put(t->ir, SLOT_RESERVED_VALUE, v);
    riscv_put_x(t, a->rd, v);
    return true;
}

bool riscv_trans_sc(RiscvTranslate *t, const RiscvArgAmo *a)
{
    IrBuilder *b = t->ir;
    uint32_t failed = ir_new_label(b), done = ir_new_label(b);
    IrValue address = atomic_address(t, a->rs1), expected, old;

    ir_brcond(b, IR_NE, address, ir_get(b, SLOT_RESERVED_ADDRESS), failed);
    expected = ir_get(b, SLOT_RESERVED_VALUE);
    old = ir_cas(b, IR_I64, atomic_mem(t, a->size), address, expected, riscv_get_x(t, a->rs2));
    riscv_put_x(t, a->rd, ir_setcond(b, IR_I64, IR_NE, old, expected));
    ir_br(b, done);

    ir_label(b, failed);
    riscv_call(t, HELPER_sc_fail, atomic_address(t, a->rs1), ir_i64(b, 1u << a->size), 0, 0);
    riscv_put_x(t, a->rd, ir_i64(b, 1));

    ir_label(b, done);
    ir_put(b, SLOT_RESERVED_ADDRESS, ir_i64(b, RISCV_NOT_RESERVED));
    return true;
}

bool riscv_trans_amo(RiscvTranslate *t, const RiscvArgAmo *a)
{
    IrBuilder *b = t->ir;
    IrValue address = atomic_address(t, a->rs1), operand = riscv_get_x(t, a->rs2), v;
    IrMem mem = atomic_mem(t, a->size);

    if (a->size > 2 && t->xlen == 32) {
        return false;
    }
    if (a->size == 2) {
        operand = ir_convert(b, IR_TRUNC, IR_I32, operand, 0);
        v = ir_atomic(b, IR_I32, a->op, mem, address, operand);
        v = ir_convert(b, IR_SEXT32, IR_I64, v, 0);
    } else {
        v = ir_atomic(b, IR_I64, a->op, mem, address, operand);
    }
    riscv_put_x(t, a->rd, v);
    return true;
}

/* A register pair of a 32-bit hart; x0 gives 0 for both halves. */
static IrValue get_pair(RiscvTranslate *t, unsigned reg)
{
    IrBuilder *b = t->ir;
    IrValue low, high;

    if (!reg) {
        return ir_i64(b, 0);
    }
    low = ir_convert(b, IR_ZEXT32, IR_I64, riscv_get_x(t, reg), 0);
    high = ir_binary(b, IR_SHL, riscv_get_x(t, reg + 1), ir_i64(b, 32));
    return ir_binary(b, IR_OR, low, high);
}

static void put_pair(RiscvTranslate *t, unsigned reg, IrValue v)
{
    if (reg) {
        riscv_put_x(t, reg, riscv_narrow(t, v));
        riscv_put_x(t, reg + 1, ir_binary(t->ir, IR_SAR, v, ir_i64(t->ir, 32)));
    }
}

bool riscv_trans_amocas(RiscvTranslate *t, const RiscvArgAmo *a)
{
    bool pair = a->size == 3 && t->xlen == 32;
    IrValue address, expected, desired, old;

    if (pair && (a->rd & 1 || a->rs2 & 1)) {
        return false; /* 14.1: pairs start at even registers */
    }
    address = atomic_address(t, a->rs1);
    expected = pair ? get_pair(t, a->rd) : riscv_get_x(t, a->rd);
    desired = pair ? get_pair(t, a->rs2) : riscv_get_x(t, a->rs2);
    old = ir_cas(t->ir, IR_I64, atomic_mem(t, a->size), address, expected, desired);
    if (pair) {
        put_pair(t, a->rd, old);
    } else {
        riscv_put_x(t, a->rd, old);
    }
    return true;
}

bool riscv_trans_amocas_q(RiscvTranslate *t, const RiscvArgAmo *a)
{
    IrBuilder *b = t->ir;

    if (a->rd & 1 || a->rs2 & 1) {
        return false;
    }
    riscv_call(t, HELPER_cas128, atomic_address(t, a->rs1), ir_i64(b, a->rd | a->rs2 << 8),
               ir_i64(b, t->context.bank), 0);
    return true;
}

/* Waiting may end at once for any reason; a pause lets the other thread run. */
bool riscv_trans_wrs(RiscvTranslate *t, const RiscvArgNone *a)
{
    riscv_call(t, HELPER_wrs, ir_i64(t->ir, t->insn), 0, 0, 0);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String instructions. Single ones are loads and stores; repeated ones are a helper (string.c) that
 * does as much as it likes and then is called again, so that interrupts get in. Spec: SDM vol. 2,
 * REP; vol. 1, 7.3.9.
 */
#include "target/x86/opcodes_internal.h"
#include "target/x86/string_internal.h"
#include "target/x86/translate_internal.h"

/* Linear address in @reg */
static X86Address string_address(X86Translate *t, unsigned segment, unsigned reg, unsigned bytes,
                                 bool write)
{
    IrValue offset = x86_zext64(t, x86_gpr(t, reg, t->insn.address_bytes));

    return x86_linear(t, segment, offset, bytes, write);
}

/* Plus or minus @bytes by DF, as I64 */
static IrValue string_step(X86Translate *t, unsigned bytes)
{
    IrBuilder *ir = t->ir;
    unsigned df_bit = 10, twice = __builtin_ctz(bytes) + 1;
    IrValue df = ir_binary(ir, IR_AND, ir_get(ir, SLOT_FLAGS_OTHER), ir_i64(ir, RFLAGS_DF));

    df = ir_binary(ir, IR_SHR, df, ir_i64(ir, df_bit - twice));
    return ir_binary(ir, IR_SUB, ir_i64(ir, bytes), df);
}

static void advance(X86Translate *t, unsigned reg, IrValue step)
{
    unsigned bytes = t->insn.address_bytes;
    IrValue v = ir_binary(t->ir, IR_ADD, ir_get(t->ir, SLOT_R + reg), step);

    x86_put_gpr(t, reg, bytes, v);
}

static void compare(X86Translate *t, unsigned bytes, IrValue a, IrValue b)
{
    x86_put_flags_cmp(t, bytes, a, b);
}

static void once(X86Translate *t, X86StringOp op, unsigned bytes)
{
    bool source = op == X86_MOVS || op == X86_CMPS || op == X86_LODS;
    bool destination = op != X86_LODS;
    IrValue step = string_step(t, bytes), a = 0, b = 0;
    X86Address at = { 0 };

    if (source) {
        at = string_address(t, t->insn.memory.segment, X86_RSI, bytes, false);
        a = x86_load(t, at, bytes);
    } else {
        a = x86_gpr(t, X86_RAX, bytes);
    }
    if (destination) {
        bool write = op == X86_MOVS || op == X86_STOS;
        at = string_address(t, X86_ES, X86_RDI, bytes, write);
        if (write) {
            x86_store(t, at, bytes, a);
        } else {
            b = x86_load(t, at, bytes);
        }
        advance(t, X86_RDI, step);
    }
    if (source) {
        advance(t, X86_RSI, step);
    }
    if (op == X86_LODS) {
        x86_put_gpr(t, X86_RAX, bytes, a);
    } else if (b) {
        compare(t, bytes, a, b);
    }
}

static void repeated(X86Translate *t, X86StringOp op, unsigned bytes, X86Repeat repeat)
{
    IrBuilder *ir = t->ir;
    bool alone = t->mode & (X86_MODE_STEP | X86_MODE_SHADOW);
    uint32_t what =
        op | __builtin_ctz(bytes) << X86_STRING_SIZE_SHIFT |
        t->insn.address_bytes << X86_STRING_ADDRESS_SHIFT | repeat << X86_STRING_REPEAT_SHIFT |
        t->insn.memory.segment << X86_STRING_SEGMENT_SHIFT | t->bank << X86_STRING_BANK_SHIFT |
        (alone || t->region->max_insns == 1 ? X86_STRING_ONCE : 0);
    IrValue done = x86_call(t, HELPER_string, ir_i32(ir, what), 0, 0, 0);

    x86_flags_unknown(t);
    if (alone) {
        IrValue pc = ir_select(ir, IR_NE, done, ir_i64(ir, 0), ir_i64(ir, t->insn.next_pc),
                               ir_i64(ir, t->insn.pc));
        x86_end_indirect(t, pc);
    } else {
        ir_exit_if(ir, IR_EQ, done, ir_i64(ir, 0), t->insn.pc);
    }
}

/* @arg: X86StringOp, and 8 for the operand size instead of bytes */
void x86_translate_string(X86Translate *t, const X86Insn *insn)
{
    X86StringOp op = insn->opcode->arg & 7;
    unsigned bytes = insn->opcode->arg & 8 ? insn->operand_bytes : 1;
    bool compares = op == X86_CMPS || op == X86_SCAS;

    if (insn->prefixes & X86_PREFIX_F3) {
        repeated(t, op, bytes, X86_REPEAT_EQUAL);
    } else if (insn->prefixes & X86_PREFIX_F2) {
        repeated(t, op, bytes, compares ? X86_REPEAT_NOT_EQUAL : X86_REPEAT_EQUAL);
    } else {
        once(t, op, bytes);
    }
}

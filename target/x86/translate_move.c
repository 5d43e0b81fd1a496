/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves, exchanges, the stack. Spec: SDM vol. 2, the instructions. */
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"

void x86_translate_mov(X86Translate *t, const X86Insn *insn)
{
    x86_write(t, 0, x86_read(t, 1));
}

void x86_translate_movzx(X86Translate *t, const X86Insn *insn)
{
    x86_write(t, 0, x86_cut(t, insn->operand[0].bytes, x86_read(t, 1)));
}

void x86_translate_movsx(X86Translate *t, const X86Insn *insn)
{
    unsigned from = insn->operand[1].bytes, to = insn->operand[0].bytes;
    IrValue v;

    if (x86_is_memory(insn, 1)) {
        X86Address at = x86_address(t, from, false);
        IrMem mem = x86_mem(t, from);
        mem.sign = 1;
        v = ir_load(t->ir, x86_type(to), mem, at.base, at.offset);
    } else {
        v = x86_read(t, 1);
        v = to == 8 ? x86_sext64(t, from, v) : x86_sext(t, from, v);
    }
    x86_write(t, 0, v);
}

void x86_translate_movbe(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand[0].bytes, memory = x86_is_memory(insn, 1);
    X86Address at = x86_address(t, bytes, !memory);
    IrMem mem = x86_mem(t, bytes);

    mem.big_endian = 1;
    if (memory) {
        x86_write(t, 0, ir_load(t->ir, x86_type(bytes), mem, at.base, at.offset));
    } else {
        ir_store(t->ir, mem, at.base, at.offset, x86_read(t, 1));
    }
}

void x86_translate_lea(X86Translate *t, const X86Insn *insn)
{
    x86_write(t, 0, x86_effective_address(t));
}

void x86_translate_bswap(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand[0].bytes;

    if (bytes == 2) {
        x86_write(t, 0, x86_const(t, 2, 0)); /* undefined; processors clear it */
    } else {
        x86_write(t, 0, ir_unary(t->ir, IR_BSWAP, x86_read(t, 0)));
    }
}

/* CBW CWDE CDQE */
void x86_translate_cbw(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand_bytes;
    IrValue v = x86_gpr(t, X86_RAX, bytes / 2);

    x86_put_gpr(t, X86_RAX, bytes, bytes == 8 ? x86_sext64(t, 4, v) : x86_sext(t, bytes / 2, v));
}

/* CWD CDQ CQO */
void x86_translate_cwd(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand_bytes;
    IrValue v = x86_sext(t, bytes, x86_gpr(t, X86_RAX, bytes));

    v = ir_binary(t->ir, IR_SAR, v, x86_const(t, bytes, bytes == 8 ? 63 : 31));
    x86_put_gpr(t, X86_RDX, bytes, v);
}

void x86_translate_xlat(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->address_bytes;
    IrValue v = ir_binary(t->ir, IR_ADD, ir_get(t->ir, SLOT_R + X86_RBX),
                          x86_zext64(t, x86_gpr(t, X86_RAX, 1)));
    X86Address at =
        x86_linear(t, insn->memory.segment, x86_zext64(t, x86_cut(t, bytes, v)), 1, false);

    x86_put_gpr(t, X86_RAX, 1, x86_load(t, at, 1));
}

/* Exchanges with memory always lock. */
void x86_translate_xchg(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand[0].bytes;
    IrValue b = x86_read(t, 1), a;

    if (x86_is_memory(insn, 0)) {
        X86Address at = x86_address(t, bytes, true);
        a = ir_atomic(t->ir, x86_type(bytes), IR_ATOMIC_SWAP, x86_mem(t, bytes),
                      x86_address_value(t, at), b);
    } else {
        a = x86_read(t, 0);
        x86_write(t, 0, b);
    }
    x86_write(t, 1, a);
}

void x86_translate_xchg_rax(X86Translate *t, const X86Insn *insn)
{
    IrValue a = x86_read(t, 0), b = x86_read(t, 1);

    if (insn->operand[1].reg != X86_RAX) { /* 90 does nothing, not even to the upper half */
        x86_write(t, 0, b);
        x86_write(t, 1, a);
    }
}

void x86_translate_xadd(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes;
    IrValue b = x86_read(t, 1), a, sum;
    X86Address at = { 0 };

    if (insn->prefixes & X86_PREFIX_LOCK) {
        at = x86_address(t, bytes, true);
        a = ir_atomic(ir, x86_type(bytes), IR_ATOMIC_ADD, x86_mem(t, bytes),
                      x86_address_value(t, at), b);
        sum = x86_cut(t, bytes, ir_binary(ir, IR_ADD, a, b));
        x86_write(t, 1, a);
    } else {
        a = x86_read_modify(t, 0, &at);
        sum = x86_cut(t, bytes, ir_binary(ir, IR_ADD, a, b));
        if (x86_is_memory(insn, 0)) {
            x86_store(t, at, bytes, sum);
            x86_write(t, 1, a);
        } else {
            x86_write(t, 1, a);
            x86_write(t, 0, sum); /* wins if both are the same register */
        }
    }
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_ADD, bytes), a, b, sum, 0);
}

/* rAX was @seen instead of @expected: it keeps its upper half when they are equal. */
static void put_seen(X86Translate *t, unsigned bytes, IrValue seen, IrValue expected)
{
    IrBuilder *ir = t->ir;
    IrValue old = ir_get(ir, SLOT_R + X86_RAX);

    if (bytes == 4) {
        ir_put(ir, SLOT_R + X86_RAX,
               ir_select(ir, IR_EQ, seen, expected, old, x86_zext64(t, seen)));
    } else {
        x86_put_gpr(t, X86_RAX, bytes, seen);
    }
}

/* The destination is a register: written, even with its own value, only if rAX was equal. */
static IrValue compare_register(X86Translate *t, unsigned bytes, IrValue expected, IrValue desired)
{
    IrBuilder *ir = t->ir;
    const X86Operand *o = &t->insn.operand[0];
    IrValue seen = x86_read(t, 0);

    if (bytes == 4) {
        IrValue old = ir_get(ir, SLOT_R + o->reg);
        IrValue v = ir_select(ir, IR_EQ, seen, expected, x86_zext64(t, desired), old);
        put_seen(t, bytes, seen, expected);
        ir_put(ir, SLOT_R + o->reg, v);
    } else {
        IrValue v = ir_select(ir, IR_EQ, seen, expected, desired, seen);
        put_seen(t, bytes, seen, expected);
        x86_write(t, 0, v);
    }
    return seen;
}

void x86_translate_cmpxchg(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes;
    IrValue desired = x86_read(t, 1), expected = x86_gpr(t, X86_RAX, bytes), seen;

    if (x86_is_memory(insn, 0)) {
        X86Address at = x86_address(t, bytes, true);
        seen = ir_cas(ir, x86_type(bytes), x86_mem(t, bytes), x86_address_value(t, at), expected,
                      desired);
        put_seen(t, bytes, seen, expected);
    } else {
        seen = compare_register(t, bytes, expected, desired);
    }
    x86_put_flags_cmp(t, bytes, expected, seen);
}

static IrValue pair(X86Translate *t, unsigned low, unsigned high)
{
    IrBuilder *ir = t->ir;
    IrValue v = ir_binary(ir, IR_SHL, ir_get(ir, SLOT_R + high), ir_i64(ir, 32));

    return ir_binary(ir, IR_OR, v, x86_zext64(t, x86_gpr(t, low, 4)));
}

static void put_zero_flag(X86Translate *t, IrValue zf)
{
    IrBuilder *ir = t->ir;
    IrValue bits = ir_binary(ir, IR_AND, x86_flags_bits(t), ir_i32(ir, (uint32_t)~RFLAGS_ZF));

    zf = ir_binary(ir, IR_SHL, zf, ir_i32(ir, 6));
    x86_put_flags_bits(t, ir_binary(ir, IR_OR, bits, zf));
}

void x86_translate_cmpxchg8b(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    X86Address at = x86_address(t, 8, true);
    IrValue expected = pair(t, X86_RAX, X86_RDX), desired = pair(t, X86_RBX, X86_RCX);
    IrValue seen = ir_cas(ir, IR_I64, x86_mem(t, 8), x86_address_value(t, at), expected, desired);
    IrValue rax = ir_get(ir, SLOT_R + X86_RAX), rdx = ir_get(ir, SLOT_R + X86_RDX);
    IrValue low = x86_zext64(t, x86_cut(t, 4, seen));
    IrValue high = ir_binary(ir, IR_SHR, seen, ir_i64(ir, 32));

    ir_put(ir, SLOT_R + X86_RAX, ir_select(ir, IR_EQ, seen, expected, rax, low));
    ir_put(ir, SLOT_R + X86_RDX, ir_select(ir, IR_EQ, seen, expected, rdx, high));
    put_zero_flag(t, ir_setcond(ir, IR_I32, IR_EQ, seen, expected));
}

void x86_translate_cmpxchg16b(X86Translate *t, const X86Insn *insn)
{
    IrValue at = x86_address_value(t, x86_address(t, 16, true));

    x86_call(t, HELPER_cmpxchg16b, at, ir_i32(t->ir, t->bank), 0, 0);
    x86_flags_unknown(t);
}

/* The stack */

void x86_translate_push(X86Translate *t, const X86Insn *insn)
{
    x86_push(t, insn->operand_bytes, x86_read(t, 0));
}

/* POP to memory: its address is made from RSP as it is afterwards, and it may fault. */
void x86_translate_pop(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand_bytes;
    IrValue old, moved, v;
    X86Address at;

    if (!x86_is_memory(insn, 0)) {
        v = x86_pop(t, bytes);
        x86_write(t, 0, v);
        return;
    }
    old = ir_get(ir, SLOT_R + X86_RSP);
    v = x86_pop(t, bytes);
    moved = ir_get(ir, SLOT_R + X86_RSP);
    if (x86_code64(t)) {
        at = x86_address(t, bytes, true);
        ir_put(ir, SLOT_R + X86_RSP, old);
    } else { /* the address by the new ESP, a fault with the old one */
        IrValue offset = x86_effective_address(t);
        ir_put(ir, SLOT_R + X86_RSP, old);
        at = x86_linear(t, insn->memory.segment, offset, bytes, true);
    }
    x86_store(t, at, bytes, v);
    ir_put(ir, SLOT_R + X86_RSP, moved);
}

void x86_translate_pusha(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand_bytes;

    for (unsigned reg = 0; reg < 8; reg++) {
        int64_t offset = -(int64_t)(reg + 1) * bytes;
        x86_store(t, x86_stack(t, offset, bytes, true), bytes, x86_gpr(t, reg, bytes));
    }
    x86_stack_move(t, -8 * (int64_t)bytes);
}

void x86_translate_popa(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand_bytes;
    IrValue v[8];

    for (unsigned reg = 0; reg < 8; reg++) {
        v[reg] = x86_load(t, x86_stack(t, (int64_t)(7 - reg) * bytes, bytes, false), bytes);
    }
    for (unsigned reg = 0; reg < 8; reg++) {
        if (reg != X86_RSP) {
            x86_put_gpr(t, reg, bytes, v[reg]);
        }
    }
    x86_stack_move(t, 8 * (int64_t)bytes);
}

/* Linear address of the stack at a register's value */
static X86Address stack_at(X86Translate *t, unsigned reg, unsigned bytes)
{
    IrValue offset = x86_zext64(t, x86_gpr(t, reg, x86_stack_bytes(t)));

    return x86_linear(t, X86_SS, offset, bytes, false);
}

void x86_translate_leave(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand_bytes, width = x86_stack_bytes(t);
    IrValue v = x86_load(t, stack_at(t, X86_RBP, bytes), bytes);
    IrValue sp = x86_gpr(t, X86_RBP, width);

    sp = ir_binary(t->ir, IR_ADD, sp, ir_const(t->ir, x86_type(width), bytes));
    x86_put_gpr(t, X86_RSP, width, sp);
    x86_put_gpr(t, X86_RBP, bytes, v);
}

void x86_translate_enter(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand_bytes, width = x86_stack_bytes(t);
    uint16_t size = insn->operand[0].imm;
    unsigned level = insn->operand[1].imm & 31;

    x86_call(t, HELPER_enter, ir_i32(ir, bytes | width << 8), ir_i32(ir, size | level << 16), 0, 0);
}

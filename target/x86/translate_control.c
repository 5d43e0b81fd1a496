/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Near transfers of control, conditions, the flags register. Spec: SDM vol. 2, the instructions. */
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"

static uint64_t relative_target(const X86Translate *t)
{
    return x86_code_address(t, x86_next_ip(t) + t->insn.imm, t->insn.operand_bytes);
}

/* The fault is the branch's. (That of a conditional one within 64 KiB comes at its target, as what
 * limits 16-bit code is mostly 64 KiB: x86_walk().) */
static void check_relative_target(X86Translate *t)
{
    if (t->mode & X86_MODE_LIMITS) {
        x86_call(t, HELPER_check_fetch,
                 ir_i32(t->ir, (uint32_t)(relative_target(t) - t->code_base)), 0, 0, 0);
    }
}

void x86_translate_jmp(X86Translate *t, const X86Insn *insn)
{
    check_relative_target(t);
    x86_end_goto(t, relative_target(t));
}

void x86_translate_jcc(X86Translate *t, const X86Insn *insn)
{
    X86Condition c = x86_condition(t, insn->opcode->arg);
    uint64_t target = relative_target(t);
    uint32_t ip = target - t->code_base;

    if (t->mode & X86_MODE_LIMITS && ip > UINT16_MAX) {
        IrValue wanted = ir_select(t->ir, c.cond, c.a, c.c, ir_i64(t->ir, ip), ir_i64(t->ir, 0));
        x86_call(t, HELPER_check_fetch, x86_cut(t, 4, wanted), 0, 0, 0);
    }
    x86_branch(t, c, target);
}

void x86_translate_setcc(X86Translate *t, const X86Insn *insn)
{
    X86Condition c = x86_condition(t, insn->opcode->arg);

    x86_write(t, 0, ir_setcond(t->ir, IR_I32, c.cond, c.a, c.c));
}

/* The source is read, and the upper half cleared, in any case. */
void x86_translate_cmovcc(X86Translate *t, const X86Insn *insn)
{
    IrValue b = x86_read(t, 1), a = x86_read(t, 0);
    X86Condition c = x86_condition(t, insn->opcode->arg);

    x86_write(t, 0, ir_select(t->ir, c.cond, c.a, c.c, b, a));
}

static void push_next(X86Translate *t)
{
    x86_push(t, t->insn.operand_bytes, x86_const(t, t->insn.operand_bytes, x86_next_ip(t)));
}

void x86_translate_call(X86Translate *t, const X86Insn *insn)
{
    check_relative_target(t);
    push_next(t);
    x86_end_goto(t, relative_target(t));
}

void x86_translate_call_indirect(X86Translate *t, const X86Insn *insn)
{
    IrValue target = x86_code_address_value(t, x86_read(t, 0), insn->operand_bytes);

    push_next(t);
    x86_end_indirect(t, target);
}

void x86_translate_jmp_indirect(X86Translate *t, const X86Insn *insn)
{
    x86_end_indirect(t, x86_code_address_value(t, x86_read(t, 0), insn->operand_bytes));
}

void x86_translate_ret(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand_bytes;
    IrValue ip = x86_load(t, x86_stack(t, 0, bytes, false), bytes);
    IrValue target = x86_code_address_value(t, ip, bytes);

    x86_stack_move(t, bytes + (insn->operand[0].kind == X86_IMMEDIATE ? insn->imm : 0));
    x86_end_indirect(t, target);
}

/* LOOPNE LOOPE LOOP JRCXZ */
void x86_translate_loop(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned kind = insn->opcode->arg, bytes = insn->address_bytes;
    IrValue count = x86_gpr(t, X86_RCX, bytes), zero = x86_const(t, bytes, 0);
    X86Condition c;

    if (kind == 3) {
        x86_branch(t, (X86Condition){ IR_EQ, count, zero }, relative_target(t));
        return;
    }
    count =
        x86_cut(t, bytes, ir_binary(ir, IR_ADD, count, ir_const(ir, x86_type(bytes), UINT64_MAX)));
    if (kind == 2) {
        x86_put_gpr(t, X86_RCX, bytes, count);
        x86_branch(t, (X86Condition){ IR_NE, count, zero }, relative_target(t));
        return;
    }
    c = x86_condition(t, 4 | (kind == 0)); /* E, NE */
    c.a = ir_setcond(ir, IR_I32, c.cond, c.a, c.c);
    x86_put_gpr(t, X86_RCX, bytes, count);
    c.a = ir_binary(ir, IR_AND, c.a, ir_setcond(ir, IR_I32, IR_NE, count, zero));
    x86_branch(t, (X86Condition){ IR_NE, c.a, ir_i32(ir, 0) }, relative_target(t));
}

/* The flags register */

/* CLC STC CMC */
void x86_translate_carry(X86Translate *t, const X86Insn *insn)
{
    unsigned kind = insn->opcode->arg;
    IrValue v =
        kind == 2 ? ir_binary(t->ir, IR_XOR, x86_carry(t), ir_i32(t->ir, 1)) : ir_i32(t->ir, kind);

    x86_put_carry(t, v);
}

void x86_translate_direction(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    IrValue v = ir_get(ir, SLOT_FLAGS_OTHER);

    v = insn->opcode->arg ? ir_binary(ir, IR_OR, v, ir_i64(ir, RFLAGS_DF))
                          : ir_binary(ir, IR_AND, v, ir_i64(ir, ~(uint64_t)RFLAGS_DF));
    ir_put(ir, SLOT_FLAGS_OTHER, v);
}

enum { AH_FLAGS = RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF | RFLAGS_CF };

void x86_translate_lahf(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    IrValue v = ir_binary(ir, IR_AND, x86_flags_bits(t), ir_i32(ir, AH_FLAGS));
    IrValue rest = ir_binary(ir, IR_AND, ir_get(ir, SLOT_R + X86_RAX), ir_i64(ir, ~0xff00ull));

    v = ir_binary(ir, IR_OR, v, ir_i32(ir, RFLAGS_ONE));
    v = ir_binary(ir, IR_SHL, x86_zext64(t, v), ir_i64(ir, 8));
    ir_put(ir, SLOT_R + X86_RAX, ir_binary(ir, IR_OR, rest, v));
}

void x86_translate_sahf(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    IrValue v = ir_binary(ir, IR_SHR, x86_gpr(t, X86_RAX, 4), ir_i32(ir, 8));
    IrValue of = ir_binary(ir, IR_AND, x86_flags_bits(t), ir_i32(ir, RFLAGS_OF));

    v = ir_binary(ir, IR_AND, v, ir_i32(ir, AH_FLAGS));
    x86_put_flags_bits(t, ir_binary(ir, IR_OR, v, of));
}

static bool vm86_needs_iopl(const X86Translate *t)
{
    return t->mode & X86_MODE_VM86 && (t->mode >> X86_MODE_IOPL_SHIFT & 3) < 3;
}

/* RF and VM are pushed as 0. In virtual-8086 mode with IOPL below 3 a helper decides. */
void x86_translate_pushf(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    uint64_t mask = ~(uint64_t)(RFLAGS_RF | RFLAGS_VM);
    IrValue v;

    if (vm86_needs_iopl(t)) {
        v = x86_call(t, HELPER_pushf_vm86, ir_i32(ir, insn->operand_bytes), 0, 0, 0);
    } else {
        v = ir_binary(ir, IR_OR, ir_get(ir, SLOT_FLAGS_OTHER), x86_zext64(t, x86_flags_bits(t)));
        v = ir_binary(ir, IR_AND, v, ir_i64(ir, mask));
    }
    x86_push(t, insn->operand_bytes, x86_cut(t, insn->operand_bytes, v));
}

void x86_translate_popf(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand_bytes;
    IrValue v = x86_load(t, x86_stack(t, 0, bytes, false), bytes);

    x86_call(t, HELPER_popf, ir_i32(ir, bytes), v, 0, 0);
    x86_flags_unknown(t);
    x86_stack_move(t, bytes);
    x86_end_next(t);
}

/* Whether CLI acts on IF whatever CR4 says */
static bool may_change_if(const X86Translate *t)
{
    unsigned iopl = t->mode >> X86_MODE_IOPL_SHIFT & 3;
    unsigned cpl = t->mode & X86_MODE_VM86 ? 3 : x86_cpl(t);

    return !(t->mode & X86_MODE_PROTECTED) || cpl <= iopl;
}

void x86_translate_cli(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    IrValue v = ir_get(ir, SLOT_FLAGS_OTHER);

    if (may_change_if(t)) {
        ir_put(ir, SLOT_FLAGS_OTHER, ir_binary(ir, IR_AND, v, ir_i64(ir, ~(uint64_t)RFLAGS_IF)));
    } else {
        x86_call(t, HELPER_cli, 0, 0, 0, 0);
    }
}

void x86_translate_sti(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_sti, 0, 0, 0, 0);
    x86_end_next(t);
}

void x86_translate_nop(X86Translate *t, const X86Insn *insn)
{
}

/* With REX.B it is XCHG of R8 all the same. */
void x86_translate_pause(X86Translate *t, const X86Insn *insn)
{
    if (insn->rex & X86_REX_B) {
        x86_translate_xchg_rax(t, insn);
        return;
    }
    x86_call(t, HELPER_pause, 0, 0, 0, 0);
}

void x86_translate_ud(X86Translate *t, const X86Insn *insn)
{
    x86_undefined(t);
}

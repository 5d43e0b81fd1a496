/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x87 instructions and those that save its state. Spec: SDM vol. 2. */
#include "target/x86/fpu.h"
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"

/* CR0.EM, CR0.TS (SDM vol. 3, table 2-2); FWAIT is held back by MP and TS together. */
static bool is_on(X86Translate *t)
{
    if (t->mode & (X86_MODE_EM | X86_MODE_TS)) {
        x86_end_raise(t, X86_NM);
        return false;
    }
    return true;
}

static IrValue code_word(X86Translate *t, const X86Insn *insn)
{
    uint32_t opcode = (insn->byte & 7u) << 8 | insn->modrm;

    return ir_i64(t->ir, opcode | (uint32_t)insn->memory.segment << X87_SEGMENT_SHIFT |
                             (uint32_t)insn->operand_bytes << X87_BYTES_SHIFT |
                             (uint32_t)t->bank << X87_BANK_SHIFT);
}

static IrValue instruction_pointer(X86Translate *t, const X86Insn *insn)
{
    return ir_i64(t->ir, insn->pc - t->code_base);
}

/* Register forms; the operand of FCMOVcc is the flags. */
void x86_translate_x87(X86Translate *t, const X86Insn *insn)
{
    bool conditional = (insn->byte == 0xda || insn->byte == 0xdb) && x86_reg(insn) < 4;

    if (is_on(t)) {
        IrValue flags = conditional ? x86_zext64(t, x86_flags_bits(t)) : ir_i64(t->ir, 0);
        x86_call(t, HELPER_fpu, code_word(t, insn), flags, instruction_pointer(t, insn),
                 ir_i64(t->ir, 0));
    }
}

/* FCOMI, FUCOMI and those that pop */
void x86_translate_x87_flags(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t)) {
        IrValue zero = ir_i64(t->ir, 0);
        IrValue v =
            x86_call(t, HELPER_fpu, code_word(t, insn), zero, instruction_pointer(t, insn), zero);
        x86_put_flags_bits(t, x86_cut(t, 4, v));
    }
}

/* With a memory operand of up to 8 bytes */
void x86_translate_x87_load(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t)) {
        IrValue v = x86_zext64(t, x86_read(t, 0));
        x86_call(t, HELPER_fpu, code_word(t, insn), v, instruction_pointer(t, insn),
                 x86_effective_address(t));
    }
}

/* The helper goes to memory itself; arg: which, row's operand: how many bytes */
void x86_translate_x87_memory(X86Translate *t, const X86Insn *insn)
{
    static const struct {
        X86Helper helper;
        bool write;
    } kinds[] = {
        { HELPER_fpu_load, false },
        { HELPER_fpu_store, true },
        { HELPER_fpu_load_environment, false },
        { HELPER_fpu_store_environment, true },
    };
    unsigned which = insn->opcode->arg;
    bool whole = insn->byte == 0xdd; /* FSAVE, FRSTOR: registers too */
    unsigned bytes = insn->operand[0].bytes;
    IrValue address;

    if (!is_on(t)) {
        return;
    }
    if (which >= 2) {
        bytes = (insn->operand_bytes == 2 ? 14 : 28) + (whole ? 80 : 0);
    }
    address = x86_address_value(t, x86_address(t, bytes, kinds[which].write));
    x86_call(t, kinds[which].helper,
             which < 2 ? code_word(t, insn)
                       : ir_i64(t->ir, (insn->byte & 7) << 8 | (insn->operand_bytes == 2 ? 2 : 4)
                                                                   << X87_BYTES_SHIFT),
             address, instruction_pointer(t, insn), x86_effective_address(t));
}

void x86_translate_fwait(X86Translate *t, const X86Insn *insn)
{
    if (t->mode & X86_MODE_MP && t->mode & X86_MODE_TS) {
        x86_end_raise(t, X86_NM);
    } else {
        x86_call(t, HELPER_fpu_wait, 0, 0, 0, 0);
    }
}

void x86_translate_fldcw(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t)) {
        x86_call(t, HELPER_fpu_set_control, x86_zext64(t, x86_read(t, 0)), 0, 0, 0);
    }
}

void x86_translate_fnstcw(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t)) {
        x86_write(t, 0, x86_call(t, HELPER_fpu_control, 0, 0, 0, 0));
    }
}

void x86_translate_fnstsw(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t)) {
        x86_write(t, 0, x86_call(t, HELPER_fpu_status, 0, 0, 0, 0));
    }
}

/* FNCLEX, FNINIT (arg 1) */
void x86_translate_fpu_clear(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t)) {
        x86_call(t, HELPER_fpu_clear, ir_i64(t->ir, insn->opcode->arg), 0, 0, 0);
    }
}

/* FENI, FDISI, FSETPM: do nothing since the 80387 */
void x86_translate_fnop(X86Translate *t, const X86Insn *insn)
{
    is_on(t);
}

/* FXSAVE, FXRSTOR (arg 1) */
void x86_translate_fxsave(X86Translate *t, const X86Insn *insn)
{
    bool load = insn->opcode->arg;

    if (is_on(t)) {
        IrValue address = x86_address_value(t, x86_address(t, 512, !load));
        x86_call(t, load ? HELPER_fxrstor : HELPER_fxsave, address,
                 ir_i64(t->ir, insn->rex & X86_REX_W ? 1 : 0), 0, 0);
        if (load) {
            x86_end_next(t); /* MXCSR */
        }
    }
}

/* XSAVE...: arg: bit 0: load; 1: compact; 2: supervisor state too */
void x86_translate_xsave(X86Translate *t, const X86Insn *insn)
{
    unsigned arg = insn->opcode->arg;
    bool load = arg & 1;
    IrValue address, mask;

    if (t->mode & X86_MODE_TS) {
        x86_end_raise(t, X86_NM);
        return;
    }
    mask = ir_binary(
        t->ir, IR_OR, x86_zext64(t, x86_gpr(t, X86_RAX, 4)),
        ir_binary(t->ir, IR_SHL, x86_zext64(t, x86_gpr(t, X86_RDX, 4)), ir_i64(t->ir, 32)));
    address = x86_address_value(t, x86_address(t, 576, !load));
    if (t->mode & X86_MODE_LIMITS) { /* the check may have come between */
        mask = ir_binary(
            t->ir, IR_OR, x86_zext64(t, x86_gpr(t, X86_RAX, 4)),
            ir_binary(t->ir, IR_SHL, x86_zext64(t, x86_gpr(t, X86_RDX, 4)), ir_i64(t->ir, 32)));
    }
    x86_call(t, load ? HELPER_xrstor : HELPER_xsave, address,
             ir_i64(t->ir, (insn->rex & X86_REX_W ? 1 : 0) | (arg & ~1u)), mask, 0);
    if (load) {
        x86_end_next(t);
    }
}

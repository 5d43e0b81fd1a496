/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BCD and other instructions that 64-bit code has not. Spec: SDM vol. 2, the instructions. */
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"

void x86_translate_decimal(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_decimal, ir_i32(t->ir, insn->opcode->arg), ir_i32(t->ir, insn->imm), 0, 0);
    x86_flags_unknown(t);
}

/* D6, which only APM vol. 3 lists: AL = CF ? FF : 0 */
void x86_translate_salc(X86Translate *t, const X86Insn *insn)
{
    x86_put_gpr(t, X86_RAX, 1, ir_unary(t->ir, IR_NEG, x86_carry(t)));
}

void x86_translate_bound(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand_bytes;
    X86Address at = x86_address(t, 2 * bytes, false);
    IrValue low = x86_sext64(t, bytes, x86_load(t, at, bytes)), high;

    at.offset += bytes;
    high = x86_sext64(t, bytes, x86_load(t, at, bytes));
    x86_call(t, HELPER_bound, x86_sext64(t, bytes, x86_read(t, 0)), low, high, 0);
}

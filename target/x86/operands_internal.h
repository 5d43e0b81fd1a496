/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, memory and operands as values of the IR (operands.c). */
#pragma once

#include "target/x86/decode.h"
#include "tcg/builder.h"

/*
 * Values. The type of a value of @bytes is I32 up to 4 bytes, I64 for 8; those of 1 and 2 bytes
 * have zeroes above unless stated otherwise.
 */
static inline IrType x86_type(unsigned bytes)
{
    return bytes == 8 ? IR_I64 : IR_I32;
}
IrValue x86_const(X86Translate *t, unsigned bytes, uint64_t value);
/* low @bytes of a value of either type, zeroes above, as a value of @bytes */
IrValue x86_cut(X86Translate *t, unsigned bytes, IrValue v);
/* a value of @bytes, zero- or sign-extended, as I64 */
IrValue x86_zext64(X86Translate *t, IrValue v);
IrValue x86_sext64(X86Translate *t, unsigned bytes, IrValue v);
/* sign-extended within its type */
IrValue x86_sext(X86Translate *t, unsigned bytes, IrValue v);

/* General registers by number. Writing 1 or 2 bytes keeps the rest, 4 bytes clear the upper half;
 * bits of the value above @bytes are ignored. */
IrValue x86_gpr(X86Translate *t, unsigned reg, unsigned bytes);
void x86_put_gpr(X86Translate *t, unsigned reg, unsigned bytes, IrValue v);

/* Linear addresses as memory ops take them */
typedef struct {
    IrValue base;
    int64_t offset;
} X86Address;

/* ModRM's effective address without segment, cut to the address size, as I64 (LEA) */
IrValue x86_effective_address(X86Translate *t);
/*
 * Linear address of @bytes at @offset of @segment. @offset is I64 and not above the address size.
 * With limits: they are checked (a raising helper). Builds this before anything of the instruction
 * is put.
 */
X86Address x86_linear(X86Translate *t, unsigned segment, IrValue offset, unsigned bytes,
                      bool write);
/* of the memory operand */
X86Address x86_address(X86Translate *t, unsigned bytes, bool write);
/* the same as one value */
IrValue x86_address_value(X86Translate *t, X86Address at);
IrMem x86_mem(const X86Translate *t, unsigned bytes); /* 1, 2, 4, 8 */
IrValue x86_load(X86Translate *t, X86Address at, unsigned bytes);
void x86_store(X86Translate *t, X86Address at, unsigned bytes, IrValue v);

/*
 * Operand @k of the instruction: register, memory or immediate of 1 to 8 bytes. A memory operand
 * that is read and then written: x86_address() once, x86_load(), x86_store(); x86_read_modify()
 * does so, keeping the address in *@at for x86_write_back().
 */
IrValue x86_read(X86Translate *t, unsigned k);
void x86_write(X86Translate *t, unsigned k, IrValue v);
IrValue x86_read_modify(X86Translate *t, unsigned k, X86Address *at);
void x86_write_back(X86Translate *t, unsigned k, X86Address at, IrValue v);
static inline bool x86_is_memory(const X86Insn *insn, unsigned k)
{
    return insn->operand[k].kind == X86_MEMORY;
}

/* Stack: @v to the new top, or what is on the top; RSP changes after the access. */
/* linear address of @bytes at RSP + @offset; RSP += @offset */
X86Address x86_stack(X86Translate *t, int64_t offset, unsigned bytes, bool write);
void x86_stack_move(X86Translate *t, int64_t offset);
void x86_push(X86Translate *t, unsigned bytes, IrValue v);
IrValue x86_pop(X86Translate *t, unsigned bytes);

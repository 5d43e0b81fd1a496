/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building IR: one call an op. Operations on constants fold and repeated gets of a slot become one
 * value. Equal computations are deliberately not merged: in tier 1 a longer life costs more than an
 * ALU operation. The builder never fails: a region that grows too long reports ir_full().
 */
#pragma once

#include "tcg/ir.h"

typedef struct {
    IrRegion *region;
    IrValue slot_value[IR_MAX_SLOTS]; /* what a get would return now; 0: not known */
    IrValue recent_const[16];         /* by hash; a constant made since the last label */
} IrBuilder;

/** ir_begin - start an empty region; @region->ops is an arena of IR_MAX_OPS; slots, page_bits...
 * are set by the caller */
void ir_begin(IrBuilder *b, IrRegion *region);

enum { IR_OPS_PER_INSN = 128 };
/** ir_full - no room for another guest instruction (at most 128 ops each): end the region */
static inline bool ir_full(const IrBuilder *b)
{
    return b->region->count + IR_OPS_PER_INSN > IR_MAX_OPS || b->region->insns >= IR_MAX_INSNS ||
           b->region->labels + 8 > IR_MAX_LABELS;
}

static inline IrType ir_type(const IrBuilder *b, IrValue v)
{
    return b->region->ops[v].type;
}
/** ir_constant - true and *@value if @v is known */
static inline bool ir_constant(const IrBuilder *b, IrValue v, uint64_t *value)
{
    const IrOp *op = &b->region->ops[v];

    *value = op->imm;
    return v != 0 && op->op == IR_CONST;
}

IrValue ir_const(IrBuilder *b, IrType type, uint64_t value);
static inline IrValue ir_i64(IrBuilder *b, uint64_t value)
{
    return ir_const(b, IR_I64, value);
}
static inline IrValue ir_i32(IrBuilder *b, uint32_t value)
{
    return ir_const(b, IR_I32, value);
}

IrValue ir_get(IrBuilder *b, unsigned slot);
void ir_put(IrBuilder *b, unsigned slot, IrValue v);

/** ir_unary, ir_binary - any op of ops.def whose result is 'T' or 'F' with that many arguments */
IrValue ir_unary(IrBuilder *b, IrOpcode op, IrValue a);
IrValue ir_binary(IrBuilder *b, IrOpcode op, IrValue a, IrValue c);
/** ir_convert - the one-argument ops whose result type is explicit (SEXT32 TRUNC FCVT FTOI ITOF
 * FBITS BITSF NANBOX UNBOX...) */
IrValue ir_convert(IrBuilder *b, IrOpcode op, IrType type, IrValue a, uint8_t aux);
IrValue ir_divide(IrBuilder *b, IrOpcode op, IrDivRule rule, IrValue a, IrValue c);
IrValue ir_fma(IrBuilder *b, IrValue x, IrValue y, IrValue addend, uint8_t aux);
IrValue ir_fcmp(IrBuilder *b, IrFpCompare kind, IrValue a, IrValue c);
IrValue ir_setcond(IrBuilder *b, IrType type, IrCond cond, IrValue a, IrValue c);
IrValue ir_select(IrBuilder *b, IrCond cond, IrValue a, IrValue c, IrValue if_true,
                  IrValue if_false);

IrValue ir_load(IrBuilder *b, IrType type, IrMem mem, IrValue base, int64_t offset);
void ir_store(IrBuilder *b, IrMem mem, IrValue base, int64_t offset, IrValue v);
void ir_load_vector(IrBuilder *b, IrMem mem, IrValue base, int64_t offset, unsigned slot);
void ir_store_vector(IrBuilder *b, IrMem mem, IrValue base, int64_t offset, unsigned slot);
IrValue ir_atomic(IrBuilder *b, IrType type, IrAtomic kind, IrMem mem, IrValue address,
                  IrValue operand);
IrValue ir_cas(IrBuilder *b, IrType type, IrMem mem, IrValue address, IrValue expected,
               IrValue desired);
void ir_fence(IrBuilder *b, uint8_t kinds);

/** ir_call - up to four arguments; unused ones 0. Returns 0 for a void helper. Forgets the slots
 * the helper writes */
IrValue ir_call(IrBuilder *b, const IrHelper *helper, IrValue a, IrValue c, IrValue d, IrValue e);

void ir_insn(IrBuilder *b, uint64_t pc, uint8_t aux);
uint32_t ir_new_label(IrBuilder *b);
void ir_label(IrBuilder *b, uint32_t label);
void ir_br(IrBuilder *b, uint32_t label);
void ir_brcond(IrBuilder *b, IrCond cond, IrValue a, IrValue c, uint32_t label);
void ir_exit_if(IrBuilder *b, IrCond cond, IrValue a, IrValue c, uint64_t pc);
void ir_goto(IrBuilder *b, uint64_t pc);
void ir_goto_indirect(IrBuilder *b, IrValue pc);
void ir_exit(IrBuilder *b, IrValue pc);

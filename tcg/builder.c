/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/builder.h"

#include <string.h>

#include "tcg/eval.h"
#include "tcg/fold.h"

static IrOp *append(IrBuilder *b, IrOpcode op, IrType type)
{
    IrRegion *region = b->region;
    IrOp *o;

    g_assert(region->count < IR_MAX_OPS);
    o = &region->ops[region->count++];
    *o = (IrOp){ .op = op, .type = type };
    return o;
}

static IrValue value_of(const IrBuilder *b, const IrOp *op)
{
    return op - b->region->ops;
}

static void forget_values(IrBuilder *b)
{
    memset(b->slot_value, 0, b->region->slot_count * sizeof(b->slot_value[0]));
    memset(b->recent_const, 0, sizeof(b->recent_const));
}

void ir_begin(IrBuilder *b, IrRegion *region)
{
    b->region = region;
    region->count = 1;
    region->insns = 0;
    region->labels = 0;
    region->ops[0] = (IrOp){ .op = IR_CONST };
    forget_values(b);
}

IrValue ir_const(IrBuilder *b, IrType type, uint64_t value)
{
    unsigned hash;
    IrValue *recent;
    IrOp *op;

    if (type == IR_I32) {
        value = (uint32_t)value;
    }
    hash = (value ^ value >> 4 ^ value >> 32 ^ type) % G_N_ELEMENTS(b->recent_const);
    recent = &b->recent_const[hash];
    op = &b->region->ops[*recent];
    if (*recent && op->imm == value && op->type == type) {
        return *recent;
    }
    op = append(b, IR_CONST, type);
    op->imm = value;
    *recent = value_of(b, op);
    return *recent;
}

IrValue ir_get(IrBuilder *b, unsigned slot)
{
    if (!b->slot_value[slot]) {
        IrOp *op = append(b, IR_GET, b->region->slots[slot].type);
        op->imm = slot;
        b->slot_value[slot] = value_of(b, op);
    }
    return b->slot_value[slot];
}

void ir_put(IrBuilder *b, unsigned slot, IrValue v)
{
    IrOp *op;

    if (b->slot_value[slot] == v) {
        return;
    }
    op = append(b, IR_PUT, IR_VOID);
    op->imm = slot;
    op->arg[0] = v;
    b->slot_value[slot] = v;
}

static IrValue emit(IrBuilder *b, IrOpcode op, IrType type, uint8_t aux, IrValue a, IrValue c)
{
    IrOp *o = append(b, op, type);

    o->aux = aux;
    o->arg[0] = a;
    o->arg[1] = c;
    return value_of(b, o);
}

/* An op that may fold: every PURE integer op of one or two arguments. */
static IrValue fold_or_emit(IrBuilder *b, IrOpcode op, IrType type, uint8_t aux, IrValue a,
                            IrValue c)
{
    const IrOp *ops = b->region->ops;

    if (ops[a].op == IR_CONST || ops[c].op == IR_CONST || a == c) { /* c 0: op 0 is one */
        IrValue v = ir_fold(b, &op, type, aux, &a, &c);
        if (v) {
            return v;
        }
    }
    return emit(b, op, type, aux, a, c);
}

IrValue ir_unary(IrBuilder *b, IrOpcode op, IrValue a)
{
    if (ir_op_info[op].result == 'F') {
        return emit(b, op, ir_type(b, a), 0, a, 0);
    }
    return fold_or_emit(b, op, ir_type(b, a), 0, a, 0);
}

IrValue ir_binary(IrBuilder *b, IrOpcode op, IrValue a, IrValue c)
{
    if (ir_op_info[op].result == 'F') {
        return emit(b, op, ir_type(b, a), 0, a, c);
    }
    return fold_or_emit(b, op, ir_type(b, a), 0, a, c);
}

IrValue ir_convert(IrBuilder *b, IrOpcode op, IrType type, IrValue a, uint8_t aux)
{
    const IrOp *inner = &b->region->ops[a];

    if (op == IR_SEXT32 || op == IR_ZEXT32 || op == IR_TRUNC) {
        return fold_or_emit(b, op, type, aux, a, 0);
    }
    if ((op == IR_UNBOX && inner->op == IR_NANBOX) || (op == IR_FBITS && inner->op == IR_BITSF) ||
        (op == IR_BITSF && inner->op == IR_FBITS)) {
        return inner->arg[0];
    }
    return emit(b, op, type, aux, a, 0);
}

IrValue ir_divide(IrBuilder *b, IrOpcode op, IrDivRule rule, IrValue a, IrValue c)
{
    return fold_or_emit(b, op, ir_type(b, a), rule, a, c);
}

IrValue ir_fma(IrBuilder *b, IrValue x, IrValue y, IrValue addend, uint8_t aux)
{
    IrValue v = emit(b, IR_FMA, ir_type(b, x), aux, x, y);

    b->region->ops[v].arg[2] = addend;
    return v;
}

IrValue ir_fcmp(IrBuilder *b, IrFpCompare kind, IrValue a, IrValue c)
{
    return emit(b, IR_FCMP, IR_I64, kind, a, c);
}

/* The same condition with its operands exchanged. */
static IrCond swap_cond(IrCond cond)
{
    static const uint8_t swapped[IR_COND_COUNT] = {
        [IR_EQ] = IR_EQ,   [IR_NE] = IR_NE,   [IR_LT] = IR_GT,       [IR_GE] = IR_LE,
        [IR_LE] = IR_GE,   [IR_GT] = IR_LT,   [IR_LTU] = IR_GTU,     [IR_GEU] = IR_LEU,
        [IR_LEU] = IR_GEU, [IR_GTU] = IR_LTU, [IR_TSTEQ] = IR_TSTEQ, [IR_TSTNE] = IR_TSTNE,
    };

    return swapped[cond];
}

/* Constants go to the right. Returns 0 or 1 when the outcome is known, else -1. */
static int fold_cond(const IrBuilder *b, IrCond *cond, IrValue *a, IrValue *c)
{
    uint64_t ca = 0, cc = 0;
    bool left = ir_constant(b, *a, &ca);
    bool right = ir_constant(b, *c, &cc);

    if (left && right) {
        return ir_eval_cond(*cond, ir_type(b, *a), ca, cc);
    }
    if (*a == *c && *cond < IR_TSTEQ) {
        return *cond == IR_EQ || *cond == IR_GE || *cond == IR_LE || *cond == IR_GEU ||
               *cond == IR_LEU;
    }
    if (left) {
        IrValue swap = *a;
        *a = *c;
        *c = swap;
        *cond = swap_cond(*cond);
    }
    return -1;
}

IrValue ir_setcond(IrBuilder *b, IrType type, IrCond cond, IrValue a, IrValue c)
{
    int known = fold_cond(b, &cond, &a, &c);

    return known >= 0 ? ir_const(b, type, known) : emit(b, IR_SETCOND, type, cond, a, c);
}

IrValue ir_select(IrBuilder *b, IrCond cond, IrValue a, IrValue c, IrValue if_true,
                  IrValue if_false)
{
    int known = fold_cond(b, &cond, &a, &c);
    IrValue v;

    if (known >= 0 || if_true == if_false) {
        return known ? if_true : if_false;
    }
    v = emit(b, IR_SELECT, ir_type(b, if_true), cond, a, c);
    b->region->ops[v].arg[2] = if_true;
    b->region->ops[v].arg[3] = if_false;
    return v;
}

static IrOp *emit_memory(IrBuilder *b, IrOpcode op, IrType type, IrMem mem, IrValue base,
                         int64_t offset)
{
    IrOp *o = append(b, op, type);

    o->mem = mem;
    o->arg[0] = base;
    o->imm = offset;
    return o;
}

IrValue ir_load(IrBuilder *b, IrType type, IrMem mem, IrValue base, int64_t offset)
{
    return value_of(b, emit_memory(b, IR_LOAD, type, mem, base, offset));
}

void ir_store(IrBuilder *b, IrMem mem, IrValue base, int64_t offset, IrValue v)
{
    emit_memory(b, IR_STORE, IR_VOID, mem, base, offset)->arg[1] = v;
}

void ir_load_vector(IrBuilder *b, IrMem mem, IrValue base, int64_t offset, unsigned slot)
{
    emit_memory(b, IR_LOADV, IR_VOID, mem, base, offset)->aux = slot;
    for (unsigned i = 0; i < 4; i++) {
        b->slot_value[slot + i] = 0;
    }
}

void ir_store_vector(IrBuilder *b, IrMem mem, IrValue base, int64_t offset, unsigned slot)
{
    emit_memory(b, IR_STOREV, IR_VOID, mem, base, offset)->aux = slot;
}

IrValue ir_atomic(IrBuilder *b, IrType type, IrAtomic kind, IrMem mem, IrValue address,
                  IrValue operand)
{
    IrOp *o = emit_memory(b, IR_ATOMIC, type, mem, address, 0);

    o->aux = kind;
    o->arg[1] = operand;
    return value_of(b, o);
}

IrValue ir_cas(IrBuilder *b, IrType type, IrMem mem, IrValue address, IrValue expected,
               IrValue desired)
{
    IrOp *o = emit_memory(b, IR_CAS, type, mem, address, 0);

    o->arg[1] = expected;
    o->arg[2] = desired;
    return value_of(b, o);
}

void ir_fence(IrBuilder *b, uint8_t kinds)
{
    append(b, IR_FENCE, IR_VOID)->aux = kinds;
}

IrValue ir_call(IrBuilder *b, const IrHelper *helper, IrValue a, IrValue c, IrValue d, IrValue e)
{
    IrOp *o = append(b, IR_CALL, helper->result);

    o->imm = (uintptr_t)helper;
    o->arg[0] = a;
    o->arg[1] = c;
    o->arg[2] = d;
    o->arg[3] = e;
    for (unsigned slot = 0; slot < b->region->slot_count; slot++) {
        if (helper->writes[slot / 64] >> slot % 64 & 1) {
            b->slot_value[slot] = 0;
        }
    }
    return helper->result == IR_VOID ? 0 : value_of(b, o);
}

void ir_insn(IrBuilder *b, uint64_t pc, uint8_t aux)
{
    IrOp *o = append(b, IR_INSN, IR_VOID);

    o->imm = pc;
    o->aux = aux;
    b->region->insns++;
}

uint32_t ir_new_label(IrBuilder *b)
{
    return b->region->labels++;
}

void ir_label(IrBuilder *b, uint32_t label)
{
    append(b, IR_LABEL, IR_VOID)->imm = label;
    forget_values(b);
}

void ir_br(IrBuilder *b, uint32_t label)
{
    append(b, IR_BR, IR_VOID)->imm = label;
}

static void emit_branch(IrBuilder *b, IrOpcode op, IrCond cond, IrValue a, IrValue c, uint64_t imm)
{
    IrOp *o = append(b, op, IR_VOID);

    o->aux = cond;
    o->arg[0] = a;
    o->arg[1] = c;
    o->imm = imm;
}

void ir_brcond(IrBuilder *b, IrCond cond, IrValue a, IrValue c, uint32_t label)
{
    int known = fold_cond(b, &cond, &a, &c);

    if (known == 1) {
        ir_br(b, label);
    } else if (known < 0) {
        emit_branch(b, IR_BRCOND, cond, a, c, label);
    }
}

void ir_exit_if(IrBuilder *b, IrCond cond, IrValue a, IrValue c, uint64_t pc)
{
    /* An exit that is always taken stays: what follows is dead, but the front end has not been
     * told. */
    if (fold_cond(b, &cond, &a, &c) != 0) {
        emit_branch(b, IR_EXIT_IF, cond, a, c, pc);
    }
}

void ir_goto(IrBuilder *b, uint64_t pc)
{
    append(b, IR_GOTO, IR_VOID)->imm = pc;
}

void ir_goto_indirect(IrBuilder *b, IrValue pc)
{
    append(b, IR_GOTO_IND, IR_VOID)->arg[0] = pc;
}

void ir_exit(IrBuilder *b, IrValue pc)
{
    append(b, IR_EXIT, IR_VOID)->arg[0] = pc;
}

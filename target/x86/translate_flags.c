/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flags within a region: what made them is known, so that conditions become comparisons. */
#include "target/x86/translate_internal.h"

void x86_flags_unknown(X86Translate *t)
{
    t->flags = (X86FlagState){ .known = false };
    t->kind_put = -1;
}

static void put64(X86Translate *t, unsigned slot, IrValue v)
{
    ir_put(t->ir, slot, x86_zext64(t, v));
}

/* As put64(), but only the low @bytes count: a register may be kept as a whole. */
static void put_operand(X86Translate *t, unsigned slot, unsigned bytes, IrValue v)
{
    for (;;) {
        const IrOp *op = &t->ir->region->ops[v];
        bool cuts = op->op == IR_ZEXT8 ? bytes == 1
                    : op->op == IR_ZEXT16
                        ? bytes <= 2
                        : (op->op == IR_TRUNC || op->op == IR_ZEXT32) && bytes <= 4;
        if (!cuts) {
            break;
        }
        v = op->arg[0];
    }
    put64(t, slot, v);
}

void x86_put_flags(X86Translate *t, unsigned kind, IrValue a, IrValue b, IrValue result,
                   IrValue extra)
{
    if (t->kind_put != (int)kind) {
        ir_put(t->ir, SLOT_FLAGS_KIND, ir_i64(t->ir, kind));
        t->kind_put = (int)kind;
    }
    put_operand(t, SLOT_FLAGS_RESULT, kind < X86_FLAGS_ADD ? 4 : 1u << (kind & 3), result);
    if (b) {
        put_operand(t, SLOT_FLAGS_SOURCE, 1u << (kind & 3), b);
    }
    if (extra) {
        put64(t, SLOT_FLAGS_EXTRA, extra);
    }
    t->flags = (X86FlagState){ true, kind & ~3u, 1u << (kind & 3), a, b, result, extra, 0, 0 };
}

void x86_put_flags_cmp(X86Translate *t, unsigned bytes, IrValue a, IrValue b)
{
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_CMP, bytes), a, b, a, 0);
    t->flags.kind = X86_FLAGS_SUB;
    t->flags.result = 0;
}

void x86_put_flags_test(X86Translate *t, unsigned bytes, IrValue a, IrValue b)
{
    if (a == b) {
        x86_put_flags_logic(t, bytes, a);
        return;
    }
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_TEST, bytes), a, b, a, 0);
    t->flags.kind = X86_FLAGS_LOGIC;
    t->flags.result = 0;
}

/* The kind without @without, and with @mark. */
static void change_kind(X86Translate *t, unsigned without, unsigned mark)
{
    IrBuilder *ir = t->ir;

    if (t->kind_put >= 0) {
        t->kind_put = (t->kind_put & ~without) | mark;
        ir_put(ir, SLOT_FLAGS_KIND, ir_i64(ir, t->kind_put));
    } else {
        IrValue kind = ir_get(ir, SLOT_FLAGS_KIND);
        kind = ir_binary(ir, IR_AND, kind, ir_i64(ir, ~(uint64_t)without));
        ir_put(ir, SLOT_FLAGS_KIND, ir_binary(ir, IR_OR, kind, ir_i64(ir, mark)));
    }
}

void x86_put_carry(X86Translate *t, IrValue carry)
{
    change_kind(t, 0, X86_FLAGS_CARRY);
    put64(t, SLOT_FLAGS_CARRY, carry);
    t->flags.carry = carry;
}

void x86_put_overflow(X86Translate *t, IrValue overflow)
{
    change_kind(t, 0, X86_FLAGS_OVERFLOW);
    put64(t, SLOT_FLAGS_OVERFLOW, overflow);
    t->flags.overflow = overflow;
}

/* Bit @n of a value of @bytes to bit 0 of an I32 */
static IrValue bit_down(X86Translate *t, unsigned bytes, IrValue v, unsigned n)
{
    v = ir_binary(t->ir, IR_SHR, v, x86_const(t, bytes, n));
    return x86_cut(t, 4, v);
}

void x86_put_rotated(X86Translate *t, bool left, unsigned bytes, IrValue result, IrValue count)
{
    enum { MARKS = ~(unsigned)X86_FLAGS_KIND };
    static const unsigned slot[] = { SLOT_FLAGS_KIND, SLOT_FLAGS_ROTATED };
    IrBuilder *ir = t->ir;
    IrValue old[2], zero = ir_const(ir, ir_type(ir, count), 0), first, second;
    uint64_t known;
    bool always = ir_constant(ir, count, &known);

    if (always && !known) {
        return;
    }
    for (unsigned i = 0; !always && i < 2; i++) {
        old[i] = ir_get(ir, slot[i]);
    }
    change_kind(t, MARKS,
                (left ? X86_FLAGS_ROL : X86_FLAGS_ROR) | (unsigned)__builtin_ctz(bytes)
                                                             << X86_FLAGS_ROTATED_SHIFT);
    put64(t, SLOT_FLAGS_ROTATED, result);
    if (!always) {
        for (unsigned i = 0; i < 2; i++) {
            ir_put(ir, slot[i], ir_select(ir, IR_NE, count, zero, ir_get(ir, slot[i]), old[i]));
        }
        x86_flags_unknown(t);
        return;
    }
    first = bit_down(t, bytes, result, bytes * 8 - 1);
    second = left ? x86_cut(t, 4, result) : bit_down(t, bytes, result, bytes * 8 - 2);
    t->flags.carry = left ? second : first;
    t->flags.overflow = ir_binary(ir, IR_XOR, first, second);
}

void x86_put_flags_bits(X86Translate *t, IrValue bits)
{
    x86_put_flags(t, X86_FLAGS_BITS, 0, 0, bits, 0);
}

IrValue x86_flags_bits(X86Translate *t)
{
    X86FlagState *f = &t->flags;

    if (!f->known || f->kind != X86_FLAGS_BITS || f->carry || f->overflow) {
        IrValue bits = x86_call(t, HELPER_flags_bits, 0, 0, 0, 0);
        /* the slots say the same in another way */
        *f = (X86FlagState){ .known = true, .kind = X86_FLAGS_BITS, .bytes = 1, .result = bits };
    }
    return f->result;
}

/* As I32 */
static IrValue top_bit(X86Translate *t, unsigned bytes, IrValue v)
{
    IrBuilder *ir = t->ir;

    v = ir_binary(ir, IR_SHR, v, x86_const(t, bytes, bytes * 8 - 1));
    v = bytes == 8 ? ir_convert(ir, IR_TRUNC, IR_I32, v, 0) : v;
    return ir_binary(ir, IR_AND, v, ir_i32(ir, 1));
}

/* CF of a shift by a constant */
static IrValue shifted_out(X86Translate *t)
{
    const X86FlagState *f = &t->flags;
    IrBuilder *ir = t->ir;
    uint64_t count;
    IrValue v, steps;

    if (!ir_constant(ir, f->extra, &count)) {
        return x86_call(t, HELPER_flags_carry, 0, 0, 0, 0);
    }
    steps = x86_const(t, f->bytes, count - 1);
    if (f->kind == X86_FLAGS_SHL) {
        v = x86_cut(t, f->bytes, ir_binary(ir, IR_SHL, f->b, steps));
        return top_bit(t, f->bytes, v);
    }
    v = f->kind == X86_FLAGS_SAR ? x86_sext(t, f->bytes, f->b) : f->b;
    v = ir_binary(ir, f->kind == X86_FLAGS_SAR ? IR_SAR : IR_SHR, v, steps);
    return ir_binary(ir, IR_AND, x86_cut(t, 4, v), ir_i32(ir, 1));
}

/* What the operation gave, or would have given. */
static IrValue result(X86Translate *t)
{
    X86FlagState *f = &t->flags;

    if (!f->result) {
        f->result = ir_binary(t->ir, f->kind == X86_FLAGS_SUB ? IR_SUB : IR_AND, f->a, f->b);
        f->result = x86_cut(t, f->bytes, f->result);
    }
    return f->result;
}

/* CF of ADC and SBB from the operands' bits (Hacker's Delight's formula for the top carry). */
static IrValue chain_carry(X86Translate *t)
{
    const X86FlagState *f = &t->flags;
    IrBuilder *ir = t->ir;
    IrValue x, y;

    if (f->kind == X86_FLAGS_ADC) {
        x = ir_binary(ir, IR_AND, f->a, f->b);
        y = ir_binary(ir, IR_ANDN, ir_binary(ir, IR_OR, f->a, f->b), f->result);
    } else {
        x = ir_binary(ir, IR_ANDN, f->b, f->a);
        y = ir_binary(ir, IR_ANDN, f->result, ir_binary(ir, IR_XOR, f->a, f->b));
    }
    return top_bit(t, f->bytes, ir_binary(ir, IR_OR, x, y));
}

/* CF and OF of a multiplication: the high half, or what comes out wider, is more than a sign */
static X86Condition product_overflows(X86Translate *t)
{
    const X86FlagState *f = &t->flags;
    IrBuilder *ir = t->ir;
    unsigned bytes = f->bytes;
    IrValue high = f->b, low = f->result, a;

    if (f->kind == X86_FLAGS_MULU) {
        return (X86Condition){ IR_NE, high, x86_const(t, bytes, 0) };
    }
    if (f->kind == X86_FLAGS_IMUL && bytes < 8) {
        a = ir_binary(ir, IR_MUL, x86_sext64(t, bytes, f->b), x86_sext64(t, bytes, f->extra));
        return (X86Condition){ IR_NE, a, x86_sext64(t, bytes, low) };
    }
    if (f->kind == X86_FLAGS_IMUL) {
        high = ir_binary(ir, IR_MULHS, f->b, f->extra);
    }
    a = ir_binary(ir, IR_SAR, x86_sext(t, bytes, low), x86_const(t, bytes, bytes == 8 ? 63 : 31));
    return (X86Condition){ IR_NE, x86_sext(t, bytes, high), a };
}

IrValue x86_carry(X86Translate *t)
{
    const X86FlagState *f = &t->flags;
    IrBuilder *ir = t->ir;

    if (f->carry) {
        return ir_binary(ir, IR_AND, f->carry, ir_i32(ir, 1));
    }
    if (!f->known) {
        return x86_call(t, HELPER_flags_carry, 0, 0, 0, 0);
    }
    switch (f->kind) {
    case X86_FLAGS_ADD: return ir_setcond(ir, IR_I32, IR_LTU, f->result, f->a);
    case X86_FLAGS_SUB: return ir_setcond(ir, IR_I32, IR_LTU, f->a, f->b);
    case X86_FLAGS_ADC:
    case X86_FLAGS_SBB: return chain_carry(t);
    case X86_FLAGS_SHL:
    case X86_FLAGS_SHR:
    case X86_FLAGS_SAR: return shifted_out(t);
    case X86_FLAGS_LOGIC: return ir_i32(ir, 0);
    case X86_FLAGS_BITS: return ir_binary(ir, IR_AND, f->result, ir_i32(ir, RFLAGS_CF));
    case X86_FLAGS_IMUL:
    case X86_FLAGS_MULU:
    case X86_FLAGS_MULS: {
        X86Condition c = product_overflows(t);
        return ir_setcond(ir, IR_I32, c.cond, c.a, c.c);
    }
    case X86_FLAGS_COUNT: return ir_setcond(ir, IR_I32, IR_EQ, f->b, x86_const(t, f->bytes, 0));
    case X86_FLAGS_ZERO: return ir_i32(ir, 0);
    default: return ir_binary(ir, IR_AND, f->extra, ir_i32(ir, RFLAGS_CF));
    }
}

/* Conditions ---------------------------------------------------------------------------------- */

enum { CC_O, CC_B, CC_E, CC_BE, CC_S, CC_P, CC_L, CC_LE };

static X86Condition compare(IrCond cond, IrValue a, IrValue c)
{
    return (X86Condition){ cond, a, c };
}

static X86Condition never(X86Translate *t)
{
    IrValue zero = ir_i32(t->ir, 0);

    return compare(IR_NE, zero, zero);
}

static X86Condition zero_compare(X86Translate *t, IrCond cond)
{
    const X86FlagState *f = &t->flags;

    if (!f->result && f->kind == X86_FLAGS_LOGIC && cond == IR_EQ) {
        return compare(IR_TSTEQ, f->a, f->b);
    }
    return compare(cond, cond == IR_EQ ? result(t) : x86_sext(t, f->bytes, result(t)),
                   x86_const(t, f->bytes, 0));
}

static X86Condition parity(X86Translate *t)
{
    IrBuilder *ir = t->ir;
    IrValue low = ir_unary(ir, IR_ZEXT8, x86_cut(t, 4, result(t)));

    return compare(IR_TSTEQ, ir_unary(ir, IR_POPCNT, low), ir_i32(ir, 1));
}

static X86Condition signed_compare(X86Translate *t, IrCond cond, IrValue a, IrValue b)
{
    unsigned bytes = t->flags.bytes;

    return compare(cond, x86_sext(t, bytes, a), x86_sext(t, bytes, b));
}

/* From the six bits. */
static X86Condition from_bits(X86Translate *t, unsigned which)
{
    static const uint16_t mask[] = { RFLAGS_OF, RFLAGS_CF, RFLAGS_ZF, RFLAGS_CF | RFLAGS_ZF,
                                     RFLAGS_SF, RFLAGS_PF, RFLAGS_SF, RFLAGS_SF | RFLAGS_ZF };
    IrBuilder *ir = t->ir;
    IrValue bits = x86_flags_bits(t);

    if (which >= CC_L) { /* SF becomes SF != OF */
        IrValue of = ir_binary(ir, IR_AND, bits, ir_i32(ir, RFLAGS_OF));
        bits = ir_binary(ir, IR_XOR, bits, ir_binary(ir, IR_SHR, of, ir_i32(ir, 4)));
    }
    return compare(IR_TSTNE, bits, ir_i32(ir, mask[which]));
}

/* OF of ADD, SUB, ADC, SBB */
static X86Condition overflow(X86Translate *t)
{
    const X86FlagState *f = &t->flags;
    IrBuilder *ir = t->ir;
    bool subtracts = f->kind == X86_FLAGS_SUB || f->kind == X86_FLAGS_SBB;
    IrValue x = ir_binary(ir, IR_XOR, f->a, result(t));
    IrValue y = ir_binary(ir, IR_XOR, f->b, subtracts ? f->a : f->result);

    return compare(IR_TSTNE, ir_binary(ir, IR_AND, x, y),
                   x86_const(t, f->bytes, 1ull << (f->bytes * 8 - 1)));
}

static X86Condition after_sub(X86Translate *t, unsigned which)
{
    const X86FlagState *f = &t->flags;

    switch (which) {
    case CC_B: return compare(IR_LTU, f->a, f->b);
    case CC_E: return f->result ? zero_compare(t, IR_EQ) : compare(IR_EQ, f->a, f->b);
    case CC_BE: return compare(IR_LEU, f->a, f->b);
    case CC_L: return signed_compare(t, IR_LT, f->a, f->b);
    default: return signed_compare(t, IR_LE, f->a, f->b);
    }
}

static X86Condition after_add(X86Translate *t, unsigned which)
{
    const X86FlagState *f = &t->flags;

    if (which == CC_B) {
        return compare(IR_LTU, f->result, f->a);
    }
    return from_bits(t, which);
}

/* r = a + 1 or a - 1 */
static X86Condition after_step(X86Translate *t, unsigned which)
{
    const X86FlagState *f = &t->flags;
    IrValue bound = x86_const(t, f->bytes, f->kind == X86_FLAGS_INC ? UINT64_MAX : 1);

    switch (which) {
    case CC_L: return signed_compare(t, IR_LT, f->a, bound);
    case CC_LE: return signed_compare(t, IR_LE, f->a, bound);
    default: return from_bits(t, which);
    }
}

static X86Condition after_logic(X86Translate *t, unsigned which)
{
    switch (which) {
    case CC_O:
    case CC_B: return never(t);
    case CC_BE: return zero_compare(t, IR_EQ);
    case CC_L: return zero_compare(t, IR_LT);
    default: return zero_compare(t, IR_LE);
    }
}

/* Conditions that CF or OF, which may be apart, have a part in */
static X86Condition with_carry(X86Translate *t, unsigned which)
{
    const X86FlagState *f = &t->flags;

    if (which == CC_B && f->carry) {
        return compare(IR_TSTNE, f->carry, ir_i32(t->ir, 1));
    }
    if (which == CC_O && f->overflow) {
        return compare(IR_TSTNE, f->overflow, ir_i32(t->ir, 1));
    }
    if (which == CC_B && (!f->known || f->kind != X86_FLAGS_BITS)) {
        bool compares = f->known && (f->kind == X86_FLAGS_SUB || f->kind == X86_FLAGS_ADD);
        if (!compares) {
            return compare(IR_NE, x86_carry(t), ir_i32(t->ir, 0));
        }
    }
    if (!f->known || f->carry || f->overflow) {
        return from_bits(t, which);
    }
    switch (f->kind) {
    case X86_FLAGS_SUB: return which == CC_O ? overflow(t) : after_sub(t, which);
    case X86_FLAGS_ADD: return which == CC_O ? overflow(t) : after_add(t, which);
    case X86_FLAGS_ADC:
    case X86_FLAGS_SBB: return which == CC_O ? overflow(t) : from_bits(t, which);
    case X86_FLAGS_INC:
    case X86_FLAGS_DEC: return after_step(t, which);
    case X86_FLAGS_LOGIC: return after_logic(t, which);
    case X86_FLAGS_IMUL:
    case X86_FLAGS_MULU:
    case X86_FLAGS_MULS: return which == CC_O ? product_overflows(t) : from_bits(t, which);
    default: return from_bits(t, which);
    }
}

static X86Condition positive_condition(X86Translate *t, unsigned which)
{
    const X86FlagState *f = &t->flags;

    if (!f->known || f->kind == X86_FLAGS_BITS || f->kind == X86_FLAGS_ZERO) {
        return f->known && f->kind == X86_FLAGS_ZERO && which == CC_E ? zero_compare(t, IR_EQ)
                                                                      : with_carry(t, which);
    }
    switch (which) {
    case CC_E: return f->kind == X86_FLAGS_SUB ? after_sub(t, CC_E) : zero_compare(t, IR_EQ);
    case CC_S: return zero_compare(t, IR_LT);
    case CC_P: return parity(t);
    default: return with_carry(t, which);
    }
}

X86Condition x86_condition(X86Translate *t, unsigned cc)
{
    X86Condition c = positive_condition(t, cc >> 1);

    c.cond ^= cc & 1;
    return c;
}

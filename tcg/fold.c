/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/fold.h"

#include "tcg/eval.h"

/* One simplification at work. */
typedef struct {
    IrBuilder *b;
    IrOpcode op;
    IrType type;
    IrValue a, c;
    uint64_t ca, cc; /* values of the constant operands */
} Fold;

typedef IrValue FoldFn(Fold *f);

/* Which operands a rule wants to be what. */
typedef enum {
    WANT_RIGHT_ZERO,
    WANT_RIGHT_ONES,
    WANT_RIGHT_ONE,
    WANT_RIGHT_CONST,
    WANT_LEFT_ZERO,
    WANT_SAME,
} FoldWant;

static uint64_t ones(IrType type)
{
    return type == IR_I32 ? UINT32_MAX : UINT64_MAX;
}

static IrValue fold_left(Fold *f)
{
    return f->a;
}

static IrValue fold_right(Fold *f)
{
    return f->c;
}

static IrValue fold_zero(Fold *f)
{
    return ir_const(f->b, f->type, 0);
}

static IrValue fold_ones(Fold *f)
{
    return ir_const(f->b, f->type, ones(f->type));
}

static IrValue fold_not(Fold *f)
{
    return ir_unary(f->b, IR_NOT, f->a);
}

static IrValue fold_neg(Fold *f)
{
    return ir_unary(f->b, IR_NEG, f->c);
}

/* a - constant is a + -constant: one form for address arithmetic to look for. */
static IrValue fold_sub_const(Fold *f)
{
    return ir_binary(f->b, IR_ADD, f->a, ir_const(f->b, f->type, -f->cc));
}

static IrValue fold_mul_power(Fold *f)
{
    if (f->cc & (f->cc - 1)) {
        return 0;
    }
    return ir_binary(f->b, IR_SHL, f->a, ir_const(f->b, f->type, __builtin_ctzll(f->cc)));
}

/* One simplification of an op. */
typedef struct {
    FoldWant want;
    FoldFn *fn; /* NULL: no more */
} FoldRule;

enum { RULES_MAX = 5 };

static const FoldRule fold_rules[IR_OP_COUNT][RULES_MAX + 1] = {
    [IR_ADD] = { { WANT_RIGHT_ZERO, fold_left } },
    [IR_SUB] = { { WANT_RIGHT_ZERO, fold_left },
                 { WANT_SAME, fold_zero },
                 { WANT_LEFT_ZERO, fold_neg },
                 { WANT_RIGHT_CONST, fold_sub_const } },
    [IR_MUL] = { { WANT_RIGHT_ZERO, fold_right },
                 { WANT_RIGHT_ONE, fold_left },
                 { WANT_RIGHT_CONST, fold_mul_power } },
    [IR_AND] = { { WANT_RIGHT_ZERO, fold_right },
                 { WANT_RIGHT_ONES, fold_left },
                 { WANT_SAME, fold_left } },
    [IR_OR] = { { WANT_RIGHT_ZERO, fold_left },
                { WANT_RIGHT_ONES, fold_ones },
                { WANT_SAME, fold_left } },
    [IR_XOR] = { { WANT_RIGHT_ZERO, fold_left },
                 { WANT_RIGHT_ONES, fold_not },
                 { WANT_SAME, fold_zero } },
    [IR_ANDN] = { { WANT_RIGHT_ZERO, fold_left },
                  { WANT_SAME, fold_zero },
                  { WANT_LEFT_ZERO, fold_left } },
    [IR_SHL] = { { WANT_RIGHT_ZERO, fold_left }, { WANT_LEFT_ZERO, fold_left } },
    [IR_SHR] = { { WANT_RIGHT_ZERO, fold_left }, { WANT_LEFT_ZERO, fold_left } },
    [IR_SAR] = { { WANT_RIGHT_ZERO, fold_left }, { WANT_LEFT_ZERO, fold_left } },
    [IR_ROL] = { { WANT_RIGHT_ZERO, fold_left } },
    [IR_ROR] = { { WANT_RIGHT_ZERO, fold_left } },
};

static bool wanted(const Fold *f, FoldWant want, bool left_const, bool right_const)
{
    switch (want) {
    case WANT_RIGHT_ZERO: return right_const && f->cc == 0;
    case WANT_RIGHT_ONES: return right_const && f->cc == ones(f->type);
    case WANT_RIGHT_ONE: return right_const && f->cc == 1;
    case WANT_RIGHT_CONST: return right_const;
    case WANT_LEFT_ZERO: return left_const && f->ca == 0;
    case WANT_SAME: return f->a == f->c;
    }
    return false;
}

static bool is_commutative(IrOpcode op)
{
    return op == IR_ADD || op == IR_MUL || op == IR_MULHS || op == IR_MULHU || op == IR_AND ||
           op == IR_OR || op == IR_XOR;
}

/* Extensions of extensions: only the innermost information counts. */
static IrValue fold_extension(IrBuilder *b, IrOpcode op, IrType type, IrValue *a)
{
    const IrOp *inner = &b->region->ops[*a];

    if (op == IR_TRUNC && (inner->op == IR_SEXT32 || inner->op == IR_ZEXT32) &&
        b->region->ops[inner->arg[0]].type == IR_I32) {
        return inner->arg[0];
    }
    if ((op == IR_SEXT32 || op == IR_ZEXT32 || op == IR_TRUNC) &&
        (inner->op == IR_SEXT32 || inner->op == IR_ZEXT32 || inner->op == IR_TRUNC)) {
        if (op == inner->op && inner->type == type) {
            return *a;
        }
        /* The inner value is dead in most cases; only look through it while its source is a plain
         * temporary. */
        if (b->region->ops[inner->arg[0]].op != IR_GET) {
            *a = inner->arg[0];
        }
    }
    if (op == inner->op &&
        (op == IR_SEXT8 || op == IR_ZEXT8 || op == IR_SEXT16 || op == IR_ZEXT16)) {
        return *a;
    }
    return 0;
}

/* No rule matches on the value of such a right operand alone, but for those of SUB and MUL. */
static bool is_plain(uint64_t value)
{
    return value + 1 > 2 && value != UINT32_MAX;
}

static IrValue fold_binary(Fold *f, bool left, bool right)
{
    for (const FoldRule *rule = fold_rules[f->op]; rule->fn; rule++) {
        if (wanted(f, rule->want, left, right)) {
            IrValue v = rule->fn(f);
            if (v) {
                return v;
            }
        }
    }
    return 0;
}

IrValue ir_fold(IrBuilder *b, IrOpcode *op, IrType type, uint8_t aux, IrValue *a, IrValue *c)
{
    uint64_t ca = 0, cc = 0;
    bool left = ir_constant(b, *a, &ca), right = ir_constant(b, *c, &cc);

    if (ir_op_info[*op].arguments == 1) {
        return left ? ir_const(b, type, ir_eval(*op, ir_type(b, *a), aux, ca, 0))
                    : fold_extension(b, *op, type, a);
    }
    if (left && right) {
        return ir_const(b, type, ir_eval(*op, ir_type(b, *a), aux, ca, cc));
    }
    if (!left && right && is_plain(cc) && *op != IR_SUB && *op != IR_MUL) {
        return 0;
    }
    if (left && is_commutative(*op)) {
        Fold swapped = { b, *op, type, *c, *a, cc, ca };
        *a = swapped.a;
        *c = swapped.c;
        return fold_binary(&swapped, false, true);
    }
    if (left || right || *a == *c) {
        return fold_binary(&(Fold){ b, *op, type, *a, *c, ca, cc }, left, right);
    }
    return 0;
}

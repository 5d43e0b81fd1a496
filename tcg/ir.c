/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/ir.h"

#include "util/error.h"

enum {
    PURE = IR_FLAG_PURE,
    FAULT = IR_FLAG_FAULT,
    END = IR_FLAG_END,
    CALL = IR_FLAG_CALL,
    STICKY = IR_FLAG_STICKY,
};

#define A 'A'
#define F 'F'
#define T 'T'
#define V 'V'
const IrOpInfo ir_op_info[IR_OP_COUNT] = {
#define OP(name, text, result, arguments, flags, meaning) \
    [IR_##name] = { text, result, arguments, flags },
#include "tcg/ops.def"
#undef OP
};
#undef A
#undef F
#undef T
#undef V

typedef struct {
    const IrRegion *region;
    uint32_t label_at[IR_MAX_LABELS]; /* op; 0: not seen yet */
    uint64_t label_used[IR_MAX_LABELS / 64];
    uint32_t barrier; /* values defined before this op are dead */
} Verifier;

static bool is_int(IrType type)
{
    return type == IR_I32 || type == IR_I64;
}

static bool is_float(IrType type)
{
    return type == IR_F32 || type == IR_F64;
}

static bool verify_argument(const Verifier *v, uint32_t at, unsigned index, GError **errp)
{
    IrValue value = v->region->ops[at].arg[index];

    if (value == 0 || value >= at || v->region->ops[value].type == IR_VOID) {
        error_set(errp, "op %u: argument %u is no value defined before it", at, index);
        return false;
    }
    if (value < v->barrier) {
        error_set(errp, "op %u: argument %%%u was defined before a label", at, value);
        return false;
    }
    return true;
}

static IrType arg_type(const Verifier *v, const IrOp *op, unsigned index)
{
    return v->region->ops[op->arg[index]].type;
}

/* LOADV begins at the first slot of a vector; STOREV may store its second quadword too. */
static bool is_vector_part(const IrRegion *region, const IrOp *op)
{
    if (op->aux + 3u >= region->slot_count) {
        return false;
    }
    return region->slots[op->aux].vector || (op->op == IR_STOREV && op->mem.size_log2 == 3 &&
                                             op->aux > 0 && region->slots[op->aux - 1].vector);
}

/* Slots, labels, access sizes: what an op's immediate may be. */
static bool verify_operands(Verifier *v, uint32_t at, GError **errp)
{
    const IrOp *op = &v->region->ops[at];

    switch (op->op) {
    case IR_GET:
    case IR_PUT: {
        IrType type = op->op == IR_GET ? op->type : arg_type(v, op, 0);
        if (op->imm >= v->region->slot_count || v->region->slots[op->imm].type != type) {
            error_set(errp, "op %u: no such slot, or not of that type", at);
            return false;
        }
        return true;
    }
    case IR_LABEL:
        if (op->imm >= v->region->labels || v->label_at[op->imm]) {
            error_set(errp, "op %u: label is out of range or defined twice", at);
            return false;
        }
        v->label_at[op->imm] = at;
        v->barrier = at;
        return true;
    case IR_BR:
    case IR_BRCOND:
        if (op->imm >= v->region->labels || v->label_at[op->imm]) {
            error_set(errp, "op %u: branch to a label that is out of range or behind", at);
            return false;
        }
        v->label_used[op->imm / 64] |= 1ull << op->imm % 64;
        return true;
    case IR_LOAD:
    case IR_STORE:
    case IR_ATOMIC:
    case IR_CAS:
        if (arg_type(v, op, 0) != IR_I64 || op->mem.size_log2 > 3 ||
            op->mem.bank >= TCG_MMU_BANKS) {
            error_set(errp, "op %u: bad memory access", at);
            return false;
        }
        return true;
    case IR_LOADV:
    case IR_STOREV:
        if (arg_type(v, op, 0) != IR_I64 || op->mem.size_log2 < 2 || op->mem.size_log2 > 5 ||
            op->mem.bank >= TCG_MMU_BANKS || !is_vector_part(v->region, op)) {
            error_set(errp, "op %u: bad access of a vector", at);
            return false;
        }
        return true;
    default: return true;
    }
}

static bool verify_types(const Verifier *v, uint32_t at, GError **errp)
{
    const IrOp *op = &v->region->ops[at];
    const IrOpInfo *info = &ir_op_info[op->op];
    bool ok = true;

    if (info->result == 'T' || info->result == 'F') {
        for (unsigned i = 0; i < info->arguments; i++) {
            ok &= arg_type(v, op, i) == op->type;
        }
        ok &= info->result == 'T' ? is_int(op->type) : is_float(op->type);
    } else if (op->op == IR_SELECT) {
        ok = arg_type(v, op, 0) == arg_type(v, op, 1) && is_int(arg_type(v, op, 0)) &&
             arg_type(v, op, 2) == op->type && arg_type(v, op, 3) == op->type && is_int(op->type);
    } else if (op->op == IR_SETCOND || op->op == IR_EXIT_IF || op->op == IR_BRCOND) {
        ok = arg_type(v, op, 0) == arg_type(v, op, 1) && is_int(arg_type(v, op, 0));
    } else if (op->op == IR_GOTO_IND || op->op == IR_EXIT) {
        ok = arg_type(v, op, 0) == IR_I64;
    }
    if (!ok) {
        error_set(errp, "op %u: %s: argument types do not fit", at, info->text);
    }
    return ok;
}

static unsigned argument_count(const IrOp *op)
{
    return op->op == IR_CALL ? ((const IrHelper *)(uintptr_t)op->imm)->arguments
                             : ir_op_info[op->op].arguments;
}

static bool verify_op(Verifier *v, uint32_t at, GError **errp)
{
    const IrOp *op = &v->region->ops[at];

    if (op->op >= IR_OP_COUNT) {
        error_set(errp, "op %u: unknown opcode %u", at, op->op);
        return false;
    }
    for (unsigned i = 0; i < argument_count(op); i++) {
        if (!verify_argument(v, at, i, errp)) {
            return false;
        }
    }
    if (((ir_op_info[op->op].flags & IR_FLAG_END) != 0) != (at == v->region->count - 1)) {
        error_set(errp, "op %u: the region must end with its one ending op", at);
        return false;
    }
    return verify_types(v, at, errp) && verify_operands(v, at, errp);
}

bool ir_verify(const IrRegion *region, GError **errp)
{
    Verifier v = { .region = region };

    if (region->count < 2 || region->count > IR_MAX_OPS || region->labels > IR_MAX_LABELS) {
        error_set(errp, "region has %u ops and %u labels", region->count, region->labels);
        return false;
    }
    for (uint32_t at = 1; at < region->count; at++) {
        if (!verify_op(&v, at, errp)) {
            return false;
        }
    }
    for (uint32_t label = 0; label < region->labels; label++) {
        if ((v.label_used[label / 64] >> label % 64 & 1) && !v.label_at[label]) {
            error_set(errp, "label %u is used but never defined", label);
            return false;
        }
    }
    return true;
}

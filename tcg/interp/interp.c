/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpreter: the plainest reading of the IR, and so the judge of every other consumer. */
#include "tcg/eval.h"
#include "tcg/interp/interp_fp.h"
#include "tcg/runtime.h"
#include "util/atomic.h"

/* One run of a region. */
typedef struct {
    const IrRegion *region;
    TcgEnv *env;
    const TcgRuntime *runtime;
    uint64_t value[IR_MAX_OPS];
} Interp;

static uint64_t argument(const Interp *in, const IrOp *op, unsigned index)
{
    return in->value[op->arg[index]];
}

static IrType argument_type(const Interp *in, const IrOp *op, unsigned index)
{
    return in->region->ops[op->arg[index]].type;
}

static bool type_is_32(IrType type)
{
    return type == IR_I32 || type == IR_F32;
}

static uint64_t get_slot(const Interp *in, uint64_t slot)
{
    const TcgSlot *s = &in->region->slots[slot];
    const char *home = tcg_env_anchor(in->env) + s->offset;

    return type_is_32(s->type) ? *(const uint32_t *)home : *(const uint64_t *)home;
}

static void put_slot(const Interp *in, uint64_t slot, uint64_t value)
{
    const TcgSlot *s = &in->region->slots[slot];
    char *home = tcg_env_anchor(in->env) + s->offset;

    if (type_is_32(s->type)) {
        *(uint32_t *)home = value;
    } else {
        *(uint64_t *)home = value;
    }
}

/* False: the guest's exception was raised. */
static bool run_vector_memory(const Interp *in, uint32_t at)
{
    const IrOp *op = &in->region->ops[at];
    uint64_t address = argument(in, op, 0) + op->imm;
    void *home = tcg_env_anchor(in->env) + in->region->slots[op->aux].offset;

    return op->op == IR_LOADV ? in->runtime->load_vector(in->env, address, op->mem, home)
                              : in->runtime->store_vector(in->env, address, op->mem, home);
}

/* False: the guest's exception was raised. */
static bool run_memory(Interp *in, uint32_t at)
{
    const IrOp *op = &in->region->ops[at];
    const TcgRuntime *rt = in->runtime;
    uint64_t address = argument(in, op, 0) + op->imm;
    uint64_t raw = 0;
    bool ok;

    switch (op->op) {
    case IR_LOAD: ok = rt->load(in->env, address, op->mem, &raw); break;
    case IR_STORE: return rt->store(in->env, address, op->mem, argument(in, op, 1));
    case IR_ATOMIC:
        ok = rt->atomic(in->env, address, op->mem, op->aux, argument(in, op, 1), &raw);
        break;
    default:
        ok = rt->cas(in->env, address, op->mem, argument(in, op, 1), argument(in, op, 2), &raw);
        break;
    }
    raw = ir_extend(raw, op->mem.size_log2, op->mem.sign);
    in->value[at] = type_is_32(op->type) ? (uint32_t)raw : raw;
    return ok;
}

static void run_call(Interp *in, uint32_t at)
{
    const IrOp *op = &in->region->ops[at];
    const IrHelper *helper = (const IrHelper *)(uintptr_t)op->imm;
    uint64_t result;

    in->value[0] = 0;
    result = helper->fn(in->runtime->helper_object(in->env), argument(in, op, 0),
                        argument(in, op, 1), argument(in, op, 2), argument(in, op, 3));
    in->value[at] = op->type == IR_I32 ? (uint32_t)result : result;
}

static void run_fp(Interp *in, uint32_t at)
{
    const IrOp *op = &in->region->ops[at];
    uint64_t arg[3] = { argument(in, op, 0), argument(in, op, 1), argument(in, op, 2) };

    in->value[at] = interp_fp(op, argument_type(in, op, 0), arg, &in->env->mxcsr_guest);
}

static bool condition(const Interp *in, const IrOp *op)
{
    return ir_eval_cond(op->aux, argument_type(in, op, 0), argument(in, op, 0),
                        argument(in, op, 1));
}

static uint32_t find_label(const Interp *in, uint32_t at, uint64_t label)
{
    while (in->region->ops[at].op != IR_LABEL || in->region->ops[at].imm != label) {
        at++;
    }
    return at;
}

static TcgLeft leave(Interp *in, TcgLeft why, uint64_t pc)
{
    in->env->hot.pc = pc;
    return why;
}

/* Ops that only define a value. */
static void run_value(Interp *in, uint32_t at)
{
    const IrOp *op = &in->region->ops[at];

    switch (op->op) {
    case IR_CONST: in->value[at] = op->imm; break;
    case IR_GET: in->value[at] = get_slot(in, op->imm); break;
    case IR_PUT: put_slot(in, op->imm, argument(in, op, 0)); break;
    case IR_SETCOND: in->value[at] = condition(in, op); break;
    case IR_SELECT: in->value[at] = argument(in, op, condition(in, op) ? 2 : 3); break;
    case IR_FENCE: atomic_fence(); break;
    default:
        if (op->op >= IR_FADD && op->op <= IR_UNBOX) {
            run_fp(in, at);
        } else {
            in->value[at] = ir_eval(op->op, argument_type(in, op, 0), op->aux, argument(in, op, 0),
                                    argument(in, op, 1));
        }
        break;
    }
}

TcgLeft tcg_interp_run(const IrRegion *region, TcgEnv *env, const TcgRuntime *runtime,
                       uint32_t *insns)
{
    Interp in;

    in.region = region;
    in.env = env;
    in.runtime = runtime;
    in.value[0] = 0;
    env->hot.host_return = 0;
    *insns = 0;
    for (uint32_t at = 1; at < region->count; at++) {
        const IrOp *op = &region->ops[at];
        switch (op->op) {
        case IR_INSN:
            env->hot.pc = op->imm;
            ++*insns;
            break;
        case IR_LOAD:
        case IR_STORE:
        case IR_ATOMIC:
        case IR_CAS:
            if (!run_memory(&in, at)) {
                return TCG_LEFT_RAISE;
            }
            break;
        case IR_LOADV:
        case IR_STOREV:
            if (!run_vector_memory(&in, at)) {
                return TCG_LEFT_RAISE;
            }
            break;
        case IR_CALL:
            run_call(&in, at);
            if (env->hot.raise) {
                return TCG_LEFT_RAISE;
            }
            break;
        case IR_LABEL: break;
        case IR_BR: at = find_label(&in, at, op->imm); break;
        case IR_BRCOND: at = condition(&in, op) ? find_label(&in, at, op->imm) : at; break;
        case IR_EXIT_IF:
            if (condition(&in, op)) {
                return leave(&in, TCG_LEFT_GOTO, op->imm);
            }
            break;
        case IR_GOTO: return leave(&in, TCG_LEFT_GOTO, op->imm);
        case IR_GOTO_IND: return leave(&in, TCG_LEFT_LOOKUP, argument(&in, op, 0));
        case IR_EXIT: return leave(&in, TCG_LEFT_EXIT, argument(&in, op, 0));
        default: run_value(&in, at); break;
        }
    }
    g_assert_not_reached(); /* ir_verify(): the last op ends the region */
}

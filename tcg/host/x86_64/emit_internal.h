/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of one compilation, and what the emitting files call in one another. */
#pragma once

#include "tcg/host/x86_64/jobs_internal.h"
#include "tcg/host/x86_64/regs_internal.h"
#include "tcg/pass.h"

enum {
    MAX_FIXES = 4096,
    MAX_JOBS = 1024,
    MAX_CALL_OUTS = TCG_MAX_CALL_OUTS / 2,
    COLD_BYTES = 256 * 1024,
    NO_PREDICTOR = -1,
    OP_BYTES = 1024, /* more than one op or one job can take */
};

struct Emit {
    Asm hot, cold;
    Asm *a; /* the one being written */
    const TcgBackend *be;
    const IrRegion *region;
    uint32_t at, index; /* present op; a shift that is done by the addition behind it */
    const IrOp *op;
    int32_t insn;
    uint64_t insn_pc;
    bool failed, no_space; /* some limit was hit */
    bool in_copy;          /* writing the second copy of a window */
    uint32_t entry_checked, entry_unchecked;
    uint32_t space_end; /* hot and cold code together must end before it */
    uint8_t *hot_limit; /* hot code beyond has to ask has_room() first; follows the cold part */
    Regs regs;
    RegsState before_window, after_window;
    Window window;
    IrGroups groups;
    uint32_t far_groups; /* not used */
    bool looping;        /* the region jumps to its own start */
    bool wide;           /* upper halves of vector registers may be in use */
    bool x87_clean;      /* the host's x87 flags are those of the region so far */
    VectorLoop loop;
    uint32_t next_site;            /* goes on from region to region, so that neighbours differ */
    int16_t predictor[IR_MAX_OPS]; /* of a LOAD or STORE that was reached, or NO_PREDICTOR */
    TcgCompiled *out;
    uint32_t fix_count, job_count, hot_calls, cold_calls, late_count;
    uint32_t label[IR_MAX_LABELS];
    struct {
        uint64_t pc;
        uint8_t aux;
    } insns[IR_MAX_INSNS];
    Fix fix[MAX_FIXES];
    LateStore late_store[MAX_LATE_STORES];
    ColdJob job[MAX_JOBS];
    CallOut call_hot[MAX_CALL_OUTS], call_cold[MAX_CALL_OUTS];
    uint8_t cold_bytes[COLD_BYTES];
};

/** emit_ref - the displacement at position @at, hot or cold, shall reach @target */
void emit_ref(Emit *e, uint32_t at, uint32_t target);
static inline uint32_t emit_pos(const Emit *e)
{
    return asm_pos(e->a);
}
static inline uint32_t stub_pos(Stub stub)
{
    return POS_STUB | stub;
}
/* a call out of generated code returns here */
void emit_call_out(Emit *e, int32_t insn);
/** emit_job - out-of-line code behind the jump whose displacement is at @from; the caller fills
 * what else it needs */
ColdJob *emit_job(Emit *e, void (*fn)(Emit *e, const ColdJob *job), uint32_t from);

static inline const IrOp *emit_op(const Emit *e)
{
    return e->op;
}
/* type of argument @k as the IR has it */
static inline uint8_t emit_arg_type(const Emit *e, unsigned k)
{
    return e->region->ops[emit_op(e)->arg[k]].type;
}
/* argument @k of the present op, looked through truncation: bits above its type may be anything if
 * regs_dirty() */
static inline IrValue regs_arg(const Emit *e, unsigned k)
{
    return e->regs.root[emit_op(e)->arg[k]];
}
static inline bool regs_dirty(const Emit *e, unsigned k)
{
    return emit_arg_type(e, k) == IR_I32 && e->region->ops[regs_arg(e, k)].type == IR_I64;
}
/* is argument @k a constant; the second form: one that fits a signed 32-bit immediate of an
 * operation of that type */
static inline bool regs_const(const Emit *e, unsigned k, uint64_t *value)
{
    const IrOp *op = &e->region->ops[regs_arg(e, k)];
    *value = op->imm;
    return op->op == IR_CONST;
}
static inline bool regs_imm32(const Emit *e, unsigned k, int32_t *value)
{
    uint64_t c;
    if (!regs_const(e, k, &c)) {
        return false;
    }
    *value = (int32_t)c;
    return emit_arg_type(e, k) == IR_I32 || (int64_t)c == *value;
}

/** regs_use - argument @k in a register, until the end of the op */
static inline uint8_t regs_use(Emit *e, unsigned k)
{
    RegsState *s = &e->regs.s;
    uint8_t reg = s->loc[regs_arg(e, k)].reg;
    if (reg == NO_REG) {
        return regs_fetch(e, k);
    }
    s->locked |= 1u << reg;
    s->stamp[reg] = ++s->clock;
    return reg;
}

/* One function an op (the table is in ops.c); integer.c, memory.c, atomic.c, exits.c, call.c, fp.c
 * define them. */
typedef void EmitFn(Emit *e, const IrOp *op);
EmitFn emit_get, emit_put, emit_add, emit_sub, emit_logic, emit_andn, emit_unary, emit_mul,
    emit_mulh, emit_div, emit_shift;
EmitFn emit_count, emit_bswap, emit_extend, emit_setcond, emit_select;
EmitFn emit_load, emit_store, emit_atomic, emit_cas, emit_fence;
EmitFn emit_call, emit_label, emit_br, emit_brcond, emit_exit_if, emit_goto, emit_goto_ind,
    emit_exit;
EmitFn emit_farith, emit_fsqrt, emit_fma, emit_fminmax, emit_fcmp, emit_fcvt, emit_ftoi, emit_itof,
    emit_fbits, emit_bitsf;
EmitFn emit_nanbox, emit_unbox, emit_fselect, emit_loadv, emit_storev;

/** emit_compare - flags for @cond on arguments 0, 1; returns where the instruction begins */
uint32_t emit_compare(Emit *e, IrCond cond, AsmCond *cc);
/** emit_align_jump - align the displacement of a jump of @opcode_bytes to come: pad @start */
void emit_align_jump(Emit *e, uint32_t start, unsigned opcode_bytes);

/** emit_vector, emit_x87 - a call of a helper as a host instruction; false: there is none */
bool emit_vector(Emit *e, const IrOp *op);

bool emit_x87(Emit *e, const IrOp *op);
/** emit_entry - the region's two entries */
void emit_entry(Emit *e);
extern EmitFn *const emit_table[IR_OP_COUNT];

/** emit_region - all but final positions; false: a limit was hit (e->no_space says which) */
bool emit_region(Emit *e);

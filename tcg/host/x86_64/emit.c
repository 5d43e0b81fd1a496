/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forward pass over a region: hot code in place, then the out-of-line jobs that it asked for.
 */
#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

void emit_ref(Emit *e, uint32_t at, uint32_t target)
{
    uint32_t kind = at & POS_KIND;
    if (kind == (target & POS_KIND)) {
        asm_patch32(kind == POS_COLD ? &e->cold : &e->hot, at, target);
        return;
    }
    if (e->fix_count == MAX_FIXES) {
        e->failed = true;
        return;
    }
    e->fix[e->fix_count++] = (Fix){ at, target };
}

void emit_call_out(Emit *e, int32_t insn)
{
    bool cold = e->a == &e->cold;
    uint32_t *count = cold ? &e->cold_calls : &e->hot_calls;
    if (*count == MAX_CALL_OUTS) {
        e->failed = true;
        return;
    }
    (cold ? e->call_cold : e->call_hot)[(*count)++] = (CallOut){ emit_pos(e), insn };
}

ColdJob *emit_job(Emit *e, void (*fn)(Emit *e, const ColdJob *job), uint32_t from)
{
    if (e->job_count == MAX_JOBS) {
        e->failed = true;
        e->job_count--; /* it will not be used */
    }
    ColdJob *job = &e->job[e->job_count++];
    *job = (ColdJob){ .emit = fn, .from = from, .insn = e->insn };
    vectors_note(e, &job->vectors);
    return job;
}

/* For another op or job. */
static bool has_room(Emit *e)
{
    uint32_t cold = e->cold.p - e->cold.start;
    e->failed |= cold + OP_BYTES > COLD_BYTES;
    e->no_space |= asm_pos(&e->hot) + OP_BYTES + cold + OP_BYTES > e->space_end;
    e->hot_limit = e->hot.start + (int64_t)e->space_end - cold - 2 * OP_BYTES;
    return !e->failed && !e->no_space;
}

/* The same as long as only hot code grows. */
static inline bool has_hot_room(Emit *e)
{
    return !e->failed && (e->hot.p <= e->hot_limit || has_room(e));
}

static void begin_insn(Emit *e, const IrOp *op)
{
    vectors_next_insn(e);
    e->insn++;
    e->insn_pc = op->imm;
    e->insns[e->insn].pc = op->imm;
    e->insns[e->insn].aux = op->aux;
}

static inline void emit_one(Emit *e, uint32_t at)
{
    const IrOp *op = &e->region->ops[at];
    if (op->op == IR_INSN) {
        begin_insn(e, op);
        return;
    }
    if (op->op == IR_CONST) {
        regs_note_const(&e->regs, at);
        return;
    }
    if (op->flags & IR_OP_DEAD) {
        return;
    }
    e->at = at;
    e->op = op;
    if ((op->op == IR_TRUNC || op->op == IR_ZEXT32) && regs_rename(e)) {
        return;
    }
    regs_begin_op(&e->regs, at, op);
    emit_table[op->op](e, op);
    regs_end_op(e);
}

/* windows: see memory.c */

/* Groups whose offsets do not fit an instruction are of no use. */
static void drop_far_groups(Emit *e)
{
    const IrRegion *r = e->region;
    uint32_t far = 0;
    for (uint32_t at = 1; at < r->count; at++) {
        int g = e->groups.of_op[at];
        int64_t imm = r->ops[at].imm;
        if (g >= 0 &&
            (imm != (int32_t)imm || e->groups.group[g].low != (int32_t)e->groups.group[g].low)) {
            far |= 1u << g;
        }
    }
    for (uint32_t at = 1; far && at < r->count; at++) {
        if (e->groups.of_op[at] >= 0 && far >> e->groups.of_op[at] & 1) {
            e->groups.of_op[at] = -1;
        }
    }
    e->far_groups = far;
}

static void find_groups(Emit *e)
{
    e->groups.count = 0;
    if (e->region->accesses > 1 && !e->be->options.no_groups) {
        ir_find_groups(e->region, &e->groups);
    }
    if (e->groups.count) {
        drop_far_groups(e);
    }
}

/* The groups from @g on that overlap make one window. Returns the first group after it. */
static uint32_t plan_window(Emit *e, uint32_t g)
{
    Window *w = &e->window;
    while (g < e->groups.count && e->far_groups >> g & 1) {
        g++;
    }
    w->first = w->last = 0;
    if (g == e->groups.count) {
        return g;
    }
    w->first = e->groups.group[g].first;
    for (; g < e->groups.count; g++) {
        const IrGroup *group = &e->groups.group[g];
        if (e->far_groups >> g & 1) {
            continue;
        }
        if (w->last && group->first > w->last) {
            break;
        }
        w->last = MAX(w->last, group->last);
        w->fail[g] = 0;
    }
    return g;
}

/* Once more from the start of the window, without shared checks; both copies end in the same state.
 */
static void emit_copy(Emit *e, int32_t insn)
{
    RegsState *hot = &e->after_window;
    uint32_t resume = asm_pos(&e->hot);
    int32_t insn_after = e->insn;
    regs_save(e, hot);
    regs_restore(e, &e->before_window);
    e->a = &e->cold;
    e->in_copy = true;
    e->insn = insn;
    for (uint32_t at = e->window.first; at <= e->window.last && has_room(e); at++) {
        emit_one(e, at);
    }
    emit_ref(e, asm_jmp(e->a), resume);
    e->in_copy = false;
    e->a = &e->hot;
    if (e->insn != insn_after || !regs_equal(e, hot)) {
        e->failed = true; /* cannot be; better a shorter region than a wrong one */
    }
}

static void emit_plain(Emit *e)
{
    const IrOp *ops = e->region->ops;
    for (uint32_t at = 1, count = e->region->count; at < count; at++) {
        if (ops[at].op == IR_INSN) {
            begin_insn(e, &ops[at]);
        } else if (!has_hot_room(e)) {
            break;
        } else {
            emit_one(e, at);
        }
    }
}

static void emit_windows(Emit *e)
{
    uint32_t next_group = plan_window(e, 0);
    int32_t window_insn = 0;
    for (uint32_t at = 1; at < e->region->count && has_room(e); at++) {
        if (at == e->window.first) {
            regs_save(e, &e->before_window);
            window_insn = e->insn;
        }
        emit_one(e, at);
        if (e->window.last && at == e->window.last) {
            emit_copy(e, window_insn);
            next_group = plan_window(e, next_group);
        }
    }
}

static void emit_jobs(Emit *e)
{
    e->a = &e->cold;
    for (uint32_t i = 0; i < e->job_count && has_room(e); i++) {
        const ColdJob *job = &e->job[i];
        if (job->from) {
            emit_ref(e, job->from, emit_pos(e));
        }
        if (job->from2) {
            emit_ref(e, job->from2, emit_pos(e));
        }
        if (job->from3) {
            emit_ref(e, job->from3, emit_pos(e));
        }
        if (job->from4) {
            emit_ref(e, job->from4, emit_pos(e));
        }
        e->insn = job->insn;
        job->emit(e, job);
    }
}

/* Predictors pay where an access is repeated soon; elsewhere they would only miss. */
static bool is_looping(const IrRegion *r)
{
    for (uint32_t at = r->count; at-- > 1;) {
        uint8_t op = r->ops[at].op;
        if ((op == IR_GOTO || op == IR_EXIT_IF) && r->ops[at].imm == r->pc) {
            return true;
        }
    }
    return false;
}

bool emit_region(Emit *e)
{
    e->a = &e->hot;
    e->failed = e->no_space = e->in_copy = false;
    e->fix_count = e->job_count = e->hot_calls = e->cold_calls = e->late_count = 0;
    e->insn = -1;
    e->insn_pc = e->region->pc;
    e->regs.s.clock = 0;
    e->index = 0;
    e->out->sites = 0;
    e->x87_clean = false;
    if (!has_room(e)) {
        return false;
    }
    regs_begin(e);
    find_groups(e);
    e->looping = is_looping(e->region);
    vectors_begin(e);
    emit_entry(e);
    vectors_enter(e);
    if (e->groups.count) {
        emit_windows(e);
    } else {
        emit_plain(e);
    }
    emit_jobs(e);
    return !e->failed && !e->no_space;
}

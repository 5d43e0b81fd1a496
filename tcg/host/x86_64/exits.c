/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries, exits and local jumps. */
#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

#include <string.h>

/* Instructions of the region that do not run if it is left during the present one. */
static int32_t insns_after(const Emit *e)
{
    return (int32_t)e->region->insns - (e->insn + 1);
}

/* entry */

static void cold_irq(Emit *e, const ColdJob *job)
{
    if (job->imm2) { /* the budget was too small: give it back */
        asm_alu_mi(e->a, ALU_ADD, true, ENV_MEM(hot.budget), job->imm2);
    }
    asm_mov_ri(e->a, RCX, job->imm);
    emit_ref(e, asm_jmp(e->a), stub_pos(STUB_IRQ));
}

static void leave_below_zero(Emit *e, int32_t give_back)
{
    ColdJob *job = emit_job(e, cold_irq, asm_jcc(e->a, CC_L));
    job->imm = e->region->pc;
    job->imm2 = give_back;
}

void emit_entry(Emit *e)
{
    e->entry_checked = emit_pos(e);
    asm_alu_mi(e->a, ALU_CMP, false, ENV_MEM(hot.irq), 0);
    leave_below_zero(e, 0);
    e->entry_unchecked = emit_pos(e);
    if (e->be->options.icount) {
        asm_alu_mi(e->a, ALU_SUB, true, ENV_MEM(hot.budget), e->region->insns);
        leave_below_zero(e, e->region->insns);
    }
}

/* direct exits */

void emit_align_jump(Emit *e, uint32_t start, unsigned opcode_bytes)
{
    unsigned pad = -(emit_pos(e) + opcode_bytes) & 3;
    if (!pad) {
        return;
    }
    uint8_t *from = asm_at(e->a, start);
    memmove(from + pad, from, e->a->p - from);
    Asm nop = { .p = from };
    asm_nop(&nop, pad);
    e->a->p += pad;
}

/* A new exit whose jump has its displacement at @at; NULL: too many. */
static TcgSite *new_site(Emit *e, uint32_t at, uint64_t pc)
{
    if (e->out->sites == TCG_MAX_SITES) {
        e->failed = true;
        return NULL;
    }
    TcgSite *site = &e->out->site[e->out->sites++];
    *site = (TcgSite){ .jump_at = at, .pc = pc, .check = pc <= e->insn_pc };
    return site;
}

static bool same_page(const Emit *e, uint64_t pc)
{
    return (pc ^ e->region->pc) >> e->region->page_bits == 0;
}

static bool is_loop(const Emit *e, uint64_t pc)
{
    return pc == e->region->pc && !e->be->options.no_chain;
}

/* What an exit jumps to as long as it is not linked. */
static void cold_unlinked(Emit *e, const ColdJob *job)
{
    asm_lea(e->a, true, RAX, asm_mem(NO_REG, 0));
    emit_ref(e, asm_rip_at(e->a), job->from);
    asm_mov_ri(e->a, RCX, job->imm);
    emit_ref(e, asm_jmp(e->a), stub_pos(STUB_GOTO));
}

static void want_unlinked(Emit *e, uint32_t at, uint64_t pc)
{
    if (!new_site(e, at, pc)) {
        return;
    }
    ColdJob *job = emit_job(e, cold_unlinked, at);
    job->imm = pc;
}

/* The guard word is not that of the mapping the link was made for. */
static void cold_guard(Emit *e, const ColdJob *job)
{
    asm_mov_ri(e->a, RAX, job->imm);
    emit_ref(e, asm_jmp(e->a), stub_pos(STUB_GUARD));
}

/* Where a jump to the region's own start goes from here. */
static uint32_t loop_start(Emit *e)
{
    if (vectors_loop(e)) {
        return e->loop.head;
    }
    vectors_leave(e);
    vectors_forget(e);
    return e->entry_checked;
}

/* Unconditional exit from here. */
static void emit_direct_exit(Emit *e, uint64_t pc)
{
    if (is_loop(e, pc)) {
        emit_ref(e, asm_jmp(e->a), loop_start(e));
        return;
    }
    uint32_t guard_at = 0;
    if (!same_page(e, pc)) {
        int32_t offset = offsetof(TcgContextBank, guard) + 4 * tcg_guard_index(pc);
        asm_load(e->a, true, RAX, ENV_MEM(hot.bank));
        guard_at = asm_cmp_m32_imm32(e->a, asm_mem(RAX, offset), 0);
        ColdJob *job = emit_job(e, cold_guard, asm_jcc(e->a, CC_NE));
        job->imm = pc;
    }
    emit_align_jump(e, emit_pos(e), 1);
    want_unlinked(e, asm_jmp(e->a), pc);
    if (guard_at && !e->failed) {
        e->out->site[e->out->sites - 1].guard_at = guard_at;
    }
}

static void cold_exit(Emit *e, const ColdJob *job)
{
    emit_late(e, job);
    if (e->be->options.icount && job->imm2) {
        asm_alu_mi(e->a, ALU_ADD, true, ENV_MEM(hot.budget), job->imm2);
    }
    e->insn_pc = job->insn >= 0 ? e->insns[job->insn].pc : e->region->pc;
    vectors_store(e, &job->vectors);
    if (job->vectors.clean) {
        vectors_clean(e);
    }
    emit_direct_exit(e, job->imm);
}

void emit_exit_if(Emit *e, const IrOp *op)
{
    AsmCond cc;
    uint64_t pc = op->imm;
    bool count = e->be->options.icount && insns_after(e);
    if (is_loop(e, pc) && !count) {
        ColdJob late = { .op = op };
        emit_job_late(e, &late);
        emit_late(e, &late);
        uint32_t target = loop_start(e);
        emit_compare(e, op->aux, &cc);
        emit_ref(e, asm_jcc(e->a, cc), target);
        return;
    }
    uint32_t start = emit_compare(e, op->aux, &cc);
    if (same_page(e, pc) && !count && !e->regs.s.late_count && !vectors_pending(e)) {
        emit_align_jump(e, start, 2);
        want_unlinked(e, asm_jcc(e->a, cc), pc);
        return;
    }
    ColdJob *job = emit_job(e, cold_exit, asm_jcc(e->a, cc));
    job->imm = pc;
    job->imm2 = insns_after(e);
    job->op = op;
    emit_job_late(e, job);
}

void emit_goto(Emit *e, const IrOp *op)
{
    if (!is_loop(e, op->imm)) {
        vectors_leave(e);
    }
    emit_direct_exit(e, op->imm);
}

/* indirect exits */

void emit_goto_ind(Emit *e, const IrOp *op)
{
    vectors_leave(e);
    regs_move(e, RAX, 0); /* everything else is dead, or pinned elsewhere */
    emit_ref(e, jump_cache_probe(e->be, e->a), stub_pos(STUB_LOOKUP));
}

void emit_exit(Emit *e, const IrOp *op)
{
    vectors_leave(e);
    regs_move(e, RCX, 0);
    emit_ref(e, asm_jmp(e->a), stub_pos(STUB_EXIT));
}

/* local jumps: all slots are where they belong after every put, so there is nothing to do but jump
 */

void emit_label(Emit *e, const IrOp *op)
{
    vectors_flush(e);
    e->x87_clean = false;
    e->label[op->imm] = emit_pos(e);
    regs_forget(e);
}

void emit_br(Emit *e, const IrOp *op)
{
    vectors_flush(e);
    emit_ref(e, asm_jmp(e->a), POS_LABEL | (uint32_t)op->imm);
}

void emit_brcond(Emit *e, const IrOp *op)
{
    AsmCond cc;
    vectors_flush(e);
    emit_compare(e, op->aux, &cc);
    emit_ref(e, asm_jcc(e->a, cc), POS_LABEL | (uint32_t)op->imm);
}

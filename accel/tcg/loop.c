/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vCPU loop: deliver exceptions and interrupts, find or make the block at pc, run it, link what
 * it left by. */
#include <inttypes.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/icount_internal.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/tlb_internal.h"
#include "util/log.h"

#define CPU_METHOD(cpu, slot) CLASS_METHOD(&(cpu)->device.object, cpu_class, CpuClass, slot)

void tcg_halt(Cpu *cpu)
{
    atomic_set(&cpu->halted, true);
    atomic_fetch_or(&cpu->env.hot.irq, INT32_MIN);
}

bool tcg_loop_is_idle(Cpu *cpu)
{
    return atomic_read(&cpu->halted) && !CPU_METHOD(cpu, has_work)(cpu);
}

/* Between instructions, out of guest code: is there a reason to go back to the thread's own loop?
 */
static bool must_return(Cpu *cpu)
{
    enum { ENDS = TCG_REQUEST_YIELD | TCG_REQUEST_QUIT };

    if (atomic_read(&cpu->stop) || (atomic_read(&cpu->tcg->requests) & ENDS) ||
        cpu_has_queued_work(cpu)) {
        return true;
    }
    if (tcg_loop_is_idle(cpu)) {
        return true;
    }
    atomic_set(&cpu->halted, false);
    return false;
}

/* An access says that it does not repeat its page: translate its instruction anew. */
static void serve_bad_predictor(Cpu *cpu)
{
    const void *host = (const void *)(uintptr_t)cpu->env.predictors.bad;
    TcgBlocks *blocks = cpu->tcg->accel->blocks;
    TcgBlock *block = tcg_cache_block_at(blocks, host);
    TcgUnwound at;

    cpu->env.predictors.bad = 0;
    if (block && tcg_block_unwind(blocks, block, host, &at)) {
        tcg_avoid_predictor(cpu->tcg->unit->backend, at.pc);
        g_mutex_lock(&blocks->lock);
        tcg_block_invalidate_locked(blocks, block);
        g_mutex_unlock(&blocks->lock);
        cpu->tcg->stats.unpredicted++;
    }
}

/* Somebody wants attention. False: return to the thread. */
static bool pass_safepoint(Cpu *cpu)
{
    if (cpu->env.predictors.bad) {
        serve_bad_predictor(cpu); /* while its block cannot go away */
    }
    tcg_leave(cpu);
    atomic_exchange(&cpu->env.hot.irq, 0); /* before looking at what it stands for */
    if (must_return(cpu)) {
        return false;
    }
    tcg_enter(cpu);
    return true;
}

static void log_cpu(Cpu *cpu)
{
    g_autoptr(GString) text = g_string_new(NULL);

    CPU_METHOD(cpu, dump)(cpu, text);
    log_printf(LOG_CPU, "%s", text->str);
}

static void note_delivery(Cpu *cpu, const char *what, uint64_t from)
{
    if (log_enabled(LOG_INT)) {
        log_printf(LOG_INT, "cpu %u: %s at %#" PRIx64 ", goes on at %#" PRIx64 "\n", cpu->index,
                   what, from, cpu->env.hot.pc);
    }
}

static void deliver_exception(Cpu *cpu)
{
    uint64_t from = cpu->env.hot.pc;

    cpu->env.hot.raise = 0;
    cpu->tcg->frontend->deliver_exception(cpu);
    note_delivery(cpu, "exception", from);
    if (cpu->tcg->accel->options.icount) {
        tcg_icount_exception(cpu);
    }
}

static bool deliver_interrupt(Cpu *cpu)
{
    uint64_t from = cpu->env.hot.pc;

    if (!cpu->tcg->frontend->deliver_interrupt(cpu)) {
        return false;
    }
    note_delivery(cpu, "interrupt", from);
    return true;
}

/* Which block may be wrong for what its second page maps to now, or for the bytes of a mixed page?
 */
static bool still_right(Cpu *cpu, TcgBlock *block)
{
    TcgBlocks *blocks = cpu->tcg->accel->blocks;
    const TcgCodePage *page = tcg_block_page(blocks, block, 1);
    bool uncached;

    if (page) {
        const TcgFetchPage *second = tcg_fetch_page(cpu, block->pc + TCG_PAGE_BYTES, &uncached);
        if (!second || atomic_load_acquire(second->code) != page) {
            return false;
        }
    }
    return !(block->flags & BLOCK_MIXED) || tcg_block_is_current(blocks, block);
}

static void drop_block(Cpu *cpu, TcgBlock *block)
{
    TcgBlocks *blocks = cpu->tcg->accel->blocks;

    g_mutex_lock(&blocks->lock);
    tcg_block_invalidate_locked(blocks, block);
    g_mutex_unlock(&blocks->lock);
}

static void note_use(TcgChunk *chunk)
{
    if (!atomic_read(&chunk->used)) {
        atomic_set(&chunk->used, true);
    }
}

/* The block at @pc. NULL: an exception was raised, or *@once. */
static TcgBlock *find_block(Cpu *cpu, uint64_t pc, bool *once)
{
    TcgCpu *tcg = cpu->tcg;
    const TcgFetchPage *page;
    bool asked = tcg->lookup_missed && pc == tcg->exit_pc; /* by generated code, in vain */
    TcgBlock *block = asked ? NULL : tcg_contexts_find(cpu, pc);

    tcg->stats.lookups++;
    if (block && !(block->flags & BLOCK_MIXED)) {
        return block;
    }
    tcg->stats.jump_misses++;
    page = tcg_fetch_page(cpu, pc, once);
    if (!page) {
        return NULL;
    }
    bool global = page->global;
    const TcgCodePage *code = atomic_load_acquire(page->code); /* pairs with tcg_code_page() */
    block =
        code ? tcg_block_find(tcg->accel->blocks, code, pc, tcg->contexts->key, tcg->unit) : NULL;
    if (block && !still_right(cpu, block)) {
        if (cpu->env.hot.raise) {
            return NULL;
        }
        drop_block(cpu, block);
        block = NULL;
    }
    if (!block) {
        block = tcg_translate(cpu, pc, once);
    }
    if (block) {
        note_use(&tcg->accel->blocks->chunks[block->chunk]);
        tcg_contexts_install(cpu, block, global);
    }
    return block;
}

static void log_block(Cpu *cpu, const TcgBlock *block)
{
    if (log_enabled(LOG_EXEC) && log_in_filter(block->pc)) {
        log_printf(LOG_EXEC, "cpu %u: %#" PRIx64 " key %#" PRIx64 ", %u instructions\n", cpu->index,
                   block->pc, block->key, block->insns);
    }
    if (log_enabled(LOG_CPU) && log_in_filter(block->pc)) {
        log_cpu(cpu);
    }
}

static TcgLeft interpret(Cpu *cpu, TcgBlock *block)
{
    const IrRegion *region = tcg_block_region(cpu->tcg->accel->blocks, block);
    uint32_t insns;

    cpu->tcg->running = block;
    cpu->tcg->running_region = region;
    TcgLeft left = tcg_interp_run(region, &cpu->env, &tcg_runtime, &insns);
    cpu->tcg->running = NULL;
    cpu->tcg->running_region = NULL;
    cpu->tcg->stats.interpreted += insns;
    cpu->env.hot.budget -=
        insns - cpu->tcg->restart_single; /* it will be counted when it is done */
    return left;
}

static TcgLeft run_once(Cpu *cpu, unsigned count)
{
    uint32_t insns = 0;
    TcgLeft left = tcg_run_once(cpu, count, &insns);

    cpu->tcg->stats.interpreted += insns;
    cpu->env.hot.budget -=
        insns - cpu->tcg->restart_single; /* it will be counted when it is done */
    return left;
}

TcgLeft tcg_loop_run_code(Cpu *cpu, TcgBlock *block, const void **site)
{
    TcgHot *hot = &cpu->env.hot;
    const uint8_t *code = tcg_block_code(cpu->tcg->accel->blocks, block);
    TcgLeft left = tcg_run(cpu->tcg->unit->backend, &cpu->env, code + block->entry_unchecked, site);

    if (left == TCG_LEFT_RAISE) {
        TcgUnwound at;
        tcg_unwind_running(cpu, &at);
        hot->pc = at.pc;
        hot->budget += at.insns_after + cpu->tcg->restart_single;
    }
    hot->host_return = 0;
    cpu->tcg->exit_pc = hot->pc;
    cpu->tcg->lookup_missed = left == TCG_LEFT_LOOKUP;
    return left;
}

static TcgLeft run_block(Cpu *cpu, TcgBlock *block, const void **site)
{
    TcgAccel *accel = cpu->tcg->accel;

    if (log_enabled(LOG_EXEC | LOG_CPU)) {
        log_block(cpu, block);
    }
    if (accel->options.icount && cpu->env.hot.budget < block->insns) {
        return run_once(cpu, cpu->env.hot.budget);
    }
    if (accel->options.lockstep) {
        return tcg_lockstep_run(cpu, block, site);
    }
    if (accel->options.interp) {
        return interpret(cpu, block);
    }
    return tcg_loop_run_code(cpu, block, site);
}

/* A debug trigger at pc may come before the instruction. True: an exception was raised. */
static bool stop_at_breakpoint(Cpu *cpu, uint64_t pc)
{
    TcgCpu *tcg = cpu->tcg;

    if (!tcg->breakpoints->len || !tcg->frontend->debug_hit || !tcg_breakpoint_at(cpu, pc) ||
        (tcg->debug_passed && tcg->debug_pc == pc)) {
        return false;
    }
    tcg->debug_passed = true;
    tcg->debug_pc = pc;
    return tcg->frontend->debug_hit(cpu, pc, TCG_ACCESS_FETCH);
}

/* Repeat an instruction that would have written to its own block: alone, so that the next one is
 * fetched anew. */
static TcgLeft run_restarted(Cpu *cpu)
{
    cpu->tcg->restart_single = false;
    cpu->tcg->in_single = true;
    cpu->tcg->stats.restarts++;
    cpu->env.hot.raise = 0;
    TcgLeft left = run_once(cpu, 1);
    cpu->tcg->in_single = false;
    return left;
}

static TcgLeft step_for_debugger(Cpu *cpu)
{
    TcgLeft left = run_once(cpu, 1);

    cpu->tcg->debug_stop.reason = CPU_STOP_STEPPED;
    return left;
}

static TcgLeft step(Cpu *cpu)
{
    TcgCpu *tcg = cpu->tcg;
    uint64_t pc = cpu->env.hot.pc;
    bool once = false;

    if (cpu->resume >= CPU_STEP) {
        return step_for_debugger(cpu);
    }
    if (cpu->resume == CPU_RUN_PAST) {
        TcgLeft left = run_once(cpu, 1);
        cpu->resume = CPU_RUN;
        return left == TCG_LEFT_RAISE ? left : TCG_LEFT_EXIT; /* interrupts have waited */
    }
    if (tcg->breakpoints->len && tcg_debugger_stops_at(cpu, pc)) {
        return TCG_LEFT_EXIT;
    }
    if (stop_at_breakpoint(cpu, pc)) {
        return TCG_LEFT_RAISE;
    }
    TcgBlock *block = find_block(cpu, pc, &once);
    if (!block && !once) {
        return TCG_LEFT_RAISE;
    }
    if (!block) {
        return run_once(cpu, 1);
    }
    if (tcg->left_at && pc == tcg->exit_pc && !tcg->accel->options.no_chain &&
        !log_enabled(LOG_NOCHAIN)) {
        tcg_block_link(tcg->accel->blocks, cpu, tcg->left_at, block);
    }
    const void *site = NULL;
    TcgLeft left = run_block(cpu, block, &site);
    tcg->left_at = left == TCG_LEFT_GOTO ? site : NULL;
    tcg->debug_passed = tcg->debug_passed && tcg->debug_pc == cpu->env.hot.pc;
    return left;
}

static void stress(Cpu *cpu)
{
    TcgAccel *accel = cpu->tcg->accel;
    TcgCpu *tcg = cpu->tcg;

    if (accel->options.random_kicks) {
        tcg->random = tcg->random * 1664525u + 1013904223u;
        if (!(tcg->random >> 28)) {
            atomic_fetch_or(&cpu->env.hot.irq, INT32_MIN);
        }
    }
}

/* False: the slice is over. */
static bool prepare(Cpu *cpu, TcgLeft left)
{
    TcgCpu *tcg = cpu->tcg;
    bool attention = left == TCG_LEFT_IRQ || left == TCG_LEFT_EXIT;

    if (left == TCG_LEFT_RAISE && !tcg->restart_single) {
        deliver_exception(cpu);
    }
    if (tcg_debugger_report(cpu)) {
        return false;
    }
    stress(cpu);
    if (atomic_read(&cpu->env.hot.irq) < 0) {
        if (!pass_safepoint(cpu)) {
            return false;
        }
        attention = true;
    }
    if (tcg->accel->options.icount && cpu->env.hot.budget <= 0) {
        tcg_leave(cpu);
        return false;
    }
    if (!attention || tcg->restart_single || cpu->resume == CPU_STEP_QUIETLY ||
        cpu->resume == CPU_RUN_PAST) {
        return true;
    }
    while (deliver_interrupt(cpu) && atomic_read(&cpu->halted)) { /* INIT: wait for the next */
        if (!pass_safepoint(cpu)) {
            return false;
        }
    }
    return true;
}

void tcg_loop_run(Cpu *cpu)
{
    TcgCpu *tcg = cpu->tcg;
    TcgLeft left = TCG_LEFT_EXIT;

    atomic_exchange(&cpu->env.hot.irq, 0);
    if (must_return(cpu)) {
        return;
    }
    if (tcg->accel->options.icount) {
        tcg_icount_begin(cpu);
    }
    tcg_enter(cpu);
    tcg_context_changed(cpu); /* reset, a debugger or a loaded state may have changed anything */
    if (cpu->env.hot.raise) {
        left = TCG_LEFT_RAISE;
    }
    while (prepare(cpu, left)) {
        left = tcg->restart_single ? run_restarted(cpu) : step(cpu);
    }
    if (tcg->accel->options.icount) {
        tcg_icount_end(cpu);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads: one each, or one that runs all in turn (thread=single, and under -icount). An idle
 * vCPU sleeps on a condition variable; whoever changes what it waits for kicks it.
 */
#include "accel/tcg/block_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/icount_internal.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/tlb_internal.h"
#include "util/error.h"

void tcg_vcpu_kick(Cpu *cpu)
{
    TcgAccel *accel = tcg_accel(cpu);

    atomic_fetch_or(&cpu->env.hot.irq, INT32_MIN);
    if (accel->options.thread == TCG_THREAD_SINGLE) {
        g_mutex_lock(&accel->run_lock);
        accel->kick_single = true;
        g_cond_broadcast(&accel->run_cond);
        g_mutex_unlock(&accel->run_lock);
    } else {
        g_mutex_lock(&cpu->work_lock);
        g_cond_broadcast(&cpu->halt_cond);
        g_mutex_unlock(&cpu->work_lock);
    }
}

void tcg_request(Cpu *cpu, uint32_t bits)
{
    atomic_fetch_or(&cpu->tcg->requests, bits);
    tcg_vcpu_kick(cpu);
}

void tcg_request_all(TcgAccel *accel, uint32_t bits)
{
    GPtrArray *cpus = accel->accel.machine->cpus;

    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu->tcg) {
            tcg_request(cpu, bits);
        }
    }
}

static bool is_quitting(Cpu *cpu)
{
    return atomic_read(&cpu->tcg->requests) & TCG_REQUEST_QUIT;
}

static void mark_stopped(Cpu *cpu)
{
    TcgAccel *accel = tcg_accel(cpu);

    g_mutex_lock(&accel->run_lock);
    if (atomic_read(&cpu->stop)) { /* not resumed meanwhile */
        atomic_set(&cpu->stopped, true);
        g_cond_broadcast(&accel->run_cond);
    }
    g_mutex_unlock(&accel->run_lock);
}

/* Stopped or halted, with nothing queued. Context: work_lock held */
static bool may_sleep_locked(Cpu *cpu)
{
    if (!g_queue_is_empty(&cpu->work) || is_quitting(cpu)) {
        return false;
    }
    return atomic_read(&cpu->stop) ? atomic_read(&cpu->stopped) : tcg_loop_is_idle(cpu);
}

static void *run_one(void *opaque)
{
    Cpu *cpu = opaque;

    cpu_set_current(cpu);
    while (!is_quitting(cpu)) {
        cpu_run_work(cpu);
        if (atomic_read(&cpu->stop)) {
            mark_stopped(cpu);
        }
        g_mutex_lock(&cpu->work_lock);
        while (may_sleep_locked(cpu)) {
            g_cond_wait(&cpu->halt_cond, &cpu->work_lock);
        }
        g_mutex_unlock(&cpu->work_lock);
        if (!atomic_read(&cpu->stop) && !cpu_has_queued_work(cpu)) {
            tcg_loop_run(cpu);
        }
    }
    cpu_set_current(NULL);
    return NULL;
}

/* One vCPU's turn; false: it has nothing to do. */
static bool take_turn(Cpu *cpu)
{
    cpu_set_current(cpu);
    cpu_run_work(cpu);
    if (atomic_read(&cpu->stop)) {
        mark_stopped(cpu);
        return false;
    }
    if (tcg_loop_is_idle(cpu)) {
        return false;
    }
    atomic_fetch_and(&cpu->tcg->requests, ~TCG_REQUEST_YIELD);
    tcg_loop_run(cpu);
    return true;
}

static bool all_stopped(const TcgAccel *accel)
{
    GPtrArray *cpus = accel->accel.machine->cpus;

    for (unsigned i = 0; i < cpus->len; i++) {
        if (!atomic_read(&((Cpu *)g_ptr_array_index(cpus, i))->stopped)) {
            return false;
        }
    }
    return true;
}

static void *run_all(void *opaque)
{
    TcgAccel *accel = opaque;
    GPtrArray *cpus = accel->accel.machine->cpus;

    g_mutex_lock(&accel->run_lock);
    while (!accel->complete && !accel->single_quit) {
        g_cond_wait(&accel->run_cond, &accel->run_lock);
    }
    g_mutex_unlock(&accel->run_lock);
    for (;;) {
        bool busy = false;

        for (unsigned i = 0; i < cpus->len; i++) {
            Cpu *cpu = g_ptr_array_index(cpus, i);
            busy |= cpu->tcg && cpu->thread && take_turn(cpu);
        }
        cpu_set_current(NULL);
        if (!busy && accel->options.icount && !all_stopped(accel)) {
            busy = tcg_icount_idle(accel);
        } else if (busy && accel->options.icount) {
            tcg_icount_pace(accel);
        }
        g_mutex_lock(&accel->run_lock);
        while (!busy && !accel->kick_single && !accel->single_quit) {
            g_cond_wait(&accel->run_cond, &accel->run_lock);
        }
        accel->kick_single = false;
        bool quit = accel->single_quit;
        g_mutex_unlock(&accel->run_lock);
        if (quit) {
            return NULL;
        }
    }
}

static TcgUnit *unit_for(TcgAccel *accel, const TcgFrontend *frontend, GError **errp)
{
    TcgUnit *unit = accel->units;

    while (unit && unit->frontend != frontend) {
        unit = unit->next;
    }
    if (unit) {
        return unit;
    }
    unit = g_new0(TcgUnit, 1);
    unit->frontend = frontend;
    if (!accel->options.interp && !tcg_unit_add_backend(accel, unit, errp)) {
        g_free(unit);
        return NULL;
    }
    unit->number = accel->units ? accel->units->number + 1 : 0;
    unit->next = accel->units;
    accel->units = unit;
    return unit;
}

static void free_tcg_cpu(TcgCpu *tcg)
{
    tcg_tlb_free(tcg->tlb);
    tcg_contexts_free(tcg->contexts);
    tcg_translator_free(tcg->translator);
    tcg_lockstep_free(tcg->lockstep);
    g_array_unref(tcg->breakpoints);
    g_array_unref(tcg->watchpoints);
    g_free(tcg);
}

static TcgCpu *new_tcg_cpu(TcgAccel *accel, Cpu *cpu, TcgUnit *unit)
{
    TcgCpu *tcg = g_new0(TcgCpu, 1);

    tcg->cpu = cpu;
    tcg->accel = accel;
    tcg->unit = unit;
    tcg->frontend = unit->frontend;
    tcg->tlb = tcg_tlb_new(&accel->options);
    tcg->contexts = tcg_contexts_new(accel->blocks->exec);
    tcg->translator = tcg_translator_new();
    tcg->lockstep = accel->options.lockstep ? tcg_lockstep_new() : NULL;
    tcg->breakpoints = g_array_new(false, false, sizeof(TcgWatch));
    tcg->watchpoints = g_array_new(false, false, sizeof(TcgWatch));
    tcg->requests = TCG_REQUEST_TLB_FLUSH;
    tcg->random = cpu->index * 2654435761u + 1;
    return tcg;
}

bool tcg_vcpu_start(TcgAccel *accel, Cpu *cpu, GError **errp)
{
    const TcgFrontend *frontend = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, frontend);
    TcgUnit *unit;

    if (!frontend) {
        error_set(errp, "CPU type %s cannot be translated", cpu->device.object.class->name);
        return false;
    }
    unit = unit_for(accel, frontend, errp);
    if (!unit) {
        return false;
    }
    TcgCpu *tcg = new_tcg_cpu(accel, cpu, unit);
    atomic_store_release(&cpu->tcg, tcg);
    tcg_debugger_attach(accel, cpu);
    tcg_tlb_flush_all(cpu);
    if (accel->options.thread == TCG_THREAD_MULTI) {
        g_autofree char *name = g_strdup_printf("CPU %u/TCG", cpu->index);
        cpu->thread = g_thread_new(name, run_one, cpu);
        return true;
    }
    if (!accel->single_thread) {
        accel->single_thread = g_thread_new("CPUs/TCG", run_all, accel);
    }
    cpu->thread = g_thread_ref(accel->single_thread);
    tcg_vcpu_kick(cpu);
    return true;
}

static void quit_single(TcgAccel *accel)
{
    g_mutex_lock(&accel->run_lock);
    accel->single_quit = true;
    g_cond_broadcast(&accel->run_cond);
    g_mutex_unlock(&accel->run_lock);
}

void tcg_vcpu_all_there(TcgAccel *accel)
{
    g_mutex_lock(&accel->run_lock);
    accel->complete = true;
    g_cond_broadcast(&accel->run_cond);
    g_mutex_unlock(&accel->run_lock);
}

void tcg_vcpu_quit(TcgAccel *accel, Cpu *cpu)
{
    bool locked = machine_lock_held();
    bool single = accel->options.thread == TCG_THREAD_SINGLE;

    atomic_set(&cpu->stop, true);
    tcg_request(cpu, TCG_REQUEST_QUIT);
    if (locked) {
        machine_unlock();
    }
    if (!single) {
        g_thread_join(cpu->thread);
    } else if (accel->single_thread) { /* the first to quit ends it for all: vCPUs go together */
        GThread *thread = accel->single_thread;
        accel->single_thread = NULL;
        quit_single(accel);
        g_thread_join(thread);
    }
    if (locked) {
        machine_lock();
    }
    if (single) {
        g_thread_unref(cpu->thread);
    }
    cpu->thread = NULL;
}

void tcg_vcpu_free(Cpu *cpu)
{
    TcgCpu *tcg = cpu->tcg;

    atomic_store_release(&cpu->tcg, NULL);
    free_tcg_cpu(tcg);
}

void tcg_vcpu_resume_all(TcgAccel *accel)
{
    GPtrArray *cpus = accel->accel.machine->cpus;

    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu->resume == CPU_HOLD) {
            continue;
        }
        g_mutex_lock(&accel->run_lock);
        atomic_set(&cpu->stop, false);
        atomic_set(&cpu->stopped, false);
        g_mutex_unlock(&accel->run_lock);
        tcg_vcpu_kick(cpu);
    }
}

void tcg_vcpu_pause_all(TcgAccel *accel)
{
    GPtrArray *cpus = accel->accel.machine->cpus;
    bool locked = machine_lock_held();

    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        atomic_set(&cpu->stop, true);
        tcg_vcpu_kick(cpu);
    }
    if (locked) {
        machine_unlock(); /* a vCPU may be waiting for it inside a device */
    }
    g_mutex_lock(&accel->run_lock);
    while (!all_stopped(accel)) {
        g_cond_wait(&accel->run_cond, &accel->run_lock);
    }
    g_mutex_unlock(&accel->run_lock);
    if (locked) {
        machine_lock();
    }
}

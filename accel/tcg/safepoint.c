/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How vCPUs agree. A vCPU in guest code shows the epoch in which it entered; once each has left or
 * entered later, what was unlinked before the epoch began is seen by nobody. Alone in an exclusive
 * section is who waited for all others to be out of guest code.
 */
#include "accel/tcg/block_internal.h"
#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/tlb_internal.h"

static bool has_passed(const Cpu *cpu, uint64_t epoch)
{
    uint64_t active = __atomic_load_n(&cpu->tcg->active_epoch, __ATOMIC_SEQ_CST);

    return active == 0 || active >= epoch;
}

bool tcg_epoch_passed(TcgAccel *accel, uint64_t epoch, Cpu *self)
{
    GPtrArray *cpus = accel->accel.machine->cpus;

    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu != self && cpu->tcg && !has_passed(cpu, epoch)) {
            return false;
        }
    }
    return true;
}

static void kick_active(TcgAccel *accel, Cpu *self)
{
    GPtrArray *cpus = accel->accel.machine->cpus;

    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu != self && cpu->tcg && atomic_read(&cpu->tcg->active_epoch)) {
            atomic_fetch_or(&cpu->env.hot.irq, INT32_MIN);
        }
    }
}

uint64_t tcg_epoch_begin(TcgAccel *accel, Cpu *self)
{
    uint64_t epoch = atomic_fetch_add(&accel->safepoint.epoch, 1) + 1;

    kick_active(accel, self);
    return epoch;
}

void tcg_epoch_wait(TcgAccel *accel, uint64_t epoch, Cpu *self)
{
    TcgSafepoint *safepoint = &accel->safepoint;

    g_mutex_lock(&safepoint->lock);
    atomic_fetch_add(&safepoint->waiters, 1); /* before looking; pairs with tcg_leave() */
    while (!tcg_epoch_passed(accel, epoch, self)) {
        g_cond_wait(&safepoint->cond, &safepoint->lock);
    }
    atomic_fetch_add(&safepoint->waiters, -1);
    g_mutex_unlock(&safepoint->lock);
}

static void wake_waiters(TcgSafepoint *safepoint)
{
    if (__atomic_load_n(&safepoint->waiters, __ATOMIC_SEQ_CST)) {
        g_mutex_lock(&safepoint->lock);
        g_cond_broadcast(&safepoint->cond);
        g_mutex_unlock(&safepoint->lock);
    }
}

/* From here on the chunk that holds the code we came from may be given to somebody else. */
static void forget_code(Cpu *cpu)
{
    cpu->tcg->left_at = NULL;
    cpu->env.predictors.bad = 0;
}

void tcg_leave(Cpu *cpu)
{
    forget_code(cpu);
    __atomic_store_n(&cpu->tcg->active_epoch, 0, __ATOMIC_SEQ_CST);
    wake_waiters(&cpu->tcg->accel->safepoint);
}

/* fence.i: every block that is still provisional is settled before this vCPU goes on. */
static void synchronise_code(Cpu *cpu)
{
    TcgAccel *accel = cpu->tcg->accel;

    if (__atomic_load_n(&accel->blocks->provisional, __ATOMIC_SEQ_CST)) {
        tcg_epoch_wait(accel, tcg_epoch_begin(accel, cpu), cpu);
    }
}

static void wait_for_exclusive(TcgSafepoint *safepoint)
{
    g_mutex_lock(&safepoint->lock);
    while (safepoint->exclusive) {
        g_cond_wait(&safepoint->cond, &safepoint->lock);
    }
    g_mutex_unlock(&safepoint->lock);
}

/* Declares the vCPU active; false: somebody is alone. */
static bool try_enter(Cpu *cpu)
{
    TcgSafepoint *safepoint = &cpu->tcg->accel->safepoint;
    uint64_t epoch = __atomic_load_n(&safepoint->epoch, __ATOMIC_SEQ_CST);

    atomic_exchange(&cpu->tcg->active_epoch,
                    epoch); /* then look; pairs with who set what we look at */
    if (!__atomic_load_n(&safepoint->exclusive, __ATOMIC_SEQ_CST)) {
        return true;
    }
    tcg_leave(cpu);
    wait_for_exclusive(safepoint);
    return false;
}

static void serve(Cpu *cpu, uint32_t requests)
{
    if (requests & TCG_REQUEST_TLB_FLUSH) {
        tcg_tlb_flush_all(cpu);
    } else if (requests & TCG_REQUEST_JUMP_FLUSH) {
        tcg_contexts_clear(cpu);
        tcg_context_changed(cpu);
    }
    if (requests & TCG_REQUEST_WRITE_REVOKE) {
        tcg_tlb_revoke_writes(cpu);
    }
}

void tcg_enter(Cpu *cpu)
{
    enum { HERE = TCG_REQUEST_TLB_FLUSH | TCG_REQUEST_JUMP_FLUSH | TCG_REQUEST_WRITE_REVOKE };
    TcgCpu *tcg = cpu->tcg;

    if (atomic_read(&tcg->requests) & TCG_REQUEST_CODE_SYNC) {
        atomic_fetch_and(&tcg->requests, ~TCG_REQUEST_CODE_SYNC);
        synchronise_code(cpu);
    }
    while (!try_enter(cpu)) {
    }
    if (atomic_read(&tcg->requests) & HERE) {
        serve(cpu, atomic_fetch_and(&tcg->requests, ~HERE));
    }
    if (atomic_read(&tcg->accel->blocks->provisional)) {
        tcg_code_settle(tcg->accel->blocks, cpu);
    }
}

static bool others_stand_still(Cpu *self)
{
    GPtrArray *cpus = self->machine->cpus;

    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu != self && cpu->tcg && !cpu->tcg->parked &&
            __atomic_load_n(&cpu->tcg->active_epoch, __ATOMIC_SEQ_CST)) {
            return false;
        }
    }
    return true;
}

bool tcg_exclusive_begin(Cpu *cpu)
{
    TcgSafepoint *safepoint = &cpu->tcg->accel->safepoint;

    if (cpu->tcg->exclusive) {
        return false;
    }
    g_mutex_lock(&safepoint->lock);
    while (safepoint->exclusive) {
        cpu->tcg->parked = true;
        g_cond_broadcast(&safepoint->cond);
        g_cond_wait(&safepoint->cond, &safepoint->lock);
    }
    cpu->tcg->parked = false;
    __atomic_store_n(&safepoint->exclusive, cpu, __ATOMIC_SEQ_CST);
    atomic_fetch_add(&safepoint->waiters, 1);
    kick_active(cpu->tcg->accel, cpu);
    while (!others_stand_still(cpu)) {
        g_cond_wait(&safepoint->cond, &safepoint->lock);
    }
    atomic_fetch_add(&safepoint->waiters, -1);
    g_mutex_unlock(&safepoint->lock);
    cpu->tcg->exclusive = true;
    return true;
}

void tcg_exclusive_end(Cpu *cpu, bool began)
{
    TcgSafepoint *safepoint = &cpu->tcg->accel->safepoint;

    if (!began) {
        return;
    }
    cpu->tcg->exclusive = false;
    g_mutex_lock(&safepoint->lock);
    __atomic_store_n(&safepoint->exclusive, NULL, __ATOMIC_SEQ_CST);
    g_cond_broadcast(&safepoint->cond);
    g_mutex_unlock(&safepoint->lock);
}

void tcg_flush_code(Cpu *cpu)
{
    if (atomic_read(&cpu->tcg->accel->blocks->provisional)) {
        tcg_request(cpu, TCG_REQUEST_CODE_SYNC);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -icount: guest time is (instructions << shift) plus what was skipped while idle. One thread runs
 * all vCPUs in turn, each with a budget that ends at the next timer, so that timers fire at exact
 * counts and a run can be repeated, unless the shift is to follow the host (shift=auto).
 */
#include "accel/tcg/icount_internal.h"

#include <inttypes.h>

#include "accel/tcg/loop_internal.h"
#include "hw/core/machine_state.h"
#include "util/error.h"

enum { SLICE = 100000, SHIFT_MAX = 10 };

/*
 * Generated code takes a whole block off the budget when it enters it, the interpreter when it is
 * through: how many of the running block to add to what the budget says. The running instruction
 * counts.
 */
static int64_t instructions_in_flight(Cpu *cpu)
{
    const IrRegion *region = cpu->tcg->running_region;
    int64_t begun = 0;

    if (cpu->env.hot.host_return) {
        TcgUnwound at;
        tcg_unwind_running(cpu, &at);
        return -(int64_t)at.insns_after;
    }
    for (uint32_t i = 1; region && i < region->count; i++) {
        if (region->ops[i].op == IR_INSN) {
            begun++;
            if (region->ops[i].imm == cpu->env.hot.pc) {
                return begun;
            }
        }
    }
    return 0;
}

static int64_t budget_used(const TcgIcount *icount)
{
    Cpu *cpu = icount->running;

    return icount->slice - cpu->env.hot.budget + instructions_in_flight(cpu);
}

/* Instructions done now, those of the running slice included. Only the vCPU thread sees the latter
 * exactly. */
static uint64_t instructions_now(const TcgAccel *accel)
{
    const TcgIcount *icount = &accel->icount;
    Cpu *current = cpu_current();

    return atomic_read(&icount->done) +
           (current && current == atomic_read(&icount->running) ? budget_used(icount) : 0);
}

static int64_t fixed_rate_time(const TcgAccel *accel)
{
    return (int64_t)(instructions_now(accel) << accel->options.icount_shift) +
           atomic_read(&accel->icount.warp_ns);
}

static int64_t guest_time(void *opaque)
{
    TcgAccel *accel = opaque;

    if (!accel->options.icount_auto) {
        return fixed_rate_time(accel);
    }
    g_mutex_lock(&accel->icount.rate_lock);
    int64_t ns = fixed_rate_time(accel);
    g_mutex_unlock(&accel->icount.rate_lock);
    return ns;
}

/* Between two slices. */
static void set_rate(TcgAccel *accel, unsigned shift)
{
    TcgIcount *icount = &accel->icount;

    g_mutex_lock(&icount->rate_lock);
    atomic_set(&icount->warp_ns,
               icount->warp_ns + (int64_t)((icount->done << accel->options.icount_shift) -
                                           (icount->done << shift)));
    accel->options.icount_shift = shift;
    g_mutex_unlock(&icount->rate_lock);
}

/* shift=auto: where guest time goes away from the host's, let an instruction take half or twice
 * the time. */
static void adjust_rate(TcgAccel *accel, int64_t host_ns, int64_t ahead_ns)
{
    enum { PERIOD_NS = 100 * 1000 * 1000, CLOSE_NS = PERIOD_NS / 10 };
    TcgIcount *icount = &accel->icount;
    unsigned shift = accel->options.icount_shift;

    if (host_ns < icount->check_ns) {
        return;
    }
    int64_t drift_ns = ahead_ns - icount->ahead_ns;
    icount->check_ns = host_ns + PERIOD_NS;
    icount->ahead_ns = ahead_ns;
    if (ahead_ns > CLOSE_NS && drift_ns > 0 && shift > 0) {
        set_rate(accel, shift - 1);
    } else if (ahead_ns < -CLOSE_NS && drift_ns < 0 && shift < SHIFT_MAX) {
        set_rate(accel, shift + 1);
    }
}

/* How many instructions may pass until @ns have. */
static int64_t instructions_until(const TcgAccel *accel, int64_t ns)
{
    unsigned shift = accel->options.icount_shift;

    return (ns + (1ll << shift) - 1) >> shift;
}

/* A timer was armed that fires before the slice ends: end it there. */
static void deadline_moved(void *opaque)
{
    TcgAccel *accel = opaque;
    TcgIcount *icount = &accel->icount;
    Cpu *cpu = atomic_read(&icount->running);

    if (!cpu || cpu_current() != cpu) {
        g_mutex_lock(&accel->run_lock);
        accel->kick_single = true;
        g_cond_broadcast(&accel->run_cond);
        g_mutex_unlock(&accel->run_lock);
        return;
    }
    int64_t ns = clock_deadline_ns(accel->accel.machine->clocks, CLOCK_KIND_VIRTUAL);
    int64_t used = budget_used(icount);
    if (ns >= 0 && instructions_until(accel, ns) < icount->slice - used) {
        int64_t cut = icount->slice - used - instructions_until(accel, ns);
        icount->slice -= cut;
        cpu->env.hot.budget -= cut; /* may become negative: the block that is running ends first */
    }
}

/* Between two slices, at an exact instruction: two runs that are alike print the same. */
static void print_state_hash(void *opaque)
{
    TcgAccel *accel = opaque;
    g_autoptr(GError) error = NULL;
    g_autofree char *hash = machine_state_hash(accel->accel.machine, &error);

    g_printerr("state at %" PRIu64 " ns, after %" PRIu64 " instructions: %s\n",
               accel->options.state_hash_ns, instructions_now(accel), hash ? hash : error->message);
}

void tcg_icount_start(TcgAccel *accel)
{
    if (accel->options.state_hash_ns) {
        timer_init(&accel->icount.hash_timer, accel->accel.machine->clocks, CLOCK_KIND_VIRTUAL,
                   print_state_hash, accel);
        timer_set_ns(&accel->icount.hash_timer, accel->options.state_hash_ns);
    }
}

bool tcg_icount_setup(TcgAccel *accel, GError **errp)
{
    ClockSet *clocks = accel->accel.machine->clocks;

    if (accel->options.icount_shift > SHIFT_MAX) {
        error_set(errp, "tcg: icount shift %u is not between 0 and %d", accel->options.icount_shift,
                  SHIFT_MAX);
        return false;
    }
    if (accel->options.icount_align && !accel->options.icount_sleep) {
        error_set(errp, "tcg: icount align=on and sleep=off cannot be used together");
        return false;
    }
    if (accel->options.icount_auto &&
        (accel->options.icount_align || !accel->options.icount_sleep)) {
        error_set(errp, "tcg: icount shift=auto and %s cannot be used together",
                  accel->options.icount_align ? "align=on" : "sleep=off");
        return false;
    }
    g_mutex_init(&accel->icount.rate_lock);
    accel->options.thread = TCG_THREAD_SINGLE;
    clock_set_virtual_source(clocks, guest_time, accel);
    clock_set_notify(clocks, CLOCK_KIND_VIRTUAL, deadline_moved, accel);
    return true;
}

void tcg_icount_cleanup(TcgAccel *accel)
{
    ClockSet *clocks = accel->accel.machine->clocks;

    timer_cancel(&accel->icount.hash_timer);
    clock_set_notify(clocks, CLOCK_KIND_VIRTUAL, NULL, NULL);
    clock_set_virtual_source(clocks, NULL, NULL);
}

/* Fire what is due; ns until the next, or -1. */
static int64_t run_timers(TcgAccel *accel)
{
    ClockSet *clocks = accel->accel.machine->clocks;
    int64_t ns = clock_deadline_ns(clocks, CLOCK_KIND_VIRTUAL);

    if (ns == 0) {
        machine_lock();
        clock_run(clocks, CLOCK_KIND_VIRTUAL);
        machine_unlock();
        ns = clock_deadline_ns(clocks, CLOCK_KIND_VIRTUAL);
    }
    return ns;
}

void tcg_icount_begin(Cpu *cpu)
{
    TcgAccel *accel = tcg_accel(cpu);
    int64_t ns = run_timers(accel);
    int64_t budget = ns < 0 ? SLICE : MIN(instructions_until(accel, ns), SLICE);

    cpu->env.hot.budget = accel->icount.slice = MAX(budget, 1);
    atomic_set(&accel->icount.running, cpu);
}

/* No instruction was done, so the slice gets shorter by one and the time goes to what was skipped.
 */
void tcg_icount_exception(Cpu *cpu)
{
    TcgAccel *accel = tcg_accel(cpu);
    TcgIcount *icount = &accel->icount;

    icount->slice--;
    cpu->env.hot.budget--;
    atomic_set(&icount->warp_ns, icount->warp_ns + (1ll << accel->options.icount_shift));
}

void tcg_icount_end(Cpu *cpu)
{
    TcgIcount *icount = &tcg_accel(cpu)->icount;
    int64_t used = icount->slice - cpu->env.hot.budget;

    atomic_set(&icount->running, NULL);
    cpu->tcg->instructions += used;
    atomic_set(&icount->done, icount->done + used);
}

/* Host time passes as guest time would, or until a kick. Returns ns passed. */
static int64_t sleep_until_kick(TcgAccel *accel, int64_t ns)
{
    gint64 start = g_get_monotonic_time();
    gint64 end = start + (ns + 999) / 1000;
    bool kicked = false;

    g_mutex_lock(&accel->run_lock);
    while (!accel->kick_single && !accel->single_quit && !kicked) {
        kicked = !g_cond_wait_until(&accel->run_cond, &accel->run_lock, end);
    }
    g_mutex_unlock(&accel->run_lock);
    return MIN((g_get_monotonic_time() - start) * 1000, ns);
}

void tcg_icount_pace(TcgAccel *accel)
{
    enum { AHEAD_NS = 3 * 1000 * 1000 }; /* guest time may be before the host's by so much */
    ClockSet *clocks = accel->accel.machine->clocks;

    if (accel->options.icount_auto || accel->options.icount_align) {
        int64_t host_ns = clock_ns(clocks, CLOCK_KIND_VIRTUAL_RT);
        int64_t ahead_ns = clock_ns(clocks, CLOCK_KIND_VIRTUAL) - host_ns;
        if (accel->options.icount_auto) {
            adjust_rate(accel, host_ns, ahead_ns);
        }
        /* an instruction takes 1 ns at least: a host that is faster than that waits */
        if (ahead_ns > AHEAD_NS && (accel->options.icount_align || !accel->options.icount_shift)) {
            g_mutex_lock(&accel->run_lock);
            accel->kick_single = false; /* the turn that ended, or the next one, has seen to it */
            g_mutex_unlock(&accel->run_lock);
            sleep_until_kick(accel, ahead_ns);
        }
    }
}

bool tcg_icount_idle(TcgAccel *accel)
{
    int64_t ns = run_timers(accel);

    if (ns < 0) {
        return false;
    }
    if (accel->options.icount_sleep && ns > 0) {
        int64_t passed = sleep_until_kick(accel, ns);
        bool all = passed >= ns;
        ns = passed;
        if (!all) {
            atomic_set(&accel->icount.warp_ns, accel->icount.warp_ns + ns);
            return true;
        }
    }
    atomic_set(&accel->icount.warp_ns, accel->icount.warp_ns + ns);
    run_timers(accel);
    return true;
}

uint64_t tcg_instructions(Cpu *cpu)
{
    TcgAccel *accel = tcg_accel(cpu);
    const TcgIcount *icount = &accel->icount;

    if (!accel->options.icount) {
        return clock_ns(cpu->machine->clocks, CLOCK_KIND_VIRTUAL);
    }
    return cpu->tcg->instructions +
           (cpu_current() == cpu && icount->running == cpu ? budget_used(icount) : 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's timer: STIP is pending while time >= stimecmp. An alarm on the machine's virtual
 * clock sets it when the hart does something else meanwhile. Spec: Sstc.
 */
#include "target/riscv/timer.h"

#include "target/riscv/registers_internal.h"
#include "util/atomic.h"

enum { NS_PER_SECOND = 1000000000 };

uint64_t riscv_time(const RiscvCpu *cpu)
{
    return cpu->cpu.read_time ? cpu->cpu.read_time(cpu->cpu.time_opaque) : 0;
}

bool riscv_has_stimecmp(const RiscvCpu *cpu)
{
    return cpu->config.sstc && cpu->csr.menvcfg & ENVCFG_STCE;
}

/* When the alarm is due; far-off times are looked at again after some days. */
static int64_t alarm_ns(const RiscvCpu *cpu, uint64_t ticks)
{
    const uint64_t far_ns = 1ull << 50;
    unsigned __int128 ns = (unsigned __int128)ticks * NS_PER_SECOND + cpu->config.timebase_hz - 1;

    ns /= cpu->config.timebase_hz;
    return clock_ns(cpu->cpu.machine->clocks, CLOCK_KIND_VIRTUAL) +
           (int64_t)(ns < far_ns ? (uint64_t)ns : far_ns);
}

/* Runs in the hart's thread and in the main thread; both come to the same answer. */
void riscv_timer_update(RiscvCpu *cpu)
{
    uint64_t now, when = atomic_read(&cpu->stimecmp);

    if (!riscv_has_stimecmp(cpu) || !cpu->cpu.read_time) {
        return;
    }
    now = riscv_time(cpu);
    if (now >= when) {
        atomic_fetch_or(&cpu->mip, BIT(RISCV_IRQ_STI));
    } else {
        atomic_fetch_and(&cpu->mip, ~BIT(RISCV_IRQ_STI));
        timer_set_ns(&cpu->stimecmp_timer, alarm_ns(cpu, when - now));
    }
}

void riscv_timer_set(RiscvCpu *cpu, uint64_t stimecmp)
{
    atomic_set(&cpu->stimecmp, stimecmp);
    riscv_timer_update(cpu);
    cpu_interrupt_changed(&cpu->cpu);
}

static void alarm_expired(void *opaque)
{
    RiscvCpu *cpu = opaque;

    riscv_timer_update(cpu);
    cpu_interrupt_changed(&cpu->cpu);
}

void riscv_timer_init(RiscvCpu *cpu)
{
    timer_init(&cpu->stimecmp_timer, cpu->cpu.machine->clocks, CLOCK_KIND_VIRTUAL, alarm_expired,
               cpu);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time stamp counter: virtual time at the counter's rate. Spec: SDM vol. 3, 18.17. */
#include "target/x86/tsc.h"

enum { NS_PER_SECOND = 1000000000 };

static uint64_t count(const X86Cpu *cpu)
{
    uint64_t ns = clock_ns(cpu->cpu.machine->clocks, CLOCK_KIND_VIRTUAL);

    if (cpu->config.tsc_hz == NS_PER_SECOND) {
        return ns;
    }
    return (unsigned __int128)ns * cpu->config.tsc_hz / NS_PER_SECOND;
}

uint64_t x86_tsc(const X86Cpu *cpu)
{
    return count(cpu) + cpu->msr.tsc_offset;
}

void x86_tsc_write(X86Cpu *cpu, uint64_t value)
{
    uint64_t change = value - x86_tsc(cpu);

    cpu->msr.tsc_offset += change;
    cpu->msr.tsc_adjust += change;
}

void x86_tsc_adjust(X86Cpu *cpu, uint64_t value)
{
    cpu->msr.tsc_offset += value - cpu->msr.tsc_adjust;
    cpu->msr.tsc_adjust = value;
}

void x86_tsc_reset(X86Cpu *cpu)
{
    cpu->msr.tsc_offset = cpu->msr.tsc_adjust = 0;
}

int64_t x86_tsc_to_ns(const X86Cpu *cpu, uint64_t tsc)
{
    int64_t now = clock_ns(cpu->cpu.machine->clocks, CLOCK_KIND_VIRTUAL);
    int64_t ticks = tsc - x86_tsc(cpu);

    if (ticks <= 0) {
        return now;
    }
    unsigned __int128 ns =
        ((unsigned __int128)ticks * NS_PER_SECOND + cpu->config.tsc_hz - 1) / cpu->config.tsc_hz;
    return ns > (unsigned __int128)(INT64_MAX - now) ? INT64_MAX : now + (int64_t)ns;
}

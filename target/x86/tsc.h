/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time stamp counter. */
#pragma once

#include "target/x86/cpu.h"

/** x86_tsc - as RDTSC reads it; any thread */
uint64_t x86_tsc(const X86Cpu *cpu);
/** x86_tsc_write - WRMSR of IA32_TIME_STAMP_COUNTER: moves IA32_TSC_ADJUST too */
void x86_tsc_write(X86Cpu *cpu, uint64_t value);
/** x86_tsc_adjust - WRMSR of IA32_TSC_ADJUST */
void x86_tsc_adjust(X86Cpu *cpu, uint64_t value);
/** x86_tsc_reset - counts virtual time again, as all processors of the machine then do alike */
void x86_tsc_reset(X86Cpu *cpu);
/** x86_tsc_to_ns - virtual time (ns) at which the counter reads @tsc; INT64_MAX if far away */
int64_t x86_tsc_to_ns(const X86Cpu *cpu, uint64_t tsc);

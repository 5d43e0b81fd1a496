/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What interrupts the processor between instructions. */
#pragma once

#include "target/x86/trap.h"

/** x86_interrupts_returned - IRET went to @pc: RF holds back a breakpoint there, and what is now
 * deliverable comes soon */
void x86_interrupts_returned(X86Cpu *cpu, uint64_t pc);
/** x86_shadow_set - hold interrupts back for the next instruction: X86_SHADOW_x */
void x86_shadow_set(X86Cpu *cpu, unsigned shadow);
/** x86_cpu_init_state - what INIT sets (cpu.c) */
void x86_cpu_init_state(X86Cpu *cpu);

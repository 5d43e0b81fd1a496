/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System management mode. */
#pragma once

#include "target/x86/cpu.h"

/** x86_smm_realize, _cleanup - watch the address space of SMM */
void x86_smm_realize(X86Cpu *cpu);
void x86_smm_cleanup(X86Cpu *cpu);
/** x86_smm_enter - save the state and enter the handler; returns its linear address. @pc: where the
 * interrupted program goes on */
uint64_t x86_smm_enter(X86Cpu *cpu, uint64_t pc, bool halted);
/** x86_smm_leave_space - reset: ordinary memory is seen again */
void x86_smm_leave_space(X86Cpu *cpu);
/** x86_smm_loaded - after cpu->smm was loaded from a saved state */
void x86_smm_loaded(X86Cpu *cpu);

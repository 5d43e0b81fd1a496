/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug registers. Spec: SDM vol. 3, 18.2, 18.3. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/x86/cpu.h"

/** x86_debug_write - MOV to DR @number, which exists; reserved bits were checked */
void x86_debug_write(X86Cpu *cpu, unsigned number, uint64_t value);
/** x86_debug_clear - watch nothing any more; before the registers are reset */
void x86_debug_clear(X86Cpu *cpu);
/** x86_debug_loaded - watch what the registers of a loaded state say */
void x86_debug_loaded(X86Cpu *cpu);
/** x86_debug_resume - RF was set by a return to @pc */
void x86_debug_resume(X86Cpu *cpu, uint64_t pc);
/** x86_debug_io - an access to ports is about to happen: notes a breakpoint on it */
void x86_debug_io(X86Cpu *cpu, uint16_t port, unsigned bytes);
/** x86_debug_step - behind an instruction of code with X86_MODE_STEP, going on at @next: the trap
 * of RFLAGS.TF and of data breakpoints, held back behind MOV SS. Returns where to go on */
uint64_t x86_debug_step(X86Cpu *cpu, uint64_t next);
/* for TcgFrontend */
bool x86_debug_hit(Cpu *cpu, vaddr address, TcgAccess access);
/** x86_debug_flags_changed - POPF or IRET loaded RFLAGS, formerly @old: TF that was set at an
 * instruction's start makes its trap */
void x86_debug_flags_changed(X86Cpu *cpu, uint64_t old);

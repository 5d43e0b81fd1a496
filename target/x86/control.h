/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control registers. */
#pragma once

#include "target/x86/cpu.h"

/* Writes with all checks and what follows from them; false after raising. */
bool x86_write_cr0(X86Cpu *cpu, uint64_t value);
bool x86_write_cr3(X86Cpu *cpu, uint64_t value);
bool x86_write_cr4(X86Cpu *cpu, uint64_t value);
/** x86_write_efer - WRMSR's checks: EFER.LME cannot change while paging is on */
bool x86_write_efer(X86Cpu *cpu, uint64_t value);
/** x86_set_control - CR0, CR4 and EFER without checks (SMM, reset): everything cached is forgotten
 */
void x86_set_control(X86Cpu *cpu, uint64_t cr0, uint64_t cr3, uint64_t cr4, uint64_t efer);
/** x86_write_pkru - rights of protection keys */
void x86_write_pkru(X86Cpu *cpu, uint32_t value);

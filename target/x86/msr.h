/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers by number. */
#pragma once

#include "target/x86/cpu.h"

/* As RDMSR and WRMSR at CPL 0; false: no such register, or not this value. Nothing is raised but
 * by a refused write, which the caller forgets (X86Cpu.event). */
bool x86_msr_read(X86Cpu *cpu, uint32_t number, uint64_t *value);
bool x86_msr_write(X86Cpu *cpu, uint32_t number, uint64_t value);

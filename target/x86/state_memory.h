/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory for instructions that move more than a register. */
#pragma once

#include "target/x86/cpu.h"

/**
 * x86_state_read, x86_state_write - @bytes at linear address @address, of the present data bank
 *
 * False after raising. Nothing is written unless all of it can be.
 * Context: vCPU thread, in a helper that may raise.
 */
bool x86_state_read(X86Cpu *cpu, uint64_t address, void *to, unsigned bytes);
bool x86_state_write(X86Cpu *cpu, uint64_t address, const void *from, unsigned bytes);

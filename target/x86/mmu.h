/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linear to physical addresses. Spec: SDM vol. 3, ch. 4. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/x86/cpu.h"
#include "target/x86/mode.h"

/* for TcgFrontend and CpuClass */
bool x86_walk(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank, bool probe, TcgPage *page);
void x86_raise_unaligned(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank);
/* operands of SSE that must be aligned: #GP(0) */
void x86_raise_unaligned_vector(Cpu *c, vaddr address, TcgAccess access, uint8_t bank);
bool x86_debug_translate(Cpu *cpu, vaddr address, hwaddr *physical, MemTxAttrs *attrs);
uint32_t x86_address_space(Cpu *cpu);
uint8_t x86_fetch_bank(Cpu *cpu);

/** x86_load_pdptrs - PAE paging: read the four entries that CR3 = @cr3 points at into *@pdptr;
 * false: one has reserved bits set, #GP is due */
bool x86_load_pdptrs(X86Cpu *cpu, uint64_t cr3, uint64_t pdptr[4]);

/** x86_is_canonical - for the linear addresses of long mode */
bool x86_is_canonical(const X86Cpu *cpu, uint64_t address);

/* Guest memory at a linear address, cut to 32 bits outside long mode; @size_log2: 0 to 3. False
 * after raising. */
bool x86_memory_load(X86Cpu *cpu, uint64_t linear, unsigned size_log2, unsigned bank,
                     uint64_t *value);
bool x86_memory_store(X86Cpu *cpu, uint64_t linear, unsigned size_log2, unsigned bank,
                      uint64_t value);

/*
 * Implicit accesses (descriptor tables, TSS, stacks of handlers), as supervisor whatever CPL is.
 * @size_log2: 0 to 3. False after raising.
 */
bool x86_read_system(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t *value);
bool x86_write_system(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t value);
/* Explicit ones of the running instruction, with the rights of the present CPL. */
bool x86_read_data(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t *value);
bool x86_write_data(X86Cpu *cpu, uint64_t linear, unsigned size_log2, uint64_t value);
uint8_t x86_system_bank(const X86Cpu *cpu);
uint8_t x86_data_bank(const X86Cpu *cpu);

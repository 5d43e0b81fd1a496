/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address translation and its exceptions. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/riscv/cpu.h"

bool riscv_walk(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank, bool probe, TcgPage *page);
void riscv_raise_unaligned(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank);
void riscv_raise_bus_error(Cpu *cpu, vaddr address, hwaddr physical, TcgAccess access,
                           MemTxResult result);
bool riscv_debug_translate(Cpu *cpu, vaddr address, hwaddr *physical, MemTxAttrs *attrs);

/** riscv_satp_space - number of the address space that satp selects: mode and ASID */
uint32_t riscv_satp_space(const RiscvCpu *cpu);
uint32_t riscv_space_of_asid(const RiscvCpu *cpu, unsigned asid);
/** riscv_satp_mode_exists - whether satp.MODE may have that value */
bool riscv_satp_mode_exists(const RiscvCpu *cpu, unsigned mode);

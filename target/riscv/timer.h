/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stimecmp. Spec: Sstc (privileged ISA, ch. 14). */
#pragma once

#include "target/riscv/cpu.h"

void riscv_timer_init(RiscvCpu *cpu);
/** riscv_has_stimecmp - stimecmp drives STIP */
bool riscv_has_stimecmp(const RiscvCpu *cpu);
/** riscv_timer_set - a new stimecmp; vCPU thread */
void riscv_timer_set(RiscvCpu *cpu, uint64_t stimecmp);
/** riscv_timer_update - STIP and the alarm follow time and stimecmp */
void riscv_timer_update(RiscvCpu *cpu);
/** riscv_time - the time CSR */
uint64_t riscv_time(const RiscvCpu *cpu);

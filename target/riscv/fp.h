/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating-point state: it lives in TcgEnv.mxcsr_guest (flags, rounding) and RiscvCpu.frm. Helpers:
 * touches_fp. */
#pragma once

#include "target/riscv/cpu.h"

/** riscv_fflags - accrued exceptions in the layout of fflags */
unsigned riscv_fflags(const RiscvCpu *cpu);
void riscv_set_fflags(RiscvCpu *cpu, unsigned flags);
/** riscv_set_frm - also makes the host round so; the context key changes with it */
void riscv_set_frm(RiscvCpu *cpu, unsigned frm);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Performance counters. Spec: privileged ISA, 3.1.10 to 3.1.12; Sscofpmf (ch. 15). */
#pragma once

#include "target/riscv/cpu.h"

void riscv_counters_init(RiscvCpu *cpu);
void riscv_counters_reset(RiscvCpu *cpu);
/** riscv_counters_mode_changed - the privilege mode is another: counters with mode filters start or
 * stop */
void riscv_counters_mode_changed(RiscvCpu *cpu);
/* Around saving and loading: stopped, every value stands in .base; loaded starts the running ones
 * again */
void riscv_counters_stop(RiscvCpu *cpu);
void riscv_counters_loaded(RiscvCpu *cpu);
/** riscv_counters_update - which counters run was changed (events, inhibition); also after loading
 * state */
void riscv_counters_update(RiscvCpu *cpu);

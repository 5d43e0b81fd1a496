/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug triggers of types mcontrol and mcontrol6. Spec: RISC-V debug 1.0, ch. 5. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/riscv/cpu.h"

/** riscv_trigger_hit - TcgFrontend.debug_hit */
bool riscv_trigger_hit(Cpu *cpu, vaddr address, TcgAccess access);
void riscv_triggers_reset(RiscvCpu *cpu);
/** riscv_triggers_loaded - tell the translator what to look at, after loading state */
void riscv_triggers_loaded(RiscvCpu *cpu);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions, interrupts and returns from them. */
#pragma once

#include "target/riscv/cpu.h"
#include "target/riscv/registers_internal.h"

/** riscv_raise - a synchronous exception of the running instruction; delivered when translated code
 * is left */
void riscv_raise(RiscvCpu *cpu, RiscvCause cause, uint64_t value);

/** riscv_pending - mip as hardware sees it: software bits and lines; any thread */
uint64_t riscv_pending(const RiscvCpu *cpu);
/** riscv_interrupts_update - pending or enabling bits changed: take what is now deliverable soon.
 * vCPU thread */
void riscv_interrupts_update(RiscvCpu *cpu);
/** riscv_set_priv - change of privilege mode with what depends on it, but for the translation
 * context */
void riscv_set_priv(RiscvCpu *cpu, unsigned priv);

/* for TcgFrontend and CpuClass */
void riscv_deliver_exception(Cpu *cpu);
bool riscv_deliver_interrupt(Cpu *cpu);
bool riscv_has_work(Cpu *cpu);

const char *riscv_cause_name(bool interrupt, unsigned code);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What joins the hart's state with the translator: context key, banks, and what changes them. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/riscv/cpu.h"
#include "target/riscv/translate_internal.h"

static inline RiscvCpu *riscv_cpu(void *cpu)
{
    return cpu; /* Cpu is the first member */
}

extern const TcgFrontend riscv_frontend;

void riscv_translate(TcgTranslate *region);
uint64_t riscv_context_key(Cpu *cpu);
RiscvContext riscv_key_context(uint64_t key);
/* TLB bank of data accesses now, MPRV considered */
uint8_t riscv_data_bank(const RiscvCpu *cpu);

/** riscv_changed - after anything that the key, banks or address space may depend on; @before:
 * riscv_context_key() then */
void riscv_changed(RiscvCpu *cpu, uint64_t before);

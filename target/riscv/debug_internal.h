/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "target/debug.h"

extern const CpuDebug riscv_debug;

typedef struct Cpu Cpu;

/** riscv_disassemble - see CpuClass.disassemble */
size_t riscv_disassemble(Cpu *cpu, const uint8_t *code, size_t bytes, uint64_t address,
                         GString *text);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of extensions. */
#pragma once

#include "target/riscv/cpu.h"

/** riscv_isa_set - switch on what @list names: extensions, s, u, sv39..., separated by single
 * spaces */
void riscv_isa_set(RiscvConfig *config, const char *list);
/** riscv_isa_check - what extensions need of each other */
bool riscv_isa_check(const RiscvConfig *config, unsigned xlen, GError **errp);
/** riscv_isa_hash - of all that selects translated code; harts with equal hashes may share it */
uint32_t riscv_isa_hash(const RiscvConfig *config);

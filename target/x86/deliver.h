/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Special ways to a handler; the usual ones are in trap.h. */
#pragma once

#include "target/x86/trap.h"

/** x86_deliver_vm86 - INT @vector that CR4.VME redirects to the handler of the 8086 program; @pc if
 * that raised. Spec: SDM vol. 3, 21.3.3 */
uint64_t x86_deliver_vm86(X86Cpu *cpu, unsigned vector, uint64_t pc, uint64_t next);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments as accesses see them. Spec: SDM vol. 3, 5.3. */
#pragma once

#include "target/x86/cpu.h"

/** x86_linear_address - linear address of @bytes at @offset in @segment for the running
 * instruction; false after raising: not present, not writable, beyond the limit */
bool x86_linear_address(X86Cpu *cpu, X86SegmentNumber segment, uint64_t offset, unsigned bytes,
                        bool write, uint64_t *linear);

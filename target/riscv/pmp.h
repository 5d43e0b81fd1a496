/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory protection. Spec: privileged ISA, 3.7; Smepmp 1.0. */
#pragma once

#include "target/riscv/cpu.h"

typedef struct {
    uint8_t rights;       /* MEMORY_* */
    uint8_t uniform_bits; /* the naturally aligned block of that size around the address has the
                             same rights */
} RiscvPmpAnswer;

/** riscv_pmp_check - what @priv may do at physical @address */
RiscvPmpAnswer riscv_pmp_check(const RiscvCpu *cpu, hwaddr address, unsigned priv);

/* CSR access: one entry's configuration byte or address; locked entries and reserved values leave
 * things as they are. The caller flushes translations afterwards. */
void riscv_pmp_write_cfg(RiscvCpu *cpu, unsigned entry, uint8_t cfg);
void riscv_pmp_write_address(RiscvCpu *cpu, unsigned entry, uint64_t value);
void riscv_pmp_write_mseccfg(RiscvCpu *cpu, uint64_t value);
/** riscv_pmp_update - rebuild what is derived from cfg and address */
void riscv_pmp_update(RiscvCpu *cpu);

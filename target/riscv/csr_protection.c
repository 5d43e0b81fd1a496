/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSRs of physical memory protection. Spec: privileged ISA, 3.7.1; Smepmp 1.0. */
#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/pmp.h"

enum { CFG_BITS = 8, MAX_CFG_REGISTERS = 16 };

static bool has_pmp(const RiscvCpu *cpu)
{
    return cpu->config.pmp_regions > 0;
}

static void changed(RiscvCpu *cpu)
{
    riscv_pmp_update(cpu);
    tcg_tlb_flush_all(&cpu->cpu);
}

/* On 64-bit harts only even registers exist and hold eight entries each. */
static bool cfg_allowed(RiscvCpu *cpu, unsigned index)
{
    return cpu->xlen == 32 || !(index & 1);
}

static unsigned entries_per_register(const RiscvCpu *cpu)
{
    return cpu->xlen / CFG_BITS;
}

static uint64_t read_cfg(RiscvCpu *cpu, unsigned index)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < entries_per_register(cpu) && index * 4 + i < RISCV_PMP_ENTRIES; i++) {
        value |= (uint64_t)cpu->pmp.cfg[index * 4 + i] << i * CFG_BITS;
    }
    return value;
}

static void write_cfg(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    value = csr_merge(read_cfg(cpu, index), value, mask);
    for (unsigned i = 0; i < entries_per_register(cpu); i++) {
        riscv_pmp_write_cfg(cpu, index * 4 + i, value >> i * CFG_BITS);
    }
    changed(cpu);
}

static void write_address(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    riscv_pmp_write_address(cpu, index, csr_merge(cpu->pmp.address[index], value, mask));
    changed(cpu);
}

static bool has_mseccfg(const RiscvCpu *cpu)
{
    return cpu->config.smepmp || cpu->config.zkr;
}

static bool has_mseccfg_rv32(const RiscvCpu *cpu)
{
    return has_mseccfg(cpu) && cpu->xlen == 32;
}

static void write_mseccfg(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    riscv_pmp_write_mseccfg(cpu, csr_merge(cpu->csr.mseccfg, value, mask));
    changed(cpu);
}

static uint64_t read_zero(RiscvCpu *cpu, unsigned index)
{
    return 0;
}

const RiscvCsr riscv_protection_csrs[] = {
    { .first = CSR_PMPCFG0,
      .count = MAX_CFG_REGISTERS,
      .name = "pmpcfg",
      .exists = has_pmp,
      .allowed = cfg_allowed,
      .read = read_cfg,
      .write = write_cfg },
    { .first = CSR_PMPADDR0,
      .count = RISCV_PMP_ENTRIES,
      .name = "pmpaddr",
      .exists = has_pmp,
      .write = write_address,
      .offset = offsetof(RiscvCpu, pmp.address) },
    { .first = CSR_MSECCFG,
      .name = "mseccfg",
      .exists = has_mseccfg,
      .write = write_mseccfg,
      .offset = offsetof(RiscvCpu, csr.mseccfg) },
    { .first = CSR_MSECCFGH, .name = "mseccfgh", .exists = has_mseccfg_rv32, .read = read_zero },
    {},
};

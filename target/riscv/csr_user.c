/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSRs that need no privilege: floating point (unprivileged ISA, 20.2) and the entropy source
 * (Zkr). */
#include "hw/core/host_input.h"
#include "target/riscv/csr_internal.h"
#include "target/riscv/fp.h"
#include "target/riscv/frontend_internal.h"

enum { FFLAGS_MASK = 0x1f, FRM_SHIFT = 5, FRM_MASK = 7, FCSR_MASK = 0xff };

static bool has_f(const RiscvCpu *cpu)
{
    return cpu->config.f;
}

static bool fp_allowed(RiscvCpu *cpu, unsigned index)
{
    return cpu->csr.mstatus & MSTATUS_FS;
}

/* Index of the row: 0 fflags, 1 frm, 2 fcsr */
static uint64_t read_fp(RiscvCpu *cpu, unsigned index)
{
    switch (index) {
    case 0: return riscv_fflags(cpu);
    case 1: return cpu->frm;
    default: return riscv_fflags(cpu) | (uint64_t)cpu->frm << FRM_SHIFT;
    }
}

static void write_fp(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    uint64_t before = riscv_context_key(&cpu->cpu);

    value = csr_merge(read_fp(cpu, index), value, mask);
    if (index != 1) {
        riscv_set_fflags(cpu, value & FFLAGS_MASK);
    }
    if (index != 0) {
        riscv_set_frm(cpu, (index == 1 ? value : value >> FRM_SHIFT) & FRM_MASK);
    }
    cpu->csr.mstatus |= MSTATUS_FS; /* dirty */
    riscv_changed(cpu, before);
}

uint64_t riscv_helper_fs_dirty(void *c, uint64_t a, uint64_t b, uint64_t unused, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    uint64_t before = riscv_context_key(&cpu->cpu);

    cpu->csr.mstatus |= MSTATUS_FS;
    riscv_changed(cpu, before);
    return 0;
}

/* Zkr 4.1: 16 bits of entropy with status ES16; below M it takes mseccfg's leave */
static bool has_zkr(const RiscvCpu *cpu)
{
    return cpu->config.zkr;
}

static bool seed_allowed(RiscvCpu *cpu, unsigned index)
{
    uint64_t bit = cpu->priv == RISCV_PRIV_S ? MSECCFG_SSEED : MSECCFG_USEED;

    return cpu->priv == RISCV_PRIV_M || cpu->csr.mseccfg & bit;
}

static uint64_t read_seed(RiscvCpu *cpu, unsigned index)
{
    const uint64_t es16 = 2ull << 30;
    uint16_t entropy;

    host_input_random(cpu->cpu.machine, &entropy, sizeof(entropy));
    return es16 | entropy;
}

static void write_seed(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    /* the value written is ignored */
}

const RiscvCsr riscv_user_csrs[] = {
    { .first = CSR_FFLAGS,
      .count = 3,
      .name = "fcsr",
      .exists = has_f,
      .allowed = fp_allowed,
      .read = read_fp,
      .write = write_fp },
    { .first = CSR_SEED,
      .name = "seed",
      .exists = has_zkr,
      .allowed = seed_allowed,
      .read = read_seed,
      .write = write_seed },
    {},
};

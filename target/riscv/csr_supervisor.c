/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Supervisor-level CSRs. Spec: privileged ISA 20240411, ch. 10; Smstateen; Sstc (ch. 14). */
#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/mmu.h"
#include "target/riscv/timer.h"
#include "target/riscv/trap.h"
#include "util/atomic.h"

/* 10.1.1 */
static uint64_t read_sstatus(RiscvCpu *cpu, unsigned index)
{
    uint64_t value = cpu->csr.mstatus & SSTATUS_FIELDS;

    if ((value & MSTATUS_FS) == MSTATUS_FS) {
        value |= cpu->xlen == 32 ? MSTATUS_SD_32 : MSTATUS_SD_64;
    }
    return value | (cpu->xlen == 64 ? 2ull << MSTATUS_UXL_SHIFT : 0);
}

static void write_sstatus(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    riscv_write_mstatus(cpu, value, mask & SSTATUS_FIELDS);
}

/* 10.1.3: sie and sip show what is delegated */
static uint64_t read_sie(RiscvCpu *cpu, unsigned index)
{
    return cpu->csr.mie & cpu->csr.mideleg;
}

static void write_sie(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    atomic_set(&cpu->csr.mie, csr_merge(cpu->csr.mie, value, mask & cpu->csr.mideleg));
    riscv_interrupts_update(cpu);
}

static uint64_t read_sip(RiscvCpu *cpu, unsigned index)
{
    riscv_timer_update(cpu);
    return riscv_pending(cpu) & cpu->csr.mideleg;
}

static void write_sip(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    mask &= cpu->csr.mideleg & (BIT(RISCV_IRQ_SSI) | BIT(RISCV_IRQ_LCOFI));
    atomic_fetch_or(&cpu->mip, value & mask);
    atomic_fetch_and(&cpu->mip, ~(~value & mask));
    riscv_interrupts_update(cpu);
}

/* 10.1.2 */
static void write_stvec(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    value = csr_merge(cpu->csr.stvec, value, mask);
    if (!(value & 2)) {
        cpu->csr.stvec = value;
    }
}

/* 10.1.7 */
static void write_sepc(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    cpu->csr.sepc = csr_merge(cpu->csr.sepc, value, mask) & (cpu->config.c ? ~1ull : ~3ull);
    if (cpu->xlen == 32) {
        cpu->csr.sepc = (uint64_t)(int32_t)cpu->csr.sepc;
    }
}

/* 10.1.10; CBIE 2 is reserved */
static bool senvcfg_allowed(RiscvCpu *cpu, unsigned index)
{
    return riscv_stateen_allows(cpu, STATEEN0_ENVCFG);
}

static void write_senvcfg(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    uint64_t writable = ENVCFG_FIOM | (cpu->config.zicbom ? ENVCFG_CBIE | ENVCFG_CBCFE : 0) |
                        (cpu->config.zicboz ? ENVCFG_CBZE : 0);

    cpu->csr.senvcfg = csr_merge(cpu->csr.senvcfg, value, mask & writable);
}

static bool has_sstateen(const RiscvCpu *cpu)
{
    return cpu->config.smstateen && cpu->config.s;
}

static bool sstateen_allowed(RiscvCpu *cpu, unsigned index)
{
    return cpu->priv == RISCV_PRIV_M || cpu->csr.mstateen[index] & STATEEN0_SE;
}

/* 10.1.11. A mode that does not exist leaves the whole register as it was. */
static bool satp_allowed(RiscvCpu *cpu, unsigned index)
{
    return cpu->priv == RISCV_PRIV_M || !(cpu->csr.mstatus & MSTATUS_TVM); /* 3.1.6.6 */
}

static void write_satp(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    enum { BANKS = 1 << BANK_U | 1 << BANK_S | 1 << BANK_S_SUM };
    uint64_t old = cpu->csr.satp;

    value = csr_merge(old, value, mask);
    if (cpu->xlen == 32) {
        value = (uint32_t)value;
    }
    if (value == old || !riscv_satp_mode_exists(cpu, cpu->xlen == 32 ? value >> 31 : value >> 60)) {
        return;
    }
    if (cpu->xlen == 64 ? !(value >> 60) : !(value >> 31)) {
        value = 0; /* Bare: the other fields have no meaning */
    }
    cpu->csr.satp = value;
    tcg_tlb_flush(&cpu->cpu, BANKS);
    tcg_context_changed(&cpu->cpu);
}

/* Sstc: usable below M if mcounteren.TM and menvcfg.STCE are set */
static bool has_sstc(const RiscvCpu *cpu)
{
    return cpu->config.sstc;
}

static bool has_sstc_rv32(const RiscvCpu *cpu)
{
    return cpu->config.sstc && cpu->xlen == 32;
}

static bool stimecmp_allowed(RiscvCpu *cpu, unsigned index)
{
    return cpu->priv == RISCV_PRIV_M ||
           (cpu->csr.mcounteren >> COUNTER_TM & 1 && cpu->csr.menvcfg & ENVCFG_STCE);
}

static void write_stimecmp(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    riscv_timer_set(cpu, csr_merge(cpu->stimecmp, value, mask));
}

static uint64_t read_stimecmph(RiscvCpu *cpu, unsigned index)
{
    return cpu->stimecmp >> 32;
}

static void write_stimecmph(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_stimecmp(cpu, index, value << 32, mask << 32);
}

#define FIELD(f) .offset = offsetof(RiscvCpu, f), .exists = riscv_csr_has_s

const RiscvCsr riscv_supervisor_csrs[] = {
    { .first = CSR_SSTATUS,
      .name = "sstatus",
      .exists = riscv_csr_has_s,
      .read = read_sstatus,
      .write = write_sstatus },
    { .first = CSR_SIE,
      .name = "sie",
      .exists = riscv_csr_has_s,
      .read = read_sie,
      .write = write_sie },
    { .first = CSR_STVEC, .name = "stvec", FIELD(csr.stvec), .write = write_stvec },
    { .first = CSR_SCOUNTEREN, .name = "scounteren", FIELD(csr.scounteren), .mask = UINT32_MAX },
    { .first = CSR_SENVCFG,
      .name = "senvcfg",
      FIELD(csr.senvcfg),
      .allowed = senvcfg_allowed,
      .write = write_senvcfg },
    { .first = CSR_SSTATEEN0,
      .count = 4,
      .name = "sstateen",
      .exists = has_sstateen,
      .allowed = sstateen_allowed,
      .offset = offsetof(RiscvCpu, csr.sstateen) },
    { .first = CSR_SSCRATCH, .name = "sscratch", FIELD(csr.sscratch), .mask = ~0ull },
    { .first = CSR_SEPC, .name = "sepc", FIELD(csr.sepc), .write = write_sepc },
    { .first = CSR_SCAUSE, .name = "scause", FIELD(csr.scause), .mask = ~0ull },
    { .first = CSR_STVAL, .name = "stval", FIELD(csr.stval), .mask = ~0ull },
    { .first = CSR_SIP,
      .name = "sip",
      .exists = riscv_csr_has_s,
      .read = read_sip,
      .write = write_sip },
    { .first = CSR_STIMECMP,
      .name = "stimecmp",
      .exists = has_sstc,
      .allowed = stimecmp_allowed,
      .write = write_stimecmp,
      .offset = offsetof(RiscvCpu, stimecmp) },
    { .first = CSR_STIMECMPH,
      .name = "stimecmph",
      .exists = has_sstc_rv32,
      .allowed = stimecmp_allowed,
      .read = read_stimecmph,
      .write = write_stimecmph },
    { .first = CSR_SATP,
      .name = "satp",
      FIELD(csr.satp),
      .allowed = satp_allowed,
      .write = write_satp },
    {},
};

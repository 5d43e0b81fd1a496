/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machine-level CSRs. Spec: privileged ISA 20240411, ch. 3; the section stands beside each group.
 */
#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/timer.h"
#include "target/riscv/trap.h"
#include "util/atomic.h"

#define PLAIN(number, text, field, writable)                                                       \
    {                                                                                              \
        .first = (number), .name = (text), .offset = offsetof(RiscvCpu, field), .mask = (writable) \
    }
#define READ_ONLY(number, text, field)                                         \
    {                                                                          \
        .first = (number), .name = (text), .offset = offsetof(RiscvCpu, field) \
    }

/* 3.1.1: letters of the extensions, and MXL */
static uint64_t read_misa(RiscvCpu *cpu, unsigned index)
{
    const RiscvConfig *c = &cpu->config;
    const struct {
        char letter;
        bool on;
    } letters[] = {
        { 'I', c->i }, { 'M', c->m }, { 'A', c->a }, { 'F', c->f },
        { 'D', c->d }, { 'C', c->c }, { 'S', c->s }, { 'U', c->u },
    };
    uint64_t value = cpu->xlen == 32 ? 1ull << 30 : 2ull << 62;

    for (unsigned i = 0; i < G_N_ELEMENTS(letters); i++) {
        value |= letters[i].on ? BIT(letters[i].letter - 'A') : 0;
    }
    return value;
}

static void ignore_write(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    /* misa: no extension can be switched at run time (3.1.1: WARL) */
}

/* 3.1.6 */
static uint64_t mstatus_writable(const RiscvCpu *cpu)
{
    uint64_t mask = MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP;

    if (cpu->config.u) {
        mask |= MSTATUS_MPRV | MSTATUS_TW;
    }
    if (cpu->config.s) {
        mask |= MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM |
                MSTATUS_TSR;
    }
    if (cpu->config.f || cpu->config.s) {
        mask |= MSTATUS_FS;
    }
    return mask;
}

/* 3.1.6.1: MPP holds only modes that exist */
static bool mode_exists(const RiscvCpu *cpu, unsigned priv)
{
    return priv == RISCV_PRIV_M || (priv == RISCV_PRIV_S && cpu->config.s) ||
           (priv == RISCV_PRIV_U && cpu->config.u);
}

void riscv_write_mstatus(RiscvCpu *cpu, uint64_t value, uint64_t mask)
{
    uint64_t before = riscv_context_key(&cpu->cpu);
    uint64_t old = cpu->csr.mstatus;
    uint64_t status = csr_merge(old, value, mask & mstatus_writable(cpu));

    if (!mode_exists(cpu, status >> MSTATUS_MPP_SHIFT & 3)) {
        status = csr_merge(status, old, MSTATUS_MPP);
    }
    cpu->csr.mstatus = status;
    if ((old ^ status) & MSTATUS_MXR) {
        tcg_tlb_flush_all(&cpu->cpu);
    }
    riscv_changed(cpu, before);
    riscv_interrupts_update(cpu);
}

static uint64_t read_mstatus(RiscvCpu *cpu, unsigned index)
{
    bool dirty = (cpu->csr.mstatus & MSTATUS_FS) == MSTATUS_FS;
    uint64_t sd = cpu->xlen == 32 ? MSTATUS_SD_32 : MSTATUS_SD_64;

    return cpu->csr.mstatus | (dirty ? sd : 0);
}

static void write_mstatus(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    riscv_write_mstatus(cpu, value, mask);
}

/* MBE and SBE: little-endian only (3.1.6.4) */
static uint64_t read_zero(RiscvCpu *cpu, unsigned index)
{
    return 0;
}

/* 3.1.8: all that can happen below M, but for ecall from M */
static void write_medeleg(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    enum { DELEGABLE = 0xb3ff };

    cpu->csr.medeleg = csr_merge(cpu->csr.medeleg, value, mask & DELEGABLE);
}

static uint64_t supervisor_interrupts(const RiscvCpu *cpu)
{
    return BIT(RISCV_IRQ_SSI) | BIT(RISCV_IRQ_STI) | BIT(RISCV_IRQ_SEI) |
           (cpu->config.sscofpmf ? BIT(RISCV_IRQ_LCOFI) : 0);
}

static void write_mideleg(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    cpu->csr.mideleg = csr_merge(cpu->csr.mideleg, value, mask & supervisor_interrupts(cpu));
    riscv_interrupts_update(cpu);
}

/* 3.1.9 */
static void write_mie(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    uint64_t all = BIT(RISCV_IRQ_MSI) | BIT(RISCV_IRQ_MTI) | BIT(RISCV_IRQ_MEI);

    all |= cpu->config.s ? supervisor_interrupts(cpu) : 0;
    atomic_set(&cpu->csr.mie, csr_merge(cpu->csr.mie, value, mask & all));
    riscv_interrupts_update(cpu);
}

static uint64_t read_mip(RiscvCpu *cpu, unsigned index)
{
    riscv_timer_update(cpu);
    return riscv_pending(cpu);
}

/* Bits of mip that M-mode software drives; the others are lines. With Sstc switched on STIP belongs
 * to stimecmp. */
static void write_mip(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    mask &= cpu->config.s ? supervisor_interrupts(cpu) : 0;
    if (riscv_has_stimecmp(cpu)) {
        mask &= ~BIT(RISCV_IRQ_STI);
    }
    atomic_fetch_or(&cpu->mip, value & mask);
    atomic_fetch_and(&cpu->mip, ~(~value & mask));
    riscv_interrupts_update(cpu);
}

/* 3.1.7: modes 2 and 3 are reserved, such writes change nothing */
static void write_mtvec(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    value = csr_merge(cpu->csr.mtvec, value, mask);
    if (!(value & 2)) {
        cpu->csr.mtvec = value;
    }
}

/* 3.1.14 */
static void write_mepc(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    cpu->csr.mepc = csr_merge(cpu->csr.mepc, value, mask) & (cpu->config.c ? ~1ull : ~3ull);
    if (cpu->xlen == 32) {
        cpu->csr.mepc = (uint64_t)(int32_t)cpu->csr.mepc;
    }
}

/* 3.1.18 */
static uint64_t menvcfg_writable(const RiscvCpu *cpu)
{
    const RiscvConfig *c = &cpu->config;

    return ENVCFG_FIOM | (c->zicbom ? ENVCFG_CBIE | ENVCFG_CBCFE : 0) |
           (c->zicboz ? ENVCFG_CBZE : 0) | (c->svadu ? ENVCFG_ADUE : 0) |
           (c->svpbmt ? ENVCFG_PBMTE : 0) | (c->sstc ? ENVCFG_STCE : 0);
}

static void write_menvcfg(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    uint64_t old = cpu->csr.menvcfg;

    cpu->csr.menvcfg = csr_merge(old, value, mask & menvcfg_writable(cpu));
    if ((old ^ cpu->csr.menvcfg) & (ENVCFG_PBMTE | ENVCFG_ADUE)) {
        tcg_tlb_flush_all(&cpu->cpu);
    }
    riscv_timer_update(cpu);
    riscv_interrupts_update(cpu);
}

static uint64_t read_menvcfgh(RiscvCpu *cpu, unsigned index)
{
    return cpu->csr.menvcfg >> 32;
}

static void write_menvcfgh(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_menvcfg(cpu, index, value << 32, mask << 32);
}

static bool has_smstateen(const RiscvCpu *cpu)
{
    return cpu->config.smstateen;
}

static bool has_smstateen_rv32(const RiscvCpu *cpu)
{
    return cpu->config.smstateen && cpu->xlen == 32;
}

/* Smstateen 2: of the states that mstateen0 guards this hart has envcfg and the supervisor's
 * stateens; 1 to 3 guard none and keep only their SE bit. */
static void write_mstateen(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    uint64_t writable = STATEEN0_SE | (index == 0 ? STATEEN0_ENVCFG : 0);

    cpu->csr.mstateen[index] = csr_merge(cpu->csr.mstateen[index], value, mask & writable);
}

static uint64_t read_mstateenh(RiscvCpu *cpu, unsigned index)
{
    return cpu->csr.mstateen[index] >> 32;
}

static void write_mstateenh(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_mstateen(cpu, index, value << 32, mask << 32);
}

static bool is_s_rv32(const RiscvCpu *cpu)
{
    return cpu->config.s && cpu->xlen == 32;
}

static bool is_u_rv32(const RiscvCpu *cpu)
{
    return cpu->config.u && cpu->xlen == 32;
}

const RiscvCsr riscv_machine_csrs[] = {
    { .first = CSR_MSTATUS, .name = "mstatus", .read = read_mstatus, .write = write_mstatus },
    { .first = CSR_MISA, .name = "misa", .read = read_misa, .write = ignore_write },
    { .first = CSR_MEDELEG,
      .name = "medeleg",
      .exists = riscv_csr_has_s,
      .write = write_medeleg,
      .offset = offsetof(RiscvCpu, csr.medeleg) },
    { .first = CSR_MIDELEG,
      .name = "mideleg",
      .exists = riscv_csr_has_s,
      .write = write_mideleg,
      .offset = offsetof(RiscvCpu, csr.mideleg) },
    { .first = CSR_MIE, .name = "mie", .write = write_mie, .offset = offsetof(RiscvCpu, csr.mie) },
    { .first = CSR_MTVEC,
      .name = "mtvec",
      .write = write_mtvec,
      .offset = offsetof(RiscvCpu, csr.mtvec) },
    { .first = CSR_MCOUNTEREN,
      .name = "mcounteren",
      .exists = riscv_csr_has_u,
      .offset = offsetof(RiscvCpu, csr.mcounteren),
      .mask = UINT32_MAX },
    { .first = CSR_MENVCFG,
      .name = "menvcfg",
      .exists = riscv_csr_has_u,
      .write = write_menvcfg,
      .offset = offsetof(RiscvCpu, csr.menvcfg) },
    { .first = CSR_MSTATEEN0,
      .count = 4,
      .name = "mstateen",
      .exists = has_smstateen,
      .write = write_mstateen,
      .offset = offsetof(RiscvCpu, csr.mstateen) },
    { .first = CSR_MSTATUSH, .name = "mstatush", .exists = riscv_csr_is_rv32, .read = read_zero },
    { .first = CSR_MEDELEGH, .name = "medelegh", .exists = is_s_rv32, .read = read_zero },
    { .first = CSR_MENVCFGH,
      .name = "menvcfgh",
      .exists = is_u_rv32,
      .read = read_menvcfgh,
      .write = write_menvcfgh },
    { .first = CSR_MSTATEEN0H,
      .count = 4,
      .name = "mstateenh",
      .exists = has_smstateen_rv32,
      .read = read_mstateenh,
      .write = write_mstateenh },
    PLAIN(CSR_MSCRATCH, "mscratch", csr.mscratch, ~0ull),
    { .first = CSR_MEPC,
      .name = "mepc",
      .write = write_mepc,
      .offset = offsetof(RiscvCpu, csr.mepc) },
    PLAIN(CSR_MCAUSE, "mcause", csr.mcause, ~0ull),
    PLAIN(CSR_MTVAL, "mtval", csr.mtval, ~0ull),
    { .first = CSR_MIP, .name = "mip", .read = read_mip, .write = write_mip },
    READ_ONLY(CSR_MVENDORID, "mvendorid", config.mvendorid),
    READ_ONLY(CSR_MARCHID, "marchid", config.marchid),
    READ_ONLY(CSR_MIMPID, "mimpid", config.mimpid),
    READ_ONLY(CSR_MHARTID, "mhartid", config.hartid),
    { .first = CSR_MCONFIGPTR, .name = "mconfigptr", .read = read_zero },
    {},
};

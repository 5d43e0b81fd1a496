/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps. Spec: privileged ISA 20240411, 3.1.6 (status stack), 3.1.8, 3.1.9 (delegation,
 * priorities), 3.3.2, 3.3.3. */
#include "target/riscv/trap.h"

#include <inttypes.h>

#include "target/riscv/counters.h"
#include "target/riscv/frontend_internal.h"
#include "util/atomic.h"
#include "util/log.h"

void riscv_raise(RiscvCpu *cpu, RiscvCause cause, uint64_t value)
{
    cpu->exception_cause = cause;
    cpu->exception_value = cpu->xlen == 32 ? (uint64_t)(int32_t)value : value;
    tcg_raise(&cpu->cpu);
}

const char *riscv_cause_name(bool interrupt, unsigned code)
{
    static const char *const exceptions[] = {
        [RISCV_CAUSE_FETCH_MISALIGNED] = "fetch misaligned",
        [RISCV_CAUSE_FETCH_ACCESS] = "fetch access fault",
        [RISCV_CAUSE_ILLEGAL] = "illegal instruction",
        [RISCV_CAUSE_BREAKPOINT] = "breakpoint",
        [RISCV_CAUSE_LOAD_MISALIGNED] = "load misaligned",
        [RISCV_CAUSE_LOAD_ACCESS] = "load access fault",
        [RISCV_CAUSE_STORE_MISALIGNED] = "store misaligned",
        [RISCV_CAUSE_STORE_ACCESS] = "store access fault",
        [RISCV_CAUSE_ECALL_U] = "ecall from U",
        [RISCV_CAUSE_ECALL_U + RISCV_PRIV_S] = "ecall from S",
        [RISCV_CAUSE_ECALL_U + RISCV_PRIV_M] = "ecall from M",
        [RISCV_CAUSE_FETCH_PAGE] = "fetch page fault",
        [RISCV_CAUSE_LOAD_PAGE] = "load page fault",
        [RISCV_CAUSE_STORE_PAGE] = "store page fault",
    };
    static const char *const interrupts[] = {
        [RISCV_IRQ_SSI] = "S software",
        [RISCV_IRQ_MSI] = "M software",
        [RISCV_IRQ_STI] = "S timer",
        [RISCV_IRQ_MTI] = "M timer",
        [RISCV_IRQ_SEI] = "S external",
        [RISCV_IRQ_MEI] = "M external",
        [RISCV_IRQ_LCOFI] = "counter overflow",
    };
    const char *name = NULL;

    if (interrupt) {
        name = code < G_N_ELEMENTS(interrupts) ? interrupts[code] : NULL;
    } else {
        name = code < G_N_ELEMENTS(exceptions) ? exceptions[code] : NULL;
    }
    return name ? name : "reserved";
}

void riscv_set_priv(RiscvCpu *cpu, unsigned priv)
{
    if (cpu->priv != priv) {
        cpu->priv = priv;
        riscv_counters_mode_changed(cpu);
    }
}

/* Where a trap goes: 3.1.7, 10.1.2. Vectored mode applies to interrupts only. */
static uint64_t trap_vector(const RiscvCpu *cpu, uint64_t tvec, bool interrupt, unsigned code)
{
    uint64_t base = tvec & ~3ull;

    base += interrupt && tvec & 1 ? 4 * code : 0;
    return cpu->xlen == 32 ? (uint32_t)base : base;
}

static uint64_t cause_value(const RiscvCpu *cpu, bool interrupt, unsigned code)
{
    uint64_t top = cpu->xlen == 32 ? 0xffffffff80000000 : 1ull << 63;

    return code | (interrupt ? top : 0);
}

/* A register's form of an address: 32-bit harts keep it sign-extended. */
static uint64_t as_register(const RiscvCpu *cpu, uint64_t address)
{
    return cpu->xlen == 32 ? (uint64_t)(int32_t)address : address;
}

static uint64_t enter_s(RiscvCpu *cpu, bool interrupt, unsigned code, uint64_t value, uint64_t pc)
{
    RiscvCsrs *csr = &cpu->csr;
    uint64_t status = csr->mstatus & ~(MSTATUS_SPIE | MSTATUS_SIE | MSTATUS_SPP);

    status |= csr->mstatus & MSTATUS_SIE ? MSTATUS_SPIE : 0;
    csr->mstatus = status | (uint64_t)(cpu->priv & 1) << MSTATUS_SPP_SHIFT;
    csr->scause = cause_value(cpu, interrupt, code);
    csr->sepc = as_register(cpu, pc);
    csr->stval = value;
    riscv_set_priv(cpu, RISCV_PRIV_S);
    return trap_vector(cpu, csr->stvec, interrupt, code);
}

static uint64_t enter_m(RiscvCpu *cpu, bool interrupt, unsigned code, uint64_t value, uint64_t pc)
{
    RiscvCsrs *csr = &cpu->csr;
    uint64_t status = csr->mstatus & ~(MSTATUS_MPIE | MSTATUS_MIE | MSTATUS_MPP);

    status |= csr->mstatus & MSTATUS_MIE ? MSTATUS_MPIE : 0;
    csr->mstatus = status | (uint64_t)cpu->priv << MSTATUS_MPP_SHIFT;
    csr->mcause = cause_value(cpu, interrupt, code);
    csr->mepc = as_register(cpu, pc);
    csr->mtval = value;
    riscv_set_priv(cpu, RISCV_PRIV_M);
    return trap_vector(cpu, csr->mtvec, interrupt, code);
}

/* Returns the pc of the handler. */
static uint64_t take_trap(RiscvCpu *cpu, bool interrupt, unsigned code, uint64_t value, uint64_t pc)
{
    uint64_t delegated = interrupt ? cpu->csr.mideleg : cpu->csr.medeleg;
    bool to_s = cpu->priv != RISCV_PRIV_M && delegated >> code & 1;
    uint64_t before = riscv_context_key(&cpu->cpu);
    unsigned from = cpu->priv;
    uint64_t handler =
        to_s ? enter_s(cpu, interrupt, code, value, pc) : enter_m(cpu, interrupt, code, value, pc);

    riscv_changed(cpu, before);
    if (log_enabled(LOG_INT)) {
        log_printf(LOG_INT,
                   "hart %" PRIu64 ": %s %u (%s) value %#" PRIx64 " at %#" PRIx64
                   ", mode %u -> %u, handler %#" PRIx64 "\n",
                   cpu->config.hartid, interrupt ? "interrupt" : "exception", code,
                   riscv_cause_name(interrupt, code), value, pc, from, cpu->priv, handler);
    }
    return handler;
}

void riscv_deliver_exception(Cpu *c)
{
    RiscvCpu *cpu = riscv_cpu(c);

    c->env.hot.raise = 0;
    c->env.hot.pc =
        take_trap(cpu, false, cpu->exception_cause, cpu->exception_value, c->env.hot.pc);
}

uint64_t riscv_pending(const RiscvCpu *cpu)
{
    return atomic_read(&cpu->mip) | atomic_read(&cpu->lines);
}

/* The interrupt to take now, -1: none. Order of priorities: 3.1.9, Sscofpmf. */
static int deliverable(const RiscvCpu *cpu)
{
    static const uint8_t order[] = { RISCV_IRQ_MEI, RISCV_IRQ_MSI, RISCV_IRQ_MTI,  RISCV_IRQ_SEI,
                                     RISCV_IRQ_SSI, RISCV_IRQ_STI, RISCV_IRQ_LCOFI };
    uint64_t pending = riscv_pending(cpu) & cpu->csr.mie;
    uint64_t status = cpu->csr.mstatus;
    bool m_on = cpu->priv != RISCV_PRIV_M || status & MSTATUS_MIE;
    bool s_on = cpu->priv == RISCV_PRIV_U || (cpu->priv == RISCV_PRIV_S && status & MSTATUS_SIE);
    uint64_t ready = m_on ? pending & ~cpu->csr.mideleg : 0;

    if (!ready && s_on) {
        ready = pending & cpu->csr.mideleg;
    }
    for (unsigned i = 0; ready && i < G_N_ELEMENTS(order); i++) {
        if (ready >> order[i] & 1) {
            return order[i];
        }
    }
    return -1;
}

bool riscv_deliver_interrupt(Cpu *c)
{
    RiscvCpu *cpu = riscv_cpu(c);
    int irq = deliverable(cpu);

    if (irq < 0) {
        return false;
    }
    c->env.hot.pc = take_trap(cpu, true, irq, 0, c->env.hot.pc);
    return true;
}

/* 3.3.3: wfi ends for any enabled interrupt that is pending, whatever mstatus says */
bool riscv_has_work(Cpu *c)
{
    RiscvCpu *cpu = riscv_cpu(c);

    return riscv_pending(cpu) & atomic_read(&cpu->csr.mie);
}

void riscv_interrupts_update(RiscvCpu *cpu)
{
    if (deliverable(cpu) >= 0) {
        cpu_interrupt_changed(&cpu->cpu);
    }
}

/* Helpers -------------------------------------------------------------------------------------- */

uint64_t riscv_helper_raise(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    riscv_raise(riscv_cpu(cpu), a, b);
    return 0;
}

uint64_t riscv_helper_ecall(void *c, uint64_t pc, uint64_t b, uint64_t unused, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);

    return take_trap(cpu, false, RISCV_CAUSE_ECALL_U + cpu->priv, 0, pc);
}

uint64_t riscv_helper_interrupts_on(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    riscv_interrupts_update(riscv_cpu(cpu));
    return 0;
}

/* IALIGN: without C, bit 1 of the address reads as 0 (3.1.14). */
static uint64_t return_address(const RiscvCpu *cpu, uint64_t epc)
{
    epc &= cpu->config.c ? ~1ull : ~3ull;
    return cpu->xlen == 32 ? (uint32_t)epc : epc;
}

static void return_to(RiscvCpu *cpu, uint64_t status, unsigned priv)
{
    uint64_t before = riscv_context_key(&cpu->cpu);

    if (priv != RISCV_PRIV_M) {
        status &= ~MSTATUS_MPRV;
    }
    cpu->csr.mstatus = status;
    riscv_set_priv(cpu, priv);
    riscv_changed(cpu, before);
    riscv_interrupts_update(cpu);
}

uint64_t riscv_helper_mret(void *c, uint64_t a, uint64_t b, uint64_t unused, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    uint64_t old = cpu->csr.mstatus;
    uint64_t status = (old & ~(MSTATUS_MIE | MSTATUS_MPP)) | MSTATUS_MPIE;

    status |= old & MSTATUS_MPIE ? MSTATUS_MIE : 0;
    status |= cpu->config.u ? 0 : (uint64_t)RISCV_PRIV_M << MSTATUS_MPP_SHIFT;
    return_to(cpu, status, old >> MSTATUS_MPP_SHIFT & 3);
    return return_address(cpu, cpu->csr.mepc);
}

uint64_t riscv_helper_sret(void *c, uint64_t insn, uint64_t b, uint64_t unused, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    uint64_t old = cpu->csr.mstatus;
    uint64_t status = (old & ~(MSTATUS_SIE | MSTATUS_SPP)) | MSTATUS_SPIE;

    if (cpu->priv == RISCV_PRIV_S && old & MSTATUS_TSR) { /* 3.1.6.6 */
        riscv_raise(cpu, RISCV_CAUSE_ILLEGAL, insn);
        return 0;
    }
    status |= old & MSTATUS_SPIE ? MSTATUS_SIE : 0;
    return_to(cpu, status, old >> MSTATUS_SPP_SHIFT & 1);
    return return_address(cpu, cpu->csr.sepc);
}

/* 3.1.6.6, 3.3.3: TW forbids waiting below M; with S-mode, U-mode may never wait. */
static bool may_wait(const RiscvCpu *cpu)
{
    if (cpu->priv == RISCV_PRIV_M) {
        return true;
    }
    return !(cpu->csr.mstatus & MSTATUS_TW) && (cpu->priv == RISCV_PRIV_S || !cpu->config.s);
}

uint64_t riscv_helper_wfi(void *c, uint64_t insn, uint64_t b, uint64_t unused, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);

    if (!may_wait(cpu)) {
        riscv_raise(cpu, RISCV_CAUSE_ILLEGAL, insn);
    } else if (!riscv_has_work(c)) {
        tcg_halt(c);
    }
    return 0;
}

/* Zawrs: wrs.nto waits under TW's rule; both may end at any time, and end at once here. */
uint64_t riscv_helper_wrs(void *c, uint64_t insn, uint64_t b, uint64_t unused, uint64_t d)
{
    enum { WRS_STO = 0x01d00073 };
    RiscvCpu *cpu = riscv_cpu(c);

    if (insn != WRS_STO && cpu->priv != RISCV_PRIV_M && cpu->csr.mstatus & MSTATUS_TW) {
        riscv_raise(cpu, RISCV_CAUSE_ILLEGAL, insn);
    } else {
        g_thread_yield();
    }
    return 0;
}

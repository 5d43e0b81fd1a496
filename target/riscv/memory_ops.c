/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers that touch guest memory or what is cached of it. Spec: unprivileged ISA, 13.2, 14, 19;
 * privileged ISA, 10.2.1. */
#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/mmu.h"
#include "target/riscv/trap.h"

/* sc without a reservation stores nothing; a misaligned address is an exception all the same. */
uint64_t riscv_helper_sc_fail(void *cpu, uint64_t address, uint64_t size, uint64_t c, uint64_t d)
{
    if (address & (size - 1)) {
        riscv_raise(riscv_cpu(cpu), RISCV_CAUSE_STORE_MISALIGNED, address);
    }
    return 0;
}

/* Full barrier, 16 bytes at a 16-byte aligned address. */
__attribute__((target("cx16"))) static unsigned __int128 cas128(unsigned __int128 *at,
                                                                unsigned __int128 expected,
                                                                unsigned __int128 desired)
{
    return __sync_val_compare_and_swap(at, expected, desired);
}

/* The same in pieces, for memory that has no host address (a page with code, a logged one): not
 * atomic for other harts. False: an exception was raised. */
static bool cas128_in_pieces(RiscvCpu *cpu, uint64_t address, unsigned bank,
                             unsigned __int128 *value, unsigned __int128 desired)
{
    IrMem mem = { .size_log2 = 3, .bank = bank };
    unsigned __int128 expected = *value;
    uint64_t low, high;

    if (!tcg_load(&cpu->cpu, address, mem, &low) || !tcg_load(&cpu->cpu, address + 8, mem, &high)) {
        return false;
    }
    *value = (unsigned __int128)high << 64 | low;
    if (*value != expected) {
        desired = *value; /* a failing operation needs the right to write all the same */
    }
    return tcg_store(&cpu->cpu, address, mem, desired) &&
           tcg_store(&cpu->cpu, address + 8, mem, desired >> 64);
}

/* amocas.q (14.1) */
uint64_t riscv_helper_cas128(void *c, uint64_t address, uint64_t registers, uint64_t bank,
                             uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    unsigned rd = registers & 31, rs2 = registers >> 8 & 31;
    unsigned __int128 value = rd ? (unsigned __int128)cpu->x[rd + 1] << 64 | cpu->x[rd] : 0;
    unsigned __int128 desired = rs2 ? (unsigned __int128)cpu->x[rs2 + 1] << 64 | cpu->x[rs2] : 0;
    void *host;

    if (address & 15) {
        riscv_raise(cpu, RISCV_CAUSE_STORE_MISALIGNED, address);
        return 0;
    }
    host = tcg_host_pointer(&cpu->cpu, address, sizeof(value), TCG_ACCESS_STORE, bank);
    if (host) {
        value = cas128(host, value, desired);
    } else if (cpu->cpu.env.hot.raise || !cas128_in_pieces(cpu, address, bank, &value, desired)) {
        return 0;
    }
    if (rd) {
        cpu->x[rd] = value;
        cpu->x[rd + 1] = value >> 64;
    }
    return 0;
}

/* 10.2.1. @given: bit 0 an address, bit 1 an ASID */
uint64_t riscv_helper_sfence_vma(void *c, uint64_t given, uint64_t address, uint64_t asid,
                                 uint64_t insn)
{
    RiscvCpu *cpu = riscv_cpu(c);
    uint32_t space;

    if (cpu->priv == RISCV_PRIV_S && cpu->csr.mstatus & MSTATUS_TVM) { /* 3.1.6.6 */
        riscv_raise(cpu, RISCV_CAUSE_ILLEGAL, insn);
        return 0;
    }
    address = cpu->xlen == 32 ? (uint32_t)address : address;
    space = riscv_space_of_asid(cpu, asid);
    switch (given) {
    case 0: tcg_tlb_flush_all(c); break;
    case 1: tcg_tlb_flush_page(c, address, space, true); break;
    case 2: tcg_tlb_flush_space(c, space, true); break;
    default: tcg_tlb_flush_page(c, address, space, false); break;
    }
    return 0;
}

uint64_t riscv_helper_fence_i(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    tcg_flush_code(cpu);
    return 0;
}

/* Cache-block operations ------------------------------------------------------------------------
 */

enum { CBO_INVAL = 0, CBO_CLEAN = 1, CBO_FLUSH = 2, CBO_ZERO = 4 };

/* 19.3.2: menvcfg guards S and U, senvcfg guards U. For CBIE 0 forbids, 1 makes inval a flush,
 * which is all the same here. */
static bool cbo_allowed(const RiscvCpu *cpu, unsigned op)
{
    uint64_t bit = op == CBO_ZERO ? ENVCFG_CBZE : op == CBO_INVAL ? ENVCFG_CBIE : ENVCFG_CBCFE;

    if (cpu->priv != RISCV_PRIV_M && !(cpu->csr.menvcfg & bit)) {
        return false;
    }
    return cpu->priv != RISCV_PRIV_U || !cpu->config.s || cpu->csr.senvcfg & bit;
}

static void zero_block(RiscvCpu *cpu, uint64_t block, unsigned bank)
{
    IrMem mem = { .size_log2 = 3, .bank = bank };
    unsigned bytes = cpu->config.cboz_bytes;
    void *host = tcg_host_pointer(&cpu->cpu, block, bytes, TCG_ACCESS_STORE, bank);

    if (host) {
        memset(host, 0, bytes);
        return;
    }
    for (unsigned i = 0; i < bytes; i += 8) {
        if (!tcg_store(&cpu->cpu, block + i, mem, 0)) {
            return;
        }
    }
}

/* Management works on the address as given if a load or a store there would be allowed; memory
 * itself is always coherent, so nothing else is left to do. A fault is one of a store (19.3.3). */
static void manage_block(RiscvCpu *cpu, uint64_t address, unsigned bank)
{
    TcgPage page;

    if (!riscv_walk(&cpu->cpu, address, TCG_ACCESS_LOAD, bank, true, &page)) {
        riscv_walk(&cpu->cpu, address, TCG_ACCESS_STORE, bank, false, &page);
    }
}

uint64_t riscv_helper_cbo(void *c, uint64_t address, uint64_t what, uint64_t insn, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    unsigned op = what & 255, bank = what >> 8;

    if (!cbo_allowed(cpu, op)) {
        riscv_raise(cpu, RISCV_CAUSE_ILLEGAL, insn);
    } else if (op == CBO_ZERO) {
        zero_block(cpu, address & ~(uint64_t)(cpu->config.cboz_bytes - 1), bank);
    } else {
        manage_block(cpu, address, bank);
    }
    return 0;
}

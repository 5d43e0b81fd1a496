/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory protection. Spec: privileged ISA, 3.7; Smepmp 1.0, ch. 2 (its table is decoded in
 * mml_rights()). */
#include "target/riscv/pmp.h"

#include "target/riscv/registers_internal.h"

enum { CFG_R = 1, CFG_W = 2, CFG_X = 4, CFG_A = 0x18, CFG_L = 0x80, CFG_RESERVED = 0x60 };
enum { A_OFF = 0, A_TOR = 0x08, A_NA4 = 0x10, A_NAPOT = 0x18 };
enum { ADDRESS_SHIFT = 2, SMALLEST_BITS = 2, PAGE_BITS = 12 };

static bool is_locked(const RiscvCpu *cpu, unsigned entry)
{
    return cpu->pmp.cfg[entry] & CFG_L && !(cpu->csr.mseccfg & MSECCFG_RLB);
}

void riscv_pmp_update(RiscvCpu *cpu)
{
    RiscvPmp *pmp = &cpu->pmp;

    pmp->active = 0;
    for (unsigned i = 0; i < cpu->config.pmp_regions; i++) {
        uint64_t address = pmp->address[i];
        uint64_t below = i ? pmp->address[i - 1] : 0;
        /* an empty range has first above last */
        pmp->first[i] = 1;
        pmp->last[i] = 0;
        switch (pmp->cfg[i] & CFG_A) {
        case A_TOR:
            if (below < address) {
                pmp->first[i] = below << ADDRESS_SHIFT;
                pmp->last[i] = (address << ADDRESS_SHIFT) - 1;
            }
            break;
        case A_NA4:
            pmp->first[i] = address << ADDRESS_SHIFT;
            pmp->last[i] = pmp->first[i] + 3;
            break;
        case A_NAPOT: {
            /* trailing ones give the size: bits 0 to n are ones below the first zero */
            uint64_t size_mask = address ^ (address + 1);
            pmp->first[i] = (address & ~size_mask) << ADDRESS_SHIFT;
            pmp->last[i] = (address | size_mask) << ADDRESS_SHIFT | 3;
            break;
        }
        default: continue;
        }
        pmp->active = i + 1;
    }
}

/* Smepmp's table for mseccfg.MML = 1 */
static uint8_t mml_rights(uint8_t cfg, unsigned priv)
{
    bool r = cfg & CFG_R, w = cfg & CFG_W, x = cfg & CFG_X, locked = cfg & CFG_L;
    bool machine = priv == RISCV_PRIV_M;
    uint8_t plain = (r ? MEMORY_READ : 0) | (w ? MEMORY_WRITE : 0) | (x ? MEMORY_EXEC : 0);

    if (!r && w) { /* shared regions */
        if (!locked) {
            return machine || x ? MEMORY_READ | MEMORY_WRITE : MEMORY_READ;
        }
        return machine && x ? MEMORY_READ | MEMORY_EXEC : MEMORY_EXEC;
    }
    if (locked && r && w && x) {
        return MEMORY_READ; /* shared, read-only for all */
    }
    return locked == machine ? plain : 0;
}

static uint8_t entry_rights(const RiscvCpu *cpu, unsigned entry, unsigned priv)
{
    uint8_t cfg = cpu->pmp.cfg[entry];

    if (cpu->csr.mseccfg & MSECCFG_MML) {
        return mml_rights(cfg, priv);
    }
    if (priv == RISCV_PRIV_M && !(cfg & CFG_L)) {
        return MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC;
    }
    return (cfg & CFG_R ? MEMORY_READ : 0) | (cfg & CFG_W ? MEMORY_WRITE : 0) |
           (cfg & CFG_X ? MEMORY_EXEC : 0);
}

/* Addresses that no entry matches: 3.7.1, Smepmp's MMWP and MML */
static uint8_t default_rights(const RiscvCpu *cpu, unsigned priv)
{
    if (priv != RISCV_PRIV_M) {
        return cpu->config.pmp_regions ? 0 : MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC;
    }
    if (cpu->csr.mseccfg & MSECCFG_MMWP) {
        return 0;
    }
    return MEMORY_READ | MEMORY_WRITE | (cpu->csr.mseccfg & MSECCFG_MML ? 0 : MEMORY_EXEC);
}

RiscvPmpAnswer riscv_pmp_check(const RiscvCpu *cpu, hwaddr address, unsigned priv)
{
    const RiscvPmp *pmp = &cpu->pmp;
    unsigned bits = PAGE_BITS;

    for (unsigned i = 0; i < pmp->active; i++) {
        hwaddr low = address & ~(hwaddr)((1u << bits) - 1), high = low | ((1u << bits) - 1);
        if (pmp->first[i] > pmp->last[i] || pmp->last[i] < low || pmp->first[i] > high) {
            continue;
        }
        /* the entry meets the block: make the block smaller until it is all inside or all outside
         */
        while (bits > SMALLEST_BITS && (pmp->first[i] > low || pmp->last[i] < high) &&
               pmp->first[i] <= high && pmp->last[i] >= low) {
            bits--;
            low = address & ~(hwaddr)((1u << bits) - 1);
            high = low | ((1u << bits) - 1);
        }
        if (pmp->first[i] <= low && high <= pmp->last[i]) {
            return (RiscvPmpAnswer){ entry_rights(cpu, i, priv), bits };
        }
    }
    return (RiscvPmpAnswer){ default_rights(cpu, priv), bits };
}

/* 3.7.1: R=0 W=1 is reserved unless MML gives it a meaning; MML also forbids new executable M-mode
 * rules. */
static bool cfg_is_legal(const RiscvCpu *cpu, uint8_t cfg)
{
    bool mml = cpu->csr.mseccfg & MSECCFG_MML;
    bool executable = cfg & CFG_X || (cfg & (CFG_R | CFG_W)) == CFG_W;

    if (!mml) {
        return (cfg & (CFG_R | CFG_W)) != CFG_W;
    }
    if (cpu->csr.mseccfg & MSECCFG_RLB || !(cfg & CFG_L)) {
        return true;
    }
    return !executable || (cfg & (CFG_R | CFG_W | CFG_X)) == (CFG_R | CFG_W | CFG_X);
}

void riscv_pmp_write_cfg(RiscvCpu *cpu, unsigned entry, uint8_t cfg)
{
    cfg &= ~CFG_RESERVED;
    if (entry >= cpu->config.pmp_regions || is_locked(cpu, entry) || !cfg_is_legal(cpu, cfg)) {
        return;
    }
    cpu->pmp.cfg[entry] = cfg;
}

void riscv_pmp_write_address(RiscvCpu *cpu, unsigned entry, uint64_t value)
{
    const uint64_t address_mask = cpu->xlen == 32 ? UINT32_MAX : (1ull << 54) - 1;

    if (entry >= cpu->config.pmp_regions || is_locked(cpu, entry)) {
        return;
    }
    /* the entry above uses this one as its bottom */
    if (entry + 1 < cpu->config.pmp_regions && is_locked(cpu, entry + 1) &&
        (cpu->pmp.cfg[entry + 1] & CFG_A) == A_TOR) {
        return;
    }
    cpu->pmp.address[entry] = value & address_mask;
}

void riscv_pmp_write_mseccfg(RiscvCpu *cpu, uint64_t value)
{
    uint64_t old = cpu->csr.mseccfg;
    uint64_t sticky = old & (MSECCFG_MML | MSECCFG_MMWP);
    uint64_t mask = (cpu->config.smepmp ? MSECCFG_MML | MSECCFG_MMWP | MSECCFG_RLB : 0) |
                    (cpu->config.zkr ? MSECCFG_SSEED | MSECCFG_USEED : 0);
    bool any_locked = false;

    for (unsigned i = 0; i < cpu->config.pmp_regions; i++) {
        any_locked |= cpu->pmp.cfg[i] & CFG_L;
    }
    if (any_locked && !(old & MSECCFG_RLB)) {
        mask &= ~MSECCFG_RLB;
    }
    cpu->csr.mseccfg = (value & mask) | sticky;
}

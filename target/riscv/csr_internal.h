/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSRs: numbers, the form of the table's rows, access. Spec: privileged ISA, ch. 2 (numbers);
 * sections beside each row. */
#pragma once

#include "target/riscv/cpu.h"
#include "target/riscv/registers_internal.h"

enum {
    CSR_FFLAGS = 0x001,
    CSR_FRM = 0x002,
    CSR_FCSR = 0x003,
    CSR_SEED = 0x015,
    CSR_SSTATUS = 0x100,
    CSR_SIE = 0x104,
    CSR_STVEC,
    CSR_SCOUNTEREN,
    CSR_SENVCFG = 0x10a,
    CSR_SSTATEEN0 = 0x10c,
    CSR_SSCRATCH = 0x140,
    CSR_SEPC,
    CSR_SCAUSE,
    CSR_STVAL,
    CSR_SIP,
    CSR_STIMECMP = 0x14d,
    CSR_STIMECMPH = 0x15d,
    CSR_SATP = 0x180,
    CSR_MSTATUS = 0x300,
    CSR_MISA,
    CSR_MEDELEG,
    CSR_MIDELEG,
    CSR_MIE,
    CSR_MTVEC,
    CSR_MCOUNTEREN,
    CSR_MENVCFG = 0x30a,
    CSR_MSTATEEN0 = 0x30c,
    CSR_MSTATUSH = 0x310,
    CSR_MEDELEGH = 0x312,
    CSR_MENVCFGH = 0x31a,
    CSR_MSTATEEN0H = 0x31c,
    CSR_MCOUNTINHIBIT = 0x320,
    CSR_MHPMEVENT3 = 0x323,
    CSR_MSCRATCH = 0x340,
    CSR_MEPC,
    CSR_MCAUSE,
    CSR_MTVAL,
    CSR_MIP,
    CSR_PMPCFG0 = 0x3a0,
    CSR_PMPADDR0 = 0x3b0,
    CSR_MHPMEVENT3H = 0x723,
    CSR_MSECCFG = 0x747,
    CSR_MSECCFGH = 0x757,
    CSR_TSELECT = 0x7a0,
    CSR_TDATA1,
    CSR_TDATA2,
    CSR_TDATA3,
    CSR_TINFO,
    CSR_MCYCLE = 0xb00,
    CSR_MINSTRET = 0xb02,
    CSR_MHPMCOUNTER3,
    CSR_MCYCLEH = 0xb80,
    CSR_MINSTRETH = 0xb82,
    CSR_MHPMCOUNTER3H,
    CSR_CYCLE = 0xc00,
    CSR_TIME,
    CSR_INSTRET,
    CSR_HPMCOUNTER3,
    CSR_CYCLEH = 0xc80,
    CSR_TIMEH,
    CSR_INSTRETH,
    CSR_HPMCOUNTER3H,
    CSR_SCOUNTOVF = 0xda0,
    CSR_MVENDORID = 0xf11,
    CSR_MARCHID,
    CSR_MIMPID,
    CSR_MHARTID,
    CSR_MCONFIGPTR,
};

/* mstatus fields that sstatus shows, without SD and UXL: 10.1.1 */
#define SSTATUS_FIELDS \
    (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)

/* Lowest privilege that may use a CSR, and whether it is read-only: 2.1 */
static inline unsigned csr_priv(unsigned csr)
{
    return csr >> 8 & 3;
}
static inline bool csr_is_read_only(unsigned csr)
{
    return csr >> 10 == 3;
}

/*
 * A row covers .count numbers from .first on (0: one). With no functions it is the uint64_t at
 * .offset, of which the bits in .mask can be written. Functions get the number's distance from
 * .first; write gets the bits to change in @mask.
 */
typedef struct {
    uint16_t first, count;
    const char *name;
    bool (*exists)(const RiscvCpu *cpu);            /* NULL: always */
    bool (*allowed)(RiscvCpu *cpu, unsigned index); /* beyond privilege; NULL: yes */
    uint64_t (*read)(RiscvCpu *cpu, unsigned index);
    void (*write)(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask);
    size_t offset;
    uint64_t mask;
} RiscvCsr;

/* Tables by subject, each sorted by number, ended by {}; csr.c searches all. */
extern const RiscvCsr riscv_machine_csrs[], riscv_supervisor_csrs[], riscv_counter_csrs[],
    riscv_trigger_csrs[], riscv_protection_csrs[], riscv_user_csrs[];

/** riscv_csr_find - row of @csr if this hart has it */
const RiscvCsr *riscv_csr_find(const RiscvCpu *cpu, unsigned csr);

/** riscv_csr_peek - value for dumps and debuggers: no checks, no effects; false: no such CSR */
bool riscv_csr_peek(RiscvCpu *cpu, unsigned csr, uint64_t *value);

/** riscv_csr_poke - as a guest's write from M mode; false: no such CSR, or read-only */
bool riscv_csr_poke(RiscvCpu *cpu, unsigned csr, uint64_t value);

/** riscv_write_mstatus - change @mask's bits with all the effects that this has */
void riscv_write_mstatus(RiscvCpu *cpu, uint64_t value, uint64_t mask);

static inline uint64_t csr_merge(uint64_t old, uint64_t value, uint64_t mask)
{
    return (old & ~mask) | (value & mask);
}

/* predicates shared by the tables */
bool riscv_csr_has_s(const RiscvCpu *cpu);
bool riscv_csr_has_u(const RiscvCpu *cpu);
bool riscv_csr_is_rv32(const RiscvCpu *cpu);
/* envcfg and stateen registers below M: mstateen0 may forbid them (Smstateen) */
bool riscv_stateen_allows(const RiscvCpu *cpu, uint64_t bit);

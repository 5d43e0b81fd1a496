/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A RISC-V hart. Spec: unprivileged and privileged ISA, versions 20240411. */
#pragma once

#include "target/cpu.h"
#include "target/riscv/semihosting.h"

enum { RISCV_PRIV_U = 0, RISCV_PRIV_S = 1, RISCV_PRIV_M = 3 };
enum { RISCV_PMP_ENTRIES = 64, RISCV_TRIGGERS = 4, RISCV_HPM_COUNTERS = 32 };

/* Interrupt numbers: bits of mip and mie (privileged ISA, table 14; Sscofpmf). */
typedef enum {
    RISCV_IRQ_SSI = 1,
    RISCV_IRQ_MSI = 3,
    RISCV_IRQ_STI = 5,
    RISCV_IRQ_MTI = 7,
    RISCV_IRQ_SEI = 9,
    RISCV_IRQ_MEI = 11,
    RISCV_IRQ_LCOFI = 13,
} RiscvIrq;

/* What the hart is; constant after realize. The extension bools are properties. */
typedef struct {
#define EXT(name, major, minor, needs, help) bool name;
#include "target/riscv/extensions.def"
#undef EXT
    bool s, u;                          /* privilege modes */
    bool sv32, sv39, sv48, sv57;        /* translation modes (property each) */
    uint8_t pmp_regions;                /* implemented PMP entries */
    uint16_t cbom_bytes, cboz_bytes;    /* cache block sizes */
    bool semihosting, semihosting_user; /* calls by M and S; by U too */
    char *semihosting_arguments;        /* of the program; NULL: the kernel's name and arguments */
    uint64_t reset_vector;
    uint64_t hartid;
    uint64_t timebase_hz; /* of Cpu.read_time, for Sstc */
    uint64_t mvendorid, marchid, mimpid;
} RiscvConfig;

/* Machine and supervisor CSRs that are plain storage; WARL rules are applied when written. */
typedef struct {
    uint64_t mstatus; /* without SD, which is made from FS when read */
    uint64_t mtvec, mepc, mcause, mtval, mscratch;
    uint64_t stvec, sepc, scause, stval, sscratch;
    uint64_t mie, mideleg, medeleg;
    uint64_t satp, menvcfg, senvcfg;
    uint64_t mcounteren, scounteren, mcountinhibit;
    uint64_t mseccfg;
    uint64_t mstateen[4], sstateen[4];
} RiscvCsrs;

typedef struct {
    uint8_t cfg[RISCV_PMP_ENTRIES];
    uint64_t address[RISCV_PMP_ENTRIES];
    /* derived: inclusive range of each active entry */
    uint64_t first[RISCV_PMP_ENTRIES], last[RISCV_PMP_ENTRIES];
    uint8_t active; /* one behind the last entry that is not off */
} RiscvPmp;

/* Performance counters. A running counter's value is base + (source now - source when last
 * written). */
typedef struct {
    uint64_t base[RISCV_HPM_COUNTERS];
    uint64_t since[RISCV_HPM_COUNTERS]; /* source when base was taken; stopped counters: unused */
    uint64_t event[RISCV_HPM_COUNTERS];
    uint32_t running; /* derived: bit mask of counters that count in the present mode */
    bool filtered;    /* derived: some counter counts in some modes only */
} RiscvCounters;

/* Spec: RISC-V debug 1.0, ch. 5 */
typedef struct {
    uint64_t select;
    uint64_t tdata1[RISCV_TRIGGERS], tdata2[RISCV_TRIGGERS];
} RiscvTriggers;

typedef struct RiscvCpu {
    Cpu cpu;
    uint64_t x[32]; /* 32-bit harts: sign-extended; x[0] stays 0 */
    uint64_t f[32];
    uint64_t reserved_address; /* of lr; RISCV_NOT_RESERVED */
    uint64_t reserved_value;
    RiscvCsrs csr;
    uint64_t mip;   /* atomic: what software, stimecmp, counters set; ored with lines */
    uint64_t lines; /* atomic: levels of the interrupt inputs */
    uint8_t priv;   /* RISCV_PRIV_* */
    uint8_t frm;    /* 0 to 7; those that SSE knows are in MXCSR too */
    uint64_t exception_cause, exception_value; /* of tcg_raise() */
    uint64_t stimecmp;
    uint64_t saved_pc; /* fields of the saved state that have another home while running */
    uint8_t saved_fflags;
    Timer stimecmp_timer, counter_timer;
    RiscvPmp pmp;
    RiscvCounters counters;
    RiscvTriggers triggers;
    RiscvConfig config;
    RiscvSemihosting *semihosting; /* of the first hart: for all */
    uint32_t config_hash;          /* derived from config: part of the context key */
    uint8_t xlen;                  /* 32 or 64 */
} RiscvCpu;

/* A model: an instruction set and its identity. */
typedef struct {
    CpuClass cpu;
    uint8_t xlen;
    const char *isa; /* names of extensions that are on by default, and s, u, sv39...; separated by
                        spaces */
    uint8_t pmp_regions;
    uint64_t mvendorid, marchid, mimpid;
} RiscvCpuClass;

extern const RiscvCpuClass riscv_cpu_class;

/** riscv_isa_string - "rv64imafdc_zicsr..." of device trees' riscv,isa; caller frees */
char *riscv_isa_string(const RiscvCpu *cpu);
/** riscv_isa_extensions - names for riscv,isa-extensions: strings each ending in NUL, *@length
 * bytes in all; caller frees */
char *riscv_isa_extensions(const RiscvCpu *cpu, size_t *length);
/** riscv_isa_base - "rv64i" or "rv32i", for riscv,isa-base */
const char *riscv_isa_base(const RiscvCpu *cpu);
/** riscv_mmu_type - "riscv,sv57", ... for mmu-type; NULL without translation */
const char *riscv_mmu_type(const RiscvCpu *cpu);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of an x86 processor's state. */
#pragma once

#include "fpu/x80.h"

enum { X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI, X86_REGISTERS = 16 };
enum { X86_VECTORS = 16, X86_MC_BANKS = 10, X86_MTRR_RANGES = 8, X86_MTRR_FIXED = 11 };

/* In the encoding's order; the two system segments follow. */
typedef enum {
    X86_ES,
    X86_CS,
    X86_SS,
    X86_DS,
    X86_FS,
    X86_GS,
    X86_LDTR,
    X86_TR,
    X86_SEGMENTS
} X86SegmentNumber;

/* A segment register with its hidden part (SDM vol. 3, 3.4.3). */
typedef struct {
    uint16_t selector;
    uint16_t access; /* second descriptor word, bits 8-23: type 0-3, S 4, DPL 5-6, P 7 (clear:
                        unusable), AVL 12, L 13, D/B 14, G 15; bits 8-11 are 0 */
    uint32_t limit;  /* last byte, granularity applied */
    uint64_t base;
} X86Segment;

/* GDTR, IDTR */
typedef struct {
    uint64_t base;
    uint32_t limit;
} X86TableRegister;

/* One SSE/AVX register. 512 bits take a wider array here, nothing else. */
typedef union {
    uint8_t b[32];
    uint16_t w[16];
    uint32_t d[8];
    uint64_t q[4];
} __attribute__((aligned(32))) X86Vector;

/* The x87 unit; MMX registers are the mantissas. By physical register number, not from the top. */
typedef struct {
    FloatX80 r[8];
    uint16_t control;
    uint16_t status; /* without TOP */
    uint8_t top;
    uint8_t empty; /* bit per physical register */
    uint16_t opcode;
    uint16_t code_selector, data_selector;
    uint64_t code_pointer, data_pointer;
} X86Fpu;

/*
 * The six arithmetic flags, lazily: kind says which operation made them, from the operands kept
 * here (flags.h). The rest of RFLAGS is in .other; DF is there too.
 */
typedef struct {
    uint64_t kind;
    uint64_t result, source, extra;
    uint64_t carry, overflow, rotated; /* set apart from the others, if kind says so */
    uint64_t other;
} X86Flags;

typedef struct {
    uint64_t cr0, cr2, cr3, cr4;
    uint64_t xcr0;
    uint64_t debug[8]; /* 4 and 5 unused */
    uint64_t pdptr[4]; /* of PAE paging outside long mode, as loaded with CR3 */
    uint32_t pkru;
} X86Control;

/* Model-specific registers that are storage. */
typedef struct {
    uint64_t efer, star, lstar, cstar, sfmask, kernel_gs_base, tsc_aux;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t pat, misc_enable, spec_ctrl, feature_control, xss, debugctl, smbase;
    uint64_t tsc_offset; /* guest TSC minus the platform's count */
    uint64_t tsc_adjust, tsc_deadline;
    uint64_t mtrr_default, mtrr_fixed[X86_MTRR_FIXED];
    uint64_t mtrr_base[X86_MTRR_RANGES], mtrr_mask[X86_MTRR_RANGES];
    uint64_t mcg_status, mcg_ctl, mc[X86_MC_BANKS][4];
    uint64_t umwait_control;
    uint64_t system_time, wall_clock; /* of paravirtual clocks, when such leaves are offered */
} X86Msrs;

/* An event on its way into the handler (SDM vol. 3, 6.3-6.15). */
typedef struct {
    uint8_t vector;
    uint8_t type; /* X86EventType */
    bool has_code;
    uint32_t code;
    uint64_t address;          /* CR2 of a page fault, DR6 bits of a debug exception */
    uint8_t instruction_bytes; /* software interrupts: what to skip */
    bool in_task;              /* raised by a task switch in the new task, which begins at .ip */
    uint64_t ip;
} X86Event;

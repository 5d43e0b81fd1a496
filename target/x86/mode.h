/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mode word: everything in the processor's state, besides pc and memory, that selects
 * translated code. Lower half of the context key; the upper half is the base of CS outside 64-bit
 * code, so that the pc of a region, which is a linear address, gives EIP.
 */
#pragma once

#include "target/x86/cpu.h"

enum {
    X86_MODE_CPL = 3, /* mask */
    X86_MODE_CODE64 = 1 << 2,
    X86_MODE_CODE32 = 1 << 3,  /* CS.D; neither of the two: 16 bits */
    X86_MODE_STACK32 = 1 << 4, /* SS.B; 64-bit code: not looked at */
    X86_MODE_PROTECTED = 1 << 5,
    X86_MODE_VM86 = 1 << 6,
    X86_MODE_LONG = 1 << 7,   /* EFER.LMA: also in compatibility mode */
    X86_MODE_BASES = 1 << 8,  /* ES, SS or DS has a base that is not 0 */
    X86_MODE_LIMITS = 1 << 9, /* ES, SS or DS is not present, writable, expand-up and 4 GiB, or CS
                                 is not readable and 4 GiB: accesses are checked one by one */
    X86_MODE_STEP = 1 << 10,  /* RFLAGS.TF, or a data breakpoint is on: each instruction is followed
                                 by helper step */
    X86_MODE_SHADOW = 1 << 11, /* interrupts are held back for the next instruction */
    X86_MODE_SMM = 1 << 12,
    X86_MODE_EM = 1 << 13, /* CR0.EM, TS, MP */
    X86_MODE_TS = 1 << 14,
    X86_MODE_MP = 1 << 15,
    X86_MODE_OSFXSR = 1 << 16,
    X86_MODE_AVX = 1 << 17,          /* CR4.OSXSAVE and XCR0 allow AVX state */
    X86_MODE_BANK_SHIFT = 18,        /* 3 bits: X86Bank of data accesses */
    X86_MODE_IOPL_SHIFT = 21,        /* 2 bits */
    X86_MODE_ALIGN = 1 << 23,        /* #AC is on: CR0.AM, RFLAGS.AC, CPL 3 */
    X86_MODE_SSE_TRAPS = 1 << 24,    /* MXCSR leaves an exception unmasked */
    X86_MODE_IO_BREAK = 1 << 25,     /* CR4.DE and a breakpoint on I/O is enabled in DR7 */
    X86_MODE_LIMITS_FS_GS = 1 << 26, /* like LIMITS, for FS and GS: accesses through them are */
    X86_MODE_UMIP = 1 << 27,         /* CR4.UMIP */
};

/* the bit that says whether accesses through @segment are checked */
static inline uint32_t x86_limits_bit(unsigned segment)
{
    return segment == X86_FS || segment == X86_GS ? X86_MODE_LIMITS_FS_GS : X86_MODE_LIMITS;
}

/* Banks of the soft TLB: who accesses. */
typedef enum {
    X86_BANK_SUPERVISOR, /* CPL 0-2 with SMAP off or AC set; also implicit accesses without SMAP */
    X86_BANK_SUPERVISOR_SMAP, /* user pages are out of reach */
    X86_BANK_USER,
    X86_BANK_SMM, /* system management mode: another address space (CPL 0, see cpu.h smm_memory) */
    X86_BANK_COUNT
} X86Bank;

/** x86_mode_update - recompute X86Cpu.mode after a change of anything that it is made from, and
 * tell the accelerator. vCPU thread, or stopped */
void x86_mode_update(X86Cpu *cpu);

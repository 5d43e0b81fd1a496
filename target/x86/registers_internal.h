/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bits of the system registers. Spec: SDM vol. 3, 2.3, 2.5, 2.2.1, 18.2. */
#pragma once

#include <stdint.h>

enum {
    CR0_PE = 1 << 0,
    CR0_MP = 1 << 1,
    CR0_EM = 1 << 2,
    CR0_TS = 1 << 3,
    CR0_ET = 1 << 4,
    CR0_NE = 1 << 5,
    CR0_WP = 1 << 16,
    CR0_AM = 1 << 18,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30,
};
#define CR0_PG 0x80000000ull

enum {
    CR4_VME = 1 << 0,
    CR4_PVI = 1 << 1,
    CR4_TSD = 1 << 2,
    CR4_DE = 1 << 3,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_MCE = 1 << 6,
    CR4_PGE = 1 << 7,
    CR4_PCE = 1 << 8,
    CR4_OSFXSR = 1 << 9,
    CR4_OSXMMEXCPT = 1 << 10,
    CR4_UMIP = 1 << 11,
    CR4_LA57 = 1 << 12,
    CR4_FSGSBASE = 1 << 16,
    CR4_PCIDE = 1 << 17,
    CR4_OSXSAVE = 1 << 18,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,
    CR4_PKE = 1 << 22,
};

enum {
    EFER_SCE = 1 << 0,
    EFER_LME = 1 << 8,
    EFER_LMA = 1 << 10,
    EFER_NXE = 1 << 11,
    EFER_SVME = 1 << 12,
    EFER_FFXSR = 1 << 14,
};

enum {
    RFLAGS_CF = 1 << 0,
    RFLAGS_ONE = 1 << 1,
    RFLAGS_PF = 1 << 2,
    RFLAGS_AF = 1 << 4,
    RFLAGS_ZF = 1 << 6,
    RFLAGS_SF = 1 << 7,
    RFLAGS_TF = 1 << 8,
    RFLAGS_IF = 1 << 9,
    RFLAGS_DF = 1 << 10,
    RFLAGS_OF = 1 << 11,
    RFLAGS_IOPL = 3 << 12,
    RFLAGS_NT = 1 << 14,
    RFLAGS_RF = 1 << 16,
    RFLAGS_VM = 1 << 17,
    RFLAGS_AC = 1 << 18,
    RFLAGS_VIF = 1 << 19,
    RFLAGS_VIP = 1 << 20,
    RFLAGS_ID = 1 << 21,
    RFLAGS_IOPL_SHIFT = 12,
    RFLAGS_ARITHMETIC = RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF,
    RFLAGS_ALL = 0x3f7fd7,
};

/* X86Segment.access: SDM vol. 3, 3.4.5 */
enum {
    SEGMENT_TYPE = 15,
    SEGMENT_ACCESSED = 1 << 0,
    SEGMENT_WRITABLE = 1 << 1,    /* data */
    SEGMENT_READABLE = 1 << 1,    /* code */
    SEGMENT_EXPAND_DOWN = 1 << 2, /* data */
    SEGMENT_CONFORMING = 1 << 2,  /* code */
    SEGMENT_CODE = 1 << 3,
    SEGMENT_S = 1 << 4, /* code or data, not system */
    SEGMENT_DPL_SHIFT = 5,
    SEGMENT_DPL = 3 << SEGMENT_DPL_SHIFT,
    SEGMENT_P = 1 << 7,
    SEGMENT_AVL = 1 << 12,
    SEGMENT_L = 1 << 13,
    SEGMENT_DB = 1 << 14,
    SEGMENT_G = 1 << 15,
    SEGMENT_BITS = 0xf0ff,
};

/* Types of system segments and gates: SDM vol. 3, table 3-2 */
enum {
    SYSTEM_TSS16 = 1,
    SYSTEM_LDT = 2,
    SYSTEM_TSS16_BUSY = 3,
    SYSTEM_CALL_GATE16 = 4,
    SYSTEM_TASK_GATE = 5,
    SYSTEM_INTERRUPT_GATE16 = 6,
    SYSTEM_TRAP_GATE16 = 7,
    SYSTEM_TSS32 = 9,
    SYSTEM_TSS32_BUSY = 11,
    SYSTEM_CALL_GATE32 = 12,
    SYSTEM_INTERRUPT_GATE32 = 14,
    SYSTEM_TRAP_GATE32 = 15,
    SYSTEM_BUSY = 2,
};

/* Error codes of #PF: SDM vol. 3, 4.7 */
enum { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RESERVED = 8, PF_FETCH = 16, PF_KEY = 32 };

enum { DR6_B = 15, DR6_BD = 1 << 13, DR6_BS = 1 << 14, DR6_BT = 1 << 15 };
#define DR6_FIXED 0xffff0ff0u
enum { DR7_ENABLED = 255, DR7_FIXED = 1 << 10, DR7_GD = 1 << 13 };

/* X86Cpu.shadow */
enum { X86_SHADOW_STI = 1, X86_SHADOW_MOV_SS = 2 };

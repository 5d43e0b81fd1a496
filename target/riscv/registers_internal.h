/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of bits and causes. Spec: privileged ISA 20240411; section numbers beside each group. */
#pragma once

#include <stdint.h>

#define BIT(n) (1ull << (n))

/* mstatus, 3.1.6 */
#define MSTATUS_SIE   BIT(1)
#define MSTATUS_MIE   BIT(3)
#define MSTATUS_SPIE  BIT(5)
#define MSTATUS_MPIE  BIT(7)
#define MSTATUS_SPP   BIT(8)
#define MSTATUS_MPP   (3ull << 11)
#define MSTATUS_FS    (3ull << 13)
#define MSTATUS_MPRV  BIT(17)
#define MSTATUS_SUM   BIT(18)
#define MSTATUS_MXR   BIT(19)
#define MSTATUS_TVM   BIT(20)
#define MSTATUS_TW    BIT(21)
#define MSTATUS_TSR   BIT(22)
#define MSTATUS_UXL   (3ull << 32)
#define MSTATUS_SXL   (3ull << 34)
#define MSTATUS_SD_32 BIT(31)
#define MSTATUS_SD_64 BIT(63)
enum {
    MSTATUS_MPP_SHIFT = 11,
    MSTATUS_FS_SHIFT = 13,
    MSTATUS_SPP_SHIFT = 8,
    MSTATUS_UXL_SHIFT = 32,
    MSTATUS_SXL_SHIFT = 34
};

/* Synchronous causes, 3.1.15 */
typedef enum {
    RISCV_CAUSE_FETCH_MISALIGNED = 0,
    RISCV_CAUSE_FETCH_ACCESS = 1,
    RISCV_CAUSE_ILLEGAL = 2,
    RISCV_CAUSE_BREAKPOINT = 3,
    RISCV_CAUSE_LOAD_MISALIGNED = 4,
    RISCV_CAUSE_LOAD_ACCESS = 5,
    RISCV_CAUSE_STORE_MISALIGNED = 6,
    RISCV_CAUSE_STORE_ACCESS = 7,
    RISCV_CAUSE_ECALL_U = 8,
    RISCV_CAUSE_FETCH_PAGE = 12,
    RISCV_CAUSE_LOAD_PAGE = 13,
    RISCV_CAUSE_STORE_PAGE = 15,
} RiscvCause;

/* menvcfg, senvcfg: 3.1.18, 10.1.10 */
#define ENVCFG_FIOM  BIT(0)
#define ENVCFG_CBIE  (3ull << 4)
#define ENVCFG_CBCFE BIT(6)
#define ENVCFG_CBZE  BIT(7)
#define ENVCFG_ADUE  BIT(61)
#define ENVCFG_PBMTE BIT(62)
#define ENVCFG_STCE  BIT(63)
enum { ENVCFG_CBIE_SHIFT = 4 };

/* mseccfg: Smepmp 2, Zkr 4.2 */
#define MSECCFG_MML   BIT(0)
#define MSECCFG_MMWP  BIT(1)
#define MSECCFG_RLB   BIT(2)
#define MSECCFG_USEED BIT(8)
#define MSECCFG_SSEED BIT(9)

/* mstateen0: Smstateen 2 */
#define STATEEN0_ENVCFG BIT(62)
#define STATEEN0_SE     BIT(63)

/* mcounteren and friends: 3.1.11 */
enum { COUNTER_CY = 0, COUNTER_TM = 1, COUNTER_IR = 2, COUNTER_HPM3 = 3 };

/* mhpmevent: Sscofpmf 2 */
#define HPMEVENT_OF   BIT(63)
#define HPMEVENT_MINH BIT(62)
#define HPMEVENT_SINH BIT(61)
#define HPMEVENT_UINH BIT(60)

/* mcause: the bit above all others says interrupt */
#define RISCV_NOT_RESERVED (~0ull)

/* TLB banks */
enum { BANK_U, BANK_S, BANK_S_SUM, BANK_M, BANK_COUNT };

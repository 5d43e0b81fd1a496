/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may do what: TVM, TW, TSR, counter enables, read-only and absent CSRs, envcfg, state enables, FS off, sstatus as a view.
 * Spec: RISC-V privileged ISA 20240411, sections 2.1, 3.1.6, 3.1.11, 3.1.18, 10.1; Smstateen 2
 * expect s10 = 0
 * expect s11 = 48
 * options: -cpu max,zkr=on
 */
#include "checks.inc"
    /* In \mode, the instructions up to the next numbered label end with \cause. */
    .macro  given mode, cause, insn:vararg
    try     \mode, 7f
    j       8f
    .balign 4
7:  \insn
    ecall
8:  equal   a0, \cause
    .endm

    .globl  test
test:
    begin
    .option push
    .option norvc
    given   U_MODE, 2, csrr t3, sstatus
    given   S_MODE, 9, csrr t3, sstatus
    given   S_MODE, 2, csrr t3, mstatus
    given   S_MODE, 2, csrw cycle, t3
    given   S_MODE, 2, csrr t3, 0x5c0
    given   U_MODE, 2, sret
    given   U_MODE, 2, mret
    given   S_MODE, 2, mret
    given   U_MODE, 2, sfence.vma
    given   S_MODE, 9, sfence.vma

    /* the instruction's bits go to mtval */
    li      t3, 0
    given   U_MODE, 2, csrr t3, sstatus
    li      t0, 0x10002e73
    sub     a1, a1, t0
    equal   a1, 0

    /* TVM: satp, sfence.vma and sinval.vma */
    li      t0, 1 << 20
    csrs    mstatus, t0
    given   S_MODE, 2, csrr t3, satp
    given   S_MODE, 2, sfence.vma
    given   S_MODE, 2, .word 0x16000073
    csrr    t3, satp
    li      t0, 1 << 20
    csrc    mstatus, t0
    given   S_MODE, 9, csrr t3, satp
    given   S_MODE, 9, .word 0x16000073

    /* TW: wfi below M; U-mode may never wait where there is S-mode */
    given   U_MODE, 2, wfi
    li      t0, 1 << 21
    csrs    mstatus, t0
    given   S_MODE, 2, wfi
    given   S_MODE, 2, .word 0x00d00073     /* wrs.nto */
    given   S_MODE, 9, .word 0x01d00073     /* wrs.sto */
    li      t0, 1 << 21
    csrc    mstatus, t0

    /* TSR */
    li      t0, 1 << 22
    csrs    mstatus, t0
    given   S_MODE, 2, sret
    li      t0, 1 << 22
    csrc    mstatus, t0

    /* counters: mcounteren for S and U, scounteren for U as well */
    csrw    mcounteren, zero
    csrw    scounteren, zero
    given   S_MODE, 2, rdcycle t3
    given   S_MODE, 2, rdtime t3
    li      t0, 7
    csrw    mcounteren, t0
    given   S_MODE, 9, rdcycle t3
    given   S_MODE, 9, rdtime t3
    given   U_MODE, 2, rdinstret t3
    csrw    scounteren, t0
    li      t0, 7
    csrw    scounteren, t0
    given   U_MODE, 8, rdinstret t3
    given   U_MODE, 2, csrr t3, hpmcounter3

    /* cache blocks: menvcfg, then senvcfg */
    csrw    menvcfg, zero
    csrw    senvcfg, zero
    la      s2, block
    given   S_MODE, 2, .word 0x0049200f     /* cbo.zero (s2) */
    li      t0, 0x80
    csrs    menvcfg, t0
    given   S_MODE, 9, .word 0x0049200f
    ld      t3, 0(s2)
    equal   t3, 0
    ld      t3, 64(s2)
    equal   t3, 0x66
    given   U_MODE, 2, .word 0x0049200f
    li      t0, 0x80
    csrs    senvcfg, t0
    given   U_MODE, 8, .word 0x0049200f
    given   S_MODE, 2, .word 0x0019200f     /* cbo.clean */
    li      t0, 0x70
    csrs    menvcfg, t0
    given   S_MODE, 9, .word 0x0019200f
    given   S_MODE, 9, .word 0x0009200f     /* cbo.inval */

    /* Smstateen: senvcfg and sstateen0 hide until mstateen0 shows them */
    given   S_MODE, 2, csrr t3, senvcfg
    given   S_MODE, 2, csrr t3, 0x10c
    li      t0, 3 << 62
    csrw    0x30c, t0
    given   S_MODE, 9, csrr t3, senvcfg
    given   S_MODE, 9, csrr t3, 0x10c

    /* seed: only for writing, and not below M unless mseccfg says so */
    given   S_MODE, 2, csrrw t3, 0x15, zero
    catch
    csrr    t3, 0x15
    caught
    equal   a0, 2
    csrrw   t3, 0x15, zero
    srliw   t3, t3, 30
    equal   t3, 2

    /* FS off: all of floating point is illegal, also its CSRs */
    li      t0, 0x6000
    csrc    mstatus, t0
    given   U_MODE, 2, fmv.x.d t3, f0
    given   U_MODE, 2, frflags t3
    /* initial or clean: an instruction that writes makes it dirty, SD shows it */
    li      t0, 0x4000
    csrs    mstatus, t0
    fmv.d.x f0, zero
    csrr    t3, mstatus
    srli    t4, t3, 63
    srli    t3, t3, 13
    andi    t3, t3, 3
    add     t3, t3, t4
    equal   t3, 4
    .option pop
    finish

    .data
    .balign 128
block:
    .dword  0x55
    .zero   56
    .dword  0x66

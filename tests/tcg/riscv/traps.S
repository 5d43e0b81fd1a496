/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions in M-mode and below it, and delegation to S-mode.
 * Spec: RISC-V privileged ISA 20211203, sections 3.1.8, 3.1.15, 3.3.1
 * expect s2 = 2
 * expect s3 = 3
 * expect s4 = 11
 * expect s5 = 8
 * expect s6 = 9
 * expect s7 = 5
 * expect s8 = 7
 * expect s9 = 0x50
 * expect s10 = 2
 * expect s11 = 0x1800
 * expect a7 = 8
 */
    .text
    .globl  test
test:
    mv      s0, ra
    la      t0, handler
    csrw    mtvec, t0
    .option push
    .option norvc
    .word   0                       /* illegal */
    mv      s2, a0
    ebreak
    mv      s3, a0
    ecall
    mv      s4, a0

    li      a6, 0                   /* into U-mode */
    call    lower
    ecall
    mv      s5, a0
    li      a6, 1                   /* into S-mode */
    call    lower
    ecall
    mv      s6, a0

    li      t0, 0x50                /* nothing answers there */
    lw      t1, 0(t0)
    mv      s7, a0
    sw      t1, 0(t0)
    mv      s8, a0
    mv      s9, a1
    csrr    t0, 0x5c0               /* no such CSR */
    mv      s10, a0

    li      t0, 0x1800              /* mret leaves U in MPP: section 3.1.6.1 */
    csrs    mstatus, t0
    csrr    s11, mstatus
    and     s11, s11, t0

    li      t0, 1 << 8              /* ecall from U goes to S-mode */
    csrw    medeleg, t0
    la      t0, s_handler
    csrw    stvec, t0
    li      a6, 0
    call    lower
    ecall
    csrw    medeleg, zero           /* s_handler came back in M-mode, by an ecall of its own */
    .option pop
    mv      ra, s0
    ret

/* Goes on behind the call in mode a6 (0: U, 1: S). */
lower:
    li      t0, 0x1800
    csrc    mstatus, t0
    slli    t0, a6, 11
    csrs    mstatus, t0
    csrw    mepc, ra
    mret

/* Takes the cause to a0 and the value to a1, and goes on behind the instruction, in M-mode. */
    .balign 4
handler:
    csrr    a0, mcause
    csrr    a1, mtval
    csrr    t2, mepc
    addi    t2, t2, 4
    csrw    mepc, t2
    li      t2, 0x1800
    csrs    mstatus, t2
    mret

    .balign 4
s_handler:
    csrr    a7, scause
    csrr    t0, sepc
    .option push
    .option norvc
    addi    t0, t0, 4
    la      t1, back_handler
    mv      t3, t0
    ecall                           /* to M-mode */
    .option pop
back_handler:
    jr      t3

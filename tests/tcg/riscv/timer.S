/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timer and software interrupts: pending, masked, taken, vectored; WFI wakes up with interrupts off.
 * Spec: RISC-V privileged ISA 20211203, sections 3.1.7, 3.1.9, 3.3.3; ACLINT 1.0
 * expect s2 = 0x80
 * expect s3 = 0x8000000000000007
 * expect s4 = 0x8000000000000003
 * expect s5 = 7
 * expect s6 = 1
 */
    .equ    MSIP, 0x2000000
    .equ    MTIMECMP, 0x2004000
    .equ    MTIME, 0x200bff8
    .text
    .globl  test
test:
    li      s6, 0
    csrw    mie, zero
    csrci   mstatus, 8
    li      t0, MTIMECMP            /* the past: pending at once, or soon */
    sd      zero, 0(t0)
    li      t1, 0x80
1:  csrr    s2, mip
    and     s2, s2, t1
    beqz    s2, 1b

    li      t0, MTIME               /* 2 ms from now: WFI waits, takes no trap */
    ld      t2, 0(t0)
    li      t3, 20000
    add     t2, t2, t3
    li      t0, MTIMECMP
    sd      t2, 0(t0)
    csrw    mie, t1
2:  wfi
    csrr    t3, mip
    and     t3, t3, t1
    beqz    t3, 2b
    rdtime  t4
    bltu    t4, t2, 3f
    li      s6, 1                   /* not before its time */

3:  la      t0, direct              /* taken when interrupts are on */
    csrw    mtvec, t0
    csrsi   mstatus, 8
4:  j       4b

    .balign 4
direct:
    csrr    s3, mcause
    li      t0, MTIMECMP
    li      t1, -1
    sd      t1, 0(t0)
    li      t0, 8                   /* software interrupt of this hart, by the vector */
    csrw    mie, t0
    la      t0, vectors + 1
    csrw    mtvec, t0
    li      t0, MSIP
    li      t1, 1
    sw      t1, 0(t0)
    csrsi   mstatus, 8
5:  j       5b

software:
    csrr    s4, mcause
    li      t0, MSIP
    sw      zero, 0(t0)
    li      s5, 7
    csrw    mie, zero
    ret

    .balign 256
vectors:
    .option push
    .option norvc
    j       wrong
    j       wrong
    j       wrong
    j       software
    j       wrong
    j       wrong
    j       wrong
    j       wrong
    .option pop
wrong:
    li      s5, 0
    ret

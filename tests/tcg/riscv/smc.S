/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that is written, fenced and called, many times; data on the page of the code that runs.
 * Spec: RISC-V unprivileged ISA 20191213, chapter 3 (Zifencei)
 * expect a0 = 499500
 * expect a1 = 1000
 * expect a2 = 7
 */
    .text
    .globl  test
test:
    mv      s0, ra
    li      s1, 0                   /* round */
    li      a1, 0
    li      s2, 0
    la      s3, code
    la      s4, beside
1:  li      t0, 0x00000513          /* addi a0, zero, round */
    slli    t1, s1, 20
    or      t0, t0, t1
    sw      t0, 0(s3)
    li      t0, 0x00008067          /* ret */
    sw      t0, 4(s3)
    fence.i
    jalr    s3
    add     s2, s2, a0
    lw      t0, 0(s4)               /* a counter next to the running code */
    addi    t0, t0, 1
    sw      t0, 0(s4)
    addi    s1, s1, 1
    li      t0, 1000
    bne     s1, t0, 1b
    mv      a0, s2
    lw      a1, 0(s4)
    call    patch_ahead
    mv      ra, s0
    ret

/* Patches an instruction of its own straight line, after it ran once. */
patch_ahead:
    li      t2, 2
1:  li      a2, 1                   /* kept to one form: */
    .option push
    .option norvc
2:  addi    a2, zero, 3             /* becomes: addi a2, zero, 7 */
    .option pop
    la      t0, 2b
    li      t1, 0x00700613
    sw      t1, 0(t0)
    fence.i
    addi    t2, t2, -1
    bnez    t2, 1b
    ret

    .balign 64
beside:
    .word   0
    .section .data
    .balign 4096
code:
    .zero   4096

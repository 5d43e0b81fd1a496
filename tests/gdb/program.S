/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the debugger's tests look at: two harts, a counter, a loop over words, a call, a wait. */
    .option norvc
    .text
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, other
    la s0, counter
    li s1, 0
loop:
    addi s1, s1, 1
    sd s1, 0(s0)        # the counter
    ld t1, 8(s0)        # the word behind it
    add t1, t1, s1
    jal ra, leaf
    j loop

    .globl leaf
leaf:
    sd t1, 8(s0)
after_leaf:
    ret

    .globl other
other:
    la s0, beats
    li s1, 0
beat:
    addi s1, s1, 1
    sd s1, 0(s0)
    j beat

    .data
    .balign 64
    .globl counter, sum, beats
counter: .dword 0
sum: .dword 0
    .balign 64
beats: .dword 0

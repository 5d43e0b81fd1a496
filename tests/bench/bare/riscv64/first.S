/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 20000 functions of eight instructions in two blocks, for what the first execution of code costs. */
    .text
    .option norvc
    .balign 64
    .globl first_functions
first_functions:
    .set    number, 0
    .rept   20000
    addi    a0, a0, number & 0x7ff
    slli    a1, a0, 3
    xor     a0, a0, a1
    beqz    a2, 1f                  /* a2 is never 0 */
    srli    a1, a0, 7
    add     a0, a0, a1
    ori     a0, a0, 1
1:  ret
    .set    number, number + 1
    .endr

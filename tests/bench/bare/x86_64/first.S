/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 20000 functions of eight instructions in two blocks, for what the first execution of code costs. */
    .text
    .balign 64
    .globl first_functions
first_functions:
    .set    number, 0
    .rept   20000
    .balign 32
    add     $(number & 0x7ff) + 0x80, %rax
    lea     (,%rax,8), %edi
    xor     %rdi, %rax
    jz      1f                      /* hardly ever */
    mov     %rax, %rdi
    shr     $7, %rdi
    add     %rdi, %rax
1:  ret
    .set    number, number + 1
    .endr

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupt handler that events.c times, and where its system call goes. */
    .text
    .balign 16
    .globl events_interrupt, events_syscall
events_interrupt:
    nop
    iretq
    .balign 16
events_syscall:
    nop
    jmp     *%rcx

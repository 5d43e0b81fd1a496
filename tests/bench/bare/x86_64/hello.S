/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel whose first instructions say so over the serial line.  Spec: Xen docs/misc/pvh.pandoc. */
    .section .note.Xen, "a", @note
    .balign 4
    .long   4, 8, 18                /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz  "Xen"
    .quad   _start

    .section .text.start, "ax"
    .code32
    .globl _start
_start:
    mov     $0x3f8, %dx
    mov     $'!', %al
    out     %al, %dx
1:  hlt
    jmp     1b

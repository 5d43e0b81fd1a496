/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry of a PVH guest in 32-bit protected mode: long mode with the first 4 GiB mapped one to one by
 * pages of 2 MiB, SSE on, a stack, then main().
 * Spec: Xen docs/misc/pvh.pandoc; Intel SDM volume 3, 10.8.5 (initializing IA-32e mode).
 */
    .section .note.Xen, "a", @note
    .balign 4
    .long   4, 8, 18                /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz  "Xen"
    .quad   _start

    .section .text.start, "ax"
    .code32
    .globl _start
_start:
    cli
    lgdt    gdt_pointer
    mov     $0x620, %eax            /* CR4: PAE, OSFXSR, OSXMMEXCPT */
    mov     %eax, %cr4
    mov     $top_table, %eax
    mov     %eax, %cr3
    mov     $0xc0000080, %ecx       /* EFER.LME */
    mov     $0x100, %eax
    xor     %edx, %edx
    wrmsr
    mov     $0x80010033, %eax       /* CR0: PG, WP, NE, ET, MP, PE */
    mov     %eax, %cr0
    ljmp    $8, $1f
    .code64
1:  mov     $16, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    mov     $stack_top, %rsp
    lidt    idt_pointer
    call    main
    mov     $16, %ecx               /* isa-debug-exit: exit status 33, or 35 */
    add     %ecx, %eax
    out     %al, $0xf4
2:  hlt
    jmp     2b

    .data
    .balign 4096
top_table:
    .quad   second_table + 7
    .fill   511, 8, 0
second_table:
    .quad   page_tables + 7, page_tables + 0x1007, page_tables + 0x2007, page_tables + 0x3007
    .fill   508, 8, 0
page_tables:
    .set    number, 0
    .rept   2048
    .quad   number * 0x200000 + 0x83
    .set    number, number + 1
    .endr
    .balign 16
gdt:
    .quad   0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
    .word   . - gdt - 1
    .long   gdt
    .balign 16
idt_pointer:                        /* none: what nobody asked for ends in a triple fault */
    .word   0
    .quad   0

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the debugger's tests look at on a PC, as program.S on RISC-V: entry by PVH in 32-bit code,
 * then 64-bit code with a counter, a loop over words, a call, a block move, an interrupt shadow;
 * the second processor starts in real mode with a CS base that is not 0.
 */
    .set APIC, 0xfee00000
    .set SIPI_PAGE, 0x8000

    .section .note.pvh, "a", @note
    .long 4, 4, 18              /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long _start

    .code32
    .text
    .globl _start, in32
_start:
    cli
in32:
    mov $stack_end, %esp
    mov %cr4, %eax
    or $0x620, %eax             /* PAE, OSFXSR, OSXMMEXCPT */
    mov %eax, %cr4
    mov $tables, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax             /* LME */
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax
    mov %eax, %cr0
    lgdt %cs:gdt_pointer        # DS of the second processor is where it started
    ljmp $8, $in64

    .code64
    .globl in64
in64:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $handler, %eax          /* the one gate that is used */
    mov %ax, idt + 32 * 16
    shr $16, %eax
    mov %ax, idt + 32 * 16 + 6
    lidt idt_pointer
    cmpq $0, started
    jne other
    movq $1, started

    mov $trampoline, %esi       /* the second processor */
    mov $SIPI_PAGE, %edi
    mov $trampoline_end - trampoline, %ecx
    .globl move, moved
move:
    rep movsb
moved:
    mov $APIC, %ebx
    movl $0x1ff, 0xf0(%rbx)     /* APIC on, spurious vector 255 */
    movl $0xc4500, 0x300(%rbx)  /* INIT to all others */
    mov $100000, %ecx
1:  loop 1b
    movl $0xc4600 + (SIPI_PAGE >> 12), 0x300(%rbx)

    lea counter(%rip), %rbx
    xor %r12d, %r12d
    pcmpeqd %xmm1, %xmm1
    fninit
    fldpi
    .globl loop, leaf, after_leaf
loop:
    inc %r12
    mov %r12, (%rbx)            /* the counter */
    mov 8(%rbx), %r13           /* the word behind it */
    add %r12, %r13
    call leaf
    jmp loop
leaf:
    mov %r13, 8(%rbx)
after_leaf:
    ret

    .globl other, beat
other:
    lea beats(%rip), %rbx
    xor %r12d, %r12d
beat:
    inc %r12
    mov %r12, (%rbx)
    jmp beat

    /* where the tests send the processor by hand: an interrupt waits while flags forbid it */
    .globl shadow, shadow_end, handler, handled
shadow:
    mov $APIC, %ebx
    movl $0x1ff, 0xf0(%rbx)
    movl $0x10000, 0x350(%rbx)  /* the 8259 is not listened to */
    movl $0x44020, 0x300(%rbx)  /* vector 32 to itself */
    nop
    sti
    nop
    nop
shadow_end:
    jmp shadow_end
handler:
    mov $APIC, %ebx
handled:
    movl $0, 0xb0(%rbx)
    iretq

    .code16
    .globl trampoline, trampoline_end
trampoline:
    cli
    mov %cs, %ax
    mov %ax, %ds
    lgdtl gdt_pointer_copy - trampoline
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmpl $24, $in32
gdt_pointer_copy:
    .word gdt_end - gdt - 1
    .long gdt
trampoline_end:

    .data
    .balign 64
    .globl counter, sum, beats, words
counter: .quad 0
sum: .quad 0
    .balign 64
beats: .quad 0
started: .quad 0
words: .quad 0x1122334455667788, 0
    .balign 8
gdt:
    .quad 0
    .quad 0x00209b0000000000    /* 8: 64-bit code */
    .quad 0x00cf93000000ffff    /* 16: data */
    .quad 0x00cf9b000000ffff    /* 24: 32-bit code */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt
idt_pointer:
    .word 33 * 16 - 1
    .quad idt
    .balign 16
idt:
    .skip 32 * 16
    .word 0, 8, 0x8e00, 0
    .long 0, 0

    .balign 4096
tables:                         /* 4 GiB, identity */
    .quad directory + 7
    .skip 4088
directory:
    .set gib, 0
    .rept 4
    .quad 0x87 + (gib << 30)
    .set gib, gib + 1
    .endr
    .skip 4064
    .skip 4096
stack_end:
    .section .note.GNU-stack, "", @progbits

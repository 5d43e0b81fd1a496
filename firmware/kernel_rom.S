/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option ROM by which a BIOS starts the kernel of -kernel: setup code, command line, kernel and
 * initial ramdisk come through fw_cfg's DMA, then the setup code runs in real mode.
 * The bytes are in hw/x86/kernel_rom.h; firmware/make says how they are made.
 * Spec: BIOS Boot Specification 1.01, 3.3 and appendix A; QEMU docs/specs/fw_cfg.rst; Linux
 * Documentation/arch/x86/boot.rst, "The real-mode kernel header".
 */
#define ROM_BYTES    512
#define STACK        0x7c00
#define WORD         0x7b00 /* what a numbered item holds */
#define REQUEST      0x7b10 /* control, length, address: big endian */
#define DMA_PORT_LOW 0x518
#define DMA_SELECT_READ 0x0a

    .code16
    .text
rom:
    .byte 0x55, 0xaa, ROM_BYTES / 512
    jmp initialize
    .org 6
    .byte 0                     /* makes the sum 0; filled by firmware/make */
    .org 0x18
    .word 0, pnp - rom          /* no PCI data; the expansion header */

    .balign 16
pnp:
    .ascii "$PnP"
    .byte 1, 2, 0, 0, 0, 0      /* 32 bytes; the last is the sum */
    .long 0
    .word vendor - rom, product - rom
    .byte 0, 0, 0, 0            /* no class */
    .word 0, 0, boot - rom, 0, 0 /* one that boots */
vendor:
    .asciz "Rhea"
product:
    .asciz "Linux kernel"

initialize:
    movw $0x20, %ax             /* something to boot is there */
    lretw

    /* keys of address, length and contents */
rows:
    .word 0x16, 0x17, 0x18      /* setup code */
    .word 0x13, 0x14, 0x15      /* command line */
    .word 0x07, 0x08, 0x11      /* kernel */
    .word 0x0a, 0x0b, 0x12      /* initial ramdisk */
rows_end:

boot:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %es
    movw %ax, %ss
    movw $STACK, %sp
    movw %cs, %ax
    movw %ax, %ds
    movw $(rows - rom), %si
row:
    call read_word
    pushl %eax
    call read_word
    movl %eax, %ecx
    popl %ebx
    lodsw
    jecxz empty
    call transfer
empty:
    cmpw $(rows_end - rom), %si
    jb row

    movw $(rows - rom), %si     /* the setup code's segment */
    call read_word
    shrl $4, %eax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movw $0xfff0, %sp           /* the command line is at least 64 KiB away */
    addw $0x20, %ax
    pushw %ax
    pushw $0
    lretw

/* eax: contents of the item whose key is at ds:si, which moves on */
read_word:
    lodsw
    movl $WORD, %ebx
    movl $4, %ecx
    call transfer
    movl %es:WORD, %eax
    ret

/* ax: key, ebx: where to, ecx: bytes */
transfer:
    shll $16, %eax
    orl $DMA_SELECT_READ, %eax
    bswapl %eax
    movl %eax, %es:REQUEST
    bswapl %ecx
    movl %ecx, %es:REQUEST + 4
    movl $0, %es:REQUEST + 8
    bswapl %ebx
    movl %ebx, %es:REQUEST + 12
    movl $REQUEST, %eax
    bswapl %eax
    movw $DMA_PORT_LOW, %dx
    outl %eax, %dx
wait:
    cmpl $0, %es:REQUEST
    jne wait
    ret

    .org ROM_BYTES

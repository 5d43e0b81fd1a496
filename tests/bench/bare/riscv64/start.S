/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry in M-mode on machine virt: floating point on, a stack, then main(); other harts wait. */
    .section .text.start
    .globl _start
_start:
    csrr    t0, mhartid
    bnez    t0, park
    li      t0, 0x6000              /* mstatus.FS: dirty */
    csrs    mstatus, t0
    la      t0, unexpected
    csrw    mtvec, t0
    la      sp, stack_top
    la      t0, bss_start
    la      t1, bss_end
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b
2:  call    main
    li      t0, 0x100000            /* the test finisher */
    li      t1, 0x5555
    beqz    a0, 3f
    li      t1, 0x13333
3:  sw      t1, 0(t0)
park:
    wfi
    j       park

    .balign 4
unexpected:                         /* a trap that nobody asked for: fail with its cause */
    csrr    a0, mcause
    slli    a0, a0, 16
    li      t1, 0x3333
    or      t1, t1, a0
    li      t0, 0x100000
    sw      t1, 0(t0)
    j       park

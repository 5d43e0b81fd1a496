/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs `test` in M-mode, then compares registers with what the head of its file expects.
 * The test keeps ra and sp. Other harts run `test_hart` with their number in a0, if it exists, and sleep.
 */
    .section .text.start, "ax"
    .globl  _start
_start:
    li      t0, 0x6000              /* mstatus.FS: dirty */
    csrs    mstatus, t0
    la      t0, unexpected
    csrw    mtvec, t0
    li      t0, -1                  /* PMP: everything is allowed below M-mode */
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    csrr    a0, mhartid
    la      sp, stacks
    addi    t0, a0, 1
    slli    t0, t0, 13
    add     sp, sp, t0
    bnez    a0, other

    fscsr   zero
    call    test
    la      sp, registers
    .irp    number, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd      x\number, 8 * \number(sp)
    .endr
    .irp    number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fsd     f\number, 256 + 8 * \number(sp)
    .endr
    frcsr   a0
    sd      a0, 512(sp)
    csrw    mie, zero
    la      t0, unexpected
    csrw    mtvec, t0
    la      sp, stacks + 8192
    call    check
    j       finish

other:
    la      t0, test_hart
    beqz    t0, sleep
    jalr    t0
sleep:
    csrw    mie, zero
1:  wfi
    j       1b

    .balign 4
unexpected:
    la      sp, stacks + 8192
    csrr    a0, mcause
    csrr    a1, mepc
    csrr    a2, mtval
    call    check_trap
finish:                             /* a0: 0 for a pass */
    li      t0, 0x100000
    li      t1, 0x5555
    beqz    a0, 1f
    li      t1, 0x13333
1:  sw      t1, 0(t0)
    j       sleep

    .weak   test_hart
    .bss
    .balign 16
registers:
    .globl  registers
    .zero   65 * 8
    .balign 16
stacks:
    .zero   8 * 8192

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the cases that privileged.py made: each begins in any mode, with any page tables and delegation, and comes back
 * here by traps. A trap within the case goes on behind the instruction; one elsewhere, too many of them, the last
 * instruction of the case or the timer end it. The result is a digest of all traps and of the state at the end; bit
 * 0 says that the timer ended it. x31 belongs to this program.
 */
    .equ    CLINT_TIMECMP, 0x2004000
    .equ    CLINT_TIME, 0x200bff8
    .equ    PATIENCE, 100           /* ticks of mtime */
    .equ    MOST_TRAPS, 100
    .equ    MPRV, 0x20000
    .equ    MTIE, 0x80
    .equ    ARENA_BYTES, 6 * 4096
    .equ    IN_CSRS, 256            /* of an input record: mstatus, x1 to x31; then this order: */
    .equ    IN_SATP, IN_CSRS
    .equ    IN_MEDELEG, IN_CSRS + 8
    .equ    IN_MIDELEG, IN_CSRS + 16
    .equ    IN_STVEC, IN_CSRS + 24
    .equ    IN_MIE, IN_CSRS + 32
    .equ    IN_PMPCFG, IN_CSRS + 40
    .equ    IN_PMPADDR, IN_CSRS + 48
    .equ    IN_MENVCFG, IN_CSRS + 56
    .equ    IN_COUNTEREN, IN_CSRS + 64
    .equ    IN_STATEEN, IN_CSRS + 72
    .equ    IN_SEPC, IN_CSRS + 80
    .equ    IN_IMAGE, IN_CSRS + 88
    .equ    IN_CODE, IN_CSRS + 96
    .equ    IN_CODE_END, IN_CSRS + 104
    .equ    HASH, 256               /* of the context, after x0 to x31 */
    .equ    TRAPS, 264
    .equ    MSTATUS, 272

    .option norelax
    .macro  fold reg                /* into the digest in s0; t6 is lost */
    xor     s0, s0, \reg
    slli    t6, s0, 13
    srli    s0, s0, 51
    add     s0, s0, t6
    .endm
    .macro  every what:vararg
    .irp    number, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \what
    .endr
    .endm

    .text
    .globl  _start
_start:
    lla     t0, trap
    csrw    mtvec, t0
    lla     s1, records
next_case:
    lla     t0, records_end
    beq     s1, t0, done
    lla     t0, current
    sd      s1, 0(t0)
    ld      a0, IN_IMAGE(s1)
    li      a1, ARENA
    li      a2, ARENA_BYTES
    add     a2, a2, a0
1:  ld      a3, 0(a0)
    ld      a4, 8(a0)
    sd      a3, 0(a1)
    sd      a4, 8(a1)
    addi    a0, a0, 16
    addi    a1, a1, 16
    bne     a0, a2, 1b
    csrw    mip, zero
    csrw    mcountinhibit, zero
    csrw    minstret, zero
    csrw    mcycle, zero
    li      t0, -1
    csrw    0x14d, t0               /* stimecmp */
    csrw    pmpaddr1, t0
    .irp    csr, scause, stval, sscratch, senvcfg, scounteren, mcause, mtval
    csrw    \csr, zero
    .endr
    ld      t0, IN_SATP(s1)
    csrw    satp, t0
    ld      t0, IN_MEDELEG(s1)
    csrw    medeleg, t0
    ld      t0, IN_MIDELEG(s1)
    csrw    mideleg, t0
    ld      t0, IN_STVEC(s1)
    csrw    stvec, t0
    ld      t0, IN_MIE(s1)
    ori     t0, t0, MTIE
    csrw    mie, t0
    ld      t0, IN_PMPADDR(s1)
    csrw    pmpaddr0, t0
    ld      t0, IN_PMPCFG(s1)
    csrw    pmpcfg0, t0
    ld      t0, IN_MENVCFG(s1)
    csrw    0x30a, t0
    ld      t0, IN_COUNTEREN(s1)
    csrw    mcounteren, t0
    ld      t0, IN_STATEEN(s1)
    csrw    0x30c, t0
    ld      t0, IN_SEPC(s1)
    csrw    sepc, t0
    ld      t0, IN_CODE(s1)
    csrw    mepc, t0
    lla     t1, context
    sd      zero, HASH(t1)
    sd      zero, TRAPS(t1)
    li      t0, CLINT_TIME
    ld      t0, 0(t0)
    addi    t0, t0, PATIENCE
    li      t1, CLINT_TIMECMP
    sd      t0, 0(t1)
    sfence.vma
    fence.i
    li      t0, 0x6000
    csrw    mstatus, t0
    fscsr   zero
    ld      t0, 0(s1)
    csrw    mstatus, t0
    mv      x31, s1
    every   ld x\number, 8 * \number(x31)
    mret

    .balign 4
trap:
    lui     x31, MPRV >> 12
    csrrc   x31, mstatus, x31       /* from here on, memory is memory */
    csrw    mscratch, x31
    lla     x31, context
    every   sd x\number, 8 * \number(x31)
    mv      s2, x31
    sfence.vma
    csrr    t0, mscratch
    sd      t0, MSTATUS(s2)
    ld      s0, HASH(s2)
    fold    t0
    csrr    t1, mcause
    fold    t1
    csrr    t2, mepc
    fold    t2
    csrr    t3, mtval
    fold    t3
    csrr    t3, minstret
    fold    t3
    sd      s0, HASH(s2)
    ld      t3, TRAPS(s2)
    addi    t3, t3, 1
    sd      t3, TRAPS(s2)
    li      t4, MOST_TRAPS
    li      s3, 0
    beq     t3, t4, end_case
    bltz    t1, interrupt
    lla     t3, current
    ld      t3, 0(t3)
    ld      t4, IN_CODE(t3)
    bltu    t2, t4, end_case
    ld      t4, IN_CODE_END(t3)
    addi    t2, t2, 4
    bgeu    t2, t4, end_case
    csrw    mepc, t2
resume:
    ld      t0, MSTATUS(s2)
    li      t1, MPRV
    and     t0, t0, t1
    csrw    mscratch, t0
    mv      x31, s2
    every   ld x\number, 8 * \number(x31)
    csrr    x31, mscratch
    csrs    mstatus, x31
    mret
interrupt:
    slli    t1, t1, 1
    li      t3, 7 << 1
    li      s3, 1
    beq     t1, t3, end_case        /* the machine timer */
    li      t1, MTIE
    csrw    mie, t1
    j       resume

end_case:
    ld      s0, HASH(s2)
    .irp    number, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    ld      t0, 8 * \number(s2)
    fold    t0
    .endr
    .irp    csr, stvec, sepc, scause, stval, sscratch, satp, senvcfg, scounteren, 0x14d, medeleg, mideleg, mie, mip, mcounteren
    csrr    t0, \csr
    fold    t0
    .endr
    .irp    csr, mcountinhibit, 0x30a, 0x30c, 0x10c, pmpaddr0, pmpaddr2, pmpaddr3, minstret, mcycle
    csrr    t0, \csr
    fold    t0
    .endr
    li      t0, 0x6000
    csrs    mstatus, t0
    frcsr   t0
    fold    t0
    li      a1, ARENA
    li      a2, ARENA_BYTES
    add     a2, a2, a1
1:  ld      t0, 0(a1)
    fold    t0
    addi    a1, a1, 8
    bne     a1, a2, 1b
    slli    s0, s0, 1
    or      s0, s0, s3
    lla     t0, current
    ld      s1, 0(t0)
    ld      t1, 8(t0)
    sd      s0, 0(t1)
    addi    t1, t1, 8
    sd      t1, 8(t0)
    li      t2, 512
    add     s1, s1, t2
    j       next_case

done:
    lla     a0, results
    lla     a1, current
    ld      a1, 8(a1)
    li      t0, 0x10000000
1:  lbu     t1, 0(a0)
2:  lbu     t2, 5(t0)
    andi    t2, t2, 0x20
    beqz    t2, 2b
    sb      t1, 0(t0)
    addi    a0, a0, 1
    bltu    a0, a1, 1b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
3:  j       3b

    .data
    .balign 8
current:
    .dword  0, results
context:
    .zero   280
    .balign 16
records:
    .incbin "records.bin"
records_end:
    .section .arena, "aw", @nobits
    .zero   ARENA_BYTES
    .section .cases, "ax"
    .incbin "cases.bin"
    .section .images, "a"
    .incbin "images.bin"
    .bss
    .balign 8
results:
    .zero   RESULTS_BYTES

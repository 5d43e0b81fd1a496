/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sv39: superpage and small page, rights, user pages and SUM, MXR, changed entries behind a fence, two
 * address spaces.
 * Spec: RISC-V privileged ISA 20211203, sections 4.3, 4.4, 3.1.6.3
 * expect s2 = 0x1111
 * expect s3 = 15
 * expect s4 = 0x40000008
 * expect s5 = 13
 * expect s6 = 0x1111
 * expect s7 = 13
 * expect s8 = 0x3333
 * expect s9 = 0x2222
 * expect s10 = 0x1111
 * expect s11 = 12
 * expect a7 = 13
 */
    .equ    V, 1
    .equ    R, 2
    .equ    W, 4
    .equ    X, 8
    .equ    U, 16
    .equ    A, 64
    .equ    D, 128
    .equ    VIRTUAL, 0x40000000     /* second gigabyte: a table down to small pages */

    /* Sets entry \slot of small pages to page \page with \rights. */
    .macro  map table, slot, page, rights
    la      t0, \page
    srli    t0, t0, 2
    ori     t0, t0, V | A | D | (\rights & 0xff)
    la      t1, \table
    sd      t0, 8 * \slot(t1)
    .endm
    /* Makes \entry of \table point to the table \next. */
    .macro  point table, entry, next
    la      t0, \next
    srli    t0, t0, 2
    ori     t0, t0, V
    la      t1, \table
    sd      t0, 8 * \entry(t1)
    .endm

    .text
    .globl  test
test:
    mv      s0, ra
    la      t0, handler
    csrw    mtvec, t0

    li      t0, 0x80000000 >> 2 | V | R | W | X | A | D     /* the third gigabyte as it is */
    la      t1, root
    sd      t0, 16(t1)
    la      t1, other_root
    sd      t0, 16(t1)
    point   root, 1, middle
    point   middle, 0, small
    point   other_root, 1, other_middle
    point   other_middle, 0, other_small
    map     small, 0, first, R
    map     small, 1, second, R | W | U
    map     small, 2, first, X
    map     other_small, 0, second, R

    la      t0, root
    srli    t0, t0, 12
    li      t1, 8 << 60 | 1 << 44   /* Sv39, address space 1 */
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma

    li      t0, 0x1800              /* S-mode */
    csrc    mstatus, t0
    li      t0, 0x0800
    csrs    mstatus, t0
    la      t0, supervisor
    csrw    mepc, t0
    mret

    .option push
    .option norvc
supervisor:
    li      t4, VIRTUAL
    ld      s2, 0(t4)               /* reads the first page */
    sd      zero, 8(t4)             /* read-only: store page fault */
    mv      s3, a0
    mv      s4, a1
    li      t5, VIRTUAL + 4096
    ld      t6, 0(t5)               /* a user page: load page fault */
    mv      s5, a0
    li      t5, VIRTUAL + 8192
    ld      t6, 0(t5)               /* execute only: fault */
    mv      s7, a0
    li      t0, 1 << 19             /* MXR: readable */
    csrs    sstatus, t0
    ld      s6, 0(t5)
    li      t0, 1 << 19
    csrc    sstatus, t0
    li      t0, 1 << 18             /* SUM: the user page is open */
    csrs    sstatus, t0
    li      t5, VIRTUAL + 4096
    li      t6, 0x3333
    sd      t6, 8(t5)
    ld      s8, 8(t5)

    csrr    t2, satp                /* the other address space, no fence */
    la      t0, other_root
    srli    t0, t0, 12
    li      t1, 8 << 60 | 2 << 44
    or      t0, t0, t1
    csrw    satp, t0
    ld      s9, 0(t4)
    csrw    satp, t2
    ld      s10, 0(t4)

    li      t0, VIRTUAL             /* no X: instruction page fault */
    la      ra, 1f
    jr      t0
1:  mv      s11, a0
    la      t1, small               /* the entry goes; the fence makes it known */
    sd      zero, 0(t1)
    sfence.vma t4, zero
    ld      t6, 0(t4)
    mv      a7, a0
    ecall                           /* to M-mode */
    .option pop
    csrw    satp, zero
    sfence.vma
    mv      ra, s0
    ret

/* Cause to a0, value to a1; goes on behind the instruction, after a bad jump at ra, after ecall in M-mode. */
    .balign 4
handler:
    csrr    a0, mcause
    csrr    a1, mtval
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    li      t0, 12
    bne     a0, t0, 1f
    csrw    mepc, ra
1:  li      t0, 9
    bne     a0, t0, 2f
    li      t0, 0x1800
    csrs    mstatus, t0
2:  mret

    .data
    .balign 4096
root:
    .zero   4096
middle:
    .zero   4096
small:
    .zero   4096
other_root:
    .zero   4096
other_middle:
    .zero   4096
other_small:
    .zero   4096
first:
    .dword  0x1111
    .balign 4096
second:
    .dword  0x2222
    .balign 4096

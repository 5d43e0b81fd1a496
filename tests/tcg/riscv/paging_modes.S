/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sv39, Sv48 and Sv57: depth, canonical addresses, superpages, reserved bits, accessed and dirty bits, Svnapot, Svpbmt.
 * Spec: RISC-V privileged ISA 20240411, sections 10.3.2, 10.4 to 10.6, chapters 11 to 13
 * expect s10 = 0
 * expect s11 = 38
 * options: -cpu max
 */
#include "checks.inc"
    .equ    V, 1
    .equ    R, 2
    .equ    W, 4
    .equ    X, 8
    .equ    U, 16
    .equ    A, 64
    .equ    D, 128
    .equ    RWX, V | R | W | X | A | D
    .equ    RW, V | R | W | A | D

    /* Stores the entry for physical \page with \rights to \table[\slot]. */
    .macro  entry table, slot, page, rights
    la      t0, \page
    srli    t0, t0, 2
    li      t1, \rights
    or      t0, t0, t1
    la      t1, \table
    sd      t0, 8 * \slot(t1)
    .endm
    .macro  use mode, table
    la      t0, \table
    srli    t0, t0, 12
    li      t1, \mode << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    .endm
    /* Tries a load from s2 in S-mode; the cause is to be \cause (9: it went well). */
    .macro  loads cause
    sfence.vma
    try     S_MODE, load
    equal   a0, \cause
    .endm
    .macro  stores cause
    sfence.vma
    try     S_MODE, store
    equal   a0, \cause
    .endm

    .globl  test
test:
    begin
    /* Tables: five[0] -> four[0] -> three (gigapages, identity up to 3 GiB); three[3] -> two, two[0] -> one */
    entry   five, 0, four, V
    entry   four, 0, three, V
    li      t0, 0x80000 << 10 | RWX
    la      t1, three
    sd      t0, 16(t1)
    entry   three, 3, two, V
    entry   two, 0, one, V
    entry   one, 0, data, RW
    la      t0, data
    li      t1, 0x1234
    sd      t1, 0(t0)
    li      s2, 0xc0000000

    use     8, three
    loads   9
    equal   a3, 0x1234
    use     9, four
    loads   9
    use     10, five
    loads   9
    equal   a3, 0x1234

    /* not canonical: bit 38 must be repeated above, in Sv39; in Sv48 the address is fine but not mapped */
    li      s2, 0x40c0000000
    use     8, three
    loads   13
    sub     a1, a1, s2
    equal   a1, 0
    li      s2, 0xffffffc0c0000000
    loads   13
    li      s2, 0xc0000000

    /* a mode that does not exist: satp stays */
    csrr    t3, satp
    li      t0, 11 << 60
    csrw    satp, t0
    csrr    t4, satp
    sub     t3, t3, t4
    equal   t3, 0

    /* a pointer at the last level; W without R; reserved bits; rights in a pointer */
    entry   one, 0, data, V
    loads   13
    entry   one, 0, data, V | W | A | D
    loads   13
    entry   one, 0, data, RW | 1 << 54
    loads   13
    entry   two, 0, one, V | A
    entry   one, 0, data, RW
    loads   13
    entry   two, 0, one, V | U
    loads   13
    entry   two, 0, one, V

    /* no rights to write, to execute */
    entry   one, 0, data, V | R | A | D
    stores  15
    loads   9
    sfence.vma
    try     S_MODE, jump
    equal   a0, 12

    /* superpages must be aligned */
    entry   two, 0, data, RW
    loads   13

    /* A and D: by default the hart sets them */
    entry   two, 0, one, V
    entry   one, 0, data, V | R | W
    loads   9
    la      t0, one
    ld      t3, 0(t0)
    andi    t3, t3, A | D
    equal   t3, A
    stores  9
    la      t0, one
    ld      t3, 0(t0)
    andi    t3, t3, A | D
    equal   t3, A | D
    /* without menvcfg.ADUE it faults */
    li      t0, 1 << 61
    csrc    menvcfg, t0
    entry   one, 0, data, V | R | W
    loads   13
    entry   one, 0, data, V | R | W | A
    loads   9
    stores  15
    li      t0, 1 << 61
    csrs    menvcfg, t0

    /* user pages: S-mode needs SUM, and never executes them; U-mode sees only them */
    entry   one, 0, data, RW | X | U
    loads   13
    li      t0, 1 << 18
    csrs    mstatus, t0
    loads   9
    sfence.vma
    try     S_MODE, jump
    equal   a0, 12
    li      t0, 1 << 18
    csrc    mstatus, t0

    /* MXR: execute-only pages can be read */
    entry   one, 0, data, V | X | A | D
    loads   13
    li      t0, 1 << 19
    csrs    mstatus, t0
    try     S_MODE, load            /* no fence: the mode itself takes effect */
    equal   a0, 9
    li      t0, 1 << 19
    csrc    mstatus, t0
    try     S_MODE, load
    equal   a0, 13

    /* MPRV: M-mode accesses as S-mode would; with Bare and M as previous mode as M-mode */
    entry   one, 0, data, RW
    sfence.vma
    li      t0, 0x1800
    csrc    mstatus, t0
    li      t0, 1 << 17 | 0x0800
    csrs    mstatus, t0
    ld      t3, 0(s2)
    li      t0, 1 << 17
    csrc    mstatus, t0
    equal   t3, 0x1234

    /* Svnapot: 64 KiB; the low bits of the page number say the size, the address gives the page */
    entry   one, 5, napot, RW
    la      t1, one
    ld      t0, 40(t1)
    li      t2, 1 << 63 | 8 << 10
    or      t0, t0, t2
    sd      t0, 40(t1)
    la      t0, napot + 0x5008
    li      t1, 0x777
    sd      t1, 0(t0)
    li      s2, 0xc0005008
    loads   9
    equal   a3, 0x777
    la      t1, one                 /* a size that is not defined */
    ld      t0, 40(t1)
    xori    t0, t0, 4 << 8
    sd      t0, 40(t1)
    loads   13

    /* Svpbmt: reserved while menvcfg.PBMTE is clear */
    li      s2, 0xc0000000
    entry   one, 0, data, RW | 1 << 61
    loads   13
    li      t0, 1 << 62
    csrs    menvcfg, t0
    loads   9
    entry   one, 0, data, RW | 3 << 61
    loads   13
    li      t0, 1 << 62
    csrc    menvcfg, t0
    csrw    satp, zero
    sfence.vma
    finish

    .balign 4
load:
    ld      a3, 0(s2)
    ecall
    .balign 4
store:
    ld      a3, 0(s2)
    sd      a3, 0(s2)
    ecall
    .balign 4
jump:
    jr      s2

    .data
    .balign 0x10000
napot:
    .zero   0x10000
five:
    .zero   4096
four:
    .zero   4096
three:
    .zero   4096
two:
    .zero   4096
one:
    .zero   4096
data:
    .zero   4096

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Misaligned loads and stores work, also over page ends; where the second page is missing, the fault tells its address and
 * nothing is stored. Atomics trap. A failing sc stores nothing.
 * Spec: RISC-V unprivileged ISA 20240411, sections 2.6, 13.2, 13.4; privileged ISA, 3.1.16
 * expect s10 = 0
 * expect s11 = 17
 */
#include "checks.inc"
    .equ    RWX, 0xcf
    .globl  test
test:
    begin
    la      s2, area
    li      s6, 4096
    add     s6, s6, s2
    li      s3, 0x1122334455667788
    sd      s3, -3(s6)
    ld      t3, -3(s6)
    sub     t3, t3, s3
    equal   t3, 0
    lbu     t3, -1(s6)
    equal   t3, 0x66
    lhu     t3, 0(s6)
    equal   t3, 0x4455
    lw      t3, -1(s6)
    equal   t3, 0x33445566

    /* virtual: two pages at 0x40000000, then only the first */
    la      t0, two
    srli    t1, t0, 2
    ori     t1, t1, 1
    la      t0, three
    sd      t1, 8(t0)
    li      t1, 0x80000 << 10 | RWX
    sd      t1, 16(t0)
    la      t0, one
    srli    t1, t0, 2
    ori     t1, t1, 1
    la      t0, two
    sd      t1, 0(t0)
    srli    t1, s2, 2
    ori     t1, t1, RWX
    la      t0, one
    sd      t1, 0(t0)
    la      t0, three
    srli    t0, t0, 12
    li      t1, 8 << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    li      s4, 0x40000ffd
    sd      zero, -8(s6)
    try     S_MODE, store
    equal   a0, 15
    li      t0, 0x40001000
    sub     a1, a1, t0
    equal   a1, 0
    ld      t3, -8(s6)
    equal   t3, 0
    try     S_MODE, load
    equal   a0, 13
    csrw    satp, zero
    sfence.vma

    catch
    amoadd.w t3, zero, (s2)
    caught
    equal   a0, -1
    addi    s5, s2, 2
    catch
    amoadd.w t3, zero, (s5)
    caught
    equal   a0, 6
    catch
    lr.w    t3, (s5)
    caught
    equal   a0, 4
    catch
    sc.w    t3, zero, (s5)
    caught
    equal   a0, 6

    lr.d    t3, (s2)
    sc.d    t3, s3, (s2)
    equal   t3, 0
    ld      t4, 0(s2)
    sub     t4, t4, s3
    equal   t4, 0
    sc.d    t3, zero, (s2)          /* the reservation is used up */
    equal   t3, 1
    lr.w    t3, (s2)
    addi    s5, s2, 8
    sc.w    t3, zero, (s5)          /* another address */
    equal   t3, 1
    lr.w    t3, (s2)
    sw      zero, 0(s2)
    sc.w    t3, s3, (s2)            /* it changed */
    equal   t3, 1
    finish

    .balign 4
store:
    sd      s3, 0(s4)
    ecall
    .balign 4
load:
    ld      t3, 0(s4)
    ecall

    .data
    .balign 4096
area:
    .zero   8192
one:
    .zero   4096
two:
    .zero   4096
three:
    .zero   4096

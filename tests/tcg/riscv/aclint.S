/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Software interrupts of supervisors are edges: a write of 1 sets SSIP, which stays until the hart clears it; the register
 * reads 0, and a write of 0 does nothing. Those of machines are levels. Spec: RISC-V ACLINT 1.0-rc4, chapters 2 and 4
 * expect s10 = 0
 * expect s11 = 14
 * options: -machine virt,aclint=on
 */
#include "checks.inc"
    .equ    MSWI, 0x2000000
    .equ    SSWI, 0x2f00000
    .macro  send base, value
    li      t3, \base
    li      t4, \value
    sw      t4, 0(t3)
    .endm
    .macro  pending bits
    csrr    a0, mip
    andi    a0, a0, 0xa             /* SSIP and MSIP */
    equal   a0, \bits
    .endm

    .globl  test
test:
    begin
    csrw    mip, zero
    pending 0
    send    SSWI, 1
    pending 2
    li      t3, SSWI
    lw      a0, 0(t3)
    equal   a0, 0
    send    SSWI, 0
    pending 2
    csrc    sip, 2                  /* not delegated: the supervisor's view has no such bit */
    pending 2
    csrs    mideleg, 2
    csrc    sip, 2
    pending 0
    send    SSWI, -2                /* only bit 0 counts */
    pending 0
    send    SSWI, 1
    send    SSWI, 1
    pending 2
    csrc    mip, 2
    pending 0

    send    MSWI, 1
    pending 8
    csrc    mip, 8                  /* read-only there */
    pending 8
    li      t3, MSWI
    lw      a0, 0(t3)
    equal   a0, 1
    send    MSWI, 0xfffffffe
    pending 0
    send    SSWI + 4, 1             /* a hart that is not there */
    pending 0
    finish

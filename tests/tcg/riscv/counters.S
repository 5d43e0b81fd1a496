/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters: writing, inhibiting, mode filters, overflow interrupts; stimecmp and its interrupt.
 * Spec: RISC-V privileged ISA 20240411, sections 3.1.10 to 3.1.12; Sscofpmf; Sstc
 * expect s10 = 0
 * expect s11 = 17
 * options: -cpu max
 */
#include "checks.inc"
    .globl  test
test:
    begin
    li      t0, 0x123456789
    csrw    mcycle, t0
    csrr    t3, mcycle
    sub     t3, t3, t0
    sltz    t3, t3
    equal   t3, 0

    li      t0, 1                   /* cycle stands */
    csrw    mcountinhibit, t0
    csrr    t3, mcycle
    csrr    t4, mcycle
    sub     t3, t3, t4
    equal   t3, 0
    csrr    t3, minstret
    call    spin
    csrr    t4, minstret
    sltu    t3, t3, t4
    equal   t3, 1
    li      t0, -1
    csrw    mcountinhibit, t0
    csrr    t3, mcountinhibit
    srli    t3, t3, 1
    andi    t3, t3, 1               /* there is no mtime to stop */
    equal   t3, 0
    csrw    mcountinhibit, zero

    /* a programmable counter: instructions, but not in M-mode */
    li      t0, 1 << 62 | 2
    csrw    mhpmevent3, t0
    csrw    mhpmcounter3, zero
    call    spin
    csrr    t3, mhpmcounter3
    equal   t3, 0
    li      t0, 2
    csrw    mhpmevent3, t0
    call    spin
    csrr    t3, mhpmcounter3
    snez    t3, t3
    equal   t3, 1
    csrw    mhpmevent3, zero        /* no event */
    csrr    t3, mhpmcounter3
    call    spin
    csrr    t4, mhpmcounter3
    sub     t3, t3, t4
    equal   t3, 0

    /* overflow: OF, and LCOFI pending until cleared */
    csrr    t3, mip
    srli    t3, t3, 13
    andi    t3, t3, 1
    equal   t3, 0
    li      t0, -1000
    csrw    mhpmcounter4, t0
    li      t0, 2
    csrw    mhpmevent4, t0
    li      t4, 1 << 13
1:  csrr    t3, mip
    and     t3, t3, t4
    beqz    t3, 1b
    csrr    t3, mhpmevent4
    srli    t3, t3, 63
    equal   t3, 1
    csrr    t3, 0xda0               /* scountovf */
    equal   t3, 0x10
    csrw    mhpmevent4, zero
    csrc    mip, t4
    csrr    t3, mip
    and     t3, t3, t4
    equal   t3, 0

    /* stimecmp: mip.STIP follows it once menvcfg.STCE is set, and cannot be written then */
    li      t4, 1 << 5
    csrs    mip, t4
    csrr    t3, mip
    and     t3, t3, t4
    equal   t3, 0x20
    csrc    mip, t4
    li      t0, -1
    csrw    0x14d, t0
    li      t0, 1 << 63
    csrs    menvcfg, t0
    csrs    mip, t4
    csrr    t3, mip
    and     t3, t3, t4
    equal   t3, 0
    csrw    0x14d, zero
    csrr    t3, mip
    and     t3, t3, t4
    equal   t3, 0x20

    /* waiting for it, delegated to S-mode */
    rdtime  t0
    li      t1, 30000
    add     t0, t0, t1
    csrw    0x14d, t0
    mv      s3, t0
    csrw    mideleg, t4
    csrw    mie, t4
    li      t0, 7
    csrw    mcounteren, t0
    la      t0, s_handler
    csrw    stvec, t0
    try     S_MODE, wait
    equal   a0, 9
    equal   a4, 5
    sltu    t3, s4, s3              /* not before its time */
    equal   t3, 0
    csrw    mie, zero
    csrw    mideleg, zero
    finish

spin:
    li      t0, 200
1:  addi    t0, t0, -1
    bnez    t0, 1b
    ret

    .balign 4
wait:
    csrsi   sstatus, 2
1:  wfi
    j       1b
    .balign 4
s_handler:
    rdtime  s4
    csrr    a4, scause
    andi    a4, a4, 0xff
    ecall

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four harts add to one word, by AMO and by reservation; none is lost.
 * options: -smp 4
 * expect a0 = 400000
 * expect a1 = 400000
 * expect a2 = 4
 */
    .equ    ROUNDS, 100000
    .text
    .globl  test, test_hart
test:
    mv      s0, ra
    call    test_hart
    la      t0, done
1:  lw      a2, 0(t0)
    li      t1, 4
    bne     a2, t1, 1b
    fence
    la      t0, by_amo
    ld      a0, 0(t0)
    la      t0, by_reservation
    ld      a1, 0(t0)
    mv      ra, s0
    ret

test_hart:
    la      t0, by_amo
    la      t1, by_reservation
    li      t2, ROUNDS
    li      t3, 1
1:  amoadd.d zero, t3, (t0)
2:  lr.d    t4, (t1)
    addi    t4, t4, 1
    sc.d    t5, t4, (t1)
    bnez    t5, 2b
    addi    t2, t2, -1
    bnez    t2, 1b
    la      t0, done
    amoadd.w.aqrl zero, t3, (t0)
    ret

    .bss
    .balign 64
by_amo:
    .dword  0
by_reservation:
    .dword  0
    .balign 64
done:
    .dword  0

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read-modify-write on words and double words; reservations.
 * Spec: RISC-V unprivileged ISA 20191213, sections 8.2, 8.4
 * expect a0 = 0xffffffff80000000
 * expect a1 = 0x11111111ffffffff
 * expect a2 = 5
 * expect a3 = 0
 * expect a4 = 77
 * expect a5 = 1
 * expect a6 = 1
 * expect a7 = 88
 * expect s2 = -5
 * expect s3 = 9
 * expect s4 = 0xf0
 * expect s5 = 0xff
 * expect s6 = 0x0f
 */
    .text
    .globl  test
test:
    la      t0, word
    li      t1, 0x7fffffff
    amoadd.w a0, t1, (t0)           /* the old value, sign-extended */
    ld      a1, 0(t0)               /* the upper word is untouched */

    la      t0, slot
    li      t1, 77
    lr.d    a2, (t0)
    sc.d    a3, t1, (t0)            /* succeeds: 0 */
    ld      a4, 0(t0)
    sc.d    a5, zero, (t0)          /* without a reservation: 1 */
    lr.d    t2, (t0)
    la      t3, elsewhere
    sc.d    a6, zero, (t3)          /* another address: 1 */
    li      t1, 88
1:  lr.w    t2, (t0)
    sc.w    t3, t1, (t0)
    bnez    t3, 1b
    ld      a7, 0(t0)

    la      t0, number
    li      t1, 9
    amomax.d s2, t1, (t0)
    li      t1, -1
    amominu.d s3, t1, (t0)          /* unsigned: -1 is the largest */
    la      t0, bits
    li      t1, 0x0f
    amoor.w s4, t1, (t0)
    li      t1, 0xf0
    amoxor.w s5, t1, (t0)
    amoswap.w s6, zero, (t0)
    ret

    .data
    .balign 8
word:
    .dword  0x1111111180000000
slot:
    .dword  5
number:
    .dword  -5
bits:
    .dword  0xf0
    .balign 64
elsewhere:
    .dword  0

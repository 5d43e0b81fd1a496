/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The corners of integer arithmetic: no trap on division, high halves, forms on words.
 * Spec: RISC-V unprivileged ISA 20191213, sections 7.1, 7.2, 5.2
 * expect a0 = -1
 * expect a1 = 1234
 * expect a2 = 0x8000000000000000
 * expect a3 = 0
 * expect a4 = -1
 * expect a5 = 0xffffffff80000000
 * expect a6 = 0x4000000000000000
 * expect a7 = 0xfffffffffffffffe
 * expect s2 = -1
 * expect s3 = 0xffffffff80000000
 * expect s4 = 1
 * expect s5 = 0xffffffffc0000000
 * expect s6 = 0x0000000040000000
 * expect s7 = 0xffffffff80000000
 * expect s8 = 0x7fffffffffffffff
 * expect s9 = -1234
 * expect s10 = 1
 * expect s11 = 0
 */
    .text
    .globl  test
test:
    li      t0, 1234
    div     a0, t0, zero            /* quotient by zero: all ones */
    rem     a1, t0, zero            /* rest by zero: the dividend */
    li      t1, 1 << 63
    li      t2, -1
    div     a2, t1, t2              /* overflow: the dividend, rest 0 */
    rem     a3, t1, t2
    divu    a4, t0, zero
    li      t3, 0x80000000
    divw    a5, t3, t2              /* overflow on words, sign-extended */
    mulh    a6, t1, t1              /* (-2^63)^2 >> 64 */
    mulhu   a7, t2, t2
    mulhsu  s2, t2, t2              /* -1 times 2^64 - 1: high half */
    mulw    s3, t3, t2
    li      t4, 0x80000001
    remuw   s4, t4, t3
    sraiw   s5, t3, 1
    srliw   s6, t3, 1
    li      t5, 31 + 32             /* word shifts take five bits */
    li      t6, 1
    sllw    s7, t6, t5
    srli    s8, t2, 1
    neg     t0, t0
    divw    s9, t0, t6
    sltu    s10, zero, t2
    slt     s11, zero, t2
    ret

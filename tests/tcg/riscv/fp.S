/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rounding modes, flags, canonical NaN, boxing, conversions that saturate, minimum and maximum, classes.
 * Spec: RISC-V unprivileged ISA 20191213, sections 11.2, 11.3, 11.6 to 11.9, 12.2
 * expect fa0 = 0x3fd5555555555555
 * expect fa1 = 0x3fd5555555555556
 * expect fa2 = 0x3fd5555555555555
 * expect a0 = 1
 * expect fa3 = 0x7ff8000000000000
 * expect a1 = 0x10
 * expect fa4 = 0x7ff0000000000000
 * expect a2 = 8
 * expect a3 = 0x7fffffffffffffff
 * expect a4 = 0xffffffff80000000
 * expect a5 = 0
 * expect a6 = 0x7fffffff
 * expect fa5 = 0xffffffff7fc00000
 * expect fa6 = 0x8000000000000000
 * expect fa7 = 0x3ff0000000000000
 * expect s2 = 0x200
 * expect s3 = 0x100
 * expect s4 = 0x10
 * expect s5 = 3
 * expect s6 = 2
 * expect fs2 = 0x7ff0000000000000
 * expect fs3 = 0x7fefffffffffffff
 * expect s7 = 5
 * expect fs4 = 0xffffffff3f800000
 * expect s8 = 0xffffffffbf800000
 * expect fs5 = 0
 * expect fs6 = 0x8000000000000000
 * expect s9 = 0x10
 * expect s10 = 0
 */
    .text
    .globl  test
test:
    la      t0, numbers
    fld     ft0, 0(t0)              /* 1 */
    fld     ft1, 8(t0)              /* 3 */
    fld     ft2, 16(t0)             /* 0 */
    fld     ft3, 24(t0)             /* signalling NaN */
    fld     ft4, 32(t0)             /* -2.5 */
    fld     ft5, 40(t0)             /* the largest */
    fld     ft6, 48(t0)             /* -0 */
    fld     ft7, 56(t0)             /* 1e300 */

    fdiv.d  fa0, ft0, ft1, rne
    fdiv.d  fa1, ft0, ft1, rup
    fsrmi   1                       /* dynamic: towards zero */
    fdiv.d  fa2, ft0, ft1
    fsrmi   0
    frflags a0                      /* inexact */
    fsflagsi 0
    fsub.d  ft8, ft5, ft5
    fdiv.d  fa3, ft2, ft2           /* 0/0 */
    frflags a1                      /* invalid */
    fsflagsi 0
    fdiv.d  fa4, ft0, ft2
    frflags a2                      /* division by zero */
    fsflagsi 0
    fcvt.l.d a3, ft7                /* saturates */
    fcvt.w.d a4, ft7, rtz
    fneg.d  ft9, ft7
    fcvt.w.d a4, ft9
    fcvt.lu.d a5, ft4               /* below zero: 0, invalid */
    fcvt.w.d a6, ft3                /* NaN: the largest */
    fadd.s  fa5, ft0, ft0           /* no boxed single: canonical NaN */
    fmin.d  fa6, ft2, ft6           /* -0 is less than +0 */
    fmax.d  fa7, ft3, ft0           /* the number wins over the NaN */
    fclass.d s2, fa3                /* quiet NaN */
    fclass.d s3, ft3                /* signalling NaN */
    fclass.d s4, ft2                /* +0 */
    li      s10, -2
    fcvt.w.d s5, ft4, rmm           /* -2.5, to nearest, ties away: -3 */
    neg     s5, s5
    fcvt.w.d s6, ft4, rne           /* ties to even: -2 */
    neg     s6, s6
    fsflagsi 0
    fadd.d  fs2, ft5, ft5           /* overflow to infinity */
    fadd.d  fs3, ft5, ft5, rtz      /* or to the largest */
    frflags s7                      /* overflow, inexact */
    fcvt.s.d fs4, ft0               /* boxed */
    fneg.s  ft10, fs4
    fmv.x.w s8, ft10                /* sign-extended */
    fsub.d  fs5, ft0, ft0, rne      /* +0, but -0 downwards */
    fsub.d  fs6, ft0, ft0, rdn
    fsflagsi 0
    flt.d   s10, fa3, ft0           /* ordered compare of a quiet NaN: invalid */
    frflags s9
    ret

    .section .rodata
    .balign 8
numbers:
    .dword  0x3ff0000000000000, 0x4008000000000000, 0, 0x7ff0000000000001
    .dword  0xc004000000000000, 0x7fefffffffffffff, 0x8000000000000000, 0x7e37e43c8800759c

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extensions that other emulators may not have: Zicond, Zacas, Zfa, Zcbop's hints; encodings by hand.
 * Spec: RISC-V unprivileged ISA 20240411, chapters 9, 14, 24; Zfa 1.0
 * expect s10 = 0
 * expect s11 = 35
 * options: -cpu max
 */
#include "checks.inc"
    .equ    A0, 10
    .equ    A1, 11
    .equ    A2, 12
    .equ    A3, 13

    .macro  r_type f7, f3, opcode, rd, rs1, rs2
    .word   (\f7) << 25 | (\rs2) << 20 | (\rs1) << 15 | (\f3) << 12 | (\rd) << 7 | (\opcode)
    .endm
    /* a0 = czero.\kind a1, a2 */
    .macro  czero f3
    r_type  7, \f3, 0x33, A0, A1, A2
    .endm
    .macro  fli fmt, rd, index
    r_type  0x78 | \fmt, 0, 0x53, \rd, \index, 1
    .endm

    .globl  test
test:
    begin
    li      a1, 77
    li      a2, 0
    czero   5                       /* eqz */
    equal   a0, 0
    czero   7                       /* nez */
    equal   a0, 77
    li      a2, 5
    czero   5
    equal   a0, 77
    czero   7
    equal   a0, 0

    /* amocas.w a0, a1, (a2): sign-extends what it found */
    la      a2, cell
    li      t3, 0xfffffff0
    sw      t3, 0(a2)
    li      a0, 1
    li      a1, 9
    r_type  0x14, 2, 0x2f, A0, A2, A1
    equal   a0, -16
    lw      t3, 0(a2)
    equal   t3, -16
    r_type  0x14, 2, 0x2f, A0, A2, A1 /* now it is equal */
    equal   a0, -16
    lw      t3, 0(a2)
    equal   t3, 9
    sd      zero, 0(a2)
    li      a0, 0
    r_type  0x14, 3, 0x2f, A0, A2, A1 /* amocas.d */
    equal   a0, 0
    ld      t3, 0(a2)
    equal   t3, 9
    /* amocas.q {a0, a1} {a4, a5}, (a2) */
    li      t0, 21
    sd      t0, 8(a2)
    li      a0, 9
    li      a1, 21
    li      a4, 100
    li      a5, 200
    r_type  0x14, 4, 0x2f, A0, A2, 14
    ld      t3, 0(a2)
    equal   t3, 100
    ld      t3, 8(a2)
    equal   t3, 200
    r_type  0x14, 4, 0x2f, A0, A2, 14 /* differs: loads the pair */
    equal   a0, 100
    equal   a1, 200
    addi    a2, a2, 8
    catch
    r_type  0x14, 4, 0x2f, A0, A2, 14
    caught
    equal   a0, 6
    catch
    r_type  0x14, 4, 0x2f, A1, A2, 14 /* odd register */
    caught
    equal   a0, 2

    /* fli: -1, smallest normal, 0.4375, 65536, infinity, NaN in three formats */
    fli     1, 0, 0
    fmv.x.d t3, f0
    equal   t3, 0xbff0000000000000
    fli     1, 0, 1
    fmv.x.d t3, f0
    equal   t3, 0x0010000000000000
    fli     0, 0, 1
    fmv.x.w t3, f0
    equal   t3, 0x00800000
    fli     0, 0, 11
    fmv.x.w t3, f0
    equal   t3, 0x3ee00000
    fli     2, 0, 29
    fmv.x.d t3, f0
    equal   t3, 0xffffffffffff7c00
    fli     2, 0, 2
    fmv.x.d t3, f0
    equal   t3, 0xffffffffffff0100
    fli     1, 0, 31
    fmv.x.d t3, f0
    equal   t3, 0x7ff8000000000000

    /* fround.d: 2.5 to even, no flag; froundnx.d: inexact */
    li      t3, 0x4004000000000000
    fmv.d.x f1, t3
    fsflags zero
    r_type  0x21, 0, 0x53, 0, 1, 4
    fmv.x.d t3, f0
    equal   t3, 0x4000000000000000
    frflags t3
    equal   t3, 0
    r_type  0x21, 3, 0x53, 0, 1, 5  /* up */
    fmv.x.d t3, f0
    equal   t3, 0x4008000000000000
    frflags t3
    equal   t3, 1

    /* fcvtmod.w.d of 2^32 + 3.5: 3; out of range is invalid and nothing else */
    li      t3, 0x41f0000000380000
    fmv.d.x f1, t3
    fsflags zero
    r_type  0x61, 1, 0x53, A0, 1, 8
    equal   a0, 3
    frflags t3
    equal   t3, 0x10

    /* fminm: a NaN wins; fmin: the number */
    li      t3, 0x7ff8000000000000
    fmv.d.x f1, t3
    li      t3, 0x3ff0000000000000
    fmv.d.x f2, t3
    r_type  0x15, 2, 0x53, 0, 1, 2
    fmv.x.d t3, f0
    equal   t3, 0x7ff8000000000000
    fmin.d  f0, f1, f2
    fmv.x.d t3, f0
    equal   t3, 0x3ff0000000000000
    /* fltq.d: quiet for quiet NaNs */
    fsflags zero
    r_type  0x51, 5, 0x53, A0, 1, 2
    equal   a0, 0
    frflags t3
    equal   t3, 0
    flt.d   a0, f1, f2
    frflags t3
    equal   t3, 0x10

    ori     zero, a2, 1             /* prefetch.r */
    ori     zero, zero, 3           /* prefetch.w of address 0: no fault */
    .insn   i 0x13, 6, x0, x0, 0
    li      t3, 0
    equal   t3, 0
    .word   0x0100000f              /* pause */
    finish

    .data
    .balign 16
cell:
    .zero   32

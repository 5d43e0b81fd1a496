/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug triggers: execution, loads, stores, ranges, modes, what cannot be written.
 * Spec: RISC-V debug 1.0, sections 5.7.1 to 5.7.5, 5.7.11, 5.7.12
 * expect s10 = 0
 * expect s11 = 15
 * options: -cpu max
 */
#include "checks.inc"
    .equ    EXECUTE, 4
    .equ    STORE, 2
    .equ    LOAD, 1
    .equ    MCONTROL, 2 << 60
    .equ    MCONTROL6, 6 << 60
    .equ    M, 1 << 6
    .equ    USER, 1 << 3
    .equ    NAPOT, 1 << 7

    .macro  set number, type, bits, address
    li      t0, \number
    csrw    tselect, t0
    la      t0, \address
    csrw    tdata2, t0
    li      t0, \type | (\bits)
    csrw    tdata1, t0
    .endm
    .macro  clear number
    li      t0, \number
    csrw    tselect, t0
    csrw    tdata1, zero
    .endm

    .globl  test
test:
    begin
    la      s2, area
    li      t0, 100                 /* as many as there are */
    csrw    tselect, t0
    csrr    t3, tselect
    equal   t3, 0

    set     0, MCONTROL6, EXECUTE | M, there
    catch
    li      t3, 1
there:
    li      t3, 2
    caught
    equal   a0, 3
    equal   t3, 1
    la      t0, there
    sub     a2, a2, t0
    equal   a2, 0

    set     0, MCONTROL, EXECUTE | USER, there2  /* another mode */
    catch
there2:
    li      t3, 5
    caught
    equal   a0, -1
    clear   0

    set     1, MCONTROL, STORE | M, area + 8
    catch
    ld      t3, 8(s2)
    sd      zero, 0(s2)
    sd      zero, 16(s2)
    caught
    equal   a0, -1
    catch
    sd      s2, 8(s2)
    caught
    equal   a0, 3
    ld      t3, 8(s2)               /* it came before the store */
    equal   t3, 0
    catch
    sd      zero, 1(s2)             /* its last byte */
    caught
    equal   a0, 3
    clear   1
    catch
    sd      zero, 8(s2)
    caught
    equal   a0, -1

    set     2, MCONTROL6, LOAD | M | NAPOT, area + 15 /* 32 bytes */
    catch
    lb      t3, 31(s2)
    caught
    equal   a0, 3
    catch
    lb      t3, 32(s2)
    caught
    equal   a0, -1
    clear   2

    /* an unknown type disables; an unknown match reads back as equal */
    li      t0, 3 << 60 | LOAD | M
    csrw    tdata1, t0
    csrr    t3, tdata1
    srli    t3, t3, 60
    equal   t3, 15
    li      t0, MCONTROL6 | LOAD | M | 9 << 7
    csrw    tdata1, t0
    csrr    t3, tdata1
    andi    t3, t3, 0x780
    equal   t3, 0
    clear   2
    csrr    t3, tinfo
    srli    t3, t3, 2
    andi    t3, t3, 0x11
    equal   t3, 0x11
    finish

    .data
    .balign 64
area:
    .zero   64

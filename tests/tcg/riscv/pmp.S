/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory protection: NA4, TOR and NAPOT regions, rights per mode, locks, page tables.
 * Spec: RISC-V privileged ISA 20240411, section 3.7
 * expect s10 = 0
 * expect s11 = 24
 * options: -cpu max
 */
#include "checks.inc"
    .globl  test
test:
    begin
    la      s2, area
    li      s3, -1

    /* entry 0: four bytes at area + 8 read-only; entry 1: all of memory */
    addi    t0, s2, 8
    srli    t0, t0, 2
    csrw    pmpaddr0, t0
    csrw    pmpaddr1, s3
    li      t0, 0x1f << 8 | 0x10 | 1
    csrw    pmpcfg0, t0
    try     U_MODE, load8
    equal   a0, 8
    try     U_MODE, store8
    equal   a0, 7
    addi    a1, a1, -8
    sub     a1, a1, s2
    equal   a1, 0
    try     U_MODE, store4
    equal   a0, 8
    try     U_MODE, store12
    equal   a0, 8
    sw      zero, 8(s2)             /* an unlocked entry does not bind M-mode */
    equal   zero, 0

    /* entry 0 top of range: from 0 to area; entry 1 NAPOT 16 bytes at area without rights */
    srli    t0, s2, 2
    csrw    pmpaddr0, t0
    ori     t0, t0, 1
    csrw    pmpaddr1, t0
    csrw    pmpaddr2, s3
    li      t0, 0x1f0000 | 0x18 << 8 | 0x0f
    csrw    pmpcfg0, t0
    try     U_MODE, load8
    equal   a0, 5
    try     U_MODE, load16
    equal   a0, 8
    try     U_MODE, area            /* nor executable */
    equal   a0, 1

    /* nothing matches */
    csrw    pmpcfg0, zero
    try     S_MODE, load8
    equal   a0, 1                   /* its very first instruction cannot be fetched */
    la      t3, load8
    sub     a2, a2, t3
    equal   a2, 0
    lw      t3, 8(s2)               /* M-mode may */

    /* reserved combination W without R leaves the entry as it was */
    li      t0, 0x1a
    csrw    pmpcfg0, t0
    csrr    t3, pmpcfg0
    equal   t3, 0

    /* S-mode's page table behind a region without rights: the access faults, not the page */
    la      t0, root
    srli    t1, t0, 2
    ori     t1, t1, 0x1ff           /* the 4 KiB of the table */
    csrw    pmpaddr0, t1
    csrw    pmpaddr1, s3
    li      t1, 0x1f << 8 | 0x1f
    csrw    pmpcfg0, t1
    srli    t0, t0, 12
    li      t1, 8 << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    try     S_MODE, load8
    equal   a0, 9
    li      t1, 0x1f << 8 | 0x18
    csrw    pmpcfg0, t1
    sfence.vma
    try     S_MODE, load8
    equal   a0, 1
    li      t1, 0x1f << 8 | 0x19
    csrw    pmpcfg0, t1
    sfence.vma
    try     S_MODE, load8
    equal   a0, 9
    csrw    satp, zero
    sfence.vma

    /* a locked entry binds M-mode and cannot be changed */
    srli    t0, s2, 2
    csrw    pmpaddr0, t0
    li      t1, 0x1f << 8 | 0x90 | 1
    csrw    pmpcfg0, t1
    catch
    sw      zero, 0(s2)
    caught
    equal   a0, 7
    catch
    lw      t3, 0(s2)
    caught
    equal   a0, -1
    csrw    pmpcfg0, zero
    csrr    t3, pmpcfg0
    equal   t3, 0x91
    csrw    pmpaddr0, zero
    csrr    t3, pmpaddr0
    srli    t0, s2, 2
    sub     t3, t3, t0
    equal   t3, 0
    catch
    ld      t3, -4(s2)              /* overlaps it, and runs over its edge */
    caught
    equal   a0, -1
    catch
    sb      zero, 3(s2)
    caught
    equal   a0, 7
    catch
    sb      zero, 4(s2)
    caught
    equal   a0, -1

    /* RV64 has no odd pmpcfg registers; 64 entries */
    catch
    csrr    t3, 0x3a1
    caught
    equal   a0, 2
    catch
    csrr    t3, 0x3ef
    caught
    equal   a0, -1
    finish

    .balign 4
load8:
    lw      t3, 8(s2)
    ecall
    .balign 4
load16:
    lw      t3, 16(s2)
    ecall
    .balign 4
store4:
    sw      zero, 4(s2)
    ecall
    .balign 4
store8:
    sw      zero, 8(s2)
    ecall
    .balign 4
store12:
    sw      zero, 12(s2)
    ecall

    .data
    .balign 4096
area:
    .zero   4096
root:
    .dword  0x0 << 10 | 0xcf        /* gigapages: identity */
    .dword  0x40000 << 10 | 0xcf
    .dword  0x80000 << 10 | 0xcf
    .zero   4096 - 24

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the cases that run.py made; the same program for the bare machine (BARE) and for Linux user mode.
 * Of each run the result is a digest of all registers and of the scratch area; with FULL, everything.
 * PAGED: in U-mode under Sv39, and the scratch area's pages are not in order in physical memory.
 * A trap in the bare program makes the result the words "trapped!", mcause and mepc.
 */
    .if XLEN == 64
    .macro  L reg, at:vararg
    ld      \reg, \at
    .endm
    .macro  S reg, at:vararg
    sd      \reg, \at
    .endm
    .else
    .macro  L reg, at:vararg
    lw      \reg, \at
    .endm
    .macro  S reg, at:vararg
    sw      \reg, \at
    .endm
    .endif
    .equ    BYTES, XLEN / 8
    .equ    DUMP_BYTES, 66 * 8      /* x0 to x31, f0 to f31, fcsr, digest of memory */
    .equ    DUMP_F, 256
    .equ    DUMP_FCSR, 512
    .equ    DUMP_MEMORY, 520

    .option norelax
    .text
    .globl  _start
_start:
    j       start
    .balign 8
case_end:                           /* x4 of every case; at the same address in both programs */
    j       finish_case

start:
    .ifdef BARE
    li      t0, 0x6000              /* mstatus.FS: dirty */
    csrs    mstatus, t0
    lla     t0, trap
    csrw    mtvec, t0
    li      t0, -1                  /* PMP: everything is allowed below M-mode */
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    .endif
    .ifdef PAGED
    call    make_pages
    .endif
next:
    lla     t0, state
    L       t1, 0(t0)               /* current run: addresses of its case and its inputs */
    L       t2, 8(t0)
    beq     t1, t2, done
    lla     a0, pristine            /* the scratch area as it was */
    li      a1, SCRATCH_FIRST
    li      a2, SCRATCH_BYTES
    add     a2, a2, a0
1:  L       a3, 0(a0)
    S       a3, 0(a1)
    addi    a0, a0, BYTES
    addi    a1, a1, BYTES
    bne     a0, a2, 1b
    L       x31, 8(t1)
    .irp    number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fld     f\number, 8 * \number(x31)
    .endr
    L       t1, 256(x31)
    fscsr   t1
    .irp    number, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    L       x\number, 256 + 8 * \number(x31)
    .endr
    lla     x4, state
    L       x31, 0(x4)
    L       x31, 0(x31)
    lla     x4, case_end
    jr      x31

finish_case:
    lla     x31, dump
    .irp    number, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    S       x\number, 8 * \number(x31)
    .endr
    .irp    number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fsd     f\number, DUMP_F + 8 * \number(x31)
    .endr
    frcsr   t0
    S       t0, DUMP_FCSR(x31)
    li      a0, SCRATCH_FIRST
    li      a1, SCRATCH_BYTES
    call    digest
    S       a2, DUMP_MEMORY(x31)
    lla     s0, state
    L       s1, 16(s0)              /* where results go */
    .ifdef FULL
    li      a0, DUMP_BYTES
    add     a0, a0, x31
1:  L       a1, 0(x31)
    S       a1, 0(s1)
    addi    x31, x31, BYTES
    addi    s1, s1, BYTES
    bne     x31, a0, 1b
    .else
    mv      a0, x31
    li      a1, DUMP_BYTES
    call    digest
    S       a2, 0(s1)
    addi    s1, s1, 8
    .endif
    S       s1, 16(s0)
    L       a0, 0(s0)
    addi    a0, a0, 16
    S       a0, 0(s0)
    j       next

/* a2: digest of the a1 bytes at a0 */
digest:
    add     a1, a1, a0
    li      a2, 0
1:  L       a3, 0(a0)
    xor     a2, a2, a3
    slli    a3, a2, 13
    srli    a2, a2, XLEN - 13
    add     a2, a2, a3
    addi    a0, a0, BYTES
    bne     a0, a1, 1b
    ret

done:
    la      a1, results
    lla     a2, state
    L       a2, 16(a2)
    .ifdef BARE
    ecall
    .balign 4
trap:                               /* M-mode again; satp does not matter here */
    csrr    a0, mcause
    andi    a3, a0, ~3
    addi    a3, a3, -8              /* ecall */
    beqz    a3, 1f
    lla     a1, trapped
    lla     a2, trapped_end
    S       a0, 8(a1)
    csrr    a0, mepc
    S       a0, 16(a1)
1:  li      t0, 0x10000000
    lbu     t1, 0(a1)
2:  lbu     t2, 5(t0)
    andi    t2, t2, 0x20
    beqz    t2, 2b
    sb      t1, 0(t0)
    addi    a1, a1, 1
    bltu    a1, a2, 1b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
3:  j       3b
    .else
    sub     a2, a2, a1
1:  li      a0, 1
    li      a7, 64                  /* write */
    ecall
    blez    a0, 2f
    add     a1, a1, a0
    sub     a2, a2, a0
    bgtz    a2, 1b
2:  li      a0, 0
    li      a7, 93                  /* exit */
    ecall
    .endif

    .ifdef PAGED
    .equ    LEAF, 0xdf              /* dirty, accessed, user, executable, writable, readable, valid */
/* One table a level: pages of 2 MiB, and small ones where the scratch area is, pairs exchanged. */
make_pages:
    lla     t0, root
    lla     t1, level1
    srli    t2, t1, 2
    ori     t2, t2, 1
    sd      t2, 16(t0)              /* 0x80000000 to 0xbfffffff */
    li      t2, 0x80000000 >> 2 | LEAF
    li      t3, 512
1:  sd      t2, 0(t1)
    li      t4, 0x200000 >> 2
    add     t2, t2, t4
    addi    t1, t1, 8
    addi    t3, t3, -1
    bnez    t3, 1b
    lla     t1, level1
    lla     t2, level0
    srli    t3, t2, 2
    ori     t3, t3, 1
    li      t4, SCRATCH_FIRST
    srli    t4, t4, 21
    andi    t4, t4, 511
    slli    t4, t4, 3
    add     t1, t1, t4
    ld      t5, 0(t1)               /* the large page that was there */
    sd      t3, 0(t1)
    li      t3, 0
2:  xori    t4, t3, 1
    slli    t4, t4, 10
    add     t4, t4, t5
    sd      t4, 0(t2)
    addi    t2, t2, 8
    addi    t3, t3, 1
    li      t4, 512
    bne     t3, t4, 2b
    srli    t0, t0, 12
    li      t1, 8 << 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma
    csrw    mepc, ra
    li      t0, 0x1800              /* mstatus.MPP: U-mode */
    csrc    mstatus, t0
    mret
    .endif

    .data
    .balign 8
state:
    .dword  runs, runs_end, results
trapped:
    .ascii  "trapped!"
    .dword  0, 0
trapped_end:
    .ifdef PAGED
    .balign 4096
root:   .zero   4096
level1: .zero   4096
level0: .zero   4096
    .endif
    .balign 8
pristine:
    .incbin "scratch.bin"
    .balign 8
runs:
    .incbin "runs.bin"
runs_end:
    .section .cases, "ax"
    .incbin "cases.bin"
    .section .inputs, "a"
    .incbin "inputs.bin"
    .section .scratch, "aw", @nobits
    .zero   8192
    .bss
    .balign 8
dump:
    .zero   DUMP_BYTES
results:
    .zero   RESULTS_BYTES

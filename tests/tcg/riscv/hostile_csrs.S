/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that writes anything to nearly every CSR, in M-mode, and runs with garbage for page tables in S-mode.
 * Whatever traps is passed over. The emulator survives. Left out is what may rightly lock this program out: mtvec,
 * misa, PMP and its configuration, debug triggers.
 * expect s11 = 7
 */
    .equ    ROUNDS, 10
    .text
    .globl  test
test:
    mv      s0, ra
    li      s1, 88172645463325252   /* the seed */
    li      s2, ROUNDS
again:
    la      t0, handler
    csrw    mtvec, t0
    .option push
    .option norvc
    .macro  random
    slli    t0, s1, 13
    xor     s1, s1, t0
    srli    t0, s1, 7
    xor     s1, s1, t0
    slli    t0, s1, 17
    xor     s1, s1, t0
    .endm
    .set    number, 0
    .rept   4096
    .if number != 0x305 && number != 0x301 && number != 0x747 && number != 0x757 && number >> 4 != 0x3a && number >> 4 != 0x7a
    random
    csrrw   t1, number, s1
    csrrs   t1, number, s1
    csrrc   t1, number, s1
    csrrw   t1, number, t1
    .endif
    .set    number, number + 1
    .endr
    .option pop
    csrw    mie, zero
    li      t0, 0x6000
    csrw    mstatus, t0
    addi    s2, s2, -1
    beqz    s2, 1f
    j       again

1:  li      s2, 500                 /* into S-mode with any satp: it comes back by a fault, or runs two loads */
2:  random
    li      t0, 0x8000000000080000  /* Sv39 below: tables in RAM and outside */
    csrw    satp, s1
    li      t1, 1
    and     t1, t1, s1
    beqz    t1, 3f
    and     t0, s1, t0
    la      t1, test
    srli    t1, t1, 12
    add     t0, t0, t1
    li      t1, 8 << 60
    or      t0, t0, t1
    csrw    satp, t0
3:  sfence.vma
    la      t0, back
    csrw    mtvec, t0
    li      t0, 0x1800
    csrc    mstatus, t0
    li      t0, 0x0800
    csrs    mstatus, t0
    csrw    medeleg, zero
    csrw    mideleg, zero
    csrw    mie, zero
    la      t0, lower
    csrw    mepc, t0
    mret
    .balign 4
lower:
    ld      t1, 0(s1)
    sd      t1, 0(s1)
    ecall
    .balign 4
back:
    addi    s2, s2, -1
    bnez    s2, 2b

    csrw    satp, zero
    li      t0, 0x6000
    csrs    mstatus, t0
    fscsr   zero
    li      s11, 7
    mv      ra, s0
    ret

    .balign 4
handler:
    csrr    t2, mcause              /* an interrupt: no more of them */
    bgez    t2, 1f
    csrw    mie, zero
    mret
1:  csrr    t2, mepc
    addi    t2, t2, 4
    csrw    mepc, t2
    li      t2, 0x1800
    csrs    mstatus, t2
    mret

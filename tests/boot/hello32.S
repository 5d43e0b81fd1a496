/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 32-bit program on the bare board: says hello, and ends with the status 3 where misa says RV32. */
    .globl  _start
_start:
    csrr    t0, mhartid
    bnez    t0, 4f
    li      t0, 0x10000000          /* the UART */
    la      t1, text
1:  lbu     t2, 0(t1)
    beqz    t2, 3f
2:  lbu     t3, 5(t0)
    andi    t3, t3, 0x20
    beqz    t3, 2b
    sb      t2, 0(t0)
    addi    t1, t1, 1
    j       1b
3:  csrr    t3, misa
    srli    t3, t3, 30              /* MXL: 1 is 32 bits */
    addi    t3, t3, 2
    slli    t3, t3, 16
    li      t4, 0x3333
    add     t3, t3, t4
    li      t0, 0x100000            /* the test finisher */
    sw      t3, 0(t0)
4:  wfi
    j       4b
text:
    .asciz  "Hello, RV32\n"

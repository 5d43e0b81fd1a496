/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that writes anything to anything: random values of every size, aligned or not, to all device ranges
 * but the test finisher and fw_cfg, which has its own test. Accesses that nobody answers trap and are passed over. The emulator survives.
 * expect s11 = 0
 */
    .equ    ROUNDS, 20000
    .text
    .globl  test
test:
    mv      s0, ra
    la      t0, handler
    csrw    mtvec, t0
    li      s1, 88172645463325252   /* the seed */
    li      s11, ROUNDS
    la      s2, ranges
    la      s3, ranges_end

next:
    slli    t0, s1, 13              /* xorshift */
    xor     s1, s1, t0
    srli    t0, s1, 7
    xor     s1, s1, t0
    slli    t0, s1, 17
    xor     s1, s1, t0

    sub     t1, s3, s2              /* a range */
    srli    t1, t1, 4
    srli    t0, s1, 40
    remu    t0, t0, t1
    slli    t0, t0, 4
    add     t0, t0, s2
    ld      t1, 0(t0)
    ld      t2, 8(t0)
    srli    t3, s1, 8               /* an offset in it */
    remu    t3, t3, t2
    add     t1, t1, t3
    mv      t4, s1                  /* a value: whole, or small */
    andi    t5, s1, 8
    beqz    t5, 1f
    andi    t4, s1, 0x7f
1:  andi    t5, s1, 7
    slli    t5, t5, 3
    la      t6, accesses
    add     t6, t6, t5
    jr      t6

    .option push
    .option norvc
    .balign 8
accesses:
    sb      t4, 0(t1)
    j       done
    sh      t4, 0(t1)
    j       done
    sw      t4, 0(t1)
    j       done
    sd      t4, 0(t1)
    j       done
    lbu     t4, 0(t1)
    j       done
    lhu     t4, 0(t1)
    j       done
    lwu     t4, 0(t1)
    j       done
    ld      t4, 0(t1)
    j       done
done:
    addi    s11, s11, -1
    bnez    s11, next
    csrw    mie, zero
    mv      ra, s0
    ret
    .option pop

    .balign 4
handler:
    la      t0, done
    csrw    mepc, t0
    mret

    .section .rodata
    .balign 8
ranges:                             /* address, bytes */
#ifdef RANGES
    RANGES
#else
    .dword  0, 0x100000             /* boot ROM and the hole behind it */
    .dword  0x101000, 0x1000        /* clock */
    .dword  0x2000000, 0x10000      /* timers */
    .dword  0x2000000, 0x100
    .dword  0x3000000, 0x10000      /* ports of PCI */
    .dword  0x4000000, 0x2000000
    .dword  0xc000000, 0x600000     /* interrupt controller */
    .dword  0xc000000, 0x100
    .dword  0xc002000, 0x100
    .dword  0xc200000, 0x2000
    .dword  0x10000001, 0xff        /* serial port but its data register */
    .dword  0x10001000, 0x8000      /* virtio */
    .dword  0x10001000, 0x200
    .dword  0x10008000, 0x200
    .dword  0x20000000, 0x4000000   /* flash */
    .dword  0x20000000, 0x40
    .dword  0x30000000, 0x10000000  /* PCI configuration */
#endif
ranges_end:

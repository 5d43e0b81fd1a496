/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the loops that generate.c made, in M-mode, and says on the serial port which cases went wrong.
 * The process's exit status says whether any did. A loop finds: x1 where to return, x2 8 bytes of
 * scratch, x3 report, x26 the first case, x27 the end of its cases. It calls report with the link in
 * x5, the result in x29 and the flags in x28. An illegal instruction is skipped and sets x31.
 */
    .equ    UART, 0x10000000
    .equ    FINISHER, 0x100000
    .equ    ILLEGAL, 2
    .equ    TRAP_FLAG, 0x100
    .equ    MOST_REPORTS, 24
    .equ    BATCH_BYTES, 96
    .equ    BATCH_NAME, 32

    .text
    .globl  _start
_start:
    li      t0, 0x6000              /* mstatus.FS: dirty */
    csrs    mstatus, t0
    lla     t0, trap
    csrw    mtvec, t0
    lla     sp, scratch
    lla     gp, report
    lla     t0, vectors
    ld      t1, 0(t0)               /* number of batches */
    addi    t0, t0, 8
    lla     t2, batch
    sd      t0, 0(t2)
    sd      t1, 8(t2)
next_batch:
    lla     t2, batch
    ld      t0, 0(t2)
    ld      t1, 8(t2)
    beqz    t1, done
    ld      a0, 24(t0)
    csrw    frm, a0
    lla     a1, vectors
    ld      a0, 0(t0)
    add     a0, a0, a1
    ld      s10, 8(t0)
    add     s10, s10, a1
    ld      s11, 16(t0)
    add     s11, s11, a1
    jalr    a0
    lla     t2, batch
    ld      t0, 0(t2)
    ld      t1, 8(t2)
    addi    t0, t0, BATCH_BYTES
    addi    t1, t1, -1
    sd      t0, 0(t2)
    sd      t1, 8(t2)
    j       next_batch

done:
    lla     t2, batch
    ld      t0, 16(t2)
    li      t1, 0x5555
    beqz    t0, 1f
    li      t1, 0x13333
1:  li      t2, FINISHER
    sw      t1, 0(t2)
2:  j       2b

    .balign 4
trap:
    csrw    mscratch, t6
    csrr    t6, mcause
    addi    t6, t6, -ILLEGAL
    bnez    t6, 1f
    csrr    t6, mepc
    addi    t6, t6, 4
    csrw    mepc, t6
    li      t6, TRAP_FLAG
    mret
1:  lla     a0, trap_text           /* nothing else is expected: give up */
    call    put
    csrr    a0, mcause
    call    put_hex
    csrr    a0, mepc
    call    put_hex
    lla     t2, batch
    li      t0, 1
    sd      t0, 16(t2)
    j       done

/* Keeps the loop's registers; t0 is the link. */
report:
    lla     t1, saved
    sd      ra, 0(t1)
    sd      t0, 8(t1)
    lla     t2, batch
    ld      t0, 16(t2)
    addi    t0, t0, 1
    sd      t0, 16(t2)
    ld      a0, 0(t2)
    addi    a0, a0, BATCH_NAME
    call    put
    .irp    offset, 0, 8, 16, 24, 32, 40
    lla     a0, text\offset
    call    put
    ld      a0, \offset(s10)
    call    put_hex
    .endr
    lla     a0, got_text
    call    put
    mv      a0, t4
    call    put_hex
    mv      a0, t3
    call    put_hex
    lla     a0, end_text
    call    put
    lla     t2, batch
    ld      t0, 16(t2)
    li      t1, MOST_REPORTS
    bgeu    t0, t1, done
    lla     t1, saved
    ld      ra, 0(t1)
    ld      t0, 8(t1)
    jr      t0

/* a0: text; a0 to a3 are lost */
put:
    li      a1, UART
1:  lbu     a2, 0(a0)
    beqz    a2, 3f
2:  lbu     a3, 5(a1)
    andi    a3, a3, 0x20
    beqz    a3, 2b
    sb      a2, 0(a1)
    addi    a0, a0, 1
    j       1b
3:  ret

put_hex:
    mv      a4, a0
    li      a5, 60
    lla     a6, digit
    mv      a7, ra
1:  srl     a0, a4, a5
    andi    a0, a0, 15
    lla     a1, digits
    add     a0, a0, a1
    lbu     a0, 0(a0)
    sb      a0, 0(a6)
    mv      a0, a6
    call    put
    addi    a5, a5, -4
    bgez    a5, 1b
    lla     a0, space
    call    put
    mv      ra, a7
    ret

    .section .rodata
digits:     .ascii  "0123456789abcdef"
space:      .string " "
text0:      .string "\n    a "
text8:      .string "b "
text16:     .string "c "
text24:     .string "\n    expected "
text32:     .string "flags before "
text40:     .string "after "
got_text:   .string "\n    got      "
end_text:   .string "\n"
trap_text:  .string "unexpected trap: cause, pc "

    .data
    .balign 8
batch:      .dword  0, 0, 0         /* the current one, how many are left, mismatches */
saved:      .dword  0, 0
scratch:    .dword  0
digit:      .byte   0, 0
    .balign 4096
vectors:
    .incbin VECTORS

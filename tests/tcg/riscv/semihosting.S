/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to the host: a file is made, written, read, measured and removed; arguments, errors, and who may call.
 * Spec: RISC-V semihosting 1.0; operations of "Semihosting for AArch32 and AArch64" 2.0
 * expect s10 = 0
 * expect s11 = 26
 * options: -semihosting-config enable=on,arg=program,arg=one
 */
#include "checks.inc"
    .equ    OPEN, 1
    .equ    CLOSE, 2
    .equ    WRITE, 5
    .equ    READ, 6
    .equ    ISTTY, 9
    .equ    SEEK, 10
    .equ    FLEN, 12
    .equ    TMPNAM, 13
    .equ    REMOVE, 14
    .equ    CLOCK, 16
    .equ    ERRNO, 19
    .equ    CMDLINE, 21
    .equ    TICKFREQ, 49

    /* Its block of arguments holds three words; the answer comes in a0, the block stays in a1. */
    .macro  host operation, first=0, second=0, third=0
    .pushsection .data
    .balign 8
6:  .dword  \first, \second, \third
    .popsection
    la      a1, 6b
    li      a0, \operation
    call    ask
    .endm
    .macro  on_file operation, second=0, third=0    /* the file of s3 */
    .pushsection .data
    .balign 8
6:  .dword  0, \second, \third
    .popsection
    la      a1, 6b
    sd      s3, 0(a1)
    li      a0, \operation
    call    ask
    .endm
    .macro  open mode               /* s2: length of the name */
    .pushsection .data
    .balign 8
6:  .dword  name, \mode, 0
    .popsection
    la      a1, 6b
    sd      s2, 16(a1)
    li      a0, OPEN
    call    ask
    mv      s3, a0
    .endm
    .macro  remove
    .pushsection .data
    .balign 8
6:  .dword  name, 0, 0
    .popsection
    la      a1, 6b
    sd      s2, 8(a1)
    li      a0, REMOVE
    call    ask
    .endm

    .globl  test
test:
    begin
    .option push
    .option norvc
    host    TMPNAM, name, 7, 64
    equal   a0, 0
    la      a2, name                /* its length, which SYS_OPEN wants */
1:  lbu     t0, 0(a2)
    addi    a2, a2, 1
    bnez    t0, 1b
    la      t0, name + 1
    sub     s2, a2, t0

    open    6                       /* w+ */
    equal   a0, 1                   /* the first handle */
    on_file ISTTY
    equal   a0, 0
    on_file WRITE, text, 10
    equal   a0, 0                   /* nothing is left */
    on_file FLEN
    equal   a0, 10
    on_file SEEK, 4
    equal   a0, 0
    on_file READ, buffer, 8
    equal   a0, 2                   /* two short of eight */
    la      t1, buffer
    ld      a2, 0(t1)
    equal   a2, 0x0000393837363534
    on_file CLOSE
    equal   a0, 0
    on_file CLOSE
    equal   a0, -1
    host    ERRNO
    equal   a0, 9                   /* EBADF */
    open    0
    equal   a0, 1
    on_file WRITE, text, 10
    equal   a0, 10                  /* it was opened for reading */
    on_file CLOSE
    equal   a0, 0
    remove
    equal   a0, 0
    remove
    equal   a0, -1
    host    ERRNO
    equal   a0, 2                   /* ENOENT */
    open    12                      /* no such mode */
    equal   a0, -1

    host    CMDLINE, buffer, 8
    equal   a0, -1                  /* it does not fit */
    host    CMDLINE, buffer, 64
    ld      a2, 8(a1)
    equal   a0, 0
    equal   a2, 11
    la      t1, buffer
    ld      a2, 0(t1)
    equal   a2, 0x206d6172676f7270  /* "program " */
    la      t1, buffer
    ld      a2, 8(t1)
    equal   a2, 0x656e6f            /* "one" */
    host    TICKFREQ
    equal   a0, 1000000000

    try     S_MODE, 7f              /* allowed */
    equal   a0, 9
    try     U_MODE, 7f              /* a breakpoint, without userspace=on */
    equal   a0, 3
    finish

    .balign 4
7:  li      a0, TICKFREQ
    .balign 4
    slli    x0, x0, 31
    ebreak
    srai    x0, x0, 7
    ecall

    .balign 4
ask:
    slli    x0, x0, 31
    ebreak
    srai    x0, x0, 7
    ret
    .option pop

    .data
    .balign 8
buffer:
    .zero   64
name:
    .zero   64
text:
    .ascii  "0123456789"

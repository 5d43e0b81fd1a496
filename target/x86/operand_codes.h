/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How rows of the opcode table name operands. Spec: SDM vol. 2, A.2. */
#pragma once

/* Operands. Letters as in the SDM: place (E G V W ...), then size. */
typedef enum {
    NO,
    Eb, /* ModRM.rm: general register or memory */
    Ew,
    Ed,
    Eq,
    Ev,  /* operand size: 16, 32, 64 */
    Ey,  /* 32, or 64 with W */
    Edw, /* register of the operand size, or 16 bits of memory (mov from segments, str...) */
    Rv,  /* ModRM.rm: register only, operand size */
    Ry,  /* likewise, 32, or 64 in 64-bit code whatever the prefixes (CRs, DRs) */
    Gb,  /* ModRM.reg */
    Gw,
    Gd,
    Gv,
    Gy,
    By, /* VEX.vvvv: general register */
    Zb, /* low bits of the opcode */
    Zv,
    AL,
    AX,
    rAX, /* operand size */
    CL,
    DX,
    ONE, /* the constant */
    Ib,
    Iw,
    Iz,  /* 16 or 32 bits, sign-extended to the operand size */
    Iv,  /* whole operand size (mov) */
    sIb, /* sign-extended to the operand size */
    Jb,  /* IP-relative: .imm is the offset, sign-extended */
    Jz,
    Ap, /* far pointer: .imm the offset, X86Insn.selector */
    Ob, /* offset in the instruction: memory */
    Ov,
    M, /* memory without a size */
    Mb,
    Mw,
    Md,
    Mq,
    Mv,
    My,
    Mp,  /* far pointer in memory, operand size + 16 bits */
    Mt,  /* 80 bits */
    Mdq, /* 128 bits */
    Mqq, /* 256 bits */
    Mx,  /* vector size */
    Sw,  /* ModRM.reg: segment register */
    Cy,  /* ModRM.reg: control register */
    Dy,  /* ModRM.reg: debug register */
    Pq,  /* ModRM.reg: MMX register */
    Nq,  /* ModRM.rm: MMX register only */
    Qd,  /* ModRM.rm: MMX register or memory */
    Qq,
    Vx,  /* ModRM.reg: vector register; x: 128, or 256 with VEX.L */
    Vdq, /* 128 */
    Hx,  /* VEX.vvvv; without VEX: as the first operand */
    Hdq,
    Ux, /* ModRM.rm: vector register only */
    Udq,
    Wx, /* ModRM.rm: vector register or memory of that size */
    Wdq,
    Wqq, /* 256 */
    Wq,  /* memory: 64 bits */
    Wd,
    Ww,
    Wb,
    Wh,  /* half of x */
    We,  /* quarter of x */
    Wf,  /* eighth of x */
    Lx,  /* bits 4-7 of the immediate: vector register */
    STi, /* ModRM.rm: x87 register counted from the top */
    ST0,
    X86_OPERAND_CODES,
} X86OperandCode;

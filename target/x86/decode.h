/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One instruction, taken apart, and the rows of the opcode table that says how. Spec: SDM vol. 2,
 * ch. 2 (format), appendix A (opcode maps, whose operand names are used here).
 */
#pragma once

#include "target/x86/features.h"
#include "target/x86/mode.h"

typedef struct X86Translate X86Translate;
typedef struct X86Opcode X86Opcode;
typedef struct X86Insn X86Insn;

/* Opcode maps. XOP and EVEX would be further ones. */
typedef enum {
    X86_MAP_ONE,
    X86_MAP_0F,
    X86_MAP_0F38,
    X86_MAP_0F3A,
    X86_MAP_VEX_0F,
    X86_MAP_VEX_0F38,
    X86_MAP_VEX_0F3A,
    X86_MAPS,
} X86Map;

/*
 * When a row is meant, besides map and byte. No prefix named: whatever prefixes there are (66 is
 * the operand size then, F3 and F2 repeat or mean nothing).
 */
enum {
    IF_NP = 1 << 0, /* none of 66 F3 F2 */
    IF_66 = 1 << 1, /* 66 and neither F3 nor F2 */
    IF_F3 = 1 << 2, /* the last of F3 and F2 is this, also with 66 */
    IF_F2 = 1 << 3,
    IF_W0 = 1 << 4,
    IF_W1 = 1 << 5, /* REX.W or VEX.W */
    IF_L0 = 1 << 6,
    IF_L1 = 1 << 7,  /* VEX.L: 256 bits */
    IF_MEM = 1 << 8, /* ModRM names memory */
    IF_REG = 1 << 9,
    IF_64 = 1 << 10,  /* 64-bit code */
    IF_N64 = 1 << 11, /* 16- and 32-bit code */
    IF_PREFIXES = IF_NP | IF_66 | IF_F3 | IF_F2,
};

/* What ModRM must be: value, and mask << 8. */
enum { ANY = 0 };
#define EXT(n)  (0x3800 | (n) << 3) /* opcode extension /n */
#define BYTE(n) (0xff00 | (n))      /* the whole byte */

/* Rules of a row. What is broken gives #UD, CPL #GP(0). */
enum {
    X86_LOCKABLE = 1 << 0,  /* LOCK is allowed if the first operand is memory */
    X86_D64 = 1 << 1,       /* 64-bit code: operand size is 64 bits, or 16 with 66 */
    X86_F64 = 1 << 2,       /* 64-bit code: operand size is 64 bits whatever the prefixes */
    X86_CPL0 = 1 << 3,      /* privileged */
    X86_PROTECTED = 1 << 4, /* not in real and virtual-8086 mode */
    X86_MODRM = 1 << 5,     /* has ModRM though no operand shows it */
    X86_NO_VVVV = 1 << 6,   /* VEX.vvvv must be 1111 */
    X86_REP = 1 << 7,   /* string instruction: F3 and F2 repeat (F3 and F2 are ignored elsewhere) */
    X86_STACK = 1 << 8, /* an implicit operand is on the stack (unwind word) */
    X86_NO_ADDRESS16 = 1 << 9, /* 16-bit addresses are undefined (VSIB, some BMI) */
    X86_VSIB = 1 << 10,        /* SIB.index is a vector register */
};

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

typedef enum {
    X86_NONE,
    X86_GPR,
    X86_HIGH, /* AH CH DH BH: .reg 0-3 */
    X86_MEMORY,
    X86_IMMEDIATE,
    X86_SEGMENT_REGISTER,
    X86_CONTROL_REGISTER,
    X86_DEBUG_REGISTER,
    X86_MMX,
    X86_VECTOR,
    X86_FPU,
} X86OperandKind;

typedef struct {
    uint8_t kind;  /* X86OperandKind */
    uint8_t bytes; /* 0: without size */
    uint8_t reg;
    uint64_t imm;
} X86Operand;

/* A translate function: builds the IR of t->insn. Undefined after all: x86_undefined(t). */
typedef void X86TranslateFn(X86Translate *t, const X86Insn *insn);

/* A row. The first that fits is taken. */
struct X86Opcode {
    uint8_t map; /* X86Map */
    uint8_t byte;
    uint16_t when;      /* IF_x */
    uint16_t modrm;     /* ANY, EXT(), BYTE() */
    int16_t feature;    /* X86Feature, or X86_FEATURE_none */
    uint16_t flags;     /* X86_LOCKABLE... */
    uint8_t operand[4]; /* X86OperandCode */
    X86TranslateFn *translate;
    uint16_t arg; /* for translate functions that several rows share */
    const char *name;
};
enum { X86_FEATURE_none = -1 };

enum {
    X86_PREFIX_LOCK = 1,
    X86_PREFIX_66 = 2,
    X86_PREFIX_67 = 4,
    X86_PREFIX_F3 = 8,
    X86_PREFIX_F2 = 16
};
enum { X86_REX_B = 1, X86_REX_X = 2, X86_REX_R = 4, X86_REX_W = 8, X86_REX = 0x40 };
enum { X86_NO_REGISTER = 255, X86_RIP = 16 };
enum { X86_MAX_INSN_BYTES = 15 };

/* The memory operand of ModRM, or the offset of Ob, Ov. */
typedef struct {
    uint8_t segment; /* X86SegmentNumber */
    uint8_t base;    /* register, X86_RIP, X86_NO_REGISTER */
    uint8_t index;   /* register or X86_NO_REGISTER; VSIB: vector register */
    uint8_t scale;   /* log2 */
    int64_t offset;  /* X86_RIP: from the next instruction */
} X86Memory;

struct X86Insn {
    const X86Opcode *opcode;
    uint64_t pc, next_pc; /* linear */
    uint8_t length;
    uint8_t map, byte;
    uint8_t prefixes; /* X86_PREFIX_x; of F3 and F2 the last */
    uint8_t rex;      /* X86_REX_x as given by REX or VEX; X86_REX itself only by REX */
    uint8_t segment;  /* X86SegmentNumber of an override, X86_SEGMENTS: none */
    bool vex;
    uint8_t vector_bytes; /* 16, or 32 with VEX.L */
    uint8_t vvvv;         /* register number */
    uint8_t modrm, sib;
    bool has_modrm;
    uint8_t operand_bytes; /* 2, 4, 8 */
    uint8_t address_bytes;
    uint16_t selector; /* of Ap */
    uint64_t imm; /* the immediate, extended as its operand asks; both of ENTER: Iw | Ib << 16 */
    X86Memory memory;
    X86Operand operand[4];
};

static inline unsigned x86_mod(const X86Insn *insn)
{
    return insn->modrm >> 6;
}
static inline unsigned x86_reg(const X86Insn *insn) /* without REX */
{
    return insn->modrm >> 3 & 7;
}
static inline unsigned x86_rm(const X86Insn *insn) /* without REX */
{
    return insn->modrm & 7;
}

typedef enum {
    X86_DECODED,
    X86_DECODE_STOP,      /* a byte could not be fetched: the region ends before the instruction */
    X86_DECODE_UNDEFINED, /* #UD */
    X86_DECODE_TOO_LONG,  /* #GP(0) */
} X86DecodeResult;

typedef struct {
    bool (*fetch)(void *opaque, uint64_t pc, unsigned bytes, uint64_t *value);
    void *opaque;
    uint32_t mode;      /* X86_MODE_x */
    uint64_t code_base; /* of CS, 0 in 64-bit code */
    const X86Config *config;
} X86DecodeContext;

/** x86_decode - take apart the instruction at linear address @pc. Whatever is returned,
 * insn->length bytes were fetched. Privilege is not checked here */
X86DecodeResult x86_decode(const X86DecodeContext *context, uint64_t pc, X86Insn *insn);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form of the opcode table's rows. Spec: SDM vol. 2, appendix A (opcode maps, whose operand
 * names are used here).
 */
#pragma once

#include "target/x86/features.h"
#include "target/x86/operand_codes.h"

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
    X86_MODIFIES = 1 << 11,    /* writes the memory operand that it reads, as do lockable ones */
};

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the string helper is told: one number. */
#pragma once

#include <stdint.h>

typedef enum { X86_MOVS, X86_CMPS, X86_STOS, X86_LODS, X86_SCAS } X86StringOp;
typedef enum { X86_REPEAT_NONE, X86_REPEAT_EQUAL, X86_REPEAT_NOT_EQUAL } X86Repeat;

enum {
    X86_STRING_OP = 7,             /* X86StringOp */
    X86_STRING_SIZE_SHIFT = 3,     /* 2 bits: log2 of the bytes of an element */
    X86_STRING_ADDRESS_SHIFT = 5,  /* 4 bits: bytes of an address */
    X86_STRING_REPEAT_SHIFT = 9,   /* 2 bits: X86Repeat */
    X86_STRING_SEGMENT_SHIFT = 11, /* 3 bits: of the source */
    X86_STRING_BANK_SHIFT = 14,    /* 3 bits */
    X86_STRING_ONCE = 1 << 17,     /* stop after each element */
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a helper tells an x86 host that it is an x87 instruction (IrHelper.x87). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    IR_X87_RUN,   /* on registers, or with an operand of up to 64 bits: the helper's argument b */
    IR_X87_LOAD,  /* argument b: address of 10 bytes */
    IR_X87_STORE, /* argument b: address of what is stored */
} IrX87Kind;

/*
 * The helper's arguments: a: constant, whose low 11 bits are the opcode (low 3 bits of the first
 * byte, ModRM); b: see IrX87Kind; c: instruction pointer; d: offset of the memory operand. Offsets
 * of the guest's unit are from the anchor: registers are 16 bytes apart and in physical order.
 */
typedef struct {
    uint8_t kind;  /* IrX87Kind */
    uint8_t bank;  /* TLB bank */
    uint8_t bytes; /* of a memory operand that the helper itself accesses */
    int32_t registers, control, status, top, empty;
    int32_t opcode, code_pointer, code_selector, data_pointer, data_selector;
    int32_t from_code_selector, from_data_selector; /* what the selectors are copied from */
} IrHostX87;

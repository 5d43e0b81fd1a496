/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x87 unit. Spec: SDM vol. 1, ch. 8; vol. 2, the instructions; vol. 3, 9.2 (NE and FERR#).
 */
#pragma once

#include "fpu/status.h"
#include "target/x86/cpu.h"

/* Status word */
enum {
    X87_IE = 1 << 0,
    X87_DE = 1 << 1,
    X87_ZE = 1 << 2,
    X87_OE = 1 << 3,
    X87_UE = 1 << 4,
    X87_PE = 1 << 5,
    X87_EXCEPTIONS = 0x3f,
    X87_SF = 1 << 6,
    X87_ES = 1 << 7,
    X87_C0 = 1 << 8,
    X87_C1 = 1 << 9,
    X87_C2 = 1 << 10,
    X87_TOP_SHIFT = 11,
    X87_C3 = 1 << 14,
    X87_B = 1 << 15,
    X87_CONDITIONS = X87_C0 | X87_C1 | X87_C2 | X87_C3,
};

enum {
    X87_CONTROL_RESET = 0x37f,
    X87_CONTROL_VALID = 0x1f7f,
    X87_CONTROL_ONE = 0x40, /* always reads as 1 */
    X87_PC_SHIFT = 8,
    X87_RC_SHIFT = 10,
};

/* One instruction as the helper gets it in its first argument. */
enum {
    X87_OPCODE_BITS = 11,   /* first byte's low 3 bits, ModRM */
    X87_SEGMENT_SHIFT = 12, /* X86SegmentNumber of the memory operand */
    X87_BANK_SHIFT = 24,    /* TLB bank of a memory operand that the helper accesses */
    X87_BYTES_SHIFT = 16,   /* operand size: environments; 64-bit instruction pointers */
};

/** x86_fpu_reset - as FNINIT leaves it */
void x86_fpu_reset(X86Fpu *fpu);

/** x86_fpu_status - the status word with TOP, ES and B */
uint16_t x86_fpu_status(const X86Fpu *fpu);
/** x86_fpu_set_status - from memory: FLDENV, FXRSTOR... */
void x86_fpu_set_status(X86Fpu *fpu, uint16_t status);
void x86_fpu_set_control(X86Fpu *fpu, uint16_t control);

/** x86_fpu_tags - the full tag word, two bits a physical register: 0 valid, 1 zero, 2 special, 3
 * empty */
uint16_t x86_fpu_tags(const X86Fpu *fpu);

/**
 * x86_fpu_pending - an exception that is not masked waits for this instruction
 *
 * True after raising #MF. With CR0.NE clear the error goes to the FERR# line instead and the
 * instruction goes on.
 */
bool x86_fpu_pending(X86Cpu *cpu);
/** x86_fpu_errors_changed - exceptions were cleared or masked: FERR# follows */
void x86_fpu_errors_changed(X86Cpu *cpu);

/**
 * x86_fpu_run - a register instruction, or one whose memory operand of up to 64 bits is in @operand
 * @opcode: as in X87_OPCODE_BITS; @operand: for FCMOVcc the flags
 *
 * Returns flags of FCOMI and the like.
 */
uint32_t x86_fpu_run(X86Fpu *fpu, unsigned opcode, uint64_t operand);

/**
 * x86_fpu_convert - what FST, FIST, FISTTP, FBSTP to memory write
 *
 * False: nothing is to be written nor popped (an exception that is not masked).
 * Context: nothing but the status changes; x86_fpu_pop() follows where the instruction pops.
 */
bool x86_fpu_convert(X86Fpu *fpu, unsigned opcode, FloatX80 *value);
void x86_fpu_pop(X86Fpu *fpu);
/** x86_fpu_push_x80 - FLD m80; also what FBLD loads */
void x86_fpu_push_x80(X86Fpu *fpu, FloatX80 value);
FloatX80 x86_fpu_from_bcd(FloatX80 bytes);

/** x86_fpu_special - those of D9 F0 to FF that are no plain arithmetic; in fpu_special.c */
void x86_fpu_special(X86Fpu *fpu, unsigned modrm);

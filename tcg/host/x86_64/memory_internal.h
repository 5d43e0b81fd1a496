/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plain and atomic accesses share. */
#pragma once

#include "tcg/host/x86_64/emit_internal.h"

/* A value to store: a register, or NO_REG and a constant. */
typedef struct {
    uint8_t reg;
    int32_t imm;
} StoreValue;

/* @bytes from the address in a register are to lie in one page that the first level has with the
 * right wanted. */
typedef struct {
    const IrOp *op; /* for the bank */
    uint8_t address, index,
        tag; /* index and tag are clobbered; index gives memory_addend() its operand */
    uint32_t bytes;
    bool write, group;
} TlbCheck;

/** memory_check - returns the displacement of the jump that is taken when the check fails */
uint32_t memory_check(Emit *e, const TlbCheck *check);
void memory_addend(Emit *e, const IrOp *op, uint8_t dst, uint8_t index);
/** memory_address - the full address of the access in a register */
uint8_t memory_address(Emit *e, const IrOp *op);
/** memory_extend_rr - what was read, extended as the access says */
void memory_extend_rr(Asm *a, const IrOp *op, uint8_t dst, uint8_t src);

/* One access's check, for its out-of-line part. */
typedef struct {
    const IrOp *op;
    uint8_t address;
    int16_t predictor;
    uint32_t start, fail, unaligned;
} MemoryCheck;

/* Registers of one access; behind the check index holds the addend. */
typedef struct {
    uint8_t address, index, tag;
} AccessRegs;

/** memory_bytes - of the access */
uint32_t memory_bytes(const IrOp *op);
/** memory_choose_predictor - decided once an access: a second copy of it must take the same
 * registers */
int16_t memory_choose_predictor(Emit *e, const IrOp *op);
/** memory_check_single - the inline check of one access */
MemoryCheck memory_check_single(Emit *e, const IrOp *op, AccessRegs r);
/** memory_align_detail - mask of address bits that must be zero */
uint8_t memory_align_detail(const IrOp *op);
void memory_push_predictor(Emit *e, const ColdJob *job);

/** memory_job - the slow way behind @check; reg[0] is the address */
ColdJob *memory_job(Emit *e, void (*fn)(Emit *e, const ColdJob *job), const MemoryCheck *check);
/** memory_push_value, memory_call_slow - pieces of it: values are pushed first, last argument first
 */
void memory_push_value(Asm *a, StoreValue v);
void memory_call_slow(Emit *e, const ColdJob *job, Stub stub, uint8_t detail);

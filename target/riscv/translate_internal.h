/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the front end share: one region being translated, and access to guest
 * registers. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/riscv/cpu.h"
#include "target/riscv/registers_internal.h"

/* Slot numbers. x0 has none of its own: reads give 0, writes are dropped. */
enum {
    SLOT_X = 0,
    SLOT_F = 32,
    SLOT_RESERVED_ADDRESS = 64,
    SLOT_RESERVED_VALUE,
    SLOT_MSTATUS,
    SLOT_MSCRATCH,
    SLOT_MEPC,
    SLOT_MCAUSE,
    SLOT_MTVAL,
    SLOT_SSCRATCH,
    SLOT_SEPC,
    SLOT_SCAUSE,
    SLOT_STVAL,
    SLOT_STVEC,
    SLOT_COUNT,
};
extern const TcgSlot riscv_slots[SLOT_COUNT];

/* Helpers: one row each in helpers.def. */
typedef enum {
#define HELPER(name, result, arguments, raises, fp, reads, writes) HELPER_##name,
#include "target/riscv/helpers.def"
#undef HELPER
    HELPER_COUNT,
} RiscvHelper;
extern const IrHelper riscv_helpers[HELPER_COUNT];

#define HELPER(name, result, arguments, raises, fp, reads, writes) \
    uint64_t riscv_helper_##name(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
#include "target/riscv/helpers.def"
#undef HELPER

/* Fields of the context key; what they say is fixed within a region. */
typedef struct {
    uint8_t priv;
    uint8_t fs; /* mstatus.FS */
    uint8_t frm;
    uint8_t bank; /* of data accesses */
} RiscvContext;

typedef struct RiscvTranslate {
    TcgTranslate *region;
    IrBuilder *ir;
    const RiscvConfig *config;
    RiscvContext context;
    uint8_t xlen;
    uint64_t pc;      /* of the instruction */
    uint64_t next_pc; /* behind it */
    uint32_t insn;
    uint8_t jumps; /* followed so far */
    bool ended;    /* an op that ends the region was built */
} RiscvTranslate;

/* Registers */
IrValue riscv_get_x(RiscvTranslate *t, unsigned reg);
void riscv_put_x(RiscvTranslate *t, unsigned reg, IrValue v);
/* XLEN bits of @v, in the form registers are kept in: sign-extended on 32-bit harts */
IrValue riscv_narrow(RiscvTranslate *t, IrValue v);
/* a constant as a register keeps it */
IrValue riscv_const(RiscvTranslate *t, uint64_t value);
/* what the guest regards as an address */
uint64_t riscv_pc_mask(const RiscvTranslate *t, uint64_t pc);

IrValue riscv_call(RiscvTranslate *t, RiscvHelper helper, IrValue a, IrValue b, IrValue c,
                   IrValue d);

/* Addresses: base + offset as ops take it; on 32-bit harts the sum is cut and *@offset becomes 0.
 */
IrValue riscv_address(RiscvTranslate *t, unsigned base, int64_t *offset);
IrMem riscv_mem(const RiscvTranslate *t, unsigned size_log2, bool sign);

/* true: translation goes on at @target, a jump of this instruction, instead of ending the region */
bool riscv_follow_jump(RiscvTranslate *t, uint64_t target);

/* Ends of a region. */
void riscv_end_goto(RiscvTranslate *t, uint64_t pc);
/* go on behind this instruction, in a context or with interrupts that it may have changed */
void riscv_end_next(RiscvTranslate *t);
/* likewise, by way of the vCPU loop */
void riscv_end_exit(RiscvTranslate *t);
void riscv_end_indirect(RiscvTranslate *t, IrValue pc);
/* a synchronous exception at this instruction */
void riscv_end_raise(RiscvTranslate *t, RiscvCause cause, uint64_t value);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the front end share: one region being translated, and access to the guest's
 * registers, operands and flags. See docs/devel/x86.rst. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/x86/decode.h"
#include "target/x86/flags.h"
#include "target/x86/operands_internal.h"
#include "target/x86/registers_internal.h"
#include "target/x86/translate_flags_internal.h"
#include "target/x86/trap.h"

/* Slot numbers */
enum {
    SLOT_R = 0, /* 16 general registers */
    SLOT_FLAGS_KIND = 16,
    SLOT_FLAGS_RESULT,
    SLOT_FLAGS_SOURCE,
    SLOT_FLAGS_EXTRA,
    SLOT_FLAGS_CARRY,
    SLOT_FLAGS_OVERFLOW,
    SLOT_FLAGS_ROTATED,
    SLOT_FLAGS_OTHER,
    SLOT_BASE, /* of ES CS SS DS FS GS, by X86SegmentNumber */
    SLOT_CS_LIMIT = SLOT_BASE + 6,
    SLOT_SCRATCH, /* 2: values on their way over a local label */
    SLOT_V = 64,  /* 16 vector registers of 4 quadwords */
    SLOT_COUNT = 128,
};
extern const TcgSlot x86_slots[SLOT_COUNT];

/* Helpers: one row each in helpers_*.def. */
typedef enum {
#define HELPER(name, result, arguments, raises, fp, reads, writes) HELPER_##name,
#include "target/x86/helpers.def"
#undef HELPER
    HELPER_COUNT,
} X86Helper;
extern const IrHelper x86_helpers[HELPER_COUNT];

#define HELPER(name, result, arguments, raises, fp, reads, writes) \
    uint64_t x86_helper_##name(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
#include "target/x86/helpers.def"
#undef HELPER

/* IrHelper.x87 of the x87 helpers (fpu_host.c) */
bool x86_x87_run(uint64_t code, IrHostX87 *out);
bool x86_x87_load(uint64_t code, IrHostX87 *out);
bool x86_x87_store(uint64_t code, IrHostX87 *out);

struct X86Translate {
    TcgTranslate *region;
    IrBuilder *ir;
    const X86Config *config;
    uint32_t mode;      /* X86_MODE_x; fixed within a region */
    uint64_t code_base; /* of CS; 0 in 64-bit code */
    uint8_t bank;       /* of data accesses */
    X86Insn insn;       /* the present one */
    X86FlagState flags;
    int kind_put;  /* what the slot of the kind holds; -1: not known */
    uint8_t jumps; /* followed so far */
    bool ended;    /* an op that ends the region was built */
    bool last;     /* the region must end behind this instruction */
};

/* Modes */
static inline bool x86_code64(const X86Translate *t)
{
    return t->mode & X86_MODE_CODE64;
}
static inline unsigned x86_cpl(const X86Translate *t)
{
    return t->mode & X86_MODE_CPL;
}
static inline bool x86_real_or_vm86(const X86Translate *t)
{
    return !(t->mode & X86_MODE_PROTECTED) || t->mode & X86_MODE_VM86;
}
/* 2, 4 or 8: of RSP as an address */
unsigned x86_stack_bytes(const X86Translate *t);

/* Helpers; arguments of fewer bits are passed zero-extended. */
IrValue x86_call(X86Translate *t, X86Helper helper, IrValue a, IrValue b, IrValue c, IrValue d);

/*
 * Ends of a region. x86_end_next: go on behind the instruction, in a context or with interrupts
 * that it may have changed; x86_end_exit: likewise by way of the vCPU loop.
 */
void x86_end_goto(X86Translate *t, uint64_t pc);
/* go to @pc if the condition holds, else on behind the instruction (maybe in this region) */
void x86_branch(X86Translate *t, X86Condition condition, uint64_t pc);
void x86_end_indirect(X86Translate *t, IrValue pc); /* I64, linear */
void x86_end_next(X86Translate *t);
void x86_end_exit(X86Translate *t);
/* an exception of this instruction, known at translation time */
void x86_end_raise(X86Translate *t, X86Exception vector);
void x86_end_raise_code(X86Translate *t, X86Exception vector, uint32_t code);
static inline void x86_undefined(X86Translate *t)
{
    x86_end_raise(t, X86_UD);
}
/* linear address of @ip, which is cut to @bytes, in the present code segment */
uint64_t x86_code_address(const X86Translate *t, uint64_t ip, unsigned bytes);
/* the same at run time */
IrValue x86_code_address_value(X86Translate *t, IrValue ip, unsigned bytes);
/* IP of the next instruction */
static inline uint64_t x86_next_ip(const X86Translate *t)
{
    return t->insn.next_pc - t->code_base;
}

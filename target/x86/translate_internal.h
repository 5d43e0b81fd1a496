/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the front end share: one region being translated, and access to the guest's
 * registers, operands and flags. See docs/devel/x86.rst. */
#pragma once

#include "accel/tcg/frontend.h"
#include "target/x86/decode.h"
#include "target/x86/flags.h"
#include "target/x86/registers_internal.h"
#include "target/x86/trap.h"

/* Slot numbers */
enum {
    SLOT_R = 0, /* 16 general registers */
    SLOT_FLAGS_KIND = 16,
    SLOT_FLAGS_RESULT,
    SLOT_FLAGS_SOURCE,
    SLOT_FLAGS_EXTRA,
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

/*
 * What made the flags, as far as this region knows. A value of 0 can be had from its slot. Values
 * are as operands are: zero-extended, of up to 4 bytes I32, of 8 bytes I64; .extra is I32.
 */
typedef struct {
    bool known;
    uint8_t kind;                /* X86FlagsKind without size */
    uint8_t bytes;               /* operand size */
    IrValue a, b, result, extra; /* a: first operand */
    IrValue carry, overflow;     /* I32, 0 or 1: set apart from the others */
} X86FlagState;

struct X86Translate {
    TcgTranslate *region;
    IrBuilder *ir;
    const X86Config *config;
    uint32_t mode;      /* X86_MODE_x; fixed within a region */
    uint64_t code_base; /* of CS; 0 in 64-bit code */
    uint8_t bank;       /* of data accesses */
    X86Insn insn;       /* the present one */
    X86FlagState flags;
    int kind_put; /* what the slot of the kind holds; -1: not known */
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
 * Values. The type of a value of @bytes is I32 up to 4 bytes, I64 for 8; those of 1 and 2 bytes
 * have zeroes above unless stated otherwise.
 */
static inline IrType x86_type(unsigned bytes)
{
    return bytes == 8 ? IR_I64 : IR_I32;
}
IrValue x86_const(X86Translate *t, unsigned bytes, uint64_t value);
/* low @bytes of a value of either type, zeroes above, as a value of @bytes */
IrValue x86_cut(X86Translate *t, unsigned bytes, IrValue v);
/* a value of @bytes, zero- or sign-extended, as I64 */
IrValue x86_zext64(X86Translate *t, IrValue v);
IrValue x86_sext64(X86Translate *t, unsigned bytes, IrValue v);
/* sign-extended within its type */
IrValue x86_sext(X86Translate *t, unsigned bytes, IrValue v);

/* General registers by number. Writing 1 or 2 bytes keeps the rest, 4 bytes clear the upper half;
 * bits of the value above @bytes are ignored. */
IrValue x86_gpr(X86Translate *t, unsigned reg, unsigned bytes);
void x86_put_gpr(X86Translate *t, unsigned reg, unsigned bytes, IrValue v);

/* Linear addresses as memory ops take them */
typedef struct {
    IrValue base;
    int64_t offset;
} X86Address;

/* ModRM's effective address without segment, cut to the address size, as I64 (LEA) */
IrValue x86_effective_address(X86Translate *t);
/*
 * Linear address of @bytes at @offset of @segment. @offset is I64 and not above the address size.
 * With limits: they are checked (a raising helper). Builds this before anything of the instruction
 * is put.
 */
X86Address x86_linear(X86Translate *t, unsigned segment, IrValue offset, unsigned bytes,
                      bool write);
/* of the memory operand */
X86Address x86_address(X86Translate *t, unsigned bytes, bool write);
/* the same as one value */
IrValue x86_address_value(X86Translate *t, X86Address at);
IrMem x86_mem(const X86Translate *t, unsigned bytes); /* 1, 2, 4, 8 */
IrValue x86_load(X86Translate *t, X86Address at, unsigned bytes);
void x86_store(X86Translate *t, X86Address at, unsigned bytes, IrValue v);

/*
 * Operand @k of the instruction: register, memory or immediate of 1 to 8 bytes. A memory operand
 * that is read and then written: x86_address() once, x86_load(), x86_store(); x86_read_modify()
 * does so, keeping the address in *@at for x86_write_back().
 */
IrValue x86_read(X86Translate *t, unsigned k);
void x86_write(X86Translate *t, unsigned k, IrValue v);
IrValue x86_read_modify(X86Translate *t, unsigned k, X86Address *at);
void x86_write_back(X86Translate *t, unsigned k, X86Address at, IrValue v);
static inline bool x86_is_memory(const X86Insn *insn, unsigned k)
{
    return insn->operand[k].kind == X86_MEMORY;
}

/* Stack: @v to the new top, or what is on the top; RSP changes after the access. */
/* linear address of @bytes at RSP + @offset; RSP += @offset */
X86Address x86_stack(X86Translate *t, int64_t offset, unsigned bytes, bool write);
void x86_stack_move(X86Translate *t, int64_t offset);
void x86_push(X86Translate *t, unsigned bytes, IrValue v);
IrValue x86_pop(X86Translate *t, unsigned bytes);

/* Flags */
/* a helper wrote them, or a label: only the slots know */
void x86_flags_unknown(X86Translate *t);
/* an operation made them; @a, @b and @extra are 0 where the kind has none */
void x86_put_flags(X86Translate *t, X86FlagsKind kind, unsigned bytes, IrValue a, IrValue b,
                   IrValue result, IrValue extra);
static inline void x86_put_flags_logic(X86Translate *t, unsigned bytes, IrValue result)
{
    x86_put_flags(t, X86_FLAGS_LOGIC, bytes, 0, 0, result, 0);
}
/* only CF, only OF; I32, 0 or 1 */
void x86_put_carry(X86Translate *t, IrValue carry);
void x86_put_overflow(X86Translate *t, IrValue overflow);
/* CF as I32, 0 or 1 */
IrValue x86_carry(X86Translate *t);
/* all six at their places, as I32 */
IrValue x86_flags_bits(X86Translate *t);
void x86_put_flags_bits(X86Translate *t, IrValue bits); /* I32, others than the six are 0 */

/* A condition of Jcc, SETcc, CMOVcc as the IR compares */
typedef struct {
    IrCond cond;
    IrValue a, c;
} X86Condition;
X86Condition x86_condition(X86Translate *t, unsigned cc);

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

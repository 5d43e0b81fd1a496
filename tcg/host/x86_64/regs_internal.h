/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where values are while code is emitted. Pinned slots own their host registers; a value that
 * equals a slot is an alias of it. All other host registers are scratch, given out and taken back
 * oldest first. A value can be in a register and in memory at once (its slot's home or a spill),
 * then taking the register costs nothing.
 */
#pragma once

#include "tcg/host/x86_64/backend_internal.h"

typedef struct Emit Emit;

enum {
    MORE_SPILLS = 54, /* in TcgEnv.spill_more, after those in TcgHot */
    HOT_SPILLS = 10,
    MAX_SPILLS = HOT_SPILLS + MORE_SPILLS,
    GROUP_VALUE = IR_MAX_OPS, /* pseudo-values: host addend of a group */
    VALUE_COUNT = IR_MAX_OPS + 32,
    VECTOR_OWNER = VALUE_COUNT,          /* owners of registers only: guest vectors */
    OPERAND_VECTOR = IR_MAX_VECTORS - 1, /* the last: nothing in it outlives an instruction */
    NO_VECTOR = 0xff,
};

static inline bool type_is_fp(uint8_t type)
{
    return type == IR_F32 || type == IR_F64;
}
static inline bool type_is_wide(uint8_t type)
{
    return type == IR_I64 || type == IR_F64;
}

typedef enum { IN_NOTHING, IN_HOME, IN_SPILL } InMemory;

typedef struct {
    uint8_t reg;   /* or NO_REG */
    uint8_t mem;   /* InMemory */
    uint8_t index; /* slot or spill */
    uint8_t zero;
} Loc;

/* A guest vector: how many of its bytes are in the register (0: none), and of them are not at home
 * yet. If 16 are, the upper half is at home. */
typedef struct {
    uint8_t reg, bytes, dirty, zero;
} VectorState;

/* A put that waits until somebody can look. */
typedef struct {
    uint16_t slot, until; /* op */
    IrValue value;
} LatePut;
enum { MAX_LATE = 8 };

/* What a second emission of the same ops must begin with to make the same choices. */
typedef struct {
    uint32_t locked; /* registers in use by the present op */
    uint32_t free;   /* scratch registers without a value */
    uint32_t clock;
    uint64_t spills;  /* in use */
    uint32_t vectors; /* those that have a register */
    VectorState vector[IR_MAX_VECTORS];
    uint16_t owner[ASM_REGS];
    uint32_t stamp[ASM_REGS];
    LatePut late[MAX_LATE];
    uint32_t late_count;
    uint16_t alias[IR_MAX_SLOTS]; /* value that equals the slot: in its pin, or IN_HOME */
    Loc loc[VALUE_COUNT];
} RegsState;

typedef struct {
    RegsState s;
    uint16_t root[IR_MAX_OPS];  /* the value itself, or the one whose low half it is */
    uint16_t last[VALUE_COUNT]; /* last op that uses it; 0: none */
    uint32_t renamed_count;
    uint16_t renamed[IR_MAX_OPS]; /* those whose root is another */
} Regs;

/** regs_begin - a new region */
void regs_begin(Emit *e);
/** regs_rename - true: the present op, a TRUNC or ZEXT32, only gives a value another name */
bool regs_rename(Emit *e);
/** regs_begin_op - before op number @at is emitted */
static inline void regs_begin_op(Regs *g, uint32_t at, const IrOp *op)
{
    g->last[at] = op->last;
    g->s.loc[at] = (Loc){ .reg = NO_REG };
}
static inline void regs_note_const(Regs *g, uint32_t at)
{
    g->last[at] = 0; /* it is never in a register of its own, so nothing is to be done for it */
    g->s.loc[at] = (Loc){ .reg = NO_REG };
}
/** regs_forget - no value lives here (a label) */
void regs_forget(Emit *e);
void regs_save(const Emit *e, RegsState *to);
void regs_restore(Emit *e, const RegsState *from);
bool regs_equal(const Emit *e, const RegsState *with);

/** regs_fetch - regs_use() of what is in no register yet */
uint8_t regs_fetch(Emit *e, unsigned k);
/** regs_use_clean - likewise, an I32 zero-extended */
uint8_t regs_use_clean(Emit *e, unsigned k);
/** regs_in_memory - argument @k is only in memory and not used later: *@mem may serve as operand */
bool regs_in_memory(const Emit *e, unsigned k, AsmMem *mem);

/* Destination of the present op's value. PIN: may be the pin of the slot it is put to; PIN_SHARED:
 * even if that register is an operand of this op; REUSE: may be a scratch register of an argument
 * that dies here. */
enum { DEF_PIN = 1, DEF_PIN_SHARED = 2, DEF_REUSE = 4, DEF_ANY = 7 };
uint8_t regs_def(Emit *e, unsigned allow);
/** regs_def_in - the value was made in @reg, a temporary of this op */
void regs_def_in(Emit *e, uint8_t reg);

/** regs_temp, regs_temp_fp - a register until the end of the op; regs_take - that very scratch
 * register */
uint8_t regs_temp(Emit *e);
uint8_t regs_temp_fp(Emit *e);
void regs_take(Emit *e, uint8_t reg);
/** regs_unlock - @reg is no longer needed by this op */
void regs_unlock(Emit *e, uint8_t reg);
static inline bool regs_is_pin(const TcgBackend *be, uint8_t reg)
{
    return be->pinned >> reg & 1;
}

/** regs_hold - a scratch register for pseudo-value @v (from GROUP_VALUE), which lives until
 * regs_drop() */
uint8_t regs_hold(Emit *e, unsigned v);
uint8_t regs_held(Emit *e, unsigned v);
void regs_drop(Emit *e, unsigned v);

/** regs_put - PUT: slot becomes argument 0 */
void regs_put(Emit *e, unsigned slot);
/** regs_put_late - a PUT that is IR_OP_LATE: done by emit_job_late() and emit_late() if at all */
void regs_put_late(Emit *e, unsigned slot);
/** regs_get - GET defines the present op */
void regs_get(Emit *e, unsigned slot);
/** regs_before_call - every value that lives on is where a C call that writes the slots of @writes
 * leaves it alone, but may still be in its register; regs_after_call - it is no longer */
void regs_before_call(Emit *e, const uint64_t *writes);
void regs_after_call(Emit *e);
/** regs_slot_changes - a slot that is not pinned is about to be written by the op itself */
void regs_slot_changes(Emit *e, unsigned slot);
/** regs_move - emit dst = value of argument @k, zero-extended */
void regs_move(Emit *e, uint8_t dst, unsigned k);
/** regs_end_op - give back what the present op held */
void regs_end_op(Emit *e);

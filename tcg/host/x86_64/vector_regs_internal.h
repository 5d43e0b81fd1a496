/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest vectors in host registers. What is written stays in its register, and goes home when the
 * region is left, at labels and calls, and out of line before anything that may raise. In a region
 * that jumps to its own start the registers keep what they hold from one round to the next.
 */
#pragma once

#include "tcg/host/x86_64/jobs_internal.h"
#include "tcg/host/x86_64/regs_internal.h"

/** vectors_begin - a new region: what it uses */
void vectors_begin(Emit *e);
/** vectors_enter - behind the entry: loads, and the place that jumps to the start go to */
void vectors_enter(Emit *e);
/** vectors_loop - everything is as it was there: emit the jump. False: not that kind of region */
bool vectors_loop(Emit *e);

/** vector_use - the vector that begins at @slot, or its lower half (@bytes 16), in a register until
 * the end of the op */
uint8_t vector_use(Emit *e, unsigned slot, unsigned bytes);
/** vector_def - the register that @bytes of it (16: the upper half stays as it is) will be written
 * to, perhaps the one it is in now; vector_defined - they were */
uint8_t vector_def(Emit *e, unsigned slot, unsigned bytes);
void vector_defined(Emit *e, unsigned slot, unsigned bytes);
/** vector_zero - clear its upper half (@bytes 16) or all of it; @zero: a register that is 0 */
void vector_zero(Emit *e, unsigned slot, uint8_t zero, unsigned bytes);
/** vector_evict - its register is wanted for something else */
void vector_evict(Emit *e, unsigned number);
/** vector_slot_read, vector_slot_write - a slot of it is about to be used as such */
void vector_slot_read(Emit *e, unsigned slot);
void vector_slot_write(Emit *e, unsigned slot);
/** vectors_next_insn - memory operands are of no use any more */
void vectors_next_insn(Emit *e);

/** vectors_flush - all at home, but still in registers too; vectors_leave - likewise, no register
 * is used behind this; vectors_forget - in no register; vectors_clean - C code may run */
void vectors_flush(Emit *e);
void vectors_leave(Emit *e);
void vectors_forget(Emit *e);
void vectors_clean(Emit *e);
bool vectors_pending(const Emit *e);

/** vectors_note - what would have to go home now; vectors_store - emit that */
void vectors_note(const Emit *e, VectorNote *note);
void vectors_store(Emit *e, const VectorNote *note);

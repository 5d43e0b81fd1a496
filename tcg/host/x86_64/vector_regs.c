/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/host/x86_64/vector_regs_internal.h"

#include <string.h>

#include "tcg/host/x86_64/emit_internal.h"

/* Those of a loop live in fixed registers; the others are for temporaries. */
enum { LOOP_REGISTERS = 12 };

static VectorState *state_at(Emit *e, unsigned slot)
{
    return &e->regs.s.vector[e->be->vector_of[slot]];
}

static AsmMem home(const Emit *e, unsigned number, int32_t offset)
{
    AsmMem mem = slot_mem(e->be, e->be->vector_slot[number]);
    mem.disp += offset;
    return mem;
}

static uint32_t length(unsigned bytes)
{
    return bytes == 32 ? A_L : 0;
}

static void load(Emit *e, unsigned number, uint8_t reg, unsigned bytes)
{
    asm_vrm(e->a, 0x10 | A_0F | length(bytes), reg, XMM0, home(e, number, 0)); /* vmovups */
}

static void store(Emit *e, unsigned number, uint8_t reg, unsigned bytes)
{
    asm_vrm(e->a, 0x11 | A_0F | length(bytes), reg, XMM0, home(e, number, 0));
}

static void own(Emit *e, uint8_t reg, unsigned number)
{
    RegsState *s = &e->regs.s;
    s->owner[reg] = VECTOR_OWNER + number;
    s->free &= ~(1u << reg);
    s->locked |= 1u << reg;
    s->stamp[reg] = ++s->clock;
    s->vector[number].reg = reg;
    s->vectors |= 1u << number;
}

static void drop(Emit *e, unsigned number)
{
    RegsState *s = &e->regs.s;
    VectorState *v = &s->vector[number];
    if (s->vectors >> number & 1) {
        s->owner[v->reg] = 0;
        s->free |= 1u << v->reg;
        s->vectors &= ~(1u << number);
    }
    *v = (VectorState){ .reg = NO_REG };
}

static void write_back(Emit *e, unsigned number)
{
    VectorState *v = &e->regs.s.vector[number];
    if (v->dirty) {
        store(e, number, v->reg, v->dirty);
        v->dirty = 0;
    }
}

void vector_evict(Emit *e, unsigned number)
{
    write_back(e, number);
    drop(e, number);
}

/* The upper half comes from home, where it is if only the lower one is in the register. */
static void widen(Emit *e, unsigned number)
{
    VectorState *v = &e->regs.s.vector[number];
    asm_vrm(e->a, 0x18 | A_0F3A | A_66 | A_L, v->reg, v->reg, home(e, number, 16));
    asm_imm8(e->a, 1);
    v->bytes = 32;
    e->wide = true;
}

uint8_t vector_use(Emit *e, unsigned slot, unsigned bytes)
{
    RegsState *s = &e->regs.s;
    unsigned number = e->be->vector_of[slot];
    VectorState *v = &s->vector[number];
    bytes = MAX(bytes, 16u);
    e->wide |= bytes == 32;
    if (!v->bytes) {
        uint8_t reg = v->reg == NO_REG ? regs_temp_fp(e) : v->reg;
        load(e, number, reg, bytes);
        own(e, reg, number);
        v->bytes = bytes;
    } else if (v->bytes < bytes) {
        widen(e, number);
    }
    s->locked |= 1u << v->reg;
    s->stamp[v->reg] = ++s->clock;
    return v->reg;
}

uint8_t vector_def(Emit *e, unsigned slot, unsigned bytes)
{
    RegsState *s = &e->regs.s;
    unsigned number = e->be->vector_of[slot];
    VectorState *v = &s->vector[number];
    for (unsigned i = 0; i < bytes / 8; i++) {
        regs_slot_changes(e, slot + i);
    }
    if (bytes == 16 && v->dirty == 32) {
        asm_vrm(e->a, 0x19 | A_0F3A | A_66 | A_L, v->reg, XMM0, home(e, number, 16));
        asm_imm8(e->a, 1);
        v->dirty = 16;
    }
    if (v->reg == NO_REG) {
        own(e, regs_temp_fp(e), number);
    }
    s->locked |= 1u << v->reg;
    s->stamp[v->reg] = ++s->clock;
    return v->reg;
}

void vector_defined(Emit *e, unsigned slot, unsigned bytes)
{
    VectorState *v = state_at(e, slot);
    v->bytes = v->dirty = bytes;
}

void vector_zero(Emit *e, unsigned slot, uint8_t zero, unsigned bytes)
{
    unsigned number = e->be->vector_of[slot];
    VectorState *v = &e->regs.s.vector[number];
    for (unsigned i = bytes == 32 ? 0 : 2; i < 4; i++) {
        regs_slot_changes(e, slot + i);
    }
    asm_vrm(e->a, 0x11 | A_0F, zero, XMM0, home(e, number, 16));
    if (bytes == 32) {
        asm_vrm(e->a, 0x11 | A_0F, zero, XMM0, home(e, number, 0));
        drop(e, number);
    } else if (v->bytes == 32) {
        v->bytes = 16;
        v->dirty = MIN(v->dirty, 16);
    }
}

void vector_slot_read(Emit *e, unsigned slot)
{
    uint8_t number = e->be->vector_of[slot];
    if (number != NO_VECTOR) {
        write_back(e, number);
    }
}

void vector_slot_write(Emit *e, unsigned slot)
{
    uint8_t number = e->be->vector_of[slot];
    if (number != NO_VECTOR) {
        vector_evict(e, number);
    }
}

void vectors_next_insn(Emit *e)
{
    if (e->regs.s.vectors >> OPERAND_VECTOR & 1) {
        drop(e, OPERAND_VECTOR);
    }
}

void vectors_flush(Emit *e)
{
    for (uint32_t rest = e->regs.s.vectors; rest; rest &= rest - 1) {
        write_back(e, __builtin_ctz(rest));
    }
}

void vectors_forget(Emit *e)
{
    while (e->regs.s.vectors) {
        drop(e, __builtin_ctz(e->regs.s.vectors));
    }
}

void vectors_clean(Emit *e)
{
    if (e->wide) {
        asm_vrr(e->a, 0x77 | A_0F, 0, XMM0, 0);
        e->a->p--; /* vzeroupper has no ModRM */
    }
}

void vectors_leave(Emit *e)
{
    vectors_next_insn(e);
    vectors_flush(e);
    vectors_clean(e);
}

bool vectors_pending(const Emit *e)
{
    const RegsState *s = &e->regs.s;
    for (uint32_t rest = s->vectors & ~(1u << OPERAND_VECTOR); rest; rest &= rest - 1) {
        if (s->vector[__builtin_ctz(rest)].dirty) {
            return true;
        }
    }
    return e->wide;
}

void vectors_note(const Emit *e, VectorNote *note)
{
    const RegsState *s = &e->regs.s;
    note->dirty = note->wide = 0;
    note->clean = e->wide;
    for (uint32_t rest = s->vectors; rest; rest &= rest - 1) {
        unsigned number = __builtin_ctz(rest);
        note->reg[number] = s->vector[number].reg;
        note->dirty |= s->vector[number].dirty ? 1u << number : 0;
        note->wide |= s->vector[number].dirty == 32 ? 1u << number : 0;
    }
}

void vectors_store(Emit *e, const VectorNote *note)
{
    for (uint32_t rest = note->dirty; rest; rest &= rest - 1) {
        unsigned number = __builtin_ctz(rest);
        store(e, number, note->reg[number], note->wide >> number & 1 ? 32 : 16);
    }
}

/* loops */

static void note_use(Emit *e, unsigned slot, bool wide, bool written)
{
    uint8_t number = e->be->vector_of[slot];
    if (number == NO_VECTOR || number == OPERAND_VECTOR) {
        return;
    }
    LoopVector *v = &e->loop.vector[number];
    v->bytes = wide ? 32 : MAX(v->bytes, 16);
    v->written |= written;
}

static void note_op(Emit *e, const IrOp *op)
{
    const IrHelper *helper = (const IrHelper *)(uintptr_t)op->imm;
    const IrOp *ops = e->region->ops;
    IrHostVector v;
    switch (op->op) {
    case IR_LOADV: note_use(e, op->aux, op->mem.sign || op->mem.size_log2 == 5, true); break;
    case IR_STOREV: note_use(e, op->aux, op->mem.size_log2 == 5, false); break;
    case IR_CALL:
        if (helper->host && ops[op->arg[0]].op == IR_CONST && ops[op->arg[1]].op == IR_CONST &&
            helper->host(ops[op->arg[0]].imm, ops[op->arg[1]].imm, &v)) {
            bool wide = v.bytes == 32;
            note_use(e, v.a, wide, false);
            note_use(e, v.b, wide, false);
            note_use(e, v.c, wide, false);
            note_use(e, v.d, wide || v.stored == 32 || v.clears, true);
        }
        break;
    default: break;
    }
}

static bool may_loop(const Emit *e)
{
    return e->looping && backend_has(e->be, TCG_HOST_AVX) && !e->be->options.icount &&
           !e->be->options.no_chain && e->be->vectors;
}

void vectors_begin(Emit *e)
{
    unsigned count = 0;
    e->wide = false;
    e->loop.on = false;
    if (!may_loop(e)) {
        return;
    }
    memset(&e->loop, 0, sizeof(e->loop));
    for (uint32_t at = 1; at < e->region->count; at++) {
        if (!(e->region->ops[at].flags & IR_OP_DEAD)) {
            note_op(e, &e->region->ops[at]);
        }
    }
    for (unsigned number = 0; number < IR_MAX_VECTORS; number++) {
        LoopVector *v = &e->loop.vector[number];
        if (v->bytes && count == LOOP_REGISTERS) {
            v->bytes = 0;
        }
        if (v->bytes) {
            v->reg = XMM15 - count++;
        }
    }
    e->loop.on = count > 0;
}

static void cold_irq(Emit *e, const ColdJob *job)
{
    vectors_store(e, &job->vectors);
    if (job->vectors.clean) {
        vectors_clean(e);
    }
    asm_mov_ri(e->a, RCX, e->region->pc);
    emit_ref(e, asm_jmp(e->a), stub_pos(STUB_IRQ));
}

void vectors_enter(Emit *e)
{
    if (!e->loop.on) {
        return;
    }
    for (unsigned number = 0; number < IR_MAX_VECTORS; number++) {
        const LoopVector *v = &e->loop.vector[number];
        if (v->bytes) {
            load(e, number, v->reg, v->bytes);
            own(e, v->reg, number);
            e->regs.s.vector[number].bytes = v->bytes;
            e->regs.s.vector[number].dirty = v->written ? v->bytes : 0;
            e->wide |= v->bytes == 32;
        }
    }
    e->regs.s.locked = 0;
    e->loop.head = emit_pos(e);
    asm_alu_mi(e->a, ALU_CMP, false, ENV_MEM(hot.irq), 0);
    emit_job(e, cold_irq, asm_jcc(e->a, CC_L));
}

/* As it is at the start of a round. */
static bool is_in_place(const VectorState *v, const LoopVector *wanted)
{
    return v->bytes && v->reg == wanted->reg;
}

bool vectors_loop(Emit *e)
{
    RegsState *s = &e->regs.s;
    if (!e->loop.on) {
        return false;
    }
    vectors_next_insn(e);
    for (uint32_t rest = s->vectors; rest; rest &= rest - 1) {
        unsigned number = __builtin_ctz(rest);
        if (!is_in_place(&s->vector[number], &e->loop.vector[number])) {
            vector_evict(e, number);
        }
    }
    for (unsigned number = 0; number < IR_MAX_VECTORS; number++) {
        const LoopVector *wanted = &e->loop.vector[number];
        VectorState *v = &s->vector[number];
        if (!wanted->bytes) {
            continue;
        }
        if (!v->bytes) {
            regs_take(e, wanted->reg);
            load(e, number, wanted->reg, wanted->bytes);
            own(e, wanted->reg, number);
            v->bytes = wanted->bytes;
        } else if (v->bytes < wanted->bytes) {
            widen(e, number);
        } else if (v->bytes > wanted->bytes) {
            write_back(e, number);
            v->bytes = wanted->bytes;
        }
    }
    return true;
}

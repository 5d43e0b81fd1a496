/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/host/x86_64/regs_internal.h"

#include <string.h>

#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

static uint32_t bit(uint8_t reg)
{
    return 1u << reg;
}

static bool is_const(const Emit *e, IrValue v)
{
    return e->region->ops[v].op == IR_CONST;
}

static uint8_t value_type(const Emit *e, unsigned v)
{
    return v < IR_MAX_OPS ? e->region->ops[v].type : IR_I64;
}

static uint32_t scratch_of(const Emit *e, bool fp)
{
    return e->be->scratch & (fp ? all_vector : all_general);
}

/* names */

/* An op that only gives another name to its argument's register. */
static bool is_transparent(const Emit *e, const IrOp *op)
{
    const Regs *g = &e->regs;
    IrValue a = op->arg[0];
    if (op->op == IR_TRUNC) {
        return !is_const(e, a);
    }
    return op->op == IR_ZEXT32 && e->region->ops[a].type == IR_I32 && g->root[a] == a &&
           a <= e->at && !is_const(e, a);
}

void regs_begin(Emit *e)
{
    Regs *g = &e->regs;
    if (!g->root[1]) { /* the first region of all */
        for (uint32_t v = 0; v < IR_MAX_OPS; v++) {
            g->root[v] = v;
        }
    }
    while (g->renamed_count) {
        uint16_t v = g->renamed[--g->renamed_count];
        g->root[v] = v;
    }
    g->last[0] = 0;
    regs_forget(e);
}

bool regs_rename(Emit *e)
{
    Regs *g = &e->regs;
    const IrOp *op = emit_op(e);
    IrValue root = g->root[op->arg[0]];
    if (!is_transparent(e, op)) {
        return false;
    }
    if (g->root[e->at] == e->at) { /* else: second copy */
        g->renamed[g->renamed_count++] = e->at;
        g->root[e->at] = root;
    }
    g->last[root] = MAX(g->last[root], op->last);
    return true;
}

/* The pinned slot that the next op puts the present op's value to, or NO_SLOT. */
static int slot_next(const Emit *e)
{
    const IrOp *ops = e->region->ops, *op = e->op + 1;
    IrValue name = e->at;
    for (; op->flags & IR_OP_DEAD || op->op == IR_CONST || is_transparent(e, op); op++) {
        if (!(op->flags & IR_OP_DEAD) && op->op != IR_CONST && op->arg[0] == name) {
            name = op - ops;
        }
    }
    if (op->op != IR_PUT || (op->arg[0] != e->at && op->arg[0] != name) ||
        e->be->pin[op->imm] == NO_REG) {
        return NO_SLOT;
    }
    uint8_t have = ops[e->at].type, want = e->be->slots[op->imm].type;
    return type_is_fp(have) == type_is_fp(want) && (have == want || have == IR_I32) ? (int)op->imm
                                                                                    : NO_SLOT;
}

void regs_forget(Emit *e)
{
    RegsState *s = &e->regs.s;
    memset(s->owner, 0, sizeof(s->owner));
    memset(s->alias, 0, e->be->slot_count * sizeof(s->alias[0]));
    s->spills = 0;
    s->vectors = 0;
    for (unsigned i = 0; i < IR_MAX_VECTORS; i++) {
        s->vector[i] = (VectorState){ .reg = NO_REG };
    }
    s->locked = 0;
    s->late_count = 0;
    s->free = e->be->scratch;
}

static size_t state_bytes(const Emit *e)
{
    return offsetof(RegsState, loc) + e->region->count * sizeof(Loc);
}

void regs_save(const Emit *e, RegsState *to)
{
    memcpy(to, &e->regs.s, state_bytes(e));
    memcpy(&to->loc[GROUP_VALUE], &e->regs.s.loc[GROUP_VALUE], IR_MAX_GROUPS * sizeof(Loc));
}

void regs_restore(Emit *e, const RegsState *from)
{
    memcpy(&e->regs.s, from, state_bytes(e));
    memcpy(&e->regs.s.loc[GROUP_VALUE], &from->loc[GROUP_VALUE], IR_MAX_GROUPS * sizeof(Loc));
}

bool regs_equal(const Emit *e, const RegsState *with)
{
    const RegsState *s = &e->regs.s;
    return s->free == with->free && s->spills == with->spills && s->vectors == with->vectors &&
           !memcmp(s->vector, with->vector, sizeof(s->vector)) &&
           !memcmp(s->owner, with->owner, sizeof(s->owner)) &&
           !memcmp(s->alias, with->alias, e->be->slot_count * sizeof(s->alias[0])) &&
           !memcmp(s->loc, with->loc, e->region->count * sizeof(Loc));
}

/* moving values */

static AsmMem spill_mem(unsigned index)
{
    int32_t base =
        index < HOT_SPILLS ? TCG_ANCHOR_OFFSET(hot.spill) : TCG_ANCHOR_OFFSET(spill_more);
    return asm_mem(ENV_REG, base + 8 * (int32_t)(index < HOT_SPILLS ? index : index - HOT_SPILLS));
}

static AsmMem loc_mem(const Emit *e, Loc loc)
{
    return loc.mem == IN_HOME ? slot_mem(e->be, loc.index) : spill_mem(loc.index);
}

static void load_from(Emit *e, uint8_t type, uint8_t reg, AsmMem mem)
{
    if (reg < XMM0) {
        asm_load(e->a, type_is_wide(type), reg, mem);
    } else {
        asm_rm(e->a, 0x10 | A_0F | (type == IR_F64 ? A_F2 : A_F3), reg, mem);
    }
}

static void store_to(Emit *e, uint8_t type, AsmMem mem, uint8_t reg)
{
    if (reg < XMM0) {
        asm_store(e->a, type_is_wide(type), mem, reg);
    } else {
        asm_rm(e->a, 0x11 | A_0F | (type == IR_F64 ? A_F2 : A_F3), reg, mem);
    }
}

static void move(Emit *e, uint8_t dst, uint8_t src)
{
    if (dst == src) {
        return;
    }
    if (dst < XMM0) {
        asm_mov_rr(e->a, true, dst, src);
    } else {
        asm_rr(e->a, 0x28 | A_0F, dst, src);
    }
}

static void free_reg(RegsState *s, uint8_t reg)
{
    s->owner[reg] = 0;
    s->free |= bit(reg);
}

static void own(RegsState *s, uint8_t reg, unsigned v)
{
    s->owner[reg] = v;
    s->free &= ~bit(reg);
    s->stamp[reg] = ++s->clock;
    s->loc[v].reg = reg;
}

static void drop_spill(RegsState *s, Loc *loc)
{
    if (loc->mem == IN_SPILL) {
        s->spills &= ~(1ull << loc->index);
        loc->mem = IN_NOTHING;
    }
}

/* Make sure that the value is somewhere besides its register. */
static void back_up(Emit *e, unsigned v)
{
    RegsState *s = &e->regs.s;
    Loc *loc = &s->loc[v];
    if (loc->mem != IN_NOTHING) {
        return;
    }
    if (s->spills == ~0ull) {
        e->failed = true;
        return;
    }
    loc->index = __builtin_ctzll(~s->spills);
    loc->mem = IN_SPILL;
    s->spills |= 1ull << loc->index;
    /* whole registers: an I32 stays zero-extended */
    uint8_t type = loc->reg < XMM0 ? IR_I64 : IR_F64;
    store_to(e, type, spill_mem(loc->index), loc->reg);
}

static void evict(Emit *e, uint8_t reg)
{
    RegsState *s = &e->regs.s;
    unsigned v = s->owner[reg];
    if (v >= VECTOR_OWNER) {
        vector_evict(e, v - VECTOR_OWNER);
        return;
    }
    back_up(e, v);
    s->loc[v].reg = NO_REG;
    free_reg(s, reg);
}

/* A scratch register that nothing of this op uses. */
static uint8_t allocate(Emit *e, bool fp)
{
    RegsState *s = &e->regs.s;
    uint32_t usable = scratch_of(e, fp) & ~s->locked;
    if (!usable) {
        e->failed = true; /* never with MAX_PINNED_INT; do not write nonsense */
        return fp ? XMM15 : RAX;
    }
    uint8_t best;
    if (usable & s->free) {
        best = __builtin_ctz(usable & s->free);
    } else {
        best = __builtin_ctz(usable);
        for (uint32_t rest = usable; rest; rest &= rest - 1) {
            uint8_t reg = __builtin_ctz(rest);
            best = s->stamp[reg] < s->stamp[best] ? reg : best;
        }
        evict(e, best);
    }
    s->locked |= bit(best);
    return best;
}

static void kill_value(Emit *e, unsigned v)
{
    RegsState *s = &e->regs.s;
    Loc *loc = &s->loc[v];
    if (loc->reg != NO_REG) {
        int slot = e->be->slot_of_reg[loc->reg];
        if (slot == NO_SLOT) {
            free_reg(s, loc->reg);
        } else if (s->alias[slot] == v) {
            s->alias[slot] = 0;
        }
    }
    if (loc->mem == IN_HOME && s->alias[loc->index] == v) {
        s->alias[loc->index] = 0;
    }
    drop_spill(s, loc);
    *loc = (Loc){ .reg = NO_REG };
}

/* The slot is about to change: its alias, which lives on, must be elsewhere. */
static void rescue(Emit *e, unsigned slot)
{
    RegsState *s = &e->regs.s;
    unsigned v = s->alias[slot];
    Loc *loc = &s->loc[v];
    uint8_t pin = e->be->pin[slot];
    s->alias[slot] = 0;
    if (pin != NO_REG) {
        loc->reg = NO_REG;
        if (loc->mem == IN_NOTHING) {
            uint8_t reg = allocate(e, pin >= XMM0);
            move(e, reg, pin);
            own(s, reg, v);
            s->locked &= ~bit(reg);
        }
        return;
    }
    if (loc->reg == NO_REG) {
        uint8_t type = value_type(e, v);
        uint8_t reg = allocate(e, type_is_fp(type));
        load_from(e, type, reg, slot_mem(e->be, slot));
        own(s, reg, v);
        s->locked &= ~bit(reg);
    }
    loc->mem = IN_NOTHING;
}

/* arguments */

static uint8_t use_const(Emit *e, uint8_t type, uint64_t value)
{
    uint8_t reg = allocate(e, false);
    asm_mov_ri(e->a, reg, type_is_wide(type) ? value : (uint32_t)value);
    if (!type_is_fp(type)) {
        return reg;
    }
    uint8_t fp = allocate(e, true);
    asm_rr(e->a, 0x6e | A_0F | A_66 | A_W, fp, reg);
    return fp;
}

static uint8_t use_value(Emit *e, unsigned v, uint8_t type)
{
    RegsState *s = &e->regs.s;
    Loc *loc = &s->loc[v];
    if (loc->reg == NO_REG) {
        uint8_t reg = allocate(e, type_is_fp(type));
        uint8_t as = loc->mem == IN_SPILL ? (type_is_fp(type) ? IR_F64 : IR_I64) : type;
        load_from(e, as, reg, loc_mem(e, *loc));
        own(s, reg, v);
    }
    s->locked |= bit(loc->reg);
    s->stamp[loc->reg] = ++s->clock;
    return loc->reg;
}

uint8_t regs_fetch(Emit *e, unsigned k)
{
    uint64_t c;
    if (regs_const(e, k, &c)) {
        return use_const(e, emit_arg_type(e, k), c);
    }
    IrValue v = regs_arg(e, k);
    return use_value(e, v, value_type(e, v));
}

uint8_t regs_use_clean(Emit *e, unsigned k)
{
    uint8_t reg = regs_use(e, k);
    if (!regs_dirty(e, k)) {
        return reg;
    }
    uint8_t clean = regs_temp(e);
    asm_mov_rr(e->a, false, clean, reg);
    return clean;
}

bool regs_in_memory(const Emit *e, unsigned k, AsmMem *mem)
{
    IrValue v = regs_arg(e, k);
    Loc loc = e->regs.s.loc[v];
    if (is_const(e, v) || loc.reg != NO_REG || e->regs.last[v] != e->at) {
        return false;
    }
    if (loc.mem == IN_HOME && !type_is_wide(value_type(e, v)) &&
        type_is_wide(emit_arg_type(e, k))) {
        return false; /* the home has only the low half */
    }
    *mem = loc_mem(e, loc);
    return true;
}

/* results */

uint8_t regs_def(Emit *e, unsigned allow)
{
    Regs *g = &e->regs;
    RegsState *s = &g->s;
    const IrOp *op = emit_op(e);
    bool fp = type_is_fp(op->type);
    int slot = allow & DEF_PIN ? slot_next(e) : NO_SLOT;
    if (slot != NO_SLOT) {
        uint8_t pin = e->be->pin[slot];
        if (allow & DEF_PIN_SHARED || !(s->locked & bit(pin))) {
            unsigned old = s->alias[slot];
            if (old && g->last[old] > e->at) {
                rescue(e, slot);
            }
            s->loc[e->at].reg = pin;
            s->locked |= bit(pin);
            return pin;
        }
    }
    for (unsigned k = 0; allow & DEF_REUSE && k < ir_op_info[op->op].arguments; k++) {
        IrValue v = regs_arg(e, k);
        uint8_t reg = is_const(e, v) ? NO_REG : s->loc[v].reg;
        if (reg != NO_REG && g->last[v] == e->at && s->owner[reg] == v && (reg >= XMM0) == fp) {
            s->loc[v].reg = NO_REG;
            own(s, reg, e->at);
            return reg;
        }
    }
    uint8_t reg = allocate(e, fp);
    own(s, reg, e->at);
    return reg;
}

void regs_def_in(Emit *e, uint8_t reg)
{
    own(&e->regs.s, reg, e->at);
}

uint8_t regs_temp(Emit *e)
{
    return allocate(e, false);
}

uint8_t regs_temp_fp(Emit *e)
{
    return allocate(e, true);
}

void regs_take(Emit *e, uint8_t reg)
{
    RegsState *s = &e->regs.s;
    unsigned v = s->owner[reg];
    s->locked |= bit(reg);
    if (!v) {
        return;
    }
    uint32_t other = scratch_of(e, reg >= XMM0) & s->free & ~s->locked;
    if (!other || v >= VECTOR_OWNER) {
        evict(e, reg);
        return;
    }
    uint8_t to = __builtin_ctz(other);
    move(e, to, reg);
    free_reg(s, reg);
    own(s, to, v);
}

void regs_unlock(Emit *e, uint8_t reg)
{
    e->regs.s.locked &= ~bit(reg);
}

uint8_t regs_hold(Emit *e, unsigned v)
{
    uint8_t reg = allocate(e, false);
    e->regs.s.loc[v] = (Loc){ .reg = NO_REG };
    own(&e->regs.s, reg, v);
    return reg;
}

uint8_t regs_held(Emit *e, unsigned v)
{
    return use_value(e, v, IR_I64);
}

void regs_drop(Emit *e, unsigned v)
{
    kill_value(e, v);
}

/* slots */

void regs_get(Emit *e, unsigned slot)
{
    RegsState *s = &e->regs.s;
    Loc *loc = &s->loc[e->at];
    uint8_t pin = e->be->pin[slot];
    *loc = (Loc){ .reg = NO_REG };
    if (s->alias[slot]) { /* another value has the place */
        uint8_t reg = allocate(e, type_is_fp(emit_op(e)->type));
        if (pin != NO_REG) {
            move(e, reg, pin);
        } else {
            load_from(e, emit_op(e)->type, reg, slot_mem(e->be, slot));
        }
        own(s, reg, e->at);
        return;
    }
    s->alias[slot] = e->at;
    if (pin != NO_REG) {
        loc->reg = pin;
    } else {
        loc->mem = IN_HOME;
        loc->index = slot;
    }
}

void regs_move(Emit *e, uint8_t dst, unsigned k)
{
    IrValue v = regs_arg(e, k);
    uint64_t c;
    if (regs_const(e, k, &c)) {
        if (dst < XMM0) {
            asm_mov_ri(e->a, dst, c);
        } else {
            move(e, dst, use_const(e, emit_arg_type(e, k), c));
        }
        return;
    }
    Loc loc = e->regs.s.loc[v];
    if (loc.reg == NO_REG) {
        uint8_t whole = dst < XMM0 ? IR_I64 : IR_F64;
        uint8_t as = regs_dirty(e, k) ? IR_I32 : loc.mem == IN_SPILL ? whole : value_type(e, v);
        load_from(e, as, dst, loc_mem(e, loc));
    } else if (regs_dirty(e, k)) {
        asm_mov_rr(e->a, false, dst, loc.reg);
    } else {
        move(e, dst, loc.reg);
    }
}

/* PUT of a slot that lives in a host register. */
static void put_pinned(Emit *e, unsigned slot, uint8_t pin)
{
    RegsState *s = &e->regs.s;
    IrValue v = regs_arg(e, 0);
    Loc *loc = &s->loc[v];
    if (is_const(e, v) || loc->reg != pin) {
        regs_move(e, pin, 0);
    }
    if (is_const(e, v) || regs_dirty(e, 0)) {
        return;
    }
    if (loc->reg == NO_REG || loc->reg == pin || e->be->slot_of_reg[loc->reg] == NO_SLOT) {
        if (loc->reg != NO_REG && loc->reg != pin) {
            free_reg(s, loc->reg);
        }
        drop_spill(s, loc);
        loc->reg = pin;
        s->alias[slot] = v;
    }
}

static void put_home(Emit *e, unsigned slot)
{
    RegsState *s = &e->regs.s;
    IrValue v = regs_arg(e, 0);
    Loc *loc = &s->loc[v];
    uint8_t type = e->be->slots[slot].type;
    int32_t imm;
    if (!type_is_fp(type) && regs_imm32(e, 0, &imm)) {
        asm_store_imm(e->a, type_is_wide(type), slot_mem(e->be, slot), imm);
        return;
    }
    store_to(e, type, slot_mem(e->be, slot), regs_use(e, 0));
    if (is_const(e, v) || regs_dirty(e, 0) || loc->mem == IN_HOME || value_type(e, v) != type) {
        return;
    }
    drop_spill(s, loc);
    loc->mem = IN_HOME;
    loc->index = slot;
    s->alias[slot] = v;
}

/* The slot's alias is of use no longer. */
static void leave_slot(Emit *e, unsigned slot)
{
    unsigned old = e->regs.s.alias[slot];
    if (old && e->regs.last[old] > e->at) {
        rescue(e, slot);
    } else if (old && old != regs_arg(e, 0)) {
        kill_value(e, old);
    }
}

void regs_put(Emit *e, unsigned slot)
{
    unsigned old = e->regs.s.alias[slot];
    if (old && old == regs_arg(e, 0) && !regs_dirty(e, 0)) {
        return; /* equal already */
    }
    leave_slot(e, slot);
    uint8_t pin = e->be->pin[slot];
    if (pin != NO_REG) {
        put_pinned(e, slot, pin);
    } else {
        put_home(e, slot);
    }
}

void regs_put_late(Emit *e, unsigned slot)
{
    RegsState *s = &e->regs.s;
    uint64_t c;
    int32_t imm;
    if (s->late_count == MAX_LATE || (regs_const(e, 0, &c) && !regs_imm32(e, 0, &imm)) ||
        regs_dirty(e, 0) || e->be->pin[slot] != NO_REG || e->be->slots[slot].type != IR_I64) {
        regs_put(e, slot);
        return;
    }
    leave_slot(e, slot); /* the home may change out of line */
    s->late[s->late_count++] = (LatePut){ slot, emit_op(e)->last, regs_arg(e, 0) };
}

void emit_job_late(Emit *e, ColdJob *job)
{
    const RegsState *s = &e->regs.s;
    if (e->late_count + MAX_LATE > MAX_LATE_STORES) {
        e->failed = true;
        return;
    }
    job->late = e->late_count;
    job->late_count = s->late_count;
    for (uint32_t i = 0; i < s->late_count; i++) {
        const LatePut *put = &s->late[i];
        Loc loc = s->loc[put->value];
        e->late_store[e->late_count++] = (LateStore){ .slot = put->slot,
                                                      .reg = loc.reg,
                                                      .is_const = is_const(e, put->value),
                                                      .spilled = loc.mem == IN_SPILL,
                                                      .index = loc.index,
                                                      .imm = e->region->ops[put->value].imm };
    }
}

void emit_late(Emit *e, const ColdJob *job)
{
    const LateStore *put = &e->late_store[job->late];
    for (uint32_t count = job->late_count; count--; put++) {
        AsmMem home = slot_mem(e->be, put->slot);
        if (put->is_const) {
            asm_store_imm(e->a, true, home, put->imm);
        } else if (put->reg != NO_REG) {
            asm_store(e->a, true, home, put->reg);
        } else { /* push and pop: no register is free here */
            asm_rm(e->a, 0xff, 6,
                   put->spilled ? spill_mem(put->index) : slot_mem(e->be, put->index));
            if (!put->spilled && !type_is_wide(e->be->slots[put->index].type)) {
                asm_store_imm(e->a, false, asm_mem(RSP, 4), 0);
            }
            asm_rm(e->a, 0x8f, 0, home);
        }
    }
}

/* The present op was the last that could show some of them. */
static void end_late(Emit *e)
{
    RegsState *s = &e->regs.s;
    for (uint32_t i = 0; i < s->late_count;) {
        unsigned v = s->late[i].value;
        if (s->late[i].until != e->at) {
            i++;
            continue;
        }
        if (!is_const(e, v) && e->regs.last[v] == e->at) {
            kill_value(e, v);
        }
        s->late[i] = s->late[--s->late_count];
    }
}

void regs_slot_changes(Emit *e, unsigned slot)
{
    unsigned old = e->regs.s.alias[slot];
    if (old && e->regs.last[old] > e->at) {
        rescue(e, slot);
    } else if (old) {
        kill_value(e, old);
    }
}

void regs_before_call(Emit *e, const uint64_t *writes)
{
    Regs *g = &e->regs;
    for (unsigned slot = 0; slot < e->be->slot_count; slot++) {
        unsigned v = g->s.alias[slot];
        if (v && writes[slot / 64] >> slot % 64 & 1 && g->last[v] > e->at) {
            rescue(e, slot);
        }
    }
    for (uint32_t rest = e->be->scratch & ~g->s.free & (caller_saved | all_vector); rest;
         rest &= rest - 1) {
        unsigned v = g->s.owner[__builtin_ctz(rest)];
        if (g->last[v] > e->at) {
            back_up(e, v);
        }
    }
}

void regs_after_call(Emit *e)
{
    RegsState *s = &e->regs.s;
    for (uint32_t rest = e->be->scratch & ~s->free & (caller_saved | all_vector); rest;
         rest &= rest - 1) {
        uint8_t reg = __builtin_ctz(rest);
        s->loc[s->owner[reg]].reg = NO_REG;
        free_reg(s, reg);
    }
}

void regs_end_op(Emit *e)
{
    Regs *g = &e->regs;
    const IrOp *op = emit_op(e);
    unsigned count = ir_op_info[op->op].arguments, at = e->at;
    for (const IrValue *arg = op->arg; arg < op->arg + count; arg++) {
        IrValue v = g->root[*arg];
        if (g->last[v] == at) {
            kill_value(e, v);
        }
    }
    if (op->type != IR_VOID && g->last[at] == 0) {
        kill_value(e, at);
    }
    if (g->s.late_count) {
        end_late(e);
    }
    g->s.locked = 0;
}

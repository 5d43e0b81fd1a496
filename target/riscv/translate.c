/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The region loop: fetch, decode, build, until something ends the region; and what all instructions
 * share.
 *
 * Registers of 32-bit harts are kept sign-extended in 64 bits, as RV64 keeps the results of its W
 * instructions, so that one set of handlers serves both: RV32's add is RV64's addw, comparisons
 * need no change at all, and only addresses are cut to 32 bits before use (riscv_address()).
 */
#include "target/riscv/translate_internal.h"

#include "target/riscv/frontend_internal.h"
#include "target/riscv/riscv_decode.h"

enum { PAGE_BITS = 12, MAX_JUMPS = 4 };

static uint64_t narrow_value(const RiscvTranslate *t, uint64_t value)
{
    return t->xlen == 32 ? (uint64_t)(int32_t)value : value;
}

uint64_t riscv_pc_mask(const RiscvTranslate *t, uint64_t pc)
{
    return t->xlen == 32 ? (uint32_t)pc : pc;
}

IrValue riscv_const(RiscvTranslate *t, uint64_t value)
{
    return ir_i64(t->ir, narrow_value(t, value));
}

IrValue riscv_get_x(RiscvTranslate *t, unsigned reg)
{
    return reg ? ir_get(t->ir, SLOT_X + reg) : ir_i64(t->ir, 0);
}

void riscv_put_x(RiscvTranslate *t, unsigned reg, IrValue v)
{
    if (reg) {
        ir_put(t->ir, SLOT_X + reg, v);
    }
}

IrValue riscv_narrow(RiscvTranslate *t, IrValue v)
{
    return t->xlen == 32 ? ir_convert(t->ir, IR_SEXT32, IR_I64, v, 0) : v;
}

IrValue riscv_call(RiscvTranslate *t, RiscvHelper helper, IrValue a, IrValue b, IrValue c,
                   IrValue d)
{
    return ir_call(t->ir, &riscv_helpers[helper], a, b, c, d);
}

IrValue riscv_address(RiscvTranslate *t, unsigned base, int64_t *offset)
{
    IrValue v = riscv_get_x(t, base);

    if (t->xlen == 32) {
        v = ir_binary(t->ir, IR_ADD, v, ir_i64(t->ir, *offset));
        v = ir_convert(t->ir, IR_ZEXT32, IR_I64, v, 0);
        *offset = 0;
    }
    return v;
}

IrMem riscv_mem(const RiscvTranslate *t, unsigned size_log2, bool sign)
{
    return (IrMem){ .size_log2 = size_log2, .sign = sign, .bank = t->context.bank };
}

void riscv_end_goto(RiscvTranslate *t, uint64_t pc)
{
    ir_goto(t->ir, riscv_pc_mask(t, pc));
    t->ended = true;
}

void riscv_end_indirect(RiscvTranslate *t, IrValue pc)
{
    ir_goto_indirect(t->ir, pc);
    t->ended = true;
}

void riscv_end_next(RiscvTranslate *t)
{
    riscv_end_indirect(t, ir_i64(t->ir, riscv_pc_mask(t, t->next_pc)));
}

void riscv_end_exit(RiscvTranslate *t)
{
    ir_exit(t->ir, ir_i64(t->ir, riscv_pc_mask(t, t->next_pc)));
    t->ended = true;
}

void riscv_end_raise(RiscvTranslate *t, RiscvCause cause, uint64_t value)
{
    riscv_call(t, HELPER_raise, ir_i64(t->ir, cause), ir_i64(t->ir, value), 0, 0);
    ir_exit(t->ir, ir_i64(t->ir, t->pc));
    t->ended = true;
}

/* False: the run-time does not let us; the region ends before this instruction. */
static bool fetch(RiscvTranslate *t)
{
    uint64_t low, high = 0;

    t->region->pc = t->pc;
    if (!tcg_fetch(t->region, t->pc, 2, &low)) {
        return false;
    }
    if ((low & 3) == 3 && !tcg_fetch(t->region, riscv_pc_mask(t, t->pc + 2), 2, &high)) {
        return false;
    }
    t->insn = low | high << 16;
    t->next_pc = riscv_pc_mask(t, t->pc + ((low & 3) == 3 ? 4 : 2));
    return true;
}

static bool decode(RiscvTranslate *t)
{
    if ((t->insn & 3) == 3) {
        return riscv_decode32(t, t->insn);
    }
    return t->config->c && riscv_decode16(t, t->insn);
}

static void translate_one(RiscvTranslate *t)
{
    ir_insn(t->ir, t->pc, 0);
    if (!decode(t)) {
        riscv_end_raise(t, RISCV_CAUSE_ILLEGAL, t->insn);
    }
}

bool riscv_follow_jump(RiscvTranslate *t, uint64_t target)
{
    bool same_page = (target ^ t->region->first_pc) >> PAGE_BITS == 0;

    if (!same_page || target <= t->pc || t->jumps == MAX_JUMPS || t->region->max_insns == 1) {
        return false;
    }
    t->jumps++;
    t->next_pc = target;
    return true;
}

/* The instruction at t->pc is not part of the region. */
static void end_before(RiscvTranslate *t, unsigned count)
{
    if (count) {
        riscv_end_goto(t, t->pc);
    } else {
        ir_exit(t->ir, ir_i64(t->ir, t->pc)); /* the run-time drops the region */
    }
}

void riscv_translate(TcgTranslate *region)
{
    RiscvCpu *cpu = riscv_cpu(region->cpu);
    RiscvTranslate t = {
        .region = region,
        .ir = &region->ir,
        .config = &cpu->config,
        .context = riscv_key_context(region->key),
        .xlen = cpu->xlen,
        .pc = region->pc,
    };

    for (unsigned count = 0; !t.ended; count++) {
        bool full = count >= region->max_insns || ir_full(t.ir);
        bool page_left = (t.pc ^ region->first_pc) >> PAGE_BITS != 0;
        if (full || page_left || !fetch(&t)) {
            end_before(&t, count);
            break;
        }
        translate_one(&t);
        t.pc = t.next_pc;
    }
    region->pc = t.pc;
    region->done = true;
}

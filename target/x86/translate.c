/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The region loop: decode, check, build, until something ends the region; and the ways it ends.
 *
 * Two modes translate one instruction at a time: single-stepping and the shadow of STI and MOV SS.
 * What goes on behind their instruction is never linked, since the mode is another one there.
 */
#include "target/x86/translate_internal.h"

#include "target/x86/frontend_internal.h"

enum { PAGE_BITS = 12 };

static bool fetch(void *opaque, uint64_t pc, unsigned bytes, uint64_t *value)
{
    return tcg_fetch(opaque, pc, bytes, value);
}

static bool is_alone(const X86Translate *t)
{
    return t->mode & (X86_MODE_STEP | X86_MODE_SHADOW);
}

uint64_t x86_code_address(const X86Translate *t, uint64_t ip, unsigned bytes)
{
    if (x86_code64(t)) {
        return bytes == 2 ? (uint16_t)ip : ip;
    }
    return (uint32_t)(t->code_base + (bytes == 2 ? (uint16_t)ip : (uint32_t)ip));
}

IrValue x86_code_address_value(X86Translate *t, IrValue ip, unsigned bytes)
{
    IrBuilder *ir = t->ir;

    ip = x86_cut(t, bytes, ip);
    if (x86_code64(t)) {
        return x86_zext64(t, ip);
    }
    if (t->mode & X86_MODE_LIMITS) {
        x86_call(t, HELPER_check_fetch, x86_cut(t, 4, ip), 0, 0, 0);
    }
    return x86_zext64(t, ir_binary(ir, IR_ADD, x86_cut(t, 4, ip), ir_i32(ir, t->code_base)));
}

/* Ends */

static IrValue after_step(X86Translate *t, IrValue pc)
{
    return t->mode & X86_MODE_STEP ? x86_call(t, HELPER_single_step, pc, 0, 0, 0) : pc;
}

void x86_end_indirect(X86Translate *t, IrValue pc)
{
    ir_goto_indirect(t->ir, after_step(t, pc));
    t->ended = true;
}

void x86_end_goto(X86Translate *t, uint64_t pc)
{
    if (is_alone(t)) {
        x86_end_indirect(t, ir_i64(t->ir, pc));
        return;
    }
    ir_goto(t->ir, pc);
    t->ended = true;
}

void x86_end_next(X86Translate *t)
{
    x86_end_indirect(t, ir_i64(t->ir, t->insn.next_pc));
}

void x86_end_exit(X86Translate *t)
{
    ir_exit(t->ir, after_step(t, ir_i64(t->ir, t->insn.next_pc)));
    t->ended = true;
}

void x86_branch(X86Translate *t, X86Condition c, uint64_t pc)
{
    IrBuilder *ir = t->ir;

    if (is_alone(t)) {
        x86_end_indirect(
            t, ir_select(ir, c.cond, c.a, c.c, ir_i64(ir, pc), ir_i64(ir, t->insn.next_pc)));
        return;
    }
    ir_exit_if(ir, c.cond, c.a, c.c, pc);
    if (pc <= t->insn.pc) {
        x86_end_goto(t, t->insn.next_pc); /* most likely a loop: what follows it is cold */
    }
}

void x86_end_raise(X86Translate *t, X86Exception vector)
{
    x86_call(t, HELPER_raise, ir_i32(t->ir, vector), 0, 0, 0);
    ir_exit(t->ir, ir_i64(t->ir, t->insn.pc));
    t->ended = true;
}

void x86_end_raise_code(X86Translate *t, X86Exception vector, uint32_t code)
{
    x86_call(t, HELPER_raise_code, ir_i32(t->ir, vector), ir_i32(t->ir, code), 0, 0);
    ir_exit(t->ir, ir_i64(t->ir, t->insn.pc));
    t->ended = true;
}

/* The loop */

/*
 * The last byte must be within the limit of CS (SDM vol. 3, 5.3). For the first instruction a
 * helper says so; the others leave the region when they are not.
 */
static void check_code_limit(X86Translate *t, bool first)
{
    IrBuilder *ir = t->ir;
    const X86Insn *insn = &t->insn;
    IrValue last;

    if (!(t->mode & X86_MODE_LIMITS)) {
        return;
    }
    last = ir_i32(ir, insn->pc - t->code_base + insn->length - 1);
    if (first) {
        x86_call(t, HELPER_check_fetch, last, 0, 0, 0);
    } else {
        ir_exit_if(ir, IR_LTU, ir_get(ir, SLOT_CS_LIMIT), last, insn->pc);
    }
}

static uint8_t unwind_word(const X86Insn *insn)
{
    unsigned flags = insn->opcode ? insn->opcode->flags : 0;
    uint8_t word = flags & (X86_LOCKABLE | X86_MODIFIES) ? X86_UNWIND_MODIFY : 0;

    if (insn->memory.segment == X86_SS) {
        return word | X86_UNWIND_STACK_LOAD | X86_UNWIND_STACK_STORE;
    }
    if (flags & X86_STACK && insn->operand[0].kind == X86_MEMORY) { /* POP; PUSH and CALL */
        bool pop = insn->byte == 0x8f;
        return word | (pop ? X86_UNWIND_STACK_LOAD : X86_UNWIND_STACK_STORE);
    }
    return word | (flags & X86_STACK ? X86_UNWIND_STACK_LOAD | X86_UNWIND_STACK_STORE : 0);
}

static void build(X86Translate *t, X86DecodeResult result)
{
    const X86Opcode *opcode = t->insn.opcode;

    if (result == X86_DECODE_UNDEFINED) {
        x86_undefined(t);
    } else if (result == X86_DECODE_TOO_LONG || (opcode->flags & X86_CPL0 && x86_cpl(t) != 0)) {
        x86_end_raise_code(t, X86_GP, 0);
    } else {
        opcode->translate(t, &t->insn);
    }
}

static void translate_one(X86Translate *t, X86DecodeResult result, bool first)
{
    ir_insn(t->ir, t->insn.pc, unwind_word(&t->insn));
    check_code_limit(t, first);
    if (t->mode & X86_MODE_SHADOW) {
        x86_call(t, HELPER_shadow_end, 0, 0, 0, 0);
    }
    build(t, result);
    if (!t->ended && (t->last || is_alone(t))) {
        x86_end_next(t);
    }
}

/* The instruction at @pc is not part of the region. */
static void end_before(X86Translate *t, uint64_t pc, bool empty)
{
    if (empty) {
        ir_exit(t->ir, ir_i64(t->ir, pc)); /* the run-time drops the region */
    } else {
        ir_goto(t->ir, pc);
    }
    t->ended = true;
}

static void init(X86Translate *t, TcgTranslate *region)
{
    *t = (X86Translate){
        .region = region,
        .ir = &region->ir,
        .config = &x86_cpu(region->cpu)->config,
        .mode = (uint32_t)region->key,
        .kind_put = -1,
        .bank = region->key >> X86_MODE_BANK_SHIFT & 7,
    };
    t->code_base = x86_code64(t) ? 0 : region->key >> 32;
}

void x86_translate(TcgTranslate *region)
{
    X86Translate t;
    uint64_t pc = region->pc;

    init(&t, region);
    for (unsigned count = 0; !t.ended; count++) {
        X86DecodeContext context = { fetch, region, t.mode, t.code_base, t.config };
        bool full = count >= region->max_insns || ir_full(t.ir);
        X86DecodeResult result;

        region->pc = pc;
        if (full || (pc ^ region->first_pc) >> PAGE_BITS != 0) {
            end_before(&t, pc, count == 0);
            break;
        }
        result = x86_decode(&context, pc, &t.insn);
        if (result == X86_DECODE_STOP) {
            end_before(&t, pc, count == 0);
            break;
        }
        translate_one(&t, result, count == 0);
        pc = t.insn.next_pc;
    }
    region->pc = pc;
    region->done = true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System instructions: nearly all are a helper's work. Spec: SDM vol. 2, the instructions. */
#include "target/x86/opcodes_internal.h"
#include "target/x86/system.h"
#include "target/x86/translate_internal.h"

static IrValue word(X86Translate *t, uint64_t value)
{
    return ir_i64(t->ir, value);
}

static unsigned log2_of(unsigned bytes)
{
    return __builtin_ctz(bytes);
}

static IrValue linear_pc(X86Translate *t)
{
    return word(t, t->insn.pc);
}

static IrValue linear_next(X86Translate *t)
{
    return word(t, t->insn.next_pc);
}

/* RAX, RCX... as I64 of @bytes */
static IrValue gpr64(X86Translate *t, unsigned reg, unsigned bytes)
{
    return x86_zext64(t, x86_gpr(t, reg, bytes));
}

/* EDX:EAX as one, and the other way round */
static IrValue edx_eax(X86Translate *t)
{
    IrValue high = ir_binary(t->ir, IR_SHL, gpr64(t, X86_RDX, 4), word(t, 32));

    return ir_binary(t->ir, IR_OR, high, gpr64(t, X86_RAX, 4));
}

static void put_edx_eax(X86Translate *t, IrValue v)
{
    ir_put(t->ir, SLOT_R + X86_RAX, ir_binary(t->ir, IR_AND, v, word(t, UINT32_MAX)));
    ir_put(t->ir, SLOT_R + X86_RDX, ir_binary(t->ir, IR_SHR, v, word(t, 32)));
}

/* ZF from 0 or 1 (I64), the other flags as they are */
static void put_zero_flag(X86Translate *t, IrValue v)
{
    IrBuilder *ir = t->ir;
    IrValue bit = ir_binary(ir, IR_SHL, x86_cut(t, 4, v), ir_i32(ir, 6));
    IrValue rest =
        ir_binary(ir, IR_AND, x86_flags_bits(t), ir_i32(ir, RFLAGS_ARITHMETIC & ~RFLAGS_ZF));

    x86_put_flags_bits(t, ir_binary(ir, IR_OR, rest, bit));
}

/* UMIP hides the tables from applications. True: it did. */
static bool hidden(X86Translate *t)
{
    if (t->mode & X86_MODE_UMIP && x86_cpl(t) > 0) {
        x86_end_raise_code(t, X86_GP, 0);
        return true;
    }
    return false;
}

/* Segments ------------------------------------------------------------------------------------- */

/* 64-bit code depends on no segment but SS, whose load holds interrupts back. */
static void segment_loaded(X86Translate *t, unsigned number)
{
    x86_flags_unknown(t);
    if (!x86_code64(t) || number == X86_SS) {
        x86_end_next(t);
    }
}

void x86_translate_mov_from_segment(X86Translate *t, const X86Insn *insn)
{
    IrValue v;

    if (insn->operand[1].reg > X86_GS) {
        x86_undefined(t);
        return;
    }
    v = x86_call(t, HELPER_selector, word(t, insn->operand[1].reg), 0, 0, 0);
    x86_write(t, 0, insn->operand[0].bytes == 8 ? v : x86_cut(t, 4, v));
}

void x86_translate_mov_to_segment(X86Translate *t, const X86Insn *insn)
{
    unsigned number = insn->operand[0].reg;

    if (number > X86_GS || number == X86_CS) {
        x86_undefined(t);
        return;
    }
    x86_call(t, HELPER_load_segment, word(t, number), x86_zext64(t, x86_read(t, 1)), 0, 0);
    segment_loaded(t, number);
}

void x86_translate_push_segment(X86Translate *t, const X86Insn *insn)
{
    IrValue v = x86_call(t, HELPER_selector, word(t, insn->opcode->arg), 0, 0, 0);

    x86_push(t, insn->operand_bytes, insn->operand_bytes == 8 ? v : x86_cut(t, 4, v));
}

/* RSP moves only if the load did not fault. */
void x86_translate_pop_segment(X86Translate *t, const X86Insn *insn)
{
    unsigned number = insn->opcode->arg, width = x86_stack_bytes(t);
    IrValue sp = gpr64(t, X86_RSP, width);
    X86Address at = x86_linear(t, X86_SS, sp, 2, false);
    IrValue selector = x86_zext64(t, x86_load(t, at, 2));

    x86_call(t, HELPER_load_segment, word(t, number), selector, 0, 0);
    sp = ir_binary(t->ir, IR_ADD, sp, word(t, insn->operand_bytes));
    x86_put_gpr(t, X86_RSP, width, width == 8 ? sp : x86_cut(t, width, sp));
    segment_loaded(t, number);
}

/* A far pointer in memory: offset of the operand size, then the selector. */
static void load_far(X86Translate *t, unsigned bytes, IrValue *offset, IrValue *selector)
{
    X86Address at = x86_address(t, bytes + 2, false);

    *offset = x86_load(t, at, bytes);
    at.offset += bytes;
    *selector = x86_zext64(t, x86_load(t, at, 2));
}

void x86_translate_load_far_pointer(X86Translate *t, const X86Insn *insn)
{
    unsigned number = insn->opcode->arg;
    IrValue offset, selector;

    if (x86_mod(insn) == 3) {
        x86_undefined(t);
        return;
    }
    load_far(t, insn->operand_bytes, &offset, &selector);
    x86_call(t, HELPER_load_segment, word(t, number), selector, 0, 0);
    x86_write(t, 0, offset);
    segment_loaded(t, number);
}

/* Far transfers and interrupts ------------------------------------------------------------------
 */

void x86_translate_far(X86Translate *t, const X86Insn *insn)
{
    X86Helper helper = insn->opcode->arg ? HELPER_far_call : HELPER_far_jump;
    unsigned bytes = insn->operand_bytes;
    IrValue offset, selector;

    if (insn->has_modrm) {
        if (x86_mod(insn) == 3) {
            x86_undefined(t);
            return;
        }
        load_far(t, bytes, &offset, &selector);
        offset = x86_zext64(t, offset);
    } else {
        offset = word(t, bytes == 2 ? (uint16_t)insn->imm : (uint32_t)insn->imm);
        selector = word(t, insn->selector);
    }
    x86_end_indirect(
        t, x86_call(t, helper, selector, offset, word(t, x86_next_ip(t)), word(t, log2_of(bytes))));
}

void x86_translate_far_return(X86Translate *t, const X86Insn *insn)
{
    uint64_t adjust = insn->operand[0].kind == X86_IMMEDIATE ? (uint16_t)insn->imm : 0;

    x86_end_indirect(t, x86_call(t, HELPER_far_return, word(t, adjust),
                                 word(t, log2_of(insn->operand_bytes)), 0, 0));
}

void x86_translate_iret(X86Translate *t, const X86Insn *insn)
{
    if (t->mode & X86_MODE_VM86 && (t->mode >> X86_MODE_IOPL_SHIFT & 3) != 3 &&
        insn->operand_bytes != 2) {
        x86_end_raise_code(t, X86_GP, 0);
        return;
    }
    x86_end_indirect(t, x86_call(t, HELPER_iret, word(t, log2_of(insn->operand_bytes)),
                                 word(t, x86_next_ip(t)), 0, 0));
}

void x86_translate_interrupt(X86Translate *t, const X86Insn *insn)
{
    static const uint8_t vectors[] = {
        [X86_INTERRUPT_SHORT] = X86_BP,
        [X86_INTERRUPT_OVERFLOW] = X86_OF,
        [X86_INTERRUPT_ICEBP] = X86_DB,
    };
    unsigned kind = insn->opcode->arg;
    unsigned vector = kind == X86_INTERRUPT_INT ? (uint8_t)insn->imm : vectors[kind];

    x86_end_indirect(t, x86_call(t, HELPER_interrupt, word(t, vector | kind << 8), linear_pc(t),
                                 linear_next(t), 0));
}

void x86_translate_syscall(X86Translate *t, const X86Insn *insn)
{
    x86_end_indirect(t, x86_call(t, HELPER_syscall, word(t, x86_next_ip(t)), 0, 0, 0));
}

void x86_translate_sysret(X86Translate *t, const X86Insn *insn)
{
    x86_end_indirect(t, x86_call(t, HELPER_sysret, word(t, insn->operand_bytes == 8), 0, 0, 0));
}

void x86_translate_sysenter(X86Translate *t, const X86Insn *insn)
{
    x86_end_indirect(t, x86_call(t, HELPER_sysenter, 0, 0, 0, 0));
}

void x86_translate_sysexit(X86Translate *t, const X86Insn *insn)
{
    x86_end_indirect(t, x86_call(t, HELPER_sysexit, word(t, insn->operand_bytes == 8), 0, 0, 0));
}

/* The handler's address is no linear successor of anything: by way of the loop. */
void x86_translate_rsm(X86Translate *t, const X86Insn *insn)
{
    ir_exit(t->ir, x86_call(t, HELPER_rsm, 0, 0, 0, 0));
    t->ended = true;
}

/* Descriptors ---------------------------------------------------------------------------------- */

void x86_translate_store_selector(X86Translate *t, const X86Insn *insn)
{
    IrValue v;

    if (hidden(t)) {
        return;
    }
    v = x86_call(t, HELPER_selector, word(t, insn->opcode->arg), 0, 0, 0);
    x86_write(t, 0, insn->operand[0].bytes == 8 ? v : x86_cut(t, 4, v));
}

void x86_translate_load_system_segment(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, insn->opcode->arg ? HELPER_ltr : HELPER_lldt, x86_zext64(t, x86_read(t, 0)), 0, 0,
             0);
}

void x86_translate_verify(X86Translate *t, const X86Insn *insn)
{
    put_zero_flag(t, x86_call(t, HELPER_verify, x86_zext64(t, x86_read(t, 0)),
                              word(t, insn->opcode->arg), 0, 0));
}

/* LAR, LSL: the destination is written only if there is a value */
void x86_translate_look_up(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    IrValue v = x86_call(t, insn->opcode->arg ? HELPER_lsl : HELPER_lar,
                         x86_zext64(t, x86_read(t, 1)), 0, 0, 0);
    IrValue ok = ir_binary(ir, IR_SHR, v, word(t, 32));
    unsigned reg = insn->operand[0].reg;
    IrValue old = ir_get(ir, SLOT_R + reg), new = ir_binary(ir, IR_AND, v, word(t, UINT32_MAX));

    if (insn->operand_bytes == 2) {
        new = ir_binary(ir, IR_OR, ir_binary(ir, IR_AND, v, word(t, 0xffff)),
                        ir_binary(ir, IR_AND, old, word(t, ~0xffffull)));
    }
    ir_put(ir, SLOT_R + reg, ir_select(ir, IR_NE, ok, word(t, 0), new, old));
    put_zero_flag(t, ok);
}

void x86_translate_arpl(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    IrValue wanted = ir_binary(ir, IR_AND, x86_read(t, 1), ir_i32(ir, 3)), v, rpl, raised;

    if (insn->operand[0].kind == X86_MEMORY) { /* written only if it changes */
        IrValue at = x86_effective_address(t);
        v = x86_load(t, x86_linear(t, insn->memory.segment, at, 2, false), 2);
        put_zero_flag(t, x86_call(t, HELPER_arpl, word(t, insn->memory.segment), at,
                                  x86_zext64(t, v), x86_zext64(t, wanted)));
        return;
    }
    v = x86_read(t, 0);
    rpl = ir_binary(ir, IR_AND, v, ir_i32(ir, 3));
    raised = ir_binary(ir, IR_OR, ir_binary(ir, IR_AND, v, ir_i32(ir, 0xfffc)), wanted);
    x86_write(t, 0, ir_select(ir, IR_LTU, rpl, wanted, raised, v));
    put_zero_flag(t, ir_setcond(ir, IR_I64, IR_LTU, rpl, wanted));
}

/* Bytes of the base in memory. With 16-bit operands 24 bits of it count. */
static unsigned base_bytes(const X86Translate *t)
{
    return x86_code64(t) ? 8 : 4;
}

void x86_translate_store_table(X86Translate *t, const X86Insn *insn)
{
    IrValue idt = word(t, insn->opcode->arg), limit, base;
    unsigned bytes = base_bytes(t);
    X86Address at;

    if (hidden(t)) {
        return;
    }
    at = x86_address(t, 2 + bytes, true);
    limit = x86_call(t, HELPER_table_limit, idt, 0, 0, 0);
    base = x86_call(t, HELPER_table_base, idt, 0, 0, 0);
    x86_store(t, at, 2, x86_cut(t, 4, limit));
    at.offset += 2;
    x86_store(t, at, bytes, bytes == 8 ? base : x86_cut(t, 4, base));
}

void x86_translate_load_table(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = base_bytes(t);
    X86Address at = x86_address(t, 2 + bytes, false);
    IrValue limit = x86_zext64(t, x86_load(t, at, 2)), base;

    at.offset += 2;
    base = x86_zext64(t, x86_load(t, at, bytes));
    if (!x86_code64(t) && insn->operand_bytes == 2) {
        base = ir_binary(t->ir, IR_AND, base, word(t, 0xffffff));
    }
    x86_call(t, HELPER_set_table, word(t, insn->opcode->arg), limit, base, 0);
}

/* Control registers ---------------------------------------------------------------------------- */

static bool is_debug(const X86Insn *insn, unsigned k)
{
    return insn->operand[k].kind == X86_DEBUG_REGISTER;
}

void x86_translate_read_control(X86Translate *t, const X86Insn *insn)
{
    IrValue v = x86_call(t, is_debug(insn, 1) ? HELPER_read_dr : HELPER_read_cr,
                         word(t, insn->operand[1].reg), 0, 0, 0);
    x86_write(t, 0, insn->operand[0].bytes == 8 ? v : x86_cut(t, 4, v));
}

void x86_translate_write_control(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, is_debug(insn, 0) ? HELPER_write_dr : HELPER_write_cr,
             word(t, insn->operand[0].reg), x86_zext64(t, x86_read(t, 1)), 0, 0);
    x86_end_next(t);
}

void x86_translate_clts(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_clts, 0, 0, 0, 0);
    x86_end_next(t);
}

void x86_translate_smsw(X86Translate *t, const X86Insn *insn)
{
    IrValue v;

    if (hidden(t)) {
        return;
    }
    v = x86_call(t, HELPER_read_cr, word(t, 0), 0, 0, 0);
    x86_write(t, 0, insn->operand[0].bytes == 8 ? v : x86_cut(t, insn->operand[0].bytes, v));
}

void x86_translate_lmsw(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_lmsw, x86_zext64(t, x86_read(t, 0)), 0, 0, 0);
    x86_end_next(t);
}

static IrValue memory_value(X86Translate *t, unsigned bytes)
{
    return x86_address_value(t, x86_address(t, bytes, false));
}

/* Limits do not count: the effective address goes through the segment's base only. */
void x86_translate_invlpg(X86Translate *t, const X86Insn *insn)
{
    IrValue address = x86_effective_address(t);
    unsigned segment = insn->memory.segment;

    if (!x86_code64(t) || segment >= X86_FS) {
        address = ir_binary(t->ir, IR_ADD, address, ir_get(t->ir, SLOT_BASE + segment));
    }
    x86_call(t, HELPER_invlpg, address, 0, 0, 0);
    x86_end_next(t);
}

void x86_translate_invpcid(X86Translate *t, const X86Insn *insn)
{
    X86Address at;
    IrValue low, high;

    if (x86_mod(insn) == 3) {
        x86_undefined(t);
        return;
    }
    at = x86_address(t, 16, false);
    low = x86_load(t, at, 8);
    at.offset += 8;
    high = x86_load(t, at, 8);
    x86_call(t, HELPER_invpcid, x86_zext64(t, x86_read(t, 0)), low, high, 0);
    x86_end_next(t);
}

/* Above CPL 0 they do not exist. */
void x86_translate_access_control(X86Translate *t, const X86Insn *insn)
{
    if (x86_cpl(t) > 0) {
        x86_undefined(t);
        return;
    }
    x86_call(t, HELPER_access_control, word(t, insn->opcode->arg), 0, 0, 0);
    x86_end_next(t);
}

void x86_translate_xgetbv(X86Translate *t, const X86Insn *insn)
{
    put_edx_eax(t, x86_call(t, HELPER_xgetbv, gpr64(t, X86_RCX, 4), 0, 0, 0));
}

void x86_translate_xsetbv(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_xsetbv, gpr64(t, X86_RCX, 4), edx_eax(t), 0, 0);
    x86_end_next(t);
}

void x86_translate_rdpkru(X86Translate *t, const X86Insn *insn)
{
    put_edx_eax(t, x86_call(t, HELPER_rdpkru, gpr64(t, X86_RCX, 4), 0, 0, 0));
}

void x86_translate_wrpkru(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_wrpkru, gpr64(t, X86_RCX, 4), gpr64(t, X86_RDX, 4), gpr64(t, X86_RAX, 4), 0);
    x86_end_next(t);
}

void x86_translate_swapgs(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_swapgs, 0, 0, 0, 0);
    x86_flags_unknown(t);
}

/* CR4 is not in the mode word for this: the rows are for CPL 3 and rare. */
static IrValue checked_base(X86Translate *t)
{
    return x86_call(t, HELPER_check_fsgsbase, 0, 0, 0, 0);
}

void x86_translate_read_base(X86Translate *t, const X86Insn *insn)
{
    IrValue v;

    checked_base(t);
    v = ir_get(t->ir, SLOT_BASE + insn->opcode->arg);
    x86_write(t, 0, insn->operand[0].bytes == 8 ? v : x86_cut(t, insn->operand[0].bytes, v));
}

void x86_translate_write_base(X86Translate *t, const X86Insn *insn)
{
    checked_base(t);
    x86_call(t, HELPER_set_base, word(t, insn->opcode->arg), x86_zext64(t, x86_read(t, 0)), 0, 0);
    x86_flags_unknown(t);
}

/* Model-specific registers and others ------------------------------------------------------------
 */

void x86_translate_rdmsr(X86Translate *t, const X86Insn *insn)
{
    put_edx_eax(t, x86_call(t, HELPER_rdmsr, gpr64(t, X86_RCX, 4), 0, 0, 0));
}

void x86_translate_wrmsr(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_wrmsr, gpr64(t, X86_RCX, 4), edx_eax(t), 0, 0);
    x86_end_next(t);
}

/* .arg 1: RDTSCP */
void x86_translate_rdtsc(X86Translate *t, const X86Insn *insn)
{
    put_edx_eax(t, x86_call(t, HELPER_rdtsc, 0, 0, 0, 0));
    if (insn->opcode->arg) {
        ir_put(t->ir, SLOT_R + X86_RCX, x86_call(t, HELPER_tsc_aux, 0, 0, 0, 0));
    }
}

void x86_translate_rdpid(X86Translate *t, const X86Insn *insn)
{
    IrValue v = x86_call(t, HELPER_tsc_aux, 0, 0, 0, 0);

    x86_write(t, 0, insn->operand[0].bytes == 8 ? v : x86_cut(t, 4, v));
}

void x86_translate_rdpmc(X86Translate *t, const X86Insn *insn)
{
    put_edx_eax(t, x86_call(t, HELPER_rdpmc, gpr64(t, X86_RCX, 4), 0, 0, 0));
}

/* Serializing: what other processors wrote is fetched anew behind it. */
void x86_translate_cpuid(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_cpuid, 0, 0, 0, 0);
    x86_flags_unknown(t);
    x86_end_next(t);
}

void x86_translate_serialize(X86Translate *t, const X86Insn *insn)
{
    x86_end_next(t);
}

/* RDRAND, RDSEED: always there, CF says so */
void x86_translate_random(X86Translate *t, const X86Insn *insn)
{
    IrValue v = x86_call(t, HELPER_random, 0, 0, 0, 0);
    unsigned bytes = insn->operand[0].bytes;

    x86_write(t, 0, bytes == 8 ? v : x86_cut(t, bytes, v));
    x86_put_flags_bits(t, ir_i32(t->ir, RFLAGS_CF));
}

void x86_translate_hlt(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_hlt, 0, 0, 0, 0);
    x86_end_exit(t);
}

/* rAX of the present address size through DS or an override */
static IrValue monitored(X86Translate *t, unsigned reg)
{
    unsigned segment = t->insn.segment == X86_SEGMENTS ? X86_DS : t->insn.segment;
    X86Address at = x86_linear(t, segment, gpr64(t, reg, t->insn.address_bytes), 1, false);

    return x86_address_value(t, at);
}

void x86_translate_monitor(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_monitor, monitored(t, X86_RAX), gpr64(t, X86_RCX, 4), 0, 0);
}

void x86_translate_mwait(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_mwait, gpr64(t, X86_RCX, 4), 0, 0, 0);
    x86_end_exit(t);
}

void x86_translate_umonitor(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_monitor, monitored(t, insn->operand[0].reg), word(t, 0), 0, 0);
}

/* The wait may end at any time; CF 0: not by the system's limit */
void x86_translate_umwait(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_umwait, gpr64(t, insn->operand[0].reg, 4), 0, 0, 0);
    x86_put_flags_bits(t, ir_i32(t->ir, 0));
    x86_end_exit(t);
}

void x86_translate_cache(X86Translate *t, const X86Insn *insn)
{ /* caches are not modelled */
}

/* The host orders loads and stores as the guest does, but for a store before a load. */
void x86_translate_fence(X86Translate *t, const X86Insn *insn)
{
    if (insn->opcode->arg) {
        ir_fence(t->ir, 15);
    }
}

/* A load of one byte, for its faults. */
void x86_translate_cache_line(X86Translate *t, const X86Insn *insn)
{
    x86_call(t, HELPER_monitor, memory_value(t, 1), word(t, 0), 0, 0);
}

/* Ports ---------------------------------------------------------------------------------------- */

static IrValue port_of(X86Translate *t, unsigned k)
{
    return t->insn.operand[k].kind == X86_IMMEDIATE ? word(t, (uint8_t)t->insn.imm)
                                                    : gpr64(t, X86_RDX, 2);
}

/* 64-bit operands do not exist: REX.W is ignored */
static unsigned port_bytes(const X86Translate *t, unsigned k)
{
    unsigned bytes = t->insn.operand[k].bytes;

    return bytes > 4 ? 4 : bytes;
}

void x86_translate_in(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = port_bytes(t, 0);
    IrValue v = x86_call(t, HELPER_in, port_of(t, 1), word(t, bytes), 0, 0);

    x86_put_gpr(t, X86_RAX, bytes, x86_cut(t, 4, v));
    x86_end_next(t);
}

void x86_translate_out(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = port_bytes(t, 1);

    x86_call(t, HELPER_out, port_of(t, 0), word(t, bytes), gpr64(t, X86_RAX, bytes), 0);
    x86_end_next(t);
}

/* .arg: bytes if 1, else the operand size; bit 8: input */
void x86_translate_string_io(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->opcode->arg & 255 ? 1 : MIN(insn->operand_bytes, 4);
    bool input = insn->opcode->arg >> 8;
    bool repeated = insn->prefixes & (X86_PREFIX_F3 | X86_PREFIX_F2);
    unsigned segment = input ? X86_ES : insn->segment == X86_SEGMENTS ? X86_DS : insn->segment;

    x86_end_indirect(t, x86_call(t, HELPER_string_io,
                                 word(t, bytes | insn->address_bytes << 8 | segment << 16 |
                                             input << 24 | repeated << 25),
                                 linear_pc(t), linear_next(t), 0));
}

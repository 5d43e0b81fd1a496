/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers, memory and operands as values of the IR. */
#include "target/x86/translate_internal.h"

/* Values */

IrValue x86_const(X86Translate *t, unsigned bytes, uint64_t value)
{
    return ir_const(t->ir, x86_type(bytes), bytes < 4 ? value & ((1u << bytes * 8) - 1) : value);
}

IrValue x86_zext64(X86Translate *t, IrValue v)
{
    return ir_type(t->ir, v) == IR_I64 ? v : ir_convert(t->ir, IR_ZEXT32, IR_I64, v, 0);
}

IrValue x86_cut(X86Translate *t, unsigned bytes, IrValue v)
{
    if (bytes == 8) {
        return x86_zext64(t, v);
    }
    if (ir_type(t->ir, v) == IR_I64) {
        v = ir_convert(t->ir, IR_TRUNC, IR_I32, v, 0);
    }
    return bytes == 4   ? v
           : bytes == 2 ? ir_unary(t->ir, IR_ZEXT16, v)
                        : ir_unary(t->ir, IR_ZEXT8, v);
}

IrValue x86_sext(X86Translate *t, unsigned bytes, IrValue v)
{
    return bytes >= 4   ? v
           : bytes == 2 ? ir_unary(t->ir, IR_SEXT16, v)
                        : ir_unary(t->ir, IR_SEXT8, v);
}

IrValue x86_sext64(X86Translate *t, unsigned bytes, IrValue v)
{
    if (bytes == 8) {
        return v;
    }
    return ir_convert(t->ir, IR_SEXT32, IR_I64, x86_sext(t, bytes, v), 0);
}

IrValue x86_call(X86Translate *t, X86Helper helper, IrValue a, IrValue b, IrValue c, IrValue d)
{
    return ir_call(t->ir, &x86_helpers[helper], a, b, c, d);
}

/* Registers */

IrValue x86_gpr(X86Translate *t, unsigned reg, unsigned bytes)
{
    return x86_cut(t, bytes, ir_get(t->ir, SLOT_R + reg));
}

/* Bits [@shift, @shift + 8 * @bytes) of a register. */
static void insert(X86Translate *t, unsigned reg, unsigned bytes, unsigned shift, IrValue v)
{
    IrBuilder *ir = t->ir;
    uint64_t mask = ((1ull << bytes * 8) - 1) << shift;
    IrValue rest = ir_binary(ir, IR_AND, ir_get(ir, SLOT_R + reg), ir_i64(ir, ~mask));

    v = x86_zext64(t, x86_cut(t, bytes, v));
    v = ir_binary(ir, IR_SHL, v, ir_i64(ir, shift));
    ir_put(ir, SLOT_R + reg, ir_binary(ir, IR_OR, rest, v));
}

void x86_put_gpr(X86Translate *t, unsigned reg, unsigned bytes, IrValue v)
{
    if (bytes < 4) {
        insert(t, reg, bytes, 0, v);
    } else {
        ir_put(t->ir, SLOT_R + reg, x86_zext64(t, x86_cut(t, bytes, v)));
    }
}

static IrValue high_byte(X86Translate *t, unsigned reg)
{
    IrBuilder *ir = t->ir;
    IrValue v = x86_gpr(t, reg, 4);

    return ir_unary(ir, IR_ZEXT8, ir_binary(ir, IR_SHR, v, ir_i32(ir, 8)));
}

/* Addresses */

static IrValue add(X86Translate *t, IrValue a, IrValue b)
{
    return a && b ? ir_binary(t->ir, IR_ADD, a, b) : a ? a : b;
}

/* Base and scaled index in the address size; 0: neither. 16-bit ones are not cut yet. */
static IrValue address_registers(X86Translate *t)
{
    const X86Memory *m = &t->insn.memory;
    unsigned bytes = t->insn.address_bytes == 8 ? 8 : 4;
    IrValue base = 0, index = 0;

    if (m->base != X86_NO_REGISTER && m->base != X86_RIP) {
        base = x86_gpr(t, m->base, bytes);
    }
    if (m->index != X86_NO_REGISTER) {
        index =
            ir_binary(t->ir, IR_SHL, x86_gpr(t, m->index, bytes), x86_const(t, bytes, m->scale));
    }
    return add(t, base, index);
}

static uint64_t constant_offset(const X86Translate *t)
{
    const X86Memory *m = &t->insn.memory;

    return m->base == X86_RIP ? t->insn.next_pc + m->offset : (uint64_t)m->offset;
}

IrValue x86_effective_address(X86Translate *t)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = t->insn.address_bytes;
    IrValue v = address_registers(t);
    uint64_t offset = constant_offset(t);

    if (!v) {
        return ir_i64(ir, bytes == 8 ? offset : offset & ((1ull << bytes * 8) - 1));
    }
    v = ir_binary(ir, IR_ADD, v, x86_const(t, bytes == 8 ? 8 : 4, offset));
    return x86_zext64(t, x86_cut(t, bytes, v));
}

static bool segment_has_base(const X86Translate *t, unsigned segment)
{
    if (segment == X86_FS || segment == X86_GS) {
        return true;
    }
    return segment == X86_CS ? t->code_base != 0 : t->mode & X86_MODE_BASES;
}

static IrValue segment_base(X86Translate *t, unsigned segment)
{
    return segment == X86_CS ? ir_i64(t->ir, t->code_base) : ir_get(t->ir, SLOT_BASE + segment);
}

X86Address x86_linear(X86Translate *t, unsigned segment, IrValue offset, unsigned bytes, bool write)
{
    IrBuilder *ir = t->ir;

    if (x86_code64(t)) {
        bool has_base = segment == X86_FS || segment == X86_GS;
        return (X86Address){ has_base ? add(t, segment_base(t, segment), offset) : offset, 0 };
    }
    if (t->mode & x86_limits_bit(segment) || (write && segment == X86_CS)) {
        uint32_t what = segment | bytes << 8 | (uint32_t)write << 16;
        return (X86Address){ x86_call(t, HELPER_linear, ir_i32(ir, what), offset, 0, 0), 0 };
    }
    if (segment_has_base(t, segment)) {
        offset =
            ir_binary(ir, IR_ADD, x86_cut(t, 4, segment_base(t, segment)), x86_cut(t, 4, offset));
        offset = x86_zext64(t, offset);
    }
    return (X86Address){ offset, 0 };
}

X86Address x86_address(X86Translate *t, unsigned bytes, bool write)
{
    unsigned segment = t->insn.memory.segment;
    bool has_base = segment == X86_FS || segment == X86_GS;
    IrValue v;

    if (!x86_code64(t) || t->insn.address_bytes != 8) {
        return x86_linear(t, segment, x86_effective_address(t), bytes, write);
    }
    v = address_registers(t);
    v = add(t, has_base ? segment_base(t, segment) : 0, v);
    if (!v) {
        return (X86Address){ ir_i64(t->ir, constant_offset(t)), 0 };
    }
    return (X86Address){ v, (int64_t)constant_offset(t) };
}

IrValue x86_address_value(X86Translate *t, X86Address at)
{
    return ir_binary(t->ir, IR_ADD, at.base, ir_i64(t->ir, at.offset));
}

IrMem x86_mem(const X86Translate *t, unsigned bytes)
{
    return (IrMem){ .size_log2 = __builtin_ctz(bytes),
                    .bank = t->bank,
                    .align = bytes > 1 && t->mode & X86_MODE_ALIGN };
}

IrValue x86_load(X86Translate *t, X86Address at, unsigned bytes)
{
    return ir_load(t->ir, x86_type(bytes), x86_mem(t, bytes), at.base, at.offset);
}

void x86_store(X86Translate *t, X86Address at, unsigned bytes, IrValue v)
{
    ir_store(t->ir, x86_mem(t, bytes), at.base, at.offset, v);
}

/* Operands */

static IrValue read_register(X86Translate *t, const X86Operand *o)
{
    switch (o->kind) {
    case X86_GPR: return x86_gpr(t, o->reg, o->bytes);
    case X86_HIGH: return high_byte(t, o->reg);
    default: return x86_const(t, o->bytes, o->imm);
    }
}

static void write_register(X86Translate *t, const X86Operand *o, IrValue v)
{
    if (o->kind == X86_HIGH) {
        insert(t, o->reg, 1, 8, v);
    } else {
        x86_put_gpr(t, o->reg, o->bytes, v);
    }
}

IrValue x86_read(X86Translate *t, unsigned k)
{
    const X86Operand *o = &t->insn.operand[k];

    if (o->kind == X86_MEMORY) {
        return x86_load(t, x86_address(t, o->bytes, false), o->bytes);
    }
    return read_register(t, o);
}

void x86_write(X86Translate *t, unsigned k, IrValue v)
{
    const X86Operand *o = &t->insn.operand[k];

    if (o->kind == X86_MEMORY) {
        x86_store(t, x86_address(t, o->bytes, true), o->bytes, x86_cut(t, MAX(o->bytes, 4), v));
    } else {
        write_register(t, o, v);
    }
}

IrValue x86_read_modify(X86Translate *t, unsigned k, X86Address *at)
{
    const X86Operand *o = &t->insn.operand[k];

    if (o->kind == X86_MEMORY) {
        *at = x86_address(t, o->bytes, true);
        return x86_load(t, *at, o->bytes);
    }
    return read_register(t, o);
}

void x86_write_back(X86Translate *t, unsigned k, X86Address at, IrValue v)
{
    const X86Operand *o = &t->insn.operand[k];

    if (o->kind == X86_MEMORY) {
        x86_store(t, at, o->bytes, v);
    } else {
        write_register(t, o, v);
    }
}

/* The stack */

unsigned x86_stack_bytes(const X86Translate *t)
{
    return x86_code64(t) ? 8 : t->mode & X86_MODE_STACK32 ? 4 : 2;
}

/* @bytes at RSP + @offset */
X86Address x86_stack(X86Translate *t, int64_t offset, unsigned bytes, bool write)
{
    unsigned width = x86_stack_bytes(t);
    IrValue v;

    if (width == 8) {
        return (X86Address){ ir_get(t->ir, SLOT_R + X86_RSP), offset };
    }
    v = ir_binary(t->ir, IR_ADD, x86_gpr(t, X86_RSP, 4), ir_i32(t->ir, offset));
    return x86_linear(t, X86_SS, x86_zext64(t, x86_cut(t, width, v)), bytes, write);
}

void x86_stack_move(X86Translate *t, int64_t offset)
{
    unsigned width = x86_stack_bytes(t);
    IrValue v = x86_gpr(t, X86_RSP, width);

    v = ir_binary(t->ir, IR_ADD, v, ir_const(t->ir, x86_type(width), offset));
    x86_put_gpr(t, X86_RSP, width, v);
}

void x86_push(X86Translate *t, unsigned bytes, IrValue v)
{
    x86_store(t, x86_stack(t, -(int64_t)bytes, bytes, true), bytes, v);
    x86_stack_move(t, -(int64_t)bytes);
}

IrValue x86_pop(X86Translate *t, unsigned bytes)
{
    IrValue v = x86_load(t, x86_stack(t, 0, bytes, false), bytes);

    x86_stack_move(t, bytes);
    return v;
}

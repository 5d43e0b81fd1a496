/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shifts, rotates, single bits, counting bits, BMI. Spec: SDM vol. 2, the instructions. */
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"

/* The values of ModRM.reg */
typedef enum { ROL, ROR, RCL, RCR, SHL, SHR, SAL, SAR } ShiftOp;

static unsigned bits_of(unsigned bytes)
{
    return bytes * 8;
}

static IrValue count_const(X86Translate *t, unsigned bytes, uint64_t n)
{
    return ir_const(t->ir, x86_type(bytes), n);
}

/* The count as a value of the operand's type, cut to 5 or 6 bits. */
static IrValue read_count(X86Translate *t, unsigned k, unsigned bytes)
{
    IrValue n = x86_cut(t, bytes == 8 ? 8 : 4, x86_read(t, k));

    return ir_binary(t->ir, IR_AND, n, count_const(t, bytes, bytes == 8 ? 63 : 31));
}

static IrValue is_zero(X86Translate *t, IrValue v)
{
    return ir_setcond(t->ir, IR_I32, IR_EQ, v, ir_const(t->ir, ir_type(t->ir, v), 0));
}

static IrValue low_bit(X86Translate *t, IrValue v)
{
    return ir_binary(t->ir, IR_AND, x86_cut(t, 4, v), ir_i32(t->ir, 1));
}

/* Bit @n of a value as I32 */
static IrValue bit(X86Translate *t, unsigned bytes, IrValue v, unsigned n)
{
    return low_bit(t, ir_binary(t->ir, IR_SHR, v, count_const(t, bytes, n)));
}

static IrValue top_bit(X86Translate *t, unsigned bytes, IrValue v)
{
    return bit(t, bytes, v, bits_of(bytes) - 1);
}

/*
 * Flags of a shift whose count may be 0, when they stay as they are. The last step was the last of
 * @count from @before.
 */
static void put_shift_flags(X86Translate *t, X86FlagsKind kind, unsigned bytes, IrValue result,
                            IrValue before, IrValue count)
{
    static const unsigned slot[] = { SLOT_FLAGS_KIND, SLOT_FLAGS_RESULT, SLOT_FLAGS_SOURCE,
                                     SLOT_FLAGS_EXTRA };
    IrBuilder *ir = t->ir;
    IrValue zero = ir_const(ir, ir_type(ir, count), 0), old[4];
    uint64_t known;

    if (ir_constant(ir, count, &known)) {
        if (known) {
            x86_put_flags(t, x86_flags_sized(kind, bytes), 0, before, result, count);
        }
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        old[i] = ir_get(ir, slot[i]);
    }
    x86_put_flags(t, x86_flags_sized(kind, bytes), 0, before, result, count);
    for (unsigned i = 0; i < 4; i++) {
        ir_put(ir, slot[i], ir_select(ir, IR_NE, count, zero, ir_get(ir, slot[i]), old[i]));
    }
    x86_flags_unknown(t);
}

static X86FlagsKind shift_kind(ShiftOp op)
{
    return op == SHR ? X86_FLAGS_SHR : op == SAR ? X86_FLAGS_SAR : X86_FLAGS_SHL;
}

static void shift(X86Translate *t, ShiftOp op, unsigned bytes)
{
    IrOpcode opcode = op == SHR ? IR_SHR : op == SAR ? IR_SAR : IR_SHL;
    IrBuilder *ir = t->ir;
    X86Address at = { 0 };
    IrValue count = read_count(t, 1, bytes), a = x86_read_modify(t, 0, &at), result;

    a = op == SAR ? x86_sext(t, bytes, a) : a;
    result = x86_cut(t, bytes, ir_binary(ir, opcode, a, count));
    x86_write_back(t, 0, at, result);
    put_shift_flags(t, shift_kind(op), bytes, result, a, count);
}

/* CF and OF change unless the count is 0. */
static void put_rotate_flags(X86Translate *t, IrValue carry, IrValue overflow, IrValue count)
{
    static const unsigned slot[] = { SLOT_FLAGS_KIND, SLOT_FLAGS_CARRY, SLOT_FLAGS_OVERFLOW };
    IrBuilder *ir = t->ir;
    IrValue zero = ir_const(ir, ir_type(ir, count), 0), old[3];
    uint64_t known;
    bool always = ir_constant(ir, count, &known);

    for (unsigned i = 0; !always && i < 3; i++) {
        old[i] = ir_get(ir, slot[i]);
    }
    x86_put_carry(t, carry);
    x86_put_overflow(t, overflow);
    for (unsigned i = 0; !always && i < 3; i++) {
        ir_put(ir, slot[i], ir_select(ir, IR_NE, count, zero, ir_get(ir, slot[i]), old[i]));
    }
    if (!always) {
        x86_flags_unknown(t);
    }
}

/* Narrow values are repeated until they fill 32 bits, where they rotate alike. */
static IrValue repeat(X86Translate *t, unsigned bytes, IrValue v)
{
    if (bytes >= 4) {
        return v;
    }
    return ir_binary(t->ir, IR_MUL, v, ir_i32(t->ir, bytes == 1 ? 0x01010101 : 0x00010001));
}

static IrValue two_top_bits_differ(X86Translate *t, unsigned bytes, IrValue v)
{
    return ir_binary(t->ir, IR_XOR, top_bit(t, bytes, v), bit(t, bytes, v, bits_of(bytes) - 2));
}

static void rotate(X86Translate *t, ShiftOp op, unsigned bytes)
{
    IrBuilder *ir = t->ir;
    X86Address at = { 0 };
    IrValue count = read_count(t, 1, bytes), v = x86_read_modify(t, 0, &at);

    v = ir_binary(ir, op == ROL ? IR_ROL : IR_ROR, repeat(t, bytes, v), count);
    v = x86_cut(t, bytes, v);
    x86_write_back(t, 0, at, v);
    x86_put_rotated(t, op == ROL, bytes, v, count);
}

/* By 1 inline, else in a helper, which leaves the new CF in the scratch slot. */
static IrValue rotate_value(X86Translate *t, ShiftOp op, unsigned bytes, IrValue a, IrValue count,
                            IrValue *carry)
{
    IrBuilder *ir = t->ir;
    IrValue one = count_const(t, bytes, 1), in = x86_cut(t, bytes, x86_carry(t)), what;
    uint64_t known;

    if (!ir_constant(ir, count, &known) || known > 1) {
        what = ir_binary(ir, IR_SHL, x86_cut(t, 4, count), ir_i32(ir, 16));
        what = ir_binary(ir, IR_OR, what, ir_i32(ir, bytes | (op == RCR) << 8));
        a = x86_call(t, HELPER_rotate_carry, what, a, in, 0);
        *carry = x86_cut(t, 4, ir_get(ir, SLOT_SCRATCH));
        return x86_cut(t, bytes, a);
    }
    if (op == RCL) {
        *carry = top_bit(t, bytes, a);
        a = ir_binary(ir, IR_OR, ir_binary(ir, IR_SHL, a, one), in);
    } else {
        *carry = low_bit(t, a);
        in = ir_binary(ir, IR_SHL, in, count_const(t, bytes, bits_of(bytes) - 1));
        a = ir_binary(ir, IR_OR, ir_binary(ir, IR_SHR, a, one), in);
    }
    return x86_cut(t, bytes, a);
}

static void rotate_through(X86Translate *t, ShiftOp op, unsigned bytes)
{
    IrBuilder *ir = t->ir;
    X86Address at = { 0 };
    IrValue count = read_count(t, 1, bytes), v = x86_read_modify(t, 0, &at), carry, overflow;
    uint64_t known;

    if (ir_constant(ir, count, &known) && !known) {
        x86_write_back(t, 0, at, v);
        return;
    }
    v = rotate_value(t, op, bytes, v, count, &carry);
    x86_write_back(t, 0, at, v);
    overflow = op == RCL ? ir_binary(ir, IR_XOR, carry, top_bit(t, bytes, v))
                         : two_top_bits_differ(t, bytes, v);
    put_rotate_flags(t, carry, overflow, count);
}

void x86_translate_shift(X86Translate *t, const X86Insn *insn)
{
    ShiftOp op = insn->opcode->arg;
    unsigned bytes = insn->operand[0].bytes;

    switch (op) {
    case ROL:
    case ROR: rotate(t, op, bytes); break;
    case RCL:
    case RCR: rotate_through(t, op, bytes); break;
    default: shift(t, op, bytes); break;
    }
}

/* Bits [@from, @from + 16) of the three words a:b:a moved by @count; counts above 16 are undefined,
 * and rotate through all three. */
static IrValue double_shift16(X86Translate *t, bool right, IrValue a, IrValue b, IrValue count)
{
    IrBuilder *ir = t->ir;
    IrValue v = x86_zext64(t, a), middle = x86_zext64(t, b);

    v = ir_binary(ir, IR_OR, v, ir_binary(ir, IR_SHL, v, ir_i64(ir, 32)));
    v = ir_binary(ir, IR_OR, v, ir_binary(ir, IR_SHL, middle, ir_i64(ir, 16)));
    count = x86_zext64(t, count);
    if (right) {
        return x86_cut(t, 2, ir_binary(ir, IR_SHR, v, count));
    }
    v = ir_binary(ir, IR_SHL, v, count);
    return x86_cut(t, 2, ir_binary(ir, IR_SHR, v, ir_i64(ir, 32)));
}

static IrValue double_shift(X86Translate *t, unsigned bytes, bool right, IrValue a, IrValue b,
                            IrValue count)
{
    IrBuilder *ir = t->ir;
    IrOpcode there = right ? IR_SHR : IR_SHL, back = right ? IR_SHL : IR_SHR;
    IrValue one = count_const(t, bytes, 1), rest;

    if (bytes == 2) {
        return double_shift16(t, right, a, b, count);
    }
    rest = ir_binary(ir, IR_XOR, count, count_const(t, bytes, bits_of(bytes) - 1));
    b = ir_binary(ir, back, ir_binary(ir, back, b, one), rest);
    return ir_binary(ir, IR_OR, ir_binary(ir, there, a, count), b);
}

/* @arg: 1 for SHRD */
void x86_translate_double_shift(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    bool right = insn->opcode->arg;
    unsigned bytes = insn->operand[0].bytes;
    X86Address at = { 0 };
    IrValue count = read_count(t, 2, bytes), b = x86_read(t, 1);
    IrValue a = x86_read_modify(t, 0, &at), result;
    X86FlagsKind kind = right ? X86_FLAGS_SHR : X86_FLAGS_SHL;

    result = double_shift(t, bytes, right, a, b, count);
    if (bytes == 2) { /* what went out last may be of the second operand: one step is left */
        IrValue less = ir_binary(ir, IR_ADD, count, count_const(t, bytes, UINT64_MAX)), some;
        a = double_shift16(t, right, a, b, ir_binary(ir, IR_AND, less, ir_i32(ir, 31)));
        some = ir_setcond(ir, IR_I32, IR_NE, count, ir_i32(ir, 0));
        x86_write_back(t, 0, at, result);
        put_shift_flags(t, kind, bytes, result, a, some);
        return;
    }
    x86_write_back(t, 0, at, result);
    put_shift_flags(t, kind, bytes, result, a, count);
}

/* SHLX SHRX SARX RORX: no flags */
void x86_translate_shift_by(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand[0].bytes;
    IrValue count = x86_cut(t, bytes, x86_read(t, 2));

    x86_write(t, 0, ir_binary(t->ir, insn->opcode->arg, x86_read(t, 1), count));
}

/* Single bits */

typedef enum { BT, BTS, BTR, BTC } BitOp;

/* A register as bit offset reaches beyond the operand in memory (SDM vol. 2, BT). */
static X86Address bit_address(X86Translate *t, unsigned bytes, IrValue offset, bool write)
{
    IrBuilder *ir = t->ir;
    IrValue units = x86_sext64(t, bytes, offset), at;

    units = ir_binary(ir, IR_SAR, units, ir_i64(ir, __builtin_ctz(bits_of(bytes))));
    units = ir_binary(ir, IR_SHL, units, ir_i64(ir, __builtin_ctz(bytes)));
    at = ir_binary(ir, IR_ADD, x86_effective_address(t), units);
    at = x86_zext64(t, x86_cut(t, t->insn.address_bytes, at));
    return x86_linear(t, t->insn.memory.segment, at, bytes, write);
}

static IrValue change_bit(X86Translate *t, BitOp op, IrValue a, IrValue mask)
{
    return ir_binary(t->ir, op == BTS ? IR_OR : op == BTR ? IR_ANDN : IR_XOR, a, mask);
}

static IrValue locked_bit(X86Translate *t, BitOp op, unsigned bytes, X86Address at, IrValue mask)
{
    static const uint8_t kind[] = {
        [BTS] = IR_ATOMIC_OR, [BTR] = IR_ATOMIC_AND, [BTC] = IR_ATOMIC_XOR
    };

    mask = op == BTR ? ir_unary(t->ir, IR_NOT, mask) : mask;
    return ir_atomic(t->ir, x86_type(bytes), kind[op], x86_mem(t, bytes), x86_address_value(t, at),
                     mask);
}

void x86_translate_bit_test(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    BitOp op = insn->opcode->arg;
    unsigned bytes = insn->operand[0].bytes;
    IrValue offset = x86_cut(t, MAX(bytes, 4), x86_read(t, 1)), n, mask, a;
    X86Address at = { 0 };

    if (x86_is_memory(insn, 0)) {
        at = insn->operand[1].kind == X86_IMMEDIATE ? x86_address(t, bytes, op != BT)
                                                    : bit_address(t, bytes, offset, op != BT);
    }
    n = ir_binary(ir, IR_AND, x86_cut(t, bytes == 8 ? 8 : 4, offset),
                  count_const(t, bytes, bits_of(bytes) - 1));
    mask = ir_binary(ir, IR_SHL, count_const(t, bytes, 1), n);
    if (insn->prefixes & X86_PREFIX_LOCK) {
        a = locked_bit(t, op, bytes, at, mask);
    } else {
        a = x86_is_memory(insn, 0) ? x86_load(t, at, bytes) : x86_read(t, 0);
        if (op != BT) {
            x86_write_back(t, 0, at, change_bit(t, op, a, mask));
        }
    }
    x86_put_carry(t, x86_cut(t, 4, ir_binary(ir, IR_SHR, a, n)));
}

/* Counting */

/* BSF, BSR (@arg 1): the destination stays if there is no bit. Flags other than ZF are undefined.
 */
void x86_translate_scan(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes, reg = insn->operand[0].reg;
    IrValue a = x86_read(t, 1), old = ir_get(ir, SLOT_R + reg), v;

    if (insn->opcode->arg) {
        v = ir_binary(ir, IR_XOR, ir_unary(ir, IR_CLZ, a),
                      count_const(t, bytes, bytes == 8 ? 63 : 31));
    } else {
        v = ir_unary(ir, IR_CTZ, a);
    }
    x86_write(t, 0, v);
    ir_put(ir, SLOT_R + reg,
           ir_select(ir, IR_NE, a, count_const(t, bytes, 0), ir_get(ir, SLOT_R + reg), old));
    x86_put_flags_logic(t, bytes, a);
}

/* TZCNT, LZCNT (@arg 1) */
void x86_translate_count_zeroes(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes;
    IrValue a = x86_read(t, 1), v;

    if (insn->opcode->arg) {
        v = ir_unary(ir, IR_CLZ, a);
        v = bytes == 2 ? ir_binary(ir, IR_SUB, v, ir_i32(ir, 16)) : v;
    } else {
        v = ir_unary(ir, IR_CTZ, bytes == 2 ? ir_binary(ir, IR_OR, a, ir_i32(ir, 1 << 16)) : a);
    }
    x86_write(t, 0, v);
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_COUNT, bytes), 0, a, v, 0);
}

void x86_translate_popcnt(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    IrValue a = x86_read(t, 1);

    x86_write(t, 0, ir_unary(ir, IR_POPCNT, a));
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_ZERO, insn->operand[0].bytes), 0, 0, a, 0);
}

/* BMI1, BMI2 */

void x86_translate_andn(X86Translate *t, const X86Insn *insn)
{
    IrValue v = ir_binary(t->ir, IR_ANDN, x86_read(t, 2), x86_read(t, 1));

    x86_write(t, 0, v);
    x86_put_flags_logic(t, insn->operand[0].bytes, v);
}

/* BLSR BLSMSK BLSI */
void x86_translate_lowest_bit(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned kind = insn->opcode->arg, bytes = insn->operand[0].bytes;
    IrValue a = x86_read(t, 1), carry = is_zero(t, a), v;

    if (kind == 3) {
        v = ir_binary(ir, IR_AND, a, ir_unary(ir, IR_NEG, a));
        carry = ir_binary(ir, IR_XOR, carry, ir_i32(ir, 1));
    } else {
        v = ir_binary(ir, IR_ADD, a, count_const(t, bytes, UINT64_MAX));
        v = ir_binary(ir, kind == 1 ? IR_AND : IR_XOR, a, v);
    }
    x86_write(t, 0, v);
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_SHIFT, bytes), 0, 0, v, carry);
}

/* The low @n bits of @a; all of them from @bits on. */
static IrValue low_bits(X86Translate *t, unsigned bytes, IrValue a, IrValue n)
{
    IrBuilder *ir = t->ir;
    IrValue mask = ir_binary(ir, IR_SHL, count_const(t, bytes, UINT64_MAX), n);
    IrValue v = ir_binary(ir, IR_ANDN, a, mask);

    return ir_select(ir, IR_LTU, n, count_const(t, bytes, bits_of(bytes)), v, a);
}

void x86_translate_bzhi(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes;
    IrValue a = x86_read(t, 1), n = x86_cut(t, bytes, x86_cut(t, 1, x86_read(t, 2)));
    IrValue v = low_bits(t, bytes, a, n);

    x86_write(t, 0, v);
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_SHIFT, bytes), 0, 0, v,
                  ir_setcond(ir, IR_I32, IR_GEU, n, count_const(t, bytes, bits_of(bytes))));
}

void x86_translate_bextr(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes;
    IrValue a = x86_read(t, 1), control = x86_cut(t, 4, x86_read(t, 2)), start, length, v;

    start = x86_cut(t, bytes, x86_cut(t, 1, control));
    length = x86_cut(t, bytes, x86_cut(t, 1, ir_binary(ir, IR_SHR, control, ir_i32(ir, 8))));
    v = ir_select(ir, IR_LTU, start, count_const(t, bytes, bits_of(bytes)),
                  ir_binary(ir, IR_SHR, a, start), count_const(t, bytes, 0));
    v = low_bits(t, bytes, v, length);
    x86_write(t, 0, v);
    x86_put_flags_logic(t, bytes, v);
}

/* PDEP, PEXT (@arg 1) */
void x86_translate_deposit(X86Translate *t, const X86Insn *insn)
{
    IrValue a = x86_zext64(t, x86_read(t, 1)), mask = x86_zext64(t, x86_read(t, 2));

    x86_write(t, 0, x86_call(t, insn->opcode->arg ? HELPER_pext : HELPER_pdep, a, mask, 0, 0));
}

void x86_translate_crc32(X86Translate *t, const X86Insn *insn)
{
    IrValue v = x86_read(t, 1), crc = x86_gpr(t, insn->operand[0].reg, 4);

    x86_write(t, 0, x86_call(t, HELPER_crc32, crc, v, ir_i32(t->ir, insn->operand[1].bytes), 0));
}

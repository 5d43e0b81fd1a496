/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addition, subtraction, logic, multiplication, division. Spec: SDM vol. 2, the instructions. */
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"

typedef enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP } AluOp;

static bool has_lock(const X86Insn *insn)
{
    return insn->prefixes & X86_PREFIX_LOCK;
}

static IrOpcode logic_opcode(AluOp op)
{
    return op == ALU_OR ? IR_OR : op == ALU_AND ? IR_AND : IR_XOR;
}

/* Operands, result and carry in of one operation. */
typedef struct {
    AluOp op;
    unsigned bytes;
    IrValue a, b, carry, result; /* carry: I32, 0 or 1 */
} Alu;

static void compute(X86Translate *t, Alu *x)
{
    IrBuilder *ir = t->ir;
    IrValue v, carry = x->carry ? x86_cut(t, x->bytes, x->carry) : 0;

    switch (x->op) {
    case ALU_ADD: v = ir_binary(ir, IR_ADD, x->a, x->b); break;
    case ALU_ADC: v = ir_binary(ir, IR_ADD, ir_binary(ir, IR_ADD, x->a, x->b), carry); break;
    case ALU_SBB: v = ir_binary(ir, IR_SUB, ir_binary(ir, IR_SUB, x->a, x->b), carry); break;
    case ALU_SUB: v = ir_binary(ir, IR_SUB, x->a, x->b); break;
    case ALU_CMP: return;
    default: x->result = ir_binary(ir, logic_opcode(x->op), x->a, x->b); return;
    }
    x->result = x86_cut(t, x->bytes, v);
}

static void put_alu_flags(X86Translate *t, const Alu *x)
{
    static const uint8_t kind[] = {
        [ALU_ADD] = X86_FLAGS_ADD,   [ALU_OR] = X86_FLAGS_LOGIC,  [ALU_ADC] = X86_FLAGS_ADC,
        [ALU_SBB] = X86_FLAGS_SBB,   [ALU_AND] = X86_FLAGS_LOGIC, [ALU_SUB] = X86_FLAGS_SUB,
        [ALU_XOR] = X86_FLAGS_LOGIC, [ALU_CMP] = X86_FLAGS_CMP,
    };

    if (x->op == ALU_CMP) {
        x86_put_flags_cmp(t, x->bytes, x->a, x->b);
    } else if (kind[x->op] == X86_FLAGS_LOGIC) {
        x86_put_flags_logic(t, x->bytes, x->result);
    } else {
        x86_put_flags(t, x86_flags_sized(kind[x->op], x->bytes), x->a, x->b, x->result, x->carry);
    }
}

/* The old value at @at; memory gets the result. */
static IrValue atomic_alu(X86Translate *t, Alu *x, X86Address at)
{
    static const uint8_t kind[] = {
        [ALU_ADD] = IR_ATOMIC_ADD, [ALU_SUB] = IR_ATOMIC_ADD, [ALU_OR] = IR_ATOMIC_OR,
        [ALU_AND] = IR_ATOMIC_AND, [ALU_XOR] = IR_ATOMIC_XOR,
    };
    IrValue operand = x->op == ALU_SUB ? ir_unary(t->ir, IR_NEG, x->b) : x->b;

    return ir_atomic(t->ir, x86_type(x->bytes), kind[x->op], x86_mem(t, x->bytes),
                     x86_address_value(t, at), operand);
}

/* Memory, which held @old, becomes @v; if it has changed meanwhile the instruction starts over. */
static void compare_and_swap(X86Translate *t, X86Address at, unsigned bytes, IrValue old, IrValue v)
{
    IrValue seen =
        ir_cas(t->ir, x86_type(bytes), x86_mem(t, bytes), x86_address_value(t, at), old, v);

    ir_exit_if(t->ir, IR_NE, seen, old, t->insn.pc);
}

static void locked_alu(X86Translate *t, Alu *x)
{
    X86Address at = x86_address(t, x->bytes, true);
    bool carries = x->op == ALU_ADC || x->op == ALU_SBB;

    if (carries) {
        x->carry = x86_carry(t);
        x->a = x86_load(t, at, x->bytes);
    } else {
        x->a = atomic_alu(t, x, at);
    }
    compute(t, x);
    if (carries) {
        compare_and_swap(t, at, x->bytes, x->a, x->result);
    }
    put_alu_flags(t, x);
}

static bool same_register(const X86Insn *insn)
{
    const X86Operand *a = &insn->operand[0], *b = &insn->operand[1];

    return a->kind == b->kind && (a->kind == X86_GPR || a->kind == X86_HIGH) && a->reg == b->reg;
}

void x86_translate_alu(X86Translate *t, const X86Insn *insn)
{
    Alu x = { .op = insn->opcode->arg, .bytes = insn->operand[0].bytes };
    X86Address at = { 0 };

    if (has_lock(insn)) {
        x.b = x86_read(t, 1);
        locked_alu(t, &x);
        return;
    }
    if (x.op == ALU_CMP) {
        x.a = x86_read(t, 0);
    } else {
        x.a = x86_read_modify(t, 0, &at);
    }
    x.b = same_register(insn) ? x.a : x86_read(t, 1);
    if (x.op == ALU_ADC || x.op == ALU_SBB) {
        x.carry = x86_carry(t);
    }
    compute(t, &x);
    if (x.op != ALU_CMP) {
        x86_write_back(t, 0, at, x.result);
    }
    put_alu_flags(t, &x);
}

void x86_translate_test(X86Translate *t, const X86Insn *insn)
{
    IrValue a = x86_read(t, 0);
    IrValue b = same_register(insn) ? a : x86_read(t, 1);

    x86_put_flags_test(t, insn->operand[0].bytes, a, b);
}

/* @arg: 1 for DEC */
void x86_translate_inc(X86Translate *t, const X86Insn *insn)
{
    bool dec = insn->opcode->arg;
    unsigned bytes = insn->operand[0].bytes;
    IrValue step = x86_const(t, bytes, dec ? UINT64_MAX : 1), a, v;
    X86Address at = { 0 };
    IrValue carry;

    if (has_lock(insn)) {
        at = x86_address(t, bytes, true);
        a = ir_atomic(t->ir, x86_type(bytes), IR_ATOMIC_ADD, x86_mem(t, bytes),
                      x86_address_value(t, at), step);
    } else {
        a = x86_read_modify(t, 0, &at);
    }
    v = x86_cut(t, bytes, ir_binary(t->ir, IR_ADD, a, step));
    if (!has_lock(insn)) {
        x86_write_back(t, 0, at, v);
    }
    carry = x86_carry(t);
    x86_put_flags(t, x86_flags_sized(dec ? X86_FLAGS_DEC : X86_FLAGS_INC, bytes), a, 0, v, carry);
}

void x86_translate_not(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand[0].bytes;
    X86Address at = { 0 };

    if (has_lock(insn)) {
        at = x86_address(t, bytes, true);
        ir_atomic(t->ir, x86_type(bytes), IR_ATOMIC_XOR, x86_mem(t, bytes),
                  x86_address_value(t, at), x86_const(t, bytes, UINT64_MAX));
    } else {
        IrValue a = x86_read_modify(t, 0, &at);
        x86_write_back(t, 0, at, ir_unary(t->ir, IR_NOT, a));
    }
}

void x86_translate_neg(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand[0].bytes;
    X86Address at = { 0 };
    IrValue a = x86_read_modify(t, 0, &at);
    IrValue v = x86_cut(t, bytes, ir_unary(t->ir, IR_NEG, a));

    if (has_lock(insn)) {
        compare_and_swap(t, at, bytes, a, v);
    } else {
        x86_write_back(t, 0, at, v);
    }
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_SUB, bytes), x86_const(t, bytes, 0), a, v, 0);
}

/* ADCX, ADOX (@arg 1): a carry chain of its own in CF or OF */
void x86_translate_add_carry(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    bool in_of = insn->opcode->arg;
    unsigned bytes = insn->operand[0].bytes;
    IrValue a = x86_read(t, 0), b = x86_read(t, 1), carry, v, out;

    if (in_of) {
        X86Condition of = x86_condition(t, 0);
        carry = ir_setcond(ir, IR_I32, of.cond, of.a, of.c);
    } else {
        carry = x86_carry(t);
    }
    v = ir_binary(ir, IR_ADD, a, b);
    out = ir_setcond(ir, IR_I32, IR_LTU, v, a);
    v = ir_binary(ir, IR_ADD, v, x86_cut(t, bytes, carry));
    out = ir_binary(ir, IR_OR, out, ir_setcond(ir, IR_I32, IR_LTU, v, x86_cut(t, bytes, carry)));
    x86_write(t, 0, v);
    if (in_of) {
        x86_put_overflow(t, out);
    } else {
        x86_put_carry(t, out);
    }
}

/* Multiplication */

/* SF, ZF and PF, which are undefined, follow the low half. */

static IrValue extend(X86Translate *t, unsigned bytes, IrValue v, bool is_signed)
{
    return is_signed ? x86_sext64(t, bytes, v) : x86_zext64(t, v);
}

/* Whole product of up to 4 bytes, as I64 */
static IrValue narrow_product(X86Translate *t, unsigned bytes, IrValue a, IrValue b, bool is_signed)
{
    return ir_binary(t->ir, IR_MUL, extend(t, bytes, a, is_signed), extend(t, bytes, b, is_signed));
}

/* @arg: 1 for IMUL */
void x86_translate_mul(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    bool is_signed = insn->opcode->arg;
    unsigned bytes = insn->operand[0].bytes;
    IrValue b = x86_read(t, 0), a = x86_gpr(t, X86_RAX, bytes), low, high;

    if (bytes == 8) {
        low = ir_binary(ir, IR_MUL, a, b);
        high = ir_binary(ir, is_signed ? IR_MULHS : IR_MULHU, a, b);
        x86_put_gpr(t, X86_RAX, 8, low);
        x86_put_gpr(t, X86_RDX, 8, high);
    } else {
        IrValue v = narrow_product(t, bytes, a, b, is_signed);
        low = x86_cut(t, bytes, v);
        high = x86_cut(t, bytes, ir_binary(ir, IR_SHR, v, ir_i64(ir, bytes * 8)));
        if (bytes == 1) {
            x86_put_gpr(t, X86_RAX, 2, v);
        } else {
            x86_put_gpr(t, X86_RAX, bytes, v);
            x86_put_gpr(t, X86_RDX, bytes, high);
        }
    }
    x86_put_flags(t, x86_flags_sized(is_signed ? X86_FLAGS_MULS : X86_FLAGS_MULU, bytes), 0, high,
                  low, 0);
}

/* Two or three operands */
void x86_translate_imul(X86Translate *t, const X86Insn *insn)
{
    unsigned bytes = insn->operand[0].bytes;
    bool three = insn->operand[2].kind != X86_NONE;
    IrValue a = x86_read(t, 1), b = x86_read(t, three ? 2 : 0), low;

    low = x86_cut(t, bytes, ir_binary(t->ir, IR_MUL, a, b));
    x86_write(t, 0, low);
    x86_put_flags(t, x86_flags_sized(X86_FLAGS_IMUL, bytes), 0, a, low, b);
}

void x86_translate_mulx(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes;
    IrValue a = x86_gpr(t, X86_RDX, bytes), b = x86_read(t, 2), low, high;

    if (bytes == 8) {
        low = ir_binary(ir, IR_MUL, a, b);
        high = ir_binary(ir, IR_MULHU, a, b);
    } else {
        low = ir_binary(ir, IR_MUL, x86_zext64(t, a), x86_zext64(t, b));
        high = ir_binary(ir, IR_SHR, low, ir_i64(ir, 32));
    }
    x86_write(t, 1, low);
    x86_write(t, 0, high); /* wins if both are the same register */
}

/* Division */

/* Dividend of up to 64 bits as I64; bytes 1: AX, else the pair of RDX and RAX. */
static IrValue dividend(X86Translate *t, unsigned bytes)
{
    IrBuilder *ir = t->ir;
    IrValue high;

    if (bytes == 1) {
        return x86_zext64(t, x86_gpr(t, X86_RAX, 2));
    }
    high = ir_binary(ir, IR_SHL, x86_zext64(t, x86_gpr(t, X86_RDX, bytes)), ir_i64(ir, bytes * 8));
    return ir_binary(ir, IR_OR, x86_zext64(t, x86_gpr(t, X86_RAX, bytes)), high);
}

static void put_quotient(X86Translate *t, unsigned bytes, IrValue quotient, IrValue remainder)
{
    if (bytes == 1) {
        IrValue v = ir_binary(t->ir, IR_SHL, x86_cut(t, 1, remainder), ir_i32(t->ir, 8));
        x86_put_gpr(t, X86_RAX, 2, ir_binary(t->ir, IR_OR, x86_cut(t, 1, quotient), v));
    } else {
        x86_put_gpr(t, X86_RAX, bytes, quotient);
        x86_put_gpr(t, X86_RDX, bytes, remainder);
    }
}

/* @arg: 1 for IDIV. Flags, all undefined, stay. */
void x86_translate_div(X86Translate *t, const X86Insn *insn)
{
    IrBuilder *ir = t->ir;
    unsigned bytes = insn->operand[0].bytes;
    bool is_signed = insn->opcode->arg;
    IrValue divisor = x86_read(t, 0), high = ir_i64(ir, 0), low, quotient, product;

    if (bytes == 8) {
        low = x86_gpr(t, X86_RAX, 8);
        high = x86_gpr(t, X86_RDX, 8);
    } else {
        low = dividend(t, bytes);
    }
    divisor = extend(t, bytes, divisor, is_signed);
    quotient = x86_call(t, HELPER_divide, ir_i32(ir, bytes | (unsigned)is_signed << 8), low, high,
                        divisor);
    product = ir_binary(ir, IR_MUL, quotient, divisor);
    put_quotient(t, bytes, quotient, ir_binary(ir, IR_SUB, low, product));
}

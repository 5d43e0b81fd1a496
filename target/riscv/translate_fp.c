/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * F, D, Zfh, Zfhmin, Zfa. Spec: unprivileged ISA, ch. 20, 21, 23, 25 (Zfa).
 *
 * An operation becomes an IR op when its rounding mode is the one that the guest runs with (frm,
 * part of the context key) and the host knows it; anything else goes through helper fp. Half
 * precision always does.
 */
#include "fpu/softfloat.h"
#include "target/riscv/fp_internal.h"
#include "target/riscv/riscv_decode.h"
#include "target/riscv/translate_internal.h"

enum { FS_DIRTY = 3 };
enum { RM_ILLEGAL = -1 };

static bool has_format(const RiscvTranslate *t, unsigned fmt)
{
    switch (fmt) {
    case RISCV_FMT_S: return t->config->f;
    case RISCV_FMT_D: return t->config->d;
    case RISCV_FMT_H: return t->config->zfh;
    default: return false;
    }
}

/* mstatus.FS off makes every floating-point instruction illegal (privileged ISA, 3.1.6.7). */
static bool is_on(const RiscvTranslate *t)
{
    return t->context.fs != 0;
}

/*
 * This instruction changes floating-point state. If that makes it dirty the context changes, so the
 * region ends and the instruction is translated again in the new one. True: that happened.
 */
static bool made_dirty(RiscvTranslate *t)
{
    if (t->context.fs == FS_DIRTY) {
        return false;
    }
    riscv_call(t, HELPER_fs_dirty, 0, 0, 0, 0);
    riscv_end_indirect(t, ir_i64(t->ir, t->pc));
    return true;
}

/* The mode in effect, 0 to 4; reserved ones are illegal (20.2). */
static int rounding(const RiscvTranslate *t, unsigned rm)
{
    unsigned mode = rm == RISCV_RM_DYN ? t->context.frm : rm;

    return mode <= RISCV_RM_RMM ? (int)mode : RM_ILLEGAL;
}

/* Whether IR ops round as @mode says. */
static bool is_native(const RiscvTranslate *t, int mode)
{
    return mode == t->context.frm && mode != RISCV_RM_RMM;
}

static IrType type_of(unsigned fmt)
{
    return fmt == RISCV_FMT_D ? IR_F64 : IR_F32;
}

/* Operand of format S or D; a single that is not boxed reads as the canonical NaN (21.2). */
static IrValue get_f(RiscvTranslate *t, unsigned reg, unsigned fmt)
{
    IrValue v = ir_get(t->ir, SLOT_F + reg);

    return fmt == RISCV_FMT_D ? v : ir_convert(t->ir, IR_UNBOX, IR_F32, v, 0);
}

static void put_f(RiscvTranslate *t, unsigned reg, IrValue v)
{
    if (ir_type(t->ir, v) == IR_F32) {
        v = ir_convert(t->ir, IR_NANBOX, IR_F64, v, 0);
    }
    ir_put(t->ir, SLOT_F + reg, v);
}

static IrValue get_raw(RiscvTranslate *t, unsigned reg)
{
    return ir_convert(t->ir, IR_FBITS, IR_I64, ir_get(t->ir, SLOT_F + reg), 0);
}

static void put_raw(RiscvTranslate *t, unsigned reg, IrValue v)
{
    ir_put(t->ir, SLOT_F + reg, ir_convert(t->ir, IR_BITSF, IR_F64, v, 0));
}

static IrValue call_fp(RiscvTranslate *t, uint32_t code, IrValue a, IrValue b, IrValue c)
{
    return riscv_call(t, HELPER_fp, ir_i64(t->ir, code), a, b, c);
}

bool riscv_trans_fload(RiscvTranslate *t, const RiscvArgLoad *a)
{
    int64_t offset = a->imm;
    IrMem mem = riscv_mem(t, a->size, false);
    IrValue address, v;

    if (!is_on(t)) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    address = riscv_address(t, a->rs1, &offset);
    if (a->size == 1) {
        v = ir_load(t->ir, IR_I64, mem, address, offset);
        put_raw(t, a->rd, ir_binary(t->ir, IR_OR, v, ir_i64(t->ir, ~0xffffull)));
    } else {
        put_f(t, a->rd, ir_load(t->ir, a->size == 3 ? IR_F64 : IR_F32, mem, address, offset));
    }
    return true;
}

bool riscv_trans_fstore(RiscvTranslate *t, const RiscvArgStore *a)
{
    int64_t offset = a->imm;
    IrValue address, v;

    if (!is_on(t)) {
        return false;
    }
    address = riscv_address(t, a->rs1, &offset);
    /* narrow stores take the low bits as they are, boxed or not (21.2) */
    v = a->size == 3 ? ir_get(t->ir, SLOT_F + a->rs2) : get_raw(t, a->rs2);
    ir_store(t->ir, riscv_mem(t, a->size, false), address, offset, v);
    return true;
}

/* Two-operand arithmetic and the square root: @op is a RiscvFpOp. */
static void arithmetic(RiscvTranslate *t, const RiscvArgRm *a, bool native, int mode)
{
    static const uint8_t ir_ops[] = {
        [RISCV_FP_ADD] = IR_FADD, [RISCV_FP_SUB] = IR_FSUB,   [RISCV_FP_MUL] = IR_FMUL,
        [RISCV_FP_DIV] = IR_FDIV, [RISCV_FP_SQRT] = IR_FSQRT, [RISCV_FP_MIN] = IR_FMIN,
        [RISCV_FP_MAX] = IR_FMAX,
    };

    if (!native) {
        uint32_t code = riscv_fp_code(a->op, a->fmt, mode, 0);
        put_raw(t, a->rd, call_fp(t, code, get_raw(t, a->rs1), get_raw(t, a->rs2), 0));
    } else if (a->op == RISCV_FP_SQRT) {
        put_f(t, a->rd, ir_unary(t->ir, IR_FSQRT, get_f(t, a->rs1, a->fmt)));
    } else {
        IrValue x = get_f(t, a->rs1, a->fmt), y = get_f(t, a->rs2, a->fmt);
        put_f(t, a->rd, ir_binary(t->ir, ir_ops[a->op], x, y));
    }
}

bool riscv_trans_farith(RiscvTranslate *t, const RiscvArgRm *a)
{
    int mode = rounding(t, a->rm);

    if (!is_on(t) || !has_format(t, a->fmt) || mode == RM_ILLEGAL) {
        return false;
    }
    if (!made_dirty(t)) {
        arithmetic(t, a, is_native(t, mode) && a->fmt != RISCV_FMT_H, mode);
    }
    return true;
}

bool riscv_trans_fminmax(RiscvTranslate *t, const RiscvArgRm *a)
{
    if (!is_on(t) || !has_format(t, a->fmt)) {
        return false;
    }
    if (!made_dirty(t)) {
        arithmetic(t, a, a->fmt != RISCV_FMT_H, 0);
    }
    return true;
}

bool riscv_trans_fminmax_zfa(RiscvTranslate *t, const RiscvArgRm *a)
{
    if (!is_on(t) || !has_format(t, a->fmt)) {
        return false;
    }
    if (!made_dirty(t)) {
        arithmetic(t, a, false, 0);
    }
    return true;
}

bool riscv_trans_fma(RiscvTranslate *t, const RiscvArgRm *a)
{
    int mode = rounding(t, a->rm);

    if (!is_on(t) || !has_format(t, a->fmt) || mode == RM_ILLEGAL) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    if (is_native(t, mode) && a->fmt != RISCV_FMT_H) {
        IrValue x = get_f(t, a->rs1, a->fmt), y = get_f(t, a->rs2, a->fmt);
        put_f(t, a->rd, ir_fma(t->ir, x, y, get_f(t, a->rs3, a->fmt), a->op));
    } else {
        put_raw(t, a->rd,
                call_fp(t, riscv_fp_code(RISCV_FP_FMA, a->fmt, mode, a->op), get_raw(t, a->rs1),
                        get_raw(t, a->rs2), get_raw(t, a->rs3)));
    }
    return true;
}

/* op: 0 the sign of rs2, 1 its opposite, 2 both signs' exclusive or, on an integer of the format's
 * width */
static IrValue sign_inject(RiscvTranslate *t, unsigned op, IrValue x, IrValue y, uint64_t sign)
{
    IrBuilder *b = t->ir;
    IrType type = ir_type(b, x);
    IrValue mask = ir_const(b, type, sign);

    if (op == 2) {
        return ir_binary(b, IR_XOR, x, ir_binary(b, IR_AND, y, mask));
    }
    if (op == 1) {
        y = ir_unary(b, IR_NOT, y);
    }
    y = ir_binary(b, IR_AND, y, mask);
    return ir_binary(b, IR_OR, ir_binary(b, IR_ANDN, x, mask), y);
}

/* Half: improperly boxed operands are the canonical NaN. */
static IrValue get_half(RiscvTranslate *t, unsigned reg)
{
    const uint64_t canonical = 0x7e00, boxed = 0xffffffffffff0000;
    IrBuilder *b = t->ir;
    IrValue v = get_raw(t, reg);

    return ir_select(b, IR_GEU, v, ir_i64(b, boxed), v, ir_i64(b, boxed | canonical));
}

bool riscv_trans_fsgnj(RiscvTranslate *t, const RiscvArgRm *a)
{
    const uint64_t sign_d = 1ull << 63, sign_s = 1u << 31, sign_h = 1u << 15;
    IrBuilder *b = t->ir;
    IrValue x, y;

    if (!is_on(t) || !has_format(t, a->fmt)) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    if (a->fmt == RISCV_FMT_H) {
        x = get_half(t, a->rs1);
        y = get_half(t, a->rs2);
        put_raw(t, a->rd, sign_inject(t, a->op, x, y, sign_h));
        return true;
    }
    x = get_f(t, a->rs1, a->fmt);
    if (a->op == 0 && a->rs1 == a->rs2) {
        put_f(t, a->rd, x); /* fmv */
        return true;
    }
    y = get_f(t, a->rs2, a->fmt);
    if (a->fmt == RISCV_FMT_D) {
        x = ir_convert(b, IR_FBITS, IR_I64, x, 0);
        y = ir_convert(b, IR_FBITS, IR_I64, y, 0);
    } else {
        x = ir_convert(b, IR_FBITS, IR_I32, x, 0);
        y = ir_convert(b, IR_FBITS, IR_I32, y, 0);
    }
    x = sign_inject(t, a->op, x, y, a->fmt == RISCV_FMT_D ? sign_d : sign_s);
    put_f(t, a->rd, ir_convert(b, IR_BITSF, type_of(a->fmt), x, 0));
    return true;
}

bool riscv_trans_fcompare(RiscvTranslate *t, const RiscvArgRm *a)
{
    IrValue v;

    if (!is_on(t) || !has_format(t, a->fmt)) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    if (a->fmt == RISCV_FMT_H) {
        v = call_fp(t, riscv_fp_code(RISCV_FP_COMPARE, a->fmt, 0, a->op), get_raw(t, a->rs1),
                    get_raw(t, a->rs2), 0);
    } else {
        v = ir_fcmp(t->ir, a->op, get_f(t, a->rs1, a->fmt), get_f(t, a->rs2, a->fmt));
    }
    riscv_put_x(t, a->rd, v);
    return true;
}

/* Conversions between formats: Zfhmin has those of half precision, so they need no more than that.
 */
static bool has_conversion(const RiscvTranslate *t, unsigned to, unsigned from)
{
    bool to_ok = to == RISCV_FMT_H ? t->config->zfhmin : has_format(t, to);
    bool from_ok = from == RISCV_FMT_H ? t->config->zfhmin : has_format(t, from);

    return to != from && to_ok && from_ok;
}

bool riscv_trans_fcvt_float(RiscvTranslate *t, const RiscvArgCvt *a)
{
    int mode = rounding(t, a->rm);
    bool exact = a->fmt == RISCV_FMT_D || a->op == RISCV_FMT_H;

    if (!is_on(t) || !has_conversion(t, a->fmt, a->op) || mode == RM_ILLEGAL) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    if (a->fmt != RISCV_FMT_H && a->op != RISCV_FMT_H && (exact || is_native(t, mode))) {
        put_f(t, a->rd, ir_convert(t->ir, IR_FCVT, type_of(a->fmt), get_f(t, a->rs1, a->op), 0));
    } else {
        put_raw(t, a->rd,
                call_fp(t, riscv_fp_code(RISCV_FP_CONVERT, a->fmt, mode, a->op), get_raw(t, a->rs1),
                        0, 0));
    }
    return true;
}

bool riscv_trans_fround(RiscvTranslate *t, const RiscvArgCvt *a)
{
    int mode = rounding(t, a->rm);

    if (!is_on(t) || !has_format(t, a->fmt) || mode == RM_ILLEGAL) {
        return false;
    }
    if (!made_dirty(t)) {
        put_raw(t, a->rd,
                call_fp(t, riscv_fp_code(a->op, a->fmt, mode, 0), get_raw(t, a->rs1), 0, 0));
    }
    return true;
}

/* op: 0 w, 1 wu, 2 l, 3 lu */
bool riscv_trans_fcvt_to_int(RiscvTranslate *t, const RiscvArgCvt *a)
{
    int mode = rounding(t, a->rm);
    IrType type = a->op < 2 ? IR_I32 : IR_I64;
    uint8_t aux = a->op & 1 ? IR_CVT_UNSIGNED : 0;
    IrValue v;

    if (!is_on(t) || !has_format(t, a->fmt) || mode == RM_ILLEGAL) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    if (a->fmt == RISCV_FMT_H || (mode != RISCV_RM_RTZ && !is_native(t, mode))) {
        v = call_fp(t, riscv_fp_code(RISCV_FP_TO_INT, a->fmt, mode, a->op), get_raw(t, a->rs1), 0,
                    0);
    } else {
        aux |= mode == RISCV_RM_RTZ ? IR_CVT_TRUNCATE : 0;
        v = ir_convert(t->ir, IR_FTOI, type, get_f(t, a->rs1, a->fmt), aux);
        v = type == IR_I32 ? ir_convert(t->ir, IR_SEXT32, IR_I64, v, 0) : v;
    }
    riscv_put_x(t, a->rd, v);
    return true;
}

bool riscv_trans_fcvt_from_int(RiscvTranslate *t, const RiscvArgCvt *a)
{
    int mode = rounding(t, a->rm);
    bool exact = a->fmt == RISCV_FMT_D && a->op < 2;
    IrValue v;

    if (!is_on(t) || !has_format(t, a->fmt) || mode == RM_ILLEGAL) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    v = riscv_get_x(t, a->rs1);
    if (a->fmt == RISCV_FMT_H || (!exact && !is_native(t, mode))) {
        put_raw(t, a->rd,
                call_fp(t, riscv_fp_code(RISCV_FP_FROM_INT, a->fmt, mode, a->op), v, 0, 0));
    } else {
        v = a->op < 2 ? ir_convert(t->ir, IR_TRUNC, IR_I32, v, 0) : v;
        v = ir_convert(t->ir, IR_ITOF, type_of(a->fmt), v, a->op & 1 ? IR_CVT_UNSIGNED : 0);
        put_f(t, a->rd, v);
    }
    return true;
}

bool riscv_trans_fcvtmod(RiscvTranslate *t, const RiscvArgR2 *a)
{
    if (!is_on(t)) {
        return false;
    }
    if (!made_dirty(t)) {
        riscv_put_x(t, a->rd,
                    call_fp(t, riscv_fp_code(RISCV_FP_CVTMOD, RISCV_FMT_D, 0, 0),
                            get_raw(t, a->rs1), 0, 0));
    }
    return true;
}

/* Moves exist for a format's width; half-precision ones are part of Zfhmin. */
static bool has_move(const RiscvTranslate *t, unsigned fmt)
{
    return fmt == RISCV_FMT_H ? t->config->zfhmin
                              : has_format(t, fmt) && !(fmt == RISCV_FMT_D && t->xlen == 32);
}

bool riscv_trans_fmv_x(RiscvTranslate *t, const RiscvArgCvt *a)
{
    IrValue v;

    if (!is_on(t) || !has_move(t, a->fmt)) {
        return false;
    }
    v = get_raw(t, a->rs1);
    if (a->fmt == RISCV_FMT_S) {
        v = ir_convert(t->ir, IR_SEXT32, IR_I64, v, 0);
    } else if (a->fmt == RISCV_FMT_H) {
        v = ir_unary(t->ir, IR_SEXT16, v);
    }
    riscv_put_x(t, a->rd, v);
    return true;
}

bool riscv_trans_fmv_f(RiscvTranslate *t, const RiscvArgCvt *a)
{
    IrBuilder *b = t->ir;
    IrValue v;

    if (!is_on(t) || !has_move(t, a->fmt)) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    v = riscv_get_x(t, a->rs1);
    if (a->fmt == RISCV_FMT_S) {
        v = ir_convert(b, IR_TRUNC, IR_I32, v, 0);
        put_f(t, a->rd, ir_convert(b, IR_BITSF, IR_F32, v, 0));
    } else if (a->fmt == RISCV_FMT_H) {
        put_raw(t, a->rd, ir_binary(b, IR_OR, v, ir_i64(b, ~0xffffull)));
    } else {
        put_raw(t, a->rd, v);
    }
    return true;
}

bool riscv_trans_fmvh_x_d(RiscvTranslate *t, const RiscvArgR2 *a)
{
    if (!is_on(t)) {
        return false;
    }
    riscv_put_x(t, a->rd, ir_binary(t->ir, IR_SAR, get_raw(t, a->rs1), ir_i64(t->ir, 32)));
    return true;
}

bool riscv_trans_fmvp_d_x(RiscvTranslate *t, const RiscvArgR *a)
{
    IrBuilder *b = t->ir;
    IrValue low, high;

    if (!is_on(t)) {
        return false;
    }
    if (made_dirty(t)) {
        return true;
    }
    low = ir_convert(b, IR_ZEXT32, IR_I64, riscv_get_x(t, a->rs1), 0);
    high = ir_binary(b, IR_SHL, riscv_get_x(t, a->rs2), ir_i64(b, 32));
    put_raw(t, a->rd, ir_binary(b, IR_OR, low, high));
    return true;
}

bool riscv_trans_fclass(RiscvTranslate *t, const RiscvArgCvt *a)
{
    if (!is_on(t) || !has_format(t, a->fmt)) {
        return false;
    }
    riscv_put_x(t, a->rd,
                call_fp(t, riscv_fp_code(RISCV_FP_CLASS, a->fmt, 0, 0), get_raw(t, a->rs1), 0, 0));
    return true;
}

/* Zfa, table of fli; as doubles. Entries 1 (smallest normal) and 31 (NaN) depend on the format. */
static const uint64_t fli_values[32] = {
    0xbff0000000000000, 0x0010000000000000, 0x3ef0000000000000, 0x3f00000000000000,
    0x3f70000000000000, 0x3f80000000000000, 0x3fb0000000000000, 0x3fc0000000000000,
    0x3fd0000000000000, 0x3fd4000000000000, 0x3fd8000000000000, 0x3fdc000000000000,
    0x3fe0000000000000, 0x3fe4000000000000, 0x3fe8000000000000, 0x3fec000000000000,
    0x3ff0000000000000, 0x3ff4000000000000, 0x3ff8000000000000, 0x3ffc000000000000,
    0x4000000000000000, 0x4004000000000000, 0x4008000000000000, 0x4010000000000000,
    0x4020000000000000, 0x4030000000000000, 0x4060000000000000, 0x4070000000000000,
    0x40e0000000000000, 0x40f0000000000000, 0x7ff0000000000000, RISCV_CANONICAL_NAN_D,
};

static uint64_t fli_value(unsigned index, RiscvFormat fmt)
{
    enum { SMALLEST_NORMAL = 1 };
    const uint64_t box_s = 0xffffffff00000000, box_h = 0xffffffffffff0000;
    FloatStatus st = { .rounding = FLOAT_RNE, .default_nan = true };

    if (fmt == RISCV_FMT_D) {
        return fli_values[index];
    }
    if (fmt == RISCV_FMT_S) {
        return box_s | (index == SMALLEST_NORMAL ? 0x00800000 : f64_to_f32(fli_values[index], &st));
    }
    return box_h | (index == SMALLEST_NORMAL ? 0x0400 : f64_to_f16(fli_values[index], &st));
}

bool riscv_trans_fli(RiscvTranslate *t, const RiscvArgCvt *a)
{
    if (!is_on(t) || !has_format(t, a->fmt)) {
        return false;
    }
    if (!made_dirty(t)) {
        put_raw(t, a->rd, ir_i64(t->ir, fli_value(a->rs1, a->fmt)));
    }
    return true;
}

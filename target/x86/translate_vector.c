/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MMX, SSE and AVX instructions: where operands come from and results go. What is computed is in
 * vector.h; moves and logic are IR on quadwords, the rest calls helpers. Spec: SDM vol. 2; vol. 1,
 * 14.9 (alignment).
 */
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"
#include "target/x86/vector_internal.h"

/* A vector as values: of 8 to 32 bytes */
typedef struct {
    IrValue q[4];
} Quads;

/* One instruction: operands by number, -1: none. */
typedef struct {
    const X86Insn *insn;
    X86VectorOp op;
    unsigned bytes;
    int d, a, b, c;
    uint8_t imm;
    bool mmx;
} Form;

static bool uses(const X86Insn *insn, X86OperandKind kind)
{
    for (unsigned k = 0; k < 4; k++) {
        if (insn->operand[k].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Whether the state that the instruction works on is switched on; else raises (SDM vol. 3, 2.5,
 * table 13-1). */
static bool is_on(X86Translate *t, const X86Insn *insn)
{
    bool mmx = uses(insn, X86_MMX), vector = uses(insn, X86_VECTOR) || !mmx;

    if (insn->vex ? !(t->mode & X86_MODE_AVX)
                  : (t->mode & X86_MODE_EM || (vector && !(t->mode & X86_MODE_OSFXSR)))) {
        x86_undefined(t);
        return false;
    }
    if (t->mode & X86_MODE_TS) {
        x86_end_raise(t, X86_NM);
        return false;
    }
    if (mmx) {
        x86_call(t, HELPER_mmx_enter, 0, 0, 0, 0);
    }
    return true;
}

/* Memory that must be aligned, else #GP(0). */
static void check_aligned(X86Translate *t, unsigned bytes, bool write)
{
    IrValue address = x86_address_value(t, x86_address(t, bytes, write));
    uint32_t fine = ir_new_label(t->ir);

    x86_flags_unknown(t);
    ir_brcond(t->ir, IR_TSTEQ, address, ir_i64(t->ir, bytes - 1), fine);
    x86_call(t, HELPER_raise_code, ir_i64(t->ir, X86_GP), ir_i64(t->ir, 0), 0, 0);
    ir_label(t->ir, fine);
}

static bool needs_alignment(const X86Insn *insn, unsigned bytes)
{
    unsigned arg = insn->opcode->arg;

    return bytes >= 16 && (insn->vex ? arg & X86_ROW_ALIGNED : !(arg & X86_ROW_UNALIGNED));
}

static X86Address vector_address(X86Translate *t, const X86Insn *insn, unsigned bytes, bool write)
{
    if (needs_alignment(insn, bytes)) {
        check_aligned(t, bytes, write);
    }
    return x86_address(t, bytes, write);
}

static X86Address at_offset(X86Address at, unsigned bytes)
{
    at.offset += bytes;
    return at;
}

static unsigned register_slot(unsigned reg, unsigned quad)
{
    return SLOT_V + 4 * reg + quad;
}

/* Operand @k, of memory no more than it has, zero beyond */
static Quads read_quads(X86Translate *t, const X86Insn *insn, int k)
{
    const X86Operand *o = &insn->operand[k];
    IrValue zero = ir_i64(t->ir, 0);
    Quads v = { { zero, zero, zero, zero } };

    if (o->kind == X86_VECTOR) {
        for (unsigned i = 0; i < 4; i++) {
            v.q[i] = ir_get(t->ir, register_slot(o->reg, i));
        }
    } else if (o->kind == X86_MEMORY && o->bytes >= 8) {
        X86Address at = vector_address(t, insn, o->bytes, false);
        v.q[1] = v.q[2] = v.q[3] = ir_i64(t->ir, 0);
        for (unsigned i = 0; i < o->bytes / 8; i++) {
            v.q[i] = x86_load(t, at_offset(at, 8 * i), 8);
        }
    } else {
        v.q[0] = x86_zext64(t, x86_read(t, k));
    }
    return v;
}

static void write_register(X86Translate *t, const X86Insn *insn, unsigned reg, const Quads *v)
{
    unsigned count = insn->operand[0].bytes > 16 ? 4 : 2;

    for (unsigned i = 0; i < count; i++) {
        ir_put(t->ir, register_slot(reg, i), v->q[i]);
    }
    for (unsigned i = count; insn->vex && i < 4; i++) {
        ir_put(t->ir, register_slot(reg, i), ir_i64(t->ir, 0));
    }
}

/* The values must not have been read before: alignment may need a label. */
static void store_register(X86Translate *t, const X86Insn *insn, unsigned slot)
{
    unsigned bytes = insn->operand[0].bytes;
    X86Address at = vector_address(t, insn, bytes, true);

    if (bytes <= 8) {
        x86_store(t, at, bytes, x86_cut(t, bytes, ir_get(t->ir, slot)));
        return;
    }
    for (unsigned i = 0; i < bytes / 8; i++) {
        x86_store(t, at_offset(at, 8 * i), 8, ir_get(t->ir, slot + i));
    }
}

/* A place for the helper; what is in memory or a general register is brought to .operand. */
static unsigned place_of(X86Translate *t, const Form *f, int k)
{
    const X86Operand *o = &f->insn->operand[k < 0 ? 0 : k];
    Quads v;

    if (k < 0) {
        return X86_PLACE_NONE;
    }
    switch (o->kind) {
    case X86_VECTOR: return o->reg;
    case X86_MMX: return X86_PLACE_MMX + o->reg;
    default:
        v = read_quads(t, f->insn, k);
        for (unsigned i = 0; i < (o->bytes + 7u) / 8; i++) { /* nothing looks beyond */
            ir_put(t->ir, SLOT_OPERAND + i, v.q[i]);
        }
        return X86_PLACE_OPERAND;
    }
}

static uint32_t control_of(X86Translate *t, const Form *f)
{
    const X86Insn *insn = f->insn;
    unsigned arg = insn->opcode->arg;

    return f->op | f->bytes << X86_CONTROL_BYTES_SHIFT | (uint32_t)f->imm << X86_CONTROL_IMM_SHIFT |
           (insn->vex ? X86_CONTROL_VEX : 0) |
           (t->mode & X86_MODE_SSE_TRAPS ? X86_CONTROL_TRAPS : 0) |
           (insn->rex & X86_REX_W && x86_code64(t) ? X86_CONTROL_WIDE : 0) |
           (arg & X86_ROW_LOW4 ? X86_CONTROL_LOW4 : 0) |
           (arg & X86_ROW_LOW8 ? X86_CONTROL_LOW8 : 0);
}

/* Returns what the helper does. */
static IrValue call_helper(X86Translate *t, const Form *f, unsigned d)
{
    unsigned a = place_of(t, f, f->a), b = place_of(t, f, f->b), c = place_of(t, f, f->c);
    uint32_t places = d | a << 8 | b << 16 | (uint32_t)c << 24;
    bool fp = x86_vector_info[f->op].fp;

    return x86_call(t, fp ? HELPER_vector_fp : HELPER_vector, ir_i64(t->ir, control_of(t, f)),
                    ir_i64(t->ir, places), ir_i64(t->ir, 0), ir_i64(t->ir, 0));
}

/* The whole operand is as long as the longest vector in it. */
static unsigned form_bytes(const Form *f)
{
    unsigned bytes = f->mmx && !uses(f->insn, X86_VECTOR) ? 8 : 0;

    for (unsigned k = 0; k < 4; k++) {
        const X86Operand *o = &f->insn->operand[k];
        if (o->kind == X86_VECTOR || o->kind == X86_MEMORY || o->kind == X86_MMX) {
            bytes = MAX(bytes, o->bytes);
        }
    }
    return f->mmx ? bytes : MAX(bytes, 16u);
}

/* Operation and sources in order: one is b, two are a and b, three a, b and c. */
static Form form(const X86Insn *insn)
{
    Form f = { .insn = insn, .op = insn->opcode->arg & X86_ROW_OP, .a = -1, .b = -1, .c = -1 };
    int source[3] = { -1, -1, -1 };
    unsigned count = 0;

    for (int k = 1; k < 4; k++) {
        if (insn->operand[k].kind == X86_IMMEDIATE) {
            f.imm = insn->operand[k].imm;
        } else if (insn->operand[k].kind != X86_NONE) {
            source[count++] = k;
        }
    }
    if (!insn->vex && insn->map == X86_MAP_0F && insn->byte == 0xc2) {
        f.imm &= 7; /* CMPPS...: more predicates came with VEX */
    }
    f.a = count > 1 ? source[0] : -1;
    f.b = count > 1 ? source[1] : source[0];
    f.c = source[2];
    f.mmx = uses(insn, X86_MMX);
    f.bytes = form_bytes(&f);
    return f;
}

static void finish(X86Translate *t, const Form *f)
{
    const X86Operand *o = &f->insn->operand[0];
    IrValue v;

    switch (o->kind) {
    case X86_VECTOR: call_helper(t, f, o->reg); break;
    case X86_MMX: call_helper(t, f, X86_PLACE_MMX + o->reg); break;
    case X86_MEMORY:
        if (f->op >= X86_V_pextrb && f->op <= X86_V_pextrq) {
            v = call_helper(t, f, X86_PLACE_NONE);
            x86_store(t, x86_address(t, o->bytes, true), o->bytes, x86_cut(t, o->bytes, v));
            break;
        }
        call_helper(t, f, X86_PLACE_OPERAND);
        store_register(t, f->insn, SLOT_OPERAND);
        break;
    default:
        v = call_helper(t, f, X86_PLACE_NONE);
        x86_write(t, 0, x86_cut(t, o->bytes, v));
        break;
    }
}

/* Operations on quadwords that are few IR ops. @a is not there for those with one source. */
static bool inline_quads(X86Translate *t, X86VectorOp op, unsigned count, const Quads *a,
                         const Quads *b, Quads *d)
{
    static const uint8_t opcode[X86_V_COUNT] = {
        [X86_V_pand] = IR_AND,  [X86_V_por] = IR_OR,    [X86_V_pxor] = IR_XOR,
        [X86_V_paddq] = IR_ADD, [X86_V_psubq] = IR_SUB, [X86_V_pandn] = IR_ANDN,
    };
    IrBuilder *ir = t->ir;
    const uint64_t low = UINT32_MAX;

    *d = *b;
    switch (op) {
    case X86_V_mov: return true;
    case X86_V_movq: d->q[1] = ir_i64(ir, 0); return true;
    case X86_V_movd:
        d->q[0] = ir_binary(ir, IR_AND, b->q[0], ir_i64(ir, low));
        d->q[1] = ir_i64(ir, 0);
        return true;
    case X86_V_movsd: d->q[1] = a->q[1]; return true;
    case X86_V_movss:
        d->q[0] = ir_binary(ir, IR_OR, ir_binary(ir, IR_ANDN, a->q[0], ir_i64(ir, low)),
                            ir_binary(ir, IR_AND, b->q[0], ir_i64(ir, low)));
        d->q[1] = a->q[1];
        return true;
    case X86_V_movhps:
        d->q[0] = a->q[0];
        d->q[1] = b->q[0];
        return true;
    case X86_V_movhlps:
        d->q[0] = b->q[1];
        d->q[1] = a->q[1];
        return true;
    default: break;
    }
    if (!opcode[op]) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        d->q[i] = op == X86_V_pandn ? ir_binary(ir, IR_ANDN, b->q[i], a->q[i])
                                    : ir_binary(ir, opcode[op], a->q[i], b->q[i]);
    }
    return true;
}

static bool is_inline(X86VectorOp op)
{
    switch (op) {
    case X86_V_mov:
    case X86_V_movq:
    case X86_V_movd:
    case X86_V_movsd:
    case X86_V_movss:
    case X86_V_movhps:
    case X86_V_movhlps:
    case X86_V_pand:
    case X86_V_por:
    case X86_V_pxor:
    case X86_V_pandn:
    case X86_V_paddq:
    case X86_V_psubq: return true;
    default: return false;
    }
}

static bool same_register(const X86Insn *insn, int a, int b)
{
    return a >= 0 && insn->operand[a].kind == X86_VECTOR && insn->operand[b].kind == X86_VECTOR &&
           insn->operand[a].reg == insn->operand[b].reg;
}

static void finish_inline(X86Translate *t, const Form *f)
{
    const X86Insn *insn = f->insn;
    Quads a = { { 0 } }, b, d;

    if (same_register(insn, f->a, f->b) && (f->op == X86_V_pxor || f->op == X86_V_psubq)) {
        IrValue zero = ir_i64(t->ir, 0);
        d = (Quads){ { zero, zero, zero, zero } };
    } else {
        b = read_quads(t, insn, f->b); /* may need a label: first */
        a = f->a >= 0 ? read_quads(t, insn, f->a) : a;
        inline_quads(t, f->op, f->bytes / 8, &a, &b, &d);
    }
    write_register(t, insn, insn->operand[0].reg, &d);
}

void x86_translate_vector(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);

    if (!is_on(t, insn)) {
        return;
    }
    if (is_inline(f.op) && !f.mmx && insn->operand[0].kind == X86_VECTOR) {
        finish_inline(t, &f);
    } else {
        finish(t, &f);
    }
}

/* A register, or its low part, to memory or a general register */
void x86_translate_vector_store(X86Translate *t, const X86Insn *insn)
{
    const X86Operand *from = &insn->operand[1], *to = &insn->operand[0];
    bool high = insn->opcode->arg & X86_ROW_LOW8; /* MOVHPS */

    if (!is_on(t, insn)) {
        return;
    }
    if (from->kind == X86_MMX) {
        Form f = form(insn);
        f.op = X86_V_movq;
        f.bytes = 8;
        finish(t, &f);
    } else if (to->kind == X86_MEMORY) {
        store_register(t, insn, register_slot(from->reg, high));
    } else {
        x86_write(t, 0, x86_cut(t, to->bytes, ir_get(t->ir, register_slot(from->reg, 0))));
    }
}

/* PTEST, COMISS...: the result is the flags */
void x86_translate_vector_flags(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);
    IrValue v;

    if (!is_on(t, insn)) {
        return;
    }
    f.a = 0;
    f.b = 1;
    v = call_helper(t, &f, X86_PLACE_NONE);
    x86_put_flags_bits(t, x86_cut(t, 4, v));
}

/* Shifts by an immediate: the destination is the last vector operand, or VEX.vvvv */
void x86_translate_vector_shift(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);
    int source = insn->operand[1].kind == X86_IMMEDIATE ? 0 : 1;
    const X86Operand *d = &insn->operand[0];
    uint32_t places;

    if (!is_on(t, insn)) {
        return;
    }
    ir_put(t->ir, SLOT_OPERAND, ir_i64(t->ir, f.imm));
    f.b = -1;
    f.a = source;
    places = (d->kind == X86_MMX ? X86_PLACE_MMX : 0) + d->reg;
    places |= place_of(t, &f, source) << 8 | X86_PLACE_OPERAND << 16 | X86_PLACE_OPERAND << 24;
    x86_call(t, HELPER_vector, ir_i64(t->ir, control_of(t, &f)), ir_i64(t->ir, places),
             ir_i64(t->ir, 0), ir_i64(t->ir, 0));
}

/* d = a operation b, with XMM0 as the third operand (BLENDVPS, SHA256RNDS2 without VEX) */
void x86_translate_vector_xmm0(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);
    uint32_t places;

    if (!is_on(t, insn)) {
        return;
    }
    places = insn->operand[0].reg | insn->operand[0].reg << 8 | place_of(t, &f, 1) << 16;
    x86_call(t, HELPER_vector, ir_i64(t->ir, control_of(t, &f)), ir_i64(t->ir, places),
             ir_i64(t->ir, 0), ir_i64(t->ir, 0));
}

/* FMA: 132, 213, 231 say which operands are multiplied and which is added; NaNs are looked for in
 * that order. */
void x86_translate_vector_fma(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);

    if (!is_on(t, insn)) {
        return;
    }
    switch (insn->byte >> 4) {
    case 9: f.a = 0, f.b = 2, f.c = 1; break;
    case 10: f.a = 1, f.b = 0, f.c = 2; break;
    default: f.a = 1, f.b = 2, f.c = 0; break;
    }
    finish(t, &f);
}

/* INSERTPS: of memory there is one element */
void x86_translate_insertps(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);

    if (!is_on(t, insn)) {
        return;
    }
    f.imm &= insn->operand[2].kind == X86_MEMORY ? 0x3f : 0xff;
    finish(t, &f);
}

/* EXTRQ, INSERTQ with immediates: length, index */
void x86_translate_bit_field(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);
    bool insert = f.op == X86_V_insertq_imm;
    uint32_t d = insn->operand[0].reg, b = insert ? insn->operand[1].reg : X86_PLACE_OPERAND;
    uint32_t places = d | d << 8 | b << 16 | (uint32_t)X86_PLACE_OPERAND << 24;

    if (!is_on(t, insn)) {
        return;
    }
    f.bytes = 16;
    ir_put(t->ir, SLOT_OPERAND, ir_i64(t->ir, (insn->imm & 255) | (insn->imm >> 16 & 255) << 8));
    x86_call(t, HELPER_vector, ir_i64(t->ir, control_of(t, &f)), ir_i64(t->ir, places),
             ir_i64(t->ir, 0), ir_i64(t->ir, 0));
}

/* PCMPxSTRx: flags, and ECX or XMM0 */
void x86_translate_vector_string(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);
    bool mask = f.op == X86_V_pcmpistrm || f.op == X86_V_pcmpestrm;
    uint32_t places = (mask ? 0 : X86_PLACE_NONE) | insn->operand[0].reg << 8 | 255u << 24;
    IrValue v;

    if (!is_on(t, insn)) {
        return;
    }
    f.bytes = 16;
    places |= place_of(t, &f, 1) << 16;
    v = x86_call(t, HELPER_vector, ir_i64(t->ir, control_of(t, &f)), ir_i64(t->ir, places),
                 x86_gpr(t, X86_RAX, 8), x86_gpr(t, X86_RDX, 8));
    if (!mask) {
        x86_put_gpr(t, X86_RCX, 4, x86_cut(t, 4, ir_binary(t->ir, IR_SHR, v, ir_i64(t->ir, 32))));
    }
    x86_put_flags_bits(t, x86_cut(t, 4, v));
}

void x86_translate_emms(X86Translate *t, const X86Insn *insn)
{
    if (t->mode & X86_MODE_EM) {
        x86_undefined(t);
    } else if (t->mode & X86_MODE_TS) {
        x86_end_raise(t, X86_NM);
    } else {
        x86_call(t, HELPER_emms, 0, 0, 0, 0);
    }
}

void x86_translate_ldmxcsr(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t, insn)) {
        x86_call(t, HELPER_ldmxcsr, x86_zext64(t, x86_read(t, 0)), 0, 0, 0);
        x86_end_next(t); /* rounding and traps are part of the context */
    }
}

void x86_translate_stmxcsr(X86Translate *t, const X86Insn *insn)
{
    if (is_on(t, insn)) {
        x86_write(t, 0, x86_call(t, HELPER_stmxcsr, 0, 0, 0, 0));
    }
}

/* VZEROUPPER, VZEROALL (arg 1) */
void x86_translate_vzero(X86Translate *t, const X86Insn *insn)
{
    bool all = insn->vector_bytes == 32;
    unsigned count = x86_code64(t) ? X86_VECTORS : 8;

    if (!is_on(t, insn)) {
        return;
    }
    for (unsigned reg = 0; reg < count; reg++) {
        for (unsigned i = all ? 0 : 2; i < 4; i++) {
            ir_put(t->ir, register_slot(reg, i), ir_i64(t->ir, 0));
        }
    }
}

/* MASKMOVQ, MASKMOVDQU: bytes of op0 under the mask op1 to DS:rDI */
void x86_translate_maskmov_bytes(X86Translate *t, const X86Insn *insn)
{
    const X86Operand *data = &insn->operand[0], *mask = &insn->operand[1];
    unsigned base = data->kind == X86_MMX ? X86_PLACE_MMX : 0;
    unsigned segment = insn->segment == X86_SEGMENTS ? X86_DS : insn->segment;
    X86Address at;

    if (!is_on(t, insn)) {
        return;
    }
    at = x86_linear(t, segment, x86_zext64(t, x86_gpr(t, X86_RDI, insn->address_bytes)),
                    data->bytes, true);
    x86_call(t, HELPER_masked_move, x86_address_value(t, at),
             ir_i64(t->ir, (base + data->reg) | (base + mask->reg) << 16),
             ir_i64(t->ir, 1 | data->bytes << 8 | 1 << 16), 0);
}

/* VMASKMOVPS...: arg: bytes of an element; loads have three register operands */
void x86_translate_maskmov(X86Translate *t, const X86Insn *insn)
{
    bool store = insn->operand[0].kind == X86_MEMORY;
    unsigned reg = insn->operand[store ? 2 : 0].reg, mask = insn->operand[1].reg;
    unsigned bytes = insn->vector_bytes;

    if (!is_on(t, insn)) {
        return;
    }
    x86_call(t, HELPER_masked_move, x86_address_value(t, x86_address(t, bytes, store)),
             ir_i64(t->ir, reg | mask << 16),
             ir_i64(t->ir, insn->opcode->arg | bytes << 8 | store << 16), 0);
}

/* VGATHERxxx, VPGATHERxx: arg: bytes of an element | of an index << 4 */
void x86_translate_gather(X86Translate *t, const X86Insn *insn)
{
    const X86Memory *m = &insn->memory;
    unsigned d = insn->operand[0].reg, mask = insn->vvvv, index = m->index;
    X86Insn *own = &t->insn;
    IrValue base;

    if (d == mask || d == index || mask == index) {
        x86_undefined(t);
        return;
    }
    if (!is_on(t, insn)) {
        return;
    }
    own->memory.index = X86_NO_REGISTER;
    base = x86_effective_address(t);
    own->memory.index = index;
    x86_call(t, HELPER_gather, base, ir_i64(t->ir, d | index << 8 | mask << 16),
             ir_i64(t->ir, insn->opcode->arg | insn->vector_bytes << 8 | m->scale << 16 |
                               (uint32_t)insn->address_bytes << 24),
             m->segment == X86_FS || m->segment == X86_GS || t->mode & X86_MODE_BASES
                 ? ir_get(t->ir, SLOT_BASE + m->segment)
                 : ir_i64(t->ir, 0));
}

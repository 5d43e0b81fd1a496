/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MMX, SSE and AVX instructions: where operands come from and results go. What is computed is in
 * vector.h; moves and logic are IR on quadwords, the rest calls helpers. Spec: SDM vol. 2; vol. 1,
 * 14.9 (alignment).
 */
#include "target/x86/opcodes_internal.h"
#include "target/x86/translate_internal.h"
#include "target/x86/vector_internal.h"

/* One instruction: operands by number, -1: none. */
typedef struct {
    const X86Insn *insn;
    X86VectorOp op;
    unsigned bytes;
    int d, a, b, c;
    uint8_t imm;
    bool mmx;
    IrValue integer; /* operand b if it is an integer, else 0 */
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

/* Accesses of vectors under alignment checking: as if by quadwords. */
static void check_alignment(X86Translate *t, unsigned bytes, bool write)
{
    IrValue address = x86_address_value(t, x86_address(t, bytes, write));
    uint32_t fine = ir_new_label(t->ir);

    x86_flags_unknown(t);
    ir_brcond(t->ir, IR_TSTEQ, address, ir_i64(t->ir, MIN(bytes, 8u) - 1), fine);
    x86_call(t, HELPER_raise_code, ir_i64(t->ir, X86_AC), ir_i64(t->ir, 0), 0, 0);
    ir_label(t->ir, fine);
}

static bool needs_alignment(const X86Insn *insn, unsigned bytes)
{
    unsigned arg = insn->opcode->arg;

    return bytes >= 16 && (insn->vex ? arg & X86_ROW_ALIGNED : !(arg & X86_ROW_UNALIGNED));
}

static IrMem vector_mem(const X86Translate *t, const X86Insn *insn, unsigned bytes)
{
    return (IrMem){ .size_log2 = __builtin_ctz(bytes),
                    .bank = t->bank,
                    .align = needs_alignment(insn, bytes) };
}

static unsigned register_slot(unsigned reg, unsigned quad)
{
    return SLOT_V + 4 * reg + quad;
}

/* A vector, or its low part, from memory; @clear: zeroes above, else above the lower half nothing
 * changes */
static void load_vector(X86Translate *t, const X86Insn *insn, unsigned bytes, unsigned slot,
                        bool clear)
{
    IrMem mem = vector_mem(t, insn, bytes);

    if (t->mode & X86_MODE_ALIGN && !mem.align) {
        check_alignment(t, bytes, false);
    }
    mem.sign = clear;
    X86Address at = x86_address(t, bytes, false);
    ir_load_vector(t->ir, mem, at.base, at.offset, slot);
}

/* Values must not have been read before: alignment checking needs a label. */
static void store_vector(X86Translate *t, const X86Insn *insn, unsigned slot)
{
    unsigned bytes = insn->operand[0].bytes;
    IrMem mem = vector_mem(t, insn, bytes);

    if (t->mode & X86_MODE_ALIGN && !mem.align) {
        check_alignment(t, bytes, true);
    }
    X86Address at = x86_address(t, bytes, true);
    ir_store_vector(t->ir, mem, at.base, at.offset, slot);
}

static bool is_vector_in_memory(const Form *f, const X86Operand *o)
{
    bool integer = (f->op >= X86_V_pinsrb && f->op <= X86_V_pinsrq) || f->op == X86_V_cvtsi2ss ||
                   f->op == X86_V_cvtsi2sd;

    return o->kind == X86_MEMORY && o->bytes >= 4 && !integer;
}

/* A place for the helper; what is in memory is brought to .operand, integers are an argument. */
static unsigned place_of(X86Translate *t, Form *f, int k)
{
    const X86Operand *o = &f->insn->operand[k < 0 ? 0 : k];

    if (k < 0) {
        return X86_PLACE_NONE;
    }
    switch (o->kind) {
    case X86_VECTOR: return o->reg;
    case X86_MMX: return X86_PLACE_MMX + o->reg;
    default:
        if (is_vector_in_memory(f, o)) {
            load_vector(t, f->insn, o->bytes, SLOT_OPERAND, true);
        } else {
            f->integer = x86_zext64(t, x86_read(t, k));
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
           (f->integer ? X86_CONTROL_INTEGER : 0) |
           (insn->rex & X86_REX_W && x86_code64(t) ? X86_CONTROL_WIDE : 0) |
           (arg & X86_ROW_LOW4 ? X86_CONTROL_LOW4 : 0) |
           (arg & X86_ROW_LOW8 ? X86_CONTROL_LOW8 : 0);
}

/* Returns what the helper does. */
static IrValue call_helper(X86Translate *t, Form *f, unsigned d)
{
    unsigned a = place_of(t, f, f->a), b = place_of(t, f, f->b), c = place_of(t, f, f->c);
    uint32_t places = d | a << 8 | b << 16 | (uint32_t)c << 24;
    bool fp = x86_vector_info[f->op].fp;

    return x86_call(t, fp ? HELPER_vector_fp : HELPER_vector, ir_i64(t->ir, control_of(t, f)),
                    ir_i64(t->ir, places), f->integer ? f->integer : ir_i64(t->ir, 0),
                    ir_i64(t->ir, 0));
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

static void finish(X86Translate *t, Form *f)
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
        store_vector(t, f->insn, SLOT_OPERAND);
        break;
    default:
        v = call_helper(t, f, X86_PLACE_NONE);
        x86_write(t, 0, x86_cut(t, o->bytes, v));
        break;
    }
}

/* A register that is memory, zero above: MOVUPS, MOVSS, MOVQ and so on */
static bool is_load(const Form *f)
{
    bool moves = f->op == X86_V_mov || f->op == X86_V_movq || f->op == X86_V_movd;

    return moves && f->insn->operand[0].kind == X86_VECTOR &&
           is_vector_in_memory(f, &f->insn->operand[f->b]);
}

void x86_translate_vector(X86Translate *t, const X86Insn *insn)
{
    Form f = form(insn);

    if (!is_on(t, insn)) {
        return;
    }
    if (is_load(&f)) {
        load_vector(t, insn, insn->operand[f.b].bytes, register_slot(insn->operand[0].reg, 0),
                    insn->vex);
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
        store_vector(t, insn, register_slot(from->reg, high));
    } else {
        Form f = form(insn);
        f.op = X86_V_movq;
        finish(t, &f);
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
    f.integer = ir_i64(t->ir, f.imm);
    f.b = -1;
    f.a = source;
    places = (d->kind == X86_MMX ? X86_PLACE_MMX : 0) + d->reg;
    places |= place_of(t, &f, source) << 8 | X86_PLACE_OPERAND << 16 | X86_PLACE_OPERAND << 24;
    x86_call(t, HELPER_vector, ir_i64(t->ir, control_of(t, &f)), ir_i64(t->ir, places), f.integer,
             ir_i64(t->ir, 0));
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
    unsigned count = x86_code64(t) ? X86_VECTORS : 8;

    if (is_on(t, insn)) {
        x86_call(t, HELPER_vzero, ir_i64(t->ir, insn->vector_bytes == 32), ir_i64(t->ir, count), 0,
                 0);
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

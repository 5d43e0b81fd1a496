/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes what guest.S runs: for each instruction, format and rounding mode a loop in machine code,
 * and its cases. usage: generate --seed=N --count=N OUTPUT
 *
 * Registers, the way operands come in and the result goes out are chosen anew for each loop, so
 * that the translator meets pinned and other registers, shared ones, and narrow loads.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fpu/exact.h"
#include "tests/fpu/operands.h"
#include "tests/tcg/riscv/vectors/insn.h"

enum { RM_DYNAMIC = 7, MODES = 5, RESERVED_CASES = 2 };
/* Registers of a loop; guest.S sets the first five. Operands come below LOOP_FIRST. */
enum { RA = 1, SP = 2, REPORT = 3, CASE = 26, CASES_END = 27, LOOP_FIRST = 26 };
enum { GOT_FLAGS = 28, GOT = 29, EXPECTED = 30, TRAPPED = 31, LINK = 5 };
enum { FCSR_FLAGS = 1 };

/* One execution; guest.S knows the offsets. */
typedef struct {
    uint64_t source[3];
    uint64_t expected;
    uint64_t flags_before;
    uint64_t flags; /* afterwards, and TRAP_FLAG */
} Case;

enum { TRAP_FLAG = 0x100 };

/* One loop and its cases; places are offsets from the start of the output. */
typedef struct {
    uint64_t code;
    uint64_t cases;
    uint64_t cases_end;
    uint64_t frm;
    char name[64];
} Batch;

/* How a loop is written. */
typedef struct {
    InsnCall call;
    unsigned rm, frm;
    bool reserved; /* the rounding mode is, so that the instruction is illegal */
    bool narrow;   /* operands are loaded in their own width */
    bool through_memory;
    unsigned rd, rs[3];
} Shape;

static OperandSource source;
static unsigned count = 16;
static GArray *batches, *code, *cases;

static uint32_t *emit(uint32_t insn)
{
    g_array_append_val(code, insn);
    return &g_array_index(code, uint32_t, code->len - 1);
}

static void emit_load(unsigned rd, unsigned base, unsigned offset)
{
    emit(offset << 20 | base << 15 | 3 << 12 | rd << 7 | 0x03); /* ld */
}

static uint32_t branch_offset(int bytes)
{
    uint32_t v = (uint32_t)bytes;

    return (v >> 12 & 1) << 31 | (v >> 5 & 0x3f) << 25 | (v >> 1 & 0xf) << 8 | (v >> 11 & 1) << 7;
}

/* bne a, b, to instruction number @to */
static void emit_branch(unsigned a, unsigned b, unsigned to)
{
    emit(branch_offset((int)(to - code->len) * 4) | b << 20 | a << 15 | 1 << 12 | 0x63);
}

static void emit_operands(const Shape *shape)
{
    static const unsigned widths[] = { [FMT_S] = 2, [FMT_D] = 3, [FMT_H] = 1 };
    const Insn *insn = shape->call.insn;
    Fmt fmt = insn_source_format(insn, shape->call.fmt);
    unsigned width = shape->narrow ? widths[fmt] : 3;

    for (unsigned i = 0; i < insn->sources; i++) {
        if (insn_reads_x(insn)) {
            emit_load(shape->rs[i], CASE, 8 * i);
        } else {
            emit(8 * i << 20 | CASE << 15 | width << 12 | shape->rs[i] << 7 | 0x07);
        }
    }
}

static void emit_insn(const Shape *shape)
{
    const Insn *insn = shape->call.insn;
    unsigned rs1 = insn->kind == KIND_CONSTANT ? shape->call.index : shape->rs[0];
    uint32_t word = insn->code | shape->call.fmt << 25 | rs1 << 15 | shape->rd << 7;

    word |= insn_has_rounding(insn) ? shape->rm << 12 : 0;
    word |= insn->sources >= 2 ? shape->rs[1] << 20 : 0;
    word |= insn->sources >= 3 ? shape->rs[2] << 27 : 0;
    emit(word);
}

static void emit_result(const Shape *shape)
{
    if (insn_writes_x(shape->call.insn)) {
        emit(shape->rd << 15 | GOT << 7 | 0x13); /* mv */
    } else if (shape->through_memory) {
        emit(shape->rd << 20 | SP << 15 | 3 << 12 | 0x27); /* fsd rd, 0(sp) */
        emit_load(GOT, SP, 0);
    } else {
        emit(0xe2000053 | shape->rd << 15 | GOT << 7); /* fmv.x.d */
    }
}

static void emit_loop(const Shape *shape)
{
    unsigned start = code->len, wrong;

    emit_operands(shape);
    if (shape->reserved) { /* the destination keeps this */
        emit(insn_writes_x(shape->call.insn) ? shape->rd << 7 | 0x13 : 0xf2000053 | shape->rd << 7);
    }
    emit_load(GOT_FLAGS, CASE, G_STRUCT_OFFSET(Case, flags_before));
    emit(TRAPPED << 7 | 0x13);                                 /* li TRAPPED, 0 */
    emit(FCSR_FLAGS << 20 | GOT_FLAGS << 15 | 1 << 12 | 0x73); /* fsflags */
    emit_insn(shape);
    emit(FCSR_FLAGS << 20 | 2 << 12 | GOT_FLAGS << 7 | 0x73); /* frflags */
    emit_result(shape);
    emit(TRAPPED << 20 | GOT_FLAGS << 15 | 6 << 12 | GOT_FLAGS << 7 | 0x33); /* or */
    emit_load(EXPECTED, CASE, G_STRUCT_OFFSET(Case, expected));
    wrong = code->len + 6;
    emit_branch(GOT, EXPECTED, wrong);
    emit_load(EXPECTED, CASE, G_STRUCT_OFFSET(Case, flags));
    emit_branch(GOT_FLAGS, EXPECTED, wrong);
    emit(sizeof(Case) << 20 | CASE << 15 | CASE << 7 | 0x13); /* addi */
    emit_branch(CASE, CASES_END, start);
    emit(RA << 15 | 0x67);                 /* ret */
    emit(REPORT << 15 | LINK << 7 | 0x67); /* jalr LINK, REPORT */
    emit_branch(SP, 0, wrong - 3);
}

/* An addend that cancels the product but for a few units. */
static uint64_t pick_cancelling(const OperandShape *shape, SoftFormat format, uint64_t a,
                                uint64_t b)
{
    SoftCall product = { .op = SOFT_MUL, .format = format, .a = a, .b = b };
    FloatStatus st = { .rounding = FLOAT_RTZ };
    uint8_t flags;

    return (uint64_t)(exact_call(&product, &st, &flags) + operands_below(&source, 4) / 2) ^
           UINT64_C(1) << (shape->exp_bits + shape->frac_bits);
}

static uint64_t pick_integer(void)
{
    uint64_t v = operands_random(&source) >> operands_below(&source, 64);

    switch (operands_below(&source, 8)) {
    case 0: v = UINT64_C(1) << operands_below(&source, 64); break;
    case 1: v = (UINT64_C(1) << operands_below(&source, 64)) - 1; break;
    case 2: v = UINT64_MAX << operands_below(&source, 64); break;
    default: break;
    }
    return operands_below(&source, 2) ? v : -v;
}

/* Out of the box: another upper part, which makes a NaN of it. */
static uint64_t spoil_box(uint64_t v)
{
    return v ^ (operands_below(&source, 2) ? UINT64_C(1) << (32 + operands_below(&source, 32))
                                           : operands_random(&source) << 32);
}

static void pick_sources(const Shape *shape, uint64_t v[3])
{
    static const SoftFormat formats[] = { SOFT_F32, SOFT_F64, SOFT_F16 };
    const Insn *insn = shape->call.insn;
    Fmt fmt = insn_source_format(insn, shape->call.fmt);
    const OperandShape *layout = &exact_formats[formats[fmt]].shape;
    Bits a = operands_pick(&source, layout, NULL), b = operands_pick(&source, layout, &a);
    Bits c = operands_pick(&source, layout, operands_below(&source, 2) ? &a : &b);

    v[0] = insn_box(fmt, a);
    v[1] = insn_box(fmt, b);
    v[2] = insn_box(fmt, c);
    if (insn->kind == KIND_FMA && operands_below(&source, 4) == 0) {
        v[2] = insn_box(fmt, pick_cancelling(layout, formats[fmt], a, b));
    }
    if (insn_reads_x(insn)) {
        v[0] = shape->rs[0] == 0 ? 0 : pick_integer();
    } else if (fmt != FMT_D && !shape->narrow && operands_below(&source, 8) == 0) {
        unsigned which = operands_below(&source, 3);
        v[which] = spoil_box(v[which]);
    }
    for (unsigned i = 0; i < 3; i++) { /* registers that are the same hold the same: the last */
        for (unsigned k = i + 1; k < insn->sources; k++) {
            v[i] = shape->rs[i] == shape->rs[k] ? v[k] : v[i];
        }
        v[i] = i < insn->sources ? v[i] : 0;
    }
}

static void add_case(Shape *shape)
{
    Case one = { .flags_before = operands_below(&source, 2) ? operands_below(&source, 32) : 0 };
    unsigned flags = 0;

    pick_sources(shape, one.source);
    for (unsigned i = 0; i < 3; i++) {
        shape->call.source[i] = one.source[i];
    }
    if (!shape->reserved) {
        one.expected = insn_expect(&shape->call, &flags);
    }
    if (insn_writes_x(shape->call.insn) && shape->rd == 0) {
        one.expected = 0;
    }
    one.flags = one.flags_before | flags | (shape->reserved ? TRAP_FLAG : 0);
    g_array_append_val(cases, one);
}

/* Often one register for several operands. */
static unsigned pick_register(const Shape *shape, bool x)
{
    unsigned reg = operands_below(&source, x ? LOOP_FIRST : 32);
    unsigned sharing = operands_below(&source, 12);

    if (sharing < shape->call.insn->sources && x == insn_reads_x(shape->call.insn)) {
        reg = shape->rs[sharing];
    }
    return x && (reg == RA || reg == SP || reg == REPORT) ? 10 : reg;
}

static void pick_registers(Shape *shape)
{
    bool x = insn_reads_x(shape->call.insn);

    for (unsigned i = 0; i < 3; i++) {
        shape->rs[i] = pick_register(shape, x);
    }
    shape->rd = pick_register(shape, insn_writes_x(shape->call.insn));
}

static void add_batch(Shape shape, unsigned cases_wanted)
{
    const Insn *insn = shape.call.insn;
    Batch batch = { .code = code->len, .cases = cases->len, .frm = shape.frm };

    shape.call.rounding = shape.rm == RM_DYNAMIC ? shape.frm : shape.rm;
    shape.reserved = insn_has_rounding(insn) && shape.call.rounding >= MODES;
    shape.narrow = operands_below(&source, 2);
    shape.through_memory = operands_below(&source, 2);
    pick_registers(&shape);
    emit_loop(&shape);
    for (unsigned i = 0; i < cases_wanted; i++) {
        add_case(&shape);
    }
    batch.cases_end = cases->len;
    g_snprintf(batch.name, sizeof(batch.name), "%s.%c rm=%u frm=%u rd=%u rs=%u,%u,%u%s", insn->name,
               "sdh"[shape.call.fmt], shape.rm, shape.frm, shape.rd, shape.rs[0], shape.rs[1],
               shape.rs[2], shape.narrow ? " narrow" : "");
    g_array_append_val(batches, batch);
}

static void add_rounding_modes(Shape shape)
{
    for (shape.rm = 0; shape.rm < RM_DYNAMIC; shape.rm++) {
        bool reserved = shape.rm >= MODES;
        shape.frm = shape.rm;
        add_batch(shape, reserved ? RESERVED_CASES : count);
        shape.frm = operands_below(&source, 8);
        add_batch(shape, reserved ? RESERVED_CASES : count);
    }
    for (shape.frm = 0; shape.frm < 8; shape.frm++) {
        add_batch(shape, shape.frm < MODES ? count : RESERVED_CASES);
    }
}

static void add_insn(const Insn *insn, Fmt fmt)
{
    Shape shape = { .call = { .insn = insn, .fmt = fmt } };

    if (insn_has_rounding(insn)) {
        add_rounding_modes(shape);
    } else if (insn->kind == KIND_CONSTANT) {
        for (shape.call.index = 0; shape.call.index < 32; shape.call.index++) {
            add_batch(shape, 1);
        }
    } else {
        for (unsigned i = 0; i < 3; i++) {
            shape.frm = operands_below(&source, 8);
            add_batch(shape, count);
        }
    }
}

static bool write_all(const char *path)
{
    uint64_t batch_count = batches->len;
    uint64_t code_at = sizeof(batch_count) + batch_count * sizeof(Batch);
    uint64_t cases_at = (code_at + code->len * 4 + 7) & ~UINT64_C(7);
    static const char padding[8];
    FILE *out = fopen(path, "wb");

    if (!out) {
        return false;
    }
    for (unsigned i = 0; i < batch_count; i++) {
        Batch *batch = &g_array_index(batches, Batch, i);
        batch->code = code_at + batch->code * 4;
        batch->cases = cases_at + batch->cases * sizeof(Case);
        batch->cases_end = cases_at + batch->cases_end * sizeof(Case);
    }
    fwrite(&batch_count, sizeof(batch_count), 1, out);
    fwrite(batches->data, sizeof(Batch), batch_count, out);
    fwrite(code->data, 4, code->len, out);
    fwrite(padding, 1, cases_at - code_at - code->len * 4, out);
    fwrite(cases->data, sizeof(Case), cases->len, out);
    bool ok = !ferror(out);
    return fclose(out) == 0 && ok;
}

int main(int argc, char **argv)
{
    source = operands_options(&argc, argv, &count);
    if (argc != 2) {
        fprintf(stderr, "usage: generate --seed=N --count=N OUTPUT\n");
        return EXIT_FAILURE;
    }
    batches = g_array_new(false, false, sizeof(Batch));
    code = g_array_new(false, false, sizeof(uint32_t));
    cases = g_array_new(false, false, sizeof(Case));
    for (unsigned i = 0; i < insn_count; i++) {
        for (Fmt fmt = 0; fmt < FMT_COUNT; fmt++) {
            if (insns[i].formats & 1 << fmt) {
                add_insn(&insns[i], fmt);
            }
        }
    }
    if (!write_all(argv[1])) {
        fprintf(stderr, "cannot write %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    printf("%u loops, %u cases\n", batches->len, cases->len);
    g_array_free(batches, true);
    g_array_free(code, true);
    g_array_free(cases, true);
    return EXIT_SUCCESS;
}

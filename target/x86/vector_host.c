/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vector operations as instructions of an x86 host, which are the guest's own. */
#include <string.h>

#include "tcg/backend.h"

#include "target/x86/translate_internal.h"
#include "target/x86/vector_internal.h"

enum {
    NEEDS_AVX = TCG_HOST_AVX,
    NEEDS_AVX2 = TCG_HOST_AVX2,
    NEEDS_FMA = TCG_HOST_FMA,
    NEEDS_F16C = TCG_HOST_F16C,
    NEEDS_AES = TCG_HOST_AES,
    NEEDS_PCLMUL = TCG_HOST_AES,
    NEEDS_SHA = TCG_HOST_SHA,
    NEEDS_SSE4A = TCG_HOST_SSE4A,
    NEEDS_GFNI = TCG_HOST_GFNI,
    SHAPE_AB = IR_HOST_AB,
    SHAPE_AB_IMM = IR_HOST_AB_IMM,
    SHAPE_AB_INT = IR_HOST_AB_INT,
    SHAPE_AB_INT_W = IR_HOST_AB_INT_W,
    SHAPE_ABC = IR_HOST_ABC,
    SHAPE_B = IR_HOST_B,
    SHAPE_B_IMM = IR_HOST_B_IMM,
    SHAPE_FLAGS = IR_HOST_FLAGS,
    SHAPE_FMA = IR_HOST_FMA,
    SHAPE_INT_B = IR_HOST_INT_B,
    SHAPE_INT_B_W = IR_HOST_INT_B_W,
    SHAPE_INT_RM = IR_HOST_INT_RM,
    SHAPE_RM_IMM = IR_HOST_RM_IMM,
    SHAPE_STRING = IR_HOST_OTHER,
    SHAPE_LEGACY = IR_HOST_LEGACY,
    SHAPE_LEGACY_IMM = IR_HOST_LEGACY_IMM,
    SHAPE_LEGACY_C = IR_HOST_LEGACY_C,
};

typedef struct {
    bool known;
    uint8_t shape, prefix, map, opcode, extension, w, lengths;
    uint32_t needs;
} HostRow;

static const HostRow rows[X86_V_COUNT] = {
#define HOST(op, pp, opcode_map, byte, wide, form, vector_lengths, extension) \
    [X86_V_##op] = { .known = true,                                           \
                     .shape = SHAPE_##form,                                   \
                     .prefix = (pp),                                          \
                     .map = (opcode_map),                                     \
                     .opcode = (byte),                                        \
                     .w = (wide),                                             \
                     .lengths = (vector_lengths),                             \
                     .needs = NEEDS_##extension },
#include "target/x86/vector_host.def"
#undef HOST
    [X86_V_vbroadcastf128] = { true, IR_HOST_AB_IMM, 1, 3, 0x18, 0, 0, 2, TCG_HOST_AVX },
    [X86_V_pslldq] = { true, IR_HOST_SHIFT_IMM, 1, 1, 0x73, 7, 0, 3, TCG_HOST_AVX },
    [X86_V_psrldq] = { true, IR_HOST_SHIFT_IMM, 1, 1, 0x73, 3, 0, 3, TCG_HOST_AVX },
};

static unsigned slot_of(unsigned place)
{
    return place < X86_VECTORS ? SLOT_V + 4 * place : SLOT_OPERAND;
}

/* Shifts by an immediate: opcode and its extension */
static const uint8_t shift_imm[X86_V_COUNT][2] = {
    [X86_V_psrlw] = { 0x71, 2 }, [X86_V_psraw] = { 0x71, 4 }, [X86_V_psllw] = { 0x71, 6 },
    [X86_V_psrld] = { 0x72, 2 }, [X86_V_psrad] = { 0x72, 4 }, [X86_V_pslld] = { 0x72, 6 },
    [X86_V_psrlq] = { 0x73, 2 }, [X86_V_psllq] = { 0x73, 6 },
};

/* MOVD, MOVQ of a general register; operations whose second source is one, or an immediate */
static bool from_integer(X86VectorOp op, uint64_t control, IrHostVector *out)
{
    switch (out->shape) {
    case IR_HOST_B: /* only MOVQ has such */
        out->shape = IR_HOST_INT;
        out->prefix = 1;
        out->opcode = 0x6e;
        out->wide = control & X86_CONTROL_WIDE;
        return op == X86_V_movq;
    case IR_HOST_AB:
        out->shape = IR_HOST_SHIFT_IMM;
        out->opcode = shift_imm[op][0];
        out->extension = shift_imm[op][1];
        return out->opcode;
    default:
        return out->shape == IR_HOST_SHIFT_IMM || out->shape == IR_HOST_AB_INT ||
               out->shape == IR_HOST_AB_INT_W;
    }
}

bool x86_vector_host(uint64_t control, uint64_t places, IrHostVector *out)
{
    X86VectorOp op = control & X86_ROW_OP;
    const HostRow *row = &rows[op];
    unsigned d = places & 255, bytes = control >> X86_CONTROL_BYTES_SHIFT & 63;
    bool vex = control & X86_CONTROL_VEX;

    if (!row->known || row->shape == IR_HOST_OTHER || bytes < 16 || control & X86_CONTROL_TRAPS) {
        return false;
    }
    for (unsigned k = 0; k < 4; k++) {
        unsigned place = places >> 8 * k & 255;
        if (place > X86_PLACE_OPERAND && place != X86_PLACE_NONE) {
            return false;
        }
    }
    *out = (IrHostVector){
        .shape = row->shape,
        .prefix = row->prefix,
        .map = row->map,
        .opcode = row->opcode,
        .extension = row->extension,
        .imm = control >> X86_CONTROL_IMM_SHIFT,
        .bytes = row->lengths ? bytes : 16,
        .stored = vex ? 32 : 16,
        .wide = row->w,
        .fp = x86_vector_info[op].fp,
        .needs = row->needs | (bytes == 32 ? TCG_HOST_AVX2 : 0),
        .d = slot_of(d),
        .a = slot_of(places >> 8 & 255),
        .b = slot_of(places >> 16 & 255),
        .c = slot_of(places >> 24 & 255),
    };
    if (row->needs == TCG_HOST_AES && bytes == 32) {
        out->needs |= TCG_HOST_VAES;
    }
    switch (row->shape) {
    case IR_HOST_AB_INT_W:
    case IR_HOST_INT_B_W: out->wide = control & X86_CONTROL_WIDE; break;
    case IR_HOST_FMA: out->clears = !row->lengths; break;
    default: break;
    }
    if (op == X86_V_movq && d == X86_PLACE_NONE) { /* to a general register */
        out->shape = IR_HOST_INT_MOVE;
        out->prefix = 1;
        out->wide = control & X86_CONTROL_WIDE;
    }
    if (op == X86_V_vbroadcastf128) { /* the same vector twice */
        out->a = out->b;
        out->imm = 1;
    }
    return control & X86_CONTROL_INTEGER ? from_integer(op, control, out) : true;
}

bool x86_vzero_host(uint64_t all, uint64_t count, IrHostVector *out)
{
    *out = (IrHostVector){ .shape = IR_HOST_ZERO,
                           .imm = count,
                           .bytes = 16,
                           .stored = all ? 32 : 16,
                           .d = SLOT_V,
                           .a = SLOT_OPERAND,
                           .b = SLOT_OPERAND,
                           .c = SLOT_OPERAND };
    return true;
}

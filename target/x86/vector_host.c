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
    NEEDS_SHA = 0, /* those have no VEX form */
    NEEDS_SSE4A = 0,
    NEEDS_GFNI = 0,
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
    SHAPE_LEGACY = IR_HOST_OTHER,
    SHAPE_LEGACY_IMM = IR_HOST_OTHER,
    SHAPE_LEGACY_C = IR_HOST_OTHER,
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
    [X86_V_pslldq] = { true, IR_HOST_SHIFT_IMM, 1, 1, 0x73, 7, 0, 3, TCG_HOST_AVX },
    [X86_V_psrldq] = { true, IR_HOST_SHIFT_IMM, 1, 1, 0x73, 3, 0, 3, TCG_HOST_AVX },
};

enum { SINGLE = 4, DOUBLE = 8, PREFIX_F3 = 2, PREFIX_F2 = 3 };

/* Of a scalar operation: the source's element, and that of the result */
static void scalar_sizes(X86VectorOp op, const HostRow *row, IrHostVector *v)
{
    v->element = row->prefix == PREFIX_F2 ? DOUBLE : SINGLE;
    switch (op) {
    case X86_V_comisd:
    case X86_V_ucomisd:
    case X86_V_roundsd: v->element = DOUBLE; break;
    default: v->element = row->map == 2 && row->w ? DOUBLE : v->element; break;
    }
    v->stored = v->element;
    if (op == X86_V_cvtss2sd || op == X86_V_cvtsi2sd) {
        v->stored = DOUBLE;
    } else if (op == X86_V_cvtsd2ss || op == X86_V_cvtsi2ss) {
        v->stored = SINGLE;
    }
}

static unsigned slot_of(unsigned place)
{
    return place < X86_VECTORS ? SLOT_V + 4 * place : SLOT_OPERAND;
}

bool x86_vector_host(uint64_t control, uint64_t places, IrHostVector *out)
{
    X86VectorOp op = control & X86_ROW_OP;
    const HostRow *row = &rows[op];
    unsigned d = places & 255, bytes = control >> X86_CONTROL_BYTES_SHIFT & 63;
    bool vex = control & X86_CONTROL_VEX, keeps_a;

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
    if (row->shape == IR_HOST_AB_INT_W || row->shape == IR_HOST_INT_B_W) {
        out->wide = control & X86_CONTROL_WIDE;
    }
    if (row->lengths) {
        return true;
    }
    keeps_a = !vex && out->d == out->a;
    scalar_sizes(op, row, out);
    if (row->shape == IR_HOST_FMA) { /* the rest of d stays */
        out->clears = true;
        return true;
    }
    out->stored = keeps_a ? out->stored : vex ? 32 : 16;
    return true;
}

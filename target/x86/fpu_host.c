/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x87 instructions as those of an x86 host. */
#include "target/x86/fpu.h"
#include "target/x86/translate_internal.h"

#define HOME(field) ((int32_t)offsetof(X86Cpu, field) - (int32_t)sizeof(Cpu))

static bool describe(IrX87Kind kind, uint64_t code, IrHostX87 *out)
{
    static const uint8_t stored[8][8] = {
        [1] = { 0, 0, 4, 4 },
        [3] = { 0, 4, 4, 4, 0, 0, 0, 10 },
        [5] = { 0, 8, 8, 8 },
        [7] = { 0, 2, 2, 2, 0, 0, 10, 8 },
    };
    unsigned segment = code >> X87_SEGMENT_SHIFT & 7;

    *out = (IrHostX87){
        .kind = kind,
        .bank = code >> X87_BANK_SHIFT & 7,
        .bytes = kind == IR_X87_STORE ? stored[code >> 8 & 7][code >> 3 & 7] : 10,
        .registers = HOME(fpu.r),
        .control = HOME(fpu.control),
        .status = HOME(fpu.status),
        .top = HOME(fpu.top),
        .empty = HOME(fpu.empty),
        .opcode = HOME(fpu.opcode),
        .code_pointer = HOME(fpu.code_pointer),
        .code_selector = HOME(fpu.code_selector),
        .data_pointer = HOME(fpu.data_pointer),
        .data_selector = HOME(fpu.data_selector),
        .from_code_selector = HOME(segment[X86_CS].selector),
        .from_data_selector = HOME(segment[0].selector) + (int32_t)(segment * sizeof(X86Segment)),
    };
    return true;
}

bool x86_x87_run(uint64_t code, IrHostX87 *out)
{
    return describe(IR_X87_RUN, code, out);
}

bool x86_x87_load(uint64_t code, IrHostX87 *out)
{
    return describe(IR_X87_LOAD, code, out);
}

bool x86_x87_store(uint64_t code, IrHostX87 *out)
{
    return describe(IR_X87_STORE, code, out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What emits each op. */
#include "tcg/host/x86_64/emit_internal.h"

EmitFn *const emit_table[IR_OP_COUNT] = {
    [IR_GET] = emit_get,         [IR_PUT] = emit_put,         [IR_ADD] = emit_add,
    [IR_SUB] = emit_sub,         [IR_MUL] = emit_mul,         [IR_MULHS] = emit_mulh,
    [IR_MULHU] = emit_mulh,      [IR_MULHSU] = emit_mulh,     [IR_DIVS] = emit_div,
    [IR_DIVU] = emit_div,        [IR_REMS] = emit_div,        [IR_REMU] = emit_div,
    [IR_AND] = emit_logic,       [IR_OR] = emit_logic,        [IR_XOR] = emit_logic,
    [IR_ANDN] = emit_andn,       [IR_NOT] = emit_unary,       [IR_NEG] = emit_unary,
    [IR_SHL] = emit_shift,       [IR_SHR] = emit_shift,       [IR_SAR] = emit_shift,
    [IR_ROL] = emit_shift,       [IR_ROR] = emit_shift,       [IR_CLZ] = emit_count,
    [IR_CTZ] = emit_count,       [IR_POPCNT] = emit_count,    [IR_BSWAP] = emit_bswap,
    [IR_SEXT8] = emit_extend,    [IR_SEXT16] = emit_extend,   [IR_SEXT32] = emit_extend,
    [IR_ZEXT8] = emit_extend,    [IR_ZEXT16] = emit_extend,   [IR_ZEXT32] = emit_extend,
    [IR_TRUNC] = emit_extend,    [IR_SETCOND] = emit_setcond, [IR_SELECT] = emit_select,
    [IR_LOAD] = emit_load,       [IR_STORE] = emit_store,     [IR_ATOMIC] = emit_atomic,
    [IR_CAS] = emit_cas,         [IR_FENCE] = emit_fence,     [IR_FADD] = emit_farith,
    [IR_FSUB] = emit_farith,     [IR_FMUL] = emit_farith,     [IR_FDIV] = emit_farith,
    [IR_FSQRT] = emit_fsqrt,     [IR_FMA] = emit_fma,         [IR_FMIN] = emit_fminmax,
    [IR_FMAX] = emit_fminmax,    [IR_FCMP] = emit_fcmp,       [IR_FCVT] = emit_fcvt,
    [IR_FTOI] = emit_ftoi,       [IR_ITOF] = emit_itof,       [IR_FBITS] = emit_fbits,
    [IR_BITSF] = emit_bitsf,     [IR_NANBOX] = emit_nanbox,   [IR_UNBOX] = emit_unbox,
    [IR_CALL] = emit_call,       [IR_LABEL] = emit_label,     [IR_BR] = emit_br,
    [IR_LOADV] = emit_loadv,     [IR_STOREV] = emit_storev,   [IR_BRCOND] = emit_brcond,
    [IR_EXIT_IF] = emit_exit_if, [IR_GOTO] = emit_goto,       [IR_GOTO_IND] = emit_goto_ind,
    [IR_EXIT] = emit_exit,
};

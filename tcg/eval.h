/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the integer operations mean, in C: the one definition that folding and the interpreter
 * share. */
#pragma once

#include "tcg/ir.h"

/**
 * ir_eval - value of a PURE integer op (ADD to TRUNC in ops.def)
 * @type: I32 or I64, of the arguments where the result type is explicit
 * @aux:  IrDivRule for the divisions
 *
 * I32 arguments and results are zero-extended.
 */
uint64_t ir_eval(IrOpcode op, IrType type, uint8_t aux, uint64_t a, uint64_t b);

/** ir_eval_cond - a cond b on values of @type */
bool ir_eval_cond(IrCond cond, IrType type, uint64_t a, uint64_t b);

/** ir_eval_atomic - what memory becomes; @size_log2 cuts and compares at the access size */
uint64_t ir_eval_atomic(IrAtomic kind, unsigned size_log2, uint64_t old, uint64_t operand);

/** ir_extend - low 1 << @size_log2 bytes of @value, sign- or zero-extended */
uint64_t ir_extend(uint64_t value, unsigned size_log2, bool sign);

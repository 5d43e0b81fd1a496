/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FP in software: for the interpreter, and for what a back end leaves to it. */
#pragma once

#include "tcg/ir.h"

/**
 * interp_fp - value of one FP op, in software
 * @mxcsr: rounding mode in, sticky flags or-ed in
 * @from:  type of argument 0 (conversions)
 */
uint64_t interp_fp(const IrOp *op, IrType from, const uint64_t arg[3], uint32_t *mxcsr);

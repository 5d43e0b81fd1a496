/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Simplification of one op as it is built: a table of rules by opcode and operand kinds. */
#pragma once

#include "tcg/builder.h"

/**
 * ir_fold - a value that equals op(@a, @c), or 0 if no rule applies
 * @type: of the result; @aux as in the op
 *
 * May rewrite *@op, *@a and *@c into a cheaper equal form and still return 0.
 */
IrValue ir_fold(IrBuilder *b, IrOpcode *op, IrType type, uint8_t aux, IrValue *a, IrValue *c);

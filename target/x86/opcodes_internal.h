/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translate functions that rows of the opcode table name. */
#pragma once

#include "target/x86/decode.h"

#define ROW(map, byte, when, modrm, feature, flags, op1, op2, op3, op4, function, arg, name) \
    X86TranslateFn x86_translate_##function;
#include "target/x86/opcodes.def"
#undef ROW

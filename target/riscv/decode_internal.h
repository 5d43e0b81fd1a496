/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the generated decoder needs: its own header, and what conditions and constants of the tables
 * mean. */
#pragma once

#include "target/riscv/bits_internal.h"
#include "target/riscv/fp_internal.h"
#include "target/riscv/riscv_decode.h"
#include "target/riscv/translate_internal.h"

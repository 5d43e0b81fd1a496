/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instruction taken apart by the tables that its decoder is made from (scripts/decodetree.py).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { DISAS_NAMED_FIELDS = 8 };

typedef struct {
    const char *name; /* of the row */
    const char *kind; /* of its arguments */
    unsigned count;
    struct {
        const char *name;
        int32_t value;
    } field[DISAS_NAMED_FIELDS];
} DisasNamed;

/** riscv_decode32_name, riscv_decode16_name - which row @insn belongs to; false: none */
bool riscv_decode32_name(uint32_t insn, unsigned xlen, DisasNamed *named);
bool riscv_decode16_name(uint32_t insn, unsigned xlen, DisasNamed *named);

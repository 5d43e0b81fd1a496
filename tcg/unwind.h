/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an address in generated code to the guest instruction that it belongs to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What tcg_unwind() has to know of a compiled region. */
typedef struct {
    const uint8_t *code, *cold;
    const uint8_t *bytes; /* instructions, then calls out, as differences */
    uint32_t size;        /* 0: there is no call out */
    uint32_t insns;       /* of the region */
    uint64_t pc;          /* of the region */
} TcgUnwindTable;

/* Where in the guest a call out of generated code came from. */
typedef struct {
    uint64_t pc;          /* of the instruction that was running */
    uint32_t insns_after; /* instructions of the region behind it: what a budget is owed */
    uint8_t aux;          /* the front end's word of the instruction */
} TcgUnwound;

/** tcg_unwind - for the call out of generated code that returns to @host_return; false: no such
 * call */
bool tcg_unwind(TcgUnwindTable table, const void *host_return, TcgUnwound *found);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments of programs, and what both sides note of a program's steps. */
#include "tests/tcg/x86/oracle.h"

enum { AREA = ORACLE_BATCH * ORACLE_CODE_BYTES, ALL = 0xfffff };

/* The code segments end within the area, so that the last programs run into the limit. */
const OracleSegment oracle_ldt[ORACLE_LDT_ENTRIES] = {
    { .base = ORACLE_CODE, .limit = AREA - 200, .contents = 2 },
    { .base = ORACLE_CODE, .limit = AREA - 200, .contents = 2, .is_32bit = true },
    { .base = ORACLE_DATA, .limit = ORACLE_DATA_BYTES - 1 },
    { .base = ORACLE_DATA, .limit = ORACLE_DATA_BYTES - 1, .is_32bit = true },
    { .base = ORACLE_DATA, .limit = 4095, .contents = 1, .is_32bit = true },
    { .base = ORACLE_DATA, .limit = 4095, .contents = 1 },
    { .base = ORACLE_DATA, .limit = 4095, .read_exec_only = true, .is_32bit = true },
    { .base = ORACLE_CODE,
      .limit = AREA - 1,
      .contents = 2,
      .is_32bit = true,
      .read_exec_only = true },
    { .base = ORACLE_DATA, .limit = 4095, .not_present = true },
    { .base = ORACLE_CODE, .limit = AREA - 1, .contents = 2, .read_exec_only = true },
    { .base = 0, .limit = ALL, .pages = true, .is_32bit = true },
    { .base = ORACLE_CODE, .limit = AREA - 1, .contents = 3, .not_present = true },
    { .base = ORACLE_DATA + 1, .limit = 2 * 4096 + 100, .is_32bit = true },
};

uint64_t oracle_descriptor(const OracleSegment *s)
{
    uint64_t access = 0x70 | s->contents << 2 | !s->read_exec_only << 1 | 1;

    access |= s->not_present ? 0 : 0x80;
    access |= (s->is_32bit ? 0x4000 : 0) | (s->pages ? 0x8000 : 0);
    return (s->limit & 0xffff) | (uint64_t)(s->base & 0xffffff) << 16 | (access & 255) << 40 |
           (uint64_t)(s->limit >> 16 & 15) << 48 | (access >> 12 & 15) << 52 |
           (uint64_t)(s->base >> 24) << 56;
}

uint64_t oracle_ip(const OracleCase *c, unsigned index)
{
    return oracle_pc(index) - (c->cs ? ORACLE_CODE : 0);
}

uint64_t oracle_register_mask(const OracleCase *c, unsigned i)
{
    if (c->cs && i == 4 && !oracle_ldt[c->ss >> 3].is_32bit) {
        return 0xffff;
    }
    return c->code32 ? UINT32_MAX : UINT64_MAX;
}

bool oracle_note_step(const OracleCase *c, OracleState *s, uint64_t pc, const uint64_t *r)
{
    uint64_t sum = 0xcbf29ce484222325;

    if (s->steps == ORACLE_STEPS) {
        return false;
    }
    for (unsigned i = 0; i < 16; i++) {
        sum = (sum ^ (r[i] & oracle_register_mask(c, i))) * 0x100000001b3;
    }
    s->step_pc[s->steps] = pc;
    s->step_registers[s->steps++] = sum;
    return true;
}

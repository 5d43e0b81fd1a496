/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passes over a finished region, run before any consumer but the plain interpreter. */
#pragma once

#include "tcg/ir.h"

/* Bits of IrOp.flags set by passes. */
enum {
    IR_OP_DEAD =
        1, /* drop: pure and unused, or a put that is overwritten before anything can see it */
    IR_OP_USED = 2, /* ir_liveness() alone: an op behind it wants its value */
    IR_OP_LATE = 4, /* a put of a lazy slot that only LOAD, STORE and EXIT_IF can make visible, up
                       to .last: due when they leave the straight way */
};

/** ir_liveness - one backward pass: marks dead ops, finds last uses, counts accesses. A put is not
 * dead across a possible fault */
void ir_liveness(IrRegion *region);

enum { IR_MAX_GROUPS = 32 };

/*
 * Accesses off one base value with constant offsets, within one stretch without anything that could
 * change what the soft TLB says. One check of [low, low + span) at the first member covers all.
 */
typedef struct {
    uint32_t first, last; /* ops */
    IrValue base;
    int64_t low;
    uint32_t span; /* bytes, < 4096 */
    uint8_t bank;
    bool write;
    uint16_t members;
} IrGroup;

typedef struct {
    IrGroup group[IR_MAX_GROUPS];
    uint32_t count;
    int8_t of_op[IR_MAX_OPS]; /* group of a LOAD/STORE, -1: none */
} IrGroups;

/** ir_find_groups - groups of two or more members, in order of first */
void ir_find_groups(const IrRegion *region, IrGroups *groups);

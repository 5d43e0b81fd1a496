/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A piece of work that is timed: the same C on bare metal, in a Linux guest and on the host.
 * Each bench_NAME() does a fixed amount and returns a digest of its result.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WORK(name) uint64_t bench_##name(void);
#include "work.def"
#undef WORK

/* How often a piece of work repeats what it does: more where vectors make it short. */
#ifndef WORK_SCALE
#define WORK_SCALE 1
#endif

/* In what a piece of work for several precisions computes. */
#ifndef WORK_REAL
#define WORK_REAL double
#endif

/** work_random - the next number of a xorshift generator; @state is never 0 */
static inline __attribute__((always_inline)) uint64_t work_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/** work_keep - stop the compiler from knowing @value */
static inline __attribute__((always_inline)) uint64_t work_keep(uint64_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

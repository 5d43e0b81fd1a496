/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many chunks of the code cache are worth their memory. Guests run much code once (while they
 * start, above all): as long as little of what was evicted comes back, old chunks are used again
 * in place of new ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { WORKING_SET_BITS = 1 << 18 };

typedef struct {
    uint64_t gone[WORKING_SET_BITS / 64]; /* atomic: hashes of evicted blocks */
    unsigned gone_count;                  /* this and the rest: under the cache's lock */
    unsigned limit, most;                 /* chunks */
    int credit;                           /* blocks that speak for a higher limit */
} TcgWorkingSet;

/** tcg_working_set_init - @limit chunks will do at first, @most are to be had */
void tcg_working_set_init(TcgWorkingSet *set, unsigned limit, unsigned most);

/** tcg_working_set_evict - the block at @pc, translated under @key, is no longer there */
void tcg_working_set_evict(TcgWorkingSet *set, uint64_t pc, uint64_t key);

/** tcg_working_set_returns - whether the block now made at @pc was evicted not long ago. Any thread
 */
bool tcg_working_set_returns(TcgWorkingSet *set, uint64_t pc, uint64_t key);

/** tcg_working_set_filled - a chunk is full: it holds @made blocks, @returned of them once evicted
 */
void tcg_working_set_filled(TcgWorkingSet *set, unsigned made, unsigned returned);

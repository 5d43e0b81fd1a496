/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many chunks of the code cache are worth their memory: hashes of what was evicted. */
#include "accel/tcg/working_set.h"

#include <glib.h>
#include <string.h>

#include "util/atomic.h"

enum { GONE_MAX = WORKING_SET_BITS / 4 }; /* more would make too many strangers look familiar */

static unsigned bit_of(uint64_t pc, uint64_t key)
{
    return (unsigned)(((pc ^ key << 40 ^ key >> 24) * 0x9e3779b97f4a7c15u) >> 32) %
           WORKING_SET_BITS;
}

void tcg_working_set_init(TcgWorkingSet *set, unsigned limit, unsigned most)
{
    memset(set->gone, 0, sizeof(set->gone));
    set->gone_count = 0;
    set->limit = MIN(limit, most);
    set->credit = 0;
    set->most = most;
}

void tcg_working_set_evict(TcgWorkingSet *set, uint64_t pc, uint64_t key)
{
    unsigned bit = bit_of(pc, key);

    if (set->gone_count++ == GONE_MAX) {
        for (unsigned i = 0; i < G_N_ELEMENTS(set->gone); i++) {
            atomic_set(&set->gone[i], 0);
        }
        set->gone_count = 0;
    }
    atomic_fetch_or(&set->gone[bit / 64], 1ull << bit % 64);
}

bool tcg_working_set_returns(TcgWorkingSet *set, uint64_t pc, uint64_t key)
{
    unsigned bit = bit_of(pc, key);
    uint64_t mask = 1ull << bit % 64;

    return (atomic_read(&set->gone[bit / 64]) & mask) &&
           (atomic_fetch_and(&set->gone[bit / 64], ~mask) & mask);
}

/* What returns counts for the limit, what does not against it, so that a phase is not enough: it
 * takes two chunks of nothing but returning code, or more of what is partly new. */
void tcg_working_set_filled(TcgWorkingSet *set, unsigned made, unsigned returned)
{
    set->credit = MAX(set->credit + 2 * (int)returned - (int)made, 0);
    if (set->credit > 2 * (int)made) {
        set->limit = MIN(set->limit + MAX(set->limit / 4, 1), set->most);
        set->credit = 0;
    }
}

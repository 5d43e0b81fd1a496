/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random loads that depend on each other, in 512 KiB. */
#include "work.h"

enum { SLOTS = 65536 };
static uint64_t next[SLOTS];

uint64_t bench_chase(void)
{
    uint64_t x = 88172645463325252u, at = 0;

    for (uint64_t i = 0; i < SLOTS; i++) {
        next[i] = i;
    }
    for (uint64_t i = SLOTS - 1; i > 0; i--) { /* Sattolo: one single cycle */
        uint64_t j = work_random(&x) % i, swap = next[i];
        next[i] = next[j];
        next[j] = swap;
    }
    for (int i = 0; i < 50000000; i++) {
        at = next[at];
    }
    return at;
}

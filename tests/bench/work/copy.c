/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three loads and two stores an iteration, within the second-level cache. */
#include "work.h"

enum { WORDS = 4096 };
static uint64_t a[WORDS], b[WORDS], c[WORDS], d[WORDS], e[WORDS];

static void pass(void)
{
    for (int i = 0; i < WORDS; i++) {
        d[i] = a[i] + b[i];
        e[i] = a[i] ^ c[i];
    }
}

uint64_t bench_copy(void)
{
    uint64_t x = 88172645463325252u, sum = 0;

    for (int i = 0; i < WORDS; i++) {
        a[i] = work_random(&x);
        b[i] = work_random(&x);
        c[i] = work_random(&x);
    }
    for (int round = 0; round < 8000; round++) {
        pass();
        a[round % WORDS] ^= e[(round * 7) % WORDS];
    }
    for (int i = 0; i < WORDS; i++) {
        sum += d[i] ^ e[i];
    }
    return sum;
}

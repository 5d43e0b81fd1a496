/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chain of dependent shifts and exclusive-ors. */
#include "work.h"

uint64_t bench_alu(void)
{
    uint64_t x = 88172645463325252u, sum = 0;

    for (int i = 0; i < 100000000; i++) {
        sum += work_random(&x);
    }
    return sum;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Branches that no predictor knows. */
#include "work.h"

uint64_t bench_branch(void)
{
    uint64_t x = 88172645463325252u, a = 1, b = 2;

    for (int i = 0; i < 50000000; i++) {
        if (work_random(&x) & 0x10000) {
            a = work_keep(a + 3);
        } else {
            b = work_keep(b ^ a);
        }
    }
    return a ^ b;
}

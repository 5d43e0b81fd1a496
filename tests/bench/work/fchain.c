/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chain of dependent multiplications and subtractions of doubles. */
#include "work.h"

uint64_t bench_fchain(void)
{
    double x = 0.37;

    for (int i = 0; i < 20000000; i++) {
        x = 3.7 * x;
        x = x - x * x * 0.27027;
        x = x < 0.001 ? 0.37 : x;
    }
    return (uint64_t)(x * 1e15);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds bytes, one by one. */
#include "work.h"

static uint8_t a[65536], b[65536], c[65536];

static void pass(void)
{
    for (size_t i = 0; i < sizeof(a); i++) {
        c[i] = a[i] + b[i];
    }
}

uint64_t bench_byteadd(void)
{
    uint64_t x = 88172645463325252u, sum = 0;

    for (size_t i = 0; i < sizeof(a); i++) {
        a[i] = (uint8_t)work_random(&x);
        b[i] = (uint8_t)work_random(&x);
    }
    for (int round = 0; round < 500; round++) {
        pass();
        a[round] ^= c[round + 1];
    }
    for (size_t i = 0; i < sizeof(c); i++) {
        sum = sum * 31 + c[i];
    }
    return sum;
}

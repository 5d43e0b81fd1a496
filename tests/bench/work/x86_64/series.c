/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sum of sines, roots and quotients in extended precision, each one instruction of the x87. */
#include "work.h"

static long double sine(long double x)
{
    __asm__("fsin" : "+t"(x));
    return x;
}

static long double root(long double x)
{
    __asm__("fsqrt" : "+t"(x));
    return x;
}

uint64_t bench_series(void)
{
    long double sum = 0;

    for (int i = 1; i <= 1000000; i++) {
        long double x = i;
        sum += sine(x * 0x1p-20L) / x + root(x) / (x + 1) - 1 / (x * x);
    }
    return (uint64_t)(sum * 1e6L); /* processors differ in the last bits of a sine */
}

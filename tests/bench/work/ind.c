/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls through a table of four functions. */
#include "work.h"

static uint64_t add(uint64_t x)
{
    return x + 0x9e3779b9;
}
static uint64_t turn(uint64_t x)
{
    return (x << 7) | (x >> 57);
}
static uint64_t flip(uint64_t x)
{
    return x ^ 0x5555aaaa;
}
static uint64_t drop(uint64_t x)
{
    return x - (x >> 3);
}

typedef uint64_t Step(uint64_t x);
static Step *volatile const steps[] = { add, turn, flip, drop };

uint64_t bench_ind(void)
{
    uint64_t x = 1;

    for (int i = 0; i < 30000000; i++) {
        x = steps[i & 3](x);
    }
    return x;
}

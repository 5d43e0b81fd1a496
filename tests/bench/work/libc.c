/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memcpy, memset, memchr and strlen of the C library, short and long. */
#include <string.h>

#include "work.h"

enum { SIZE = 1 << 20 };
static char from[SIZE], to[SIZE];

uint64_t bench_libc(void)
{
    uint64_t sum = 0;

    memset(from, 'x', SIZE);
    from[SIZE - 1] = 0;
    for (int round = 0; round < 60; round++) {
        memcpy(to, from, SIZE);
        memset(to + SIZE / 2, round, SIZE / 4);
        sum += strlen(from) + (uint64_t)((char *)memchr(from, 0, SIZE) - from);
    }
    for (int i = 0; i < 1000000; i++) {
        size_t at = (size_t)i * 37 % (SIZE / 4), length = (size_t)i % 61 + 1;
        memcpy(to + at, from + at, length);
        to[at + length] = 0;
        sum += strlen(to + at);
    }
    return sum;
}

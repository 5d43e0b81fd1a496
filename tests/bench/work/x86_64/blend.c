/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One picture of bytes laid over another, each byte by its own weight. */
#include "work.h"

enum { SIZE = 1 << 15, ROUNDS = 1000 };
static uint8_t below[SIZE], above[SIZE], weight[SIZE];

static void blend(void)
{
    for (int i = 0; i < SIZE; i++) {
        uint16_t sum = (uint16_t)(above[i] * weight[i] + below[i] * (uint16_t)(255 - weight[i]));
        below[i] = (uint8_t)((uint16_t)(sum + 128) >> 8);
    }
}

uint64_t bench_blend(void)
{
    uint64_t x = 88172645463325252u, digest = 0;

    for (int i = 0; i < SIZE; i++) {
        below[i] = (uint8_t)work_random(&x);
        above[i] = (uint8_t)(x >> 20);
        weight[i] = (uint8_t)(x >> 40);
    }
    for (int round = 0; round < ROUNDS; round++) {
        blend();
        above[(round * 97) % SIZE] ^= below[(round * 89) % SIZE];
    }
    for (int i = 0; i < SIZE; i++) {
        digest = digest * 31 + below[i];
    }
    return digest;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pixels of four bytes: two colours change places, and the largest of three is found. */
#include "work.h"

enum { PIXELS = 1 << 13, ROUNDS = 2500 };
static uint8_t pixels[4 * PIXELS];

static void swizzle(uint8_t step)
{
    for (int i = 0; i < PIXELS; i++) {
        uint8_t *p = pixels + 4 * i, red = p[0], green = p[1], blue = p[2];
        uint8_t most = red > green ? red : green;
        p[0] = blue;
        p[1] = (uint8_t)(green + step);
        p[2] = red;
        p[3] = most > blue ? most : blue;
    }
}

uint64_t bench_swizzle(void)
{
    uint64_t x = 88172645463325252u, digest = 0;

    for (int i = 0; i < 4 * PIXELS; i++) {
        pixels[i] = (uint8_t)work_random(&x);
    }
    for (int round = 0; round < ROUNDS; round++) {
        swizzle((uint8_t)round);
    }
    for (int i = 0; i < 4 * PIXELS; i++) {
        digest = digest * 31 + pixels[i];
    }
    return digest;
}

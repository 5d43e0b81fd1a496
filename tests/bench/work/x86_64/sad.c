/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a block of 16 by 16 bytes fits best in a picture: least sum of absolute differences. */
#include <stdlib.h>

#include "work.h"

enum { SIDE = 192, BLOCK = 16 };
static uint8_t picture[SIDE][SIDE], block[BLOCK][BLOCK];

static int difference(int row, int column)
{
    int sum = 0;

    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++) {
            sum += abs(picture[row + i][column + j] - block[i][j]);
        }
    }
    return sum;
}

uint64_t bench_sad(void)
{
    uint64_t x = 88172645463325252u, digest = 0;

    for (int i = 0; i < SIDE * SIDE; i++) {
        picture[i / SIDE][i % SIDE] = (uint8_t)work_random(&x);
    }
    for (int round = 0; round < 12; round++) {
        int least = INT32_MAX, at = 0;
        for (int i = 0; i < BLOCK * BLOCK; i++) {
            block[i / BLOCK][i % BLOCK] = (uint8_t)work_random(&x);
        }
        for (int row = 0; row < SIDE - BLOCK; row++) {
            for (int column = 0; column < SIDE - BLOCK; column++) {
                int sum = difference(row, column);
                at = sum < least ? row * SIDE + column : at;
                least = sum < least ? sum : least;
            }
        }
        digest = digest * 31 + (uint64_t)(least + at);
    }
    return digest;
}

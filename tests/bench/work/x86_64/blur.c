/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each point of a picture in single precision becomes a mean of its neighbours. */
#include "work.h"

enum { SIDE = 256, ROUNDS = 200 };
static float pictures[2][SIDE][SIDE];

static void blur(float (*to)[SIDE], float (*from)[SIDE])
{
    for (int row = 1; row < SIDE - 1; row++) {
        for (int column = 1; column < SIDE - 1; column++) {
            to[row][column] =
                from[row][column] * 0.5f + (from[row - 1][column] + from[row + 1][column] +
                                            from[row][column - 1] + from[row][column + 1]) *
                                               0.125f;
        }
    }
}

uint64_t bench_blur(void)
{
    float sum = 0;

    for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
            pictures[0][row][column] = (float)((row * 7 + column * 13) % 64);
            pictures[1][row][column] = pictures[0][row][column];
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        blur(pictures[~round & 1], pictures[round & 1]);
    }
    for (int row = 0; row < SIDE; row++) {
        sum += pictures[0][row][(row * 11) % SIDE];
    }
    return (uint64_t)(sum * 1e3f);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points of the Mandelbrot set. */
#include "work.h"

enum { SIDE = 240, ROUNDS = 200 };

uint64_t bench_mandelbrot(void)
{
    uint64_t sum = 0;

    for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
            double cr = 3.0 * column / SIDE - 2.2, ci = 2.4 * row / SIDE - 1.2, zr = 0, zi = 0;
            int round = 0;
            while (round < ROUNDS && zr * zr + zi * zi < 4) {
                double next = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = next;
                round++;
            }
            sum += (uint64_t)round;
        }
    }
    return sum;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* y = a x + y in single precision. */
#include "work.h"

enum { N = 8192 };
static float x[N], y[N];

static void pass(float a)
{
    for (int i = 0; i < N; i++) {
        y[i] = a * x[i] + y[i];
    }
}

uint64_t bench_saxpy(void)
{
    float sum = 0;

    for (int i = 0; i < N; i++) {
        x[i] = (float)(i % 101) / 64;
        y[i] = (float)(i % 37) / 32;
    }
    for (int round = 0; round < 1500 * WORK_SCALE; round++) {
        pass((round & 1) ? -0.5f : 0.5078125f);
    }
    for (int i = 0; i < N; i++) {
        sum += y[i];
    }
    return (uint64_t)(sum * 16);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Product of 192 by 192 matrices of doubles, the inner loop along rows. */
#include "work.h"

enum { N = 192 };
static double a[N][N], b[N][N], c[N][N];

static void multiply(void)
{
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < N; k++) {
            double factor = a[i][k];
            for (int j = 0; j < N; j++) {
                c[i][j] += factor * b[k][j];
            }
        }
    }
}

uint64_t bench_gemm(void)
{
    double sum = 0;

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = (i * 3 + j) % 17 / 16.0;
            b[i][j] = (i + j * 5) % 13 / 8.0;
            c[i][j] = 0;
        }
    }
    for (int round = 0; round < WORK_SCALE; round++) {
        multiply();
    }
    for (int i = 0; i < N; i++) {
        sum += c[i][(i * 7) % N];
    }
    return (uint64_t)(sum * 1e3);
}

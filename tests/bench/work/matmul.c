/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Product of 64 by 64 matrices of floating-point numbers. */
#include "work.h"

enum { N = 64 };
static WORK_REAL a[N][N], b[N][N], c[N][N];

static void multiply(void)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            WORK_REAL sum = 0;
            for (int k = 0; k < N; k++) {
                sum += a[i][k] * b[k][j];
            }
            c[i][j] = sum;
        }
    }
}

uint64_t bench_matmul(void)
{
    WORK_REAL sum = 0;

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = (i * 3 + j) % 17 / 16.0;
            b[i][j] = (i + j * 5) % 13 / 8.0;
        }
    }
    for (int round = 0; round < 40; round++) {
        multiply();
        a[round][round] += c[round][0] / 4096;
    }
    for (int i = 0; i < N; i++) {
        sum += c[i][(i * 7) % N];
    }
    return (uint64_t)(sum * 1e6);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A radix-2 Fourier transform of 65536 points, forth and back. */
#include <math.h>

#include "work.h"

enum { BITS = 16, N = 1 << BITS };

typedef struct {
    double re, im;
} Complex;

static Complex points[N], roots[N / 2];

static void transform(int inverse)
{
    for (unsigned i = 0, j = 0; i < N; i++) {
        if (i < j) {
            Complex swap = points[i];
            points[i] = points[j];
            points[j] = swap;
        }
        unsigned bit = N >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j |= bit;
    }
    for (unsigned half = 1; half < N; half *= 2) {
        for (unsigned start = 0; start < N; start += 2 * half) {
            for (unsigned k = 0; k < half; k++) {
                Complex w = roots[k * (N / 2 / half)], *p = &points[start + k], *q = p + half;
                w.im = inverse ? -w.im : w.im;
                Complex t = { q->re * w.re - q->im * w.im, q->re * w.im + q->im * w.re };
                *q = (Complex){ p->re - t.re, p->im - t.im };
                *p = (Complex){ p->re + t.re, p->im + t.im };
            }
        }
    }
}

uint64_t bench_fft(void)
{
    double worst = 0;

    for (unsigned i = 0; i < N / 2; i++) {
        double angle = 2 * 3.14159265358979323846 * i / N;
        roots[i] = (Complex){ cos(angle), sin(angle) };
    }
    for (unsigned i = 0; i < N; i++) {
        points[i] = (Complex){ i % 97, i % 31 };
    }
    for (int round = 0; round < 2 * WORK_SCALE; round++) {
        transform(0);
        transform(1);
        for (unsigned i = 0; i < N; i++) {
            points[i].re /= N;
            points[i].im /= N;
        }
    }
    for (unsigned i = 0; i < N; i++) {
        worst = fmax(worst, fabs(points[i].re - i % 97));
    }
    return worst < 1e-6;
}

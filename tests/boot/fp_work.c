/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point work whose result shows a wrong bit anywhere: processes that differ in rounding
 * mode run side by side, so that a state lost at a context switch changes a digest.
 * It prints the same on every machine with IEEE 754 arithmetic: fp_work PROCESSES ROUNDS
 */
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma STDC FENV_ACCESS ON

static const int rounding[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };

static uint64_t mix(uint64_t digest, const void *value, size_t bytes)
{
    uint64_t word = 0;

    memcpy(&word, value, bytes);
    return (digest ^ word) * 0x9e3779b97f4a7c15u + (digest >> 29);
}

static uint64_t work(int mode, long rounds)
{
    volatile double a = 1.0, b = 1e-3, c = 0.75;
    volatile float f = 1.5f, g = 0.1f;
    uint64_t digest = mode;

    fesetround(rounding[mode]);
    for (long i = 1; i <= rounds; i++) {
        a = sqrt(a * 1.000001 + b / (double)i);
        b = a - c * b;
        c = fma(a, b, -c) / 3.0;
        f = f * 0.999f + g / (float)i;
        g = sqrtf(f * f + g * g);
        digest = mix(digest, (const void *)&a, sizeof(a));
        digest = mix(digest, (const void *)&c, sizeof(c));
        digest = mix(digest, (const void *)&g, sizeof(g));
        if (i % 1000 == 0) {
            int64_t whole = llrint(a * 1e6);
            digest = mix(digest, &whole, sizeof(whole));
        }
    }
    return mix(digest, &(int){ !!fetestexcept(FE_INEXACT) }, sizeof(int));
}

int main(int argc, char **argv)
{
    int processes = argc > 1 ? atoi(argv[1]) : 4;
    long rounds = argc > 2 ? atol(argv[2]) : 100000;
    int failed = 0;

    for (int i = 0; i < processes; i++) {
        if (fork() == 0) {
            char line[64];
            int length = snprintf(line, sizeof(line), "fp %d %016llx\n", i,
                                  (unsigned long long)work(i % 4, rounds));
            _exit(write(1, line, length) == length ? 0 : 1);
        }
    }
    for (int status; wait(&status) > 0;) {
        failed |= status;
    }
    return failed ? 1 : 0;
}

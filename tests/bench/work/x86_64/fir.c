/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter of 32 weights over samples of 16 bits. */
#include "work.h"

enum { SAMPLES = 1 << 14, TAPS = 32, ROUNDS = 100 };
static int16_t samples[SAMPLES + TAPS], weights[TAPS], out[SAMPLES];

static void filter(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        int32_t sum = 0;
        for (int j = 0; j < TAPS; j++) {
            sum += samples[i + j] * weights[j];
        }
        out[i] = (int16_t)(sum >> 15);
    }
}

uint64_t bench_fir(void)
{
    uint64_t x = 88172645463325252u, digest = 0;

    for (int i = 0; i < SAMPLES + TAPS; i++) {
        samples[i] = (int16_t)work_random(&x);
    }
    for (int i = 0; i < TAPS; i++) {
        weights[i] = (int16_t)((int)(work_random(&x) % 4096) - 2048);
    }
    for (int round = 0; round < ROUNDS; round++) {
        filter();
        samples[(round * 97) % SAMPLES] ^= out[(round * 89) % SAMPLES];
    }
    for (int i = 0; i < SAMPLES; i++) {
        digest = digest * 31 + (uint16_t)out[i];
    }
    return digest;
}

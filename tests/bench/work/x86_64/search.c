/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a byte occurs in a text: compare, make a mask, count its bits down. */
#include <immintrin.h>

#include "work.h"

enum { SIZE = 1 << 16, ROUNDS = 2000 };
static uint8_t text[SIZE] __attribute__((aligned(64)));

#ifdef __AVX2__
enum { STEP = 32 };
static uint32_t found(const uint8_t *at, uint8_t byte)
{
    __m256i bytes = _mm256_load_si256((const __m256i *)at);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char)byte)));
}
#else
enum { STEP = 16 };
static uint32_t found(const uint8_t *at, uint8_t byte)
{
    __m128i bytes = _mm_load_si128((const __m128i *)at);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)byte)));
}
#endif

uint64_t bench_search(void)
{
    uint64_t x = 88172645463325252u, digest = 0;

    for (int i = 0; i < SIZE; i++) {
        text[i] = (uint8_t)work_random(&x);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned at = 0; at < SIZE; at += STEP) {
            for (uint32_t mask = found(text + at, (uint8_t)round); mask; mask &= mask - 1) {
                digest += (at + (unsigned)__builtin_ctz(mask)) ^ (unsigned)round;
            }
        }
    }
    return digest;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Products without carries: 16 MiB folded to a polynomial's remainder, 128 bits a step. */
#include <immintrin.h>

#include "work.h"

enum { BLOCKS = 1024, ROUNDS = 1024 };
static __m128i blocks[BLOCKS];

uint64_t bench_ghash(void)
{
    __m128i factor = _mm_set_epi64x(0x1751997d0, 0x0ccaa009e), state = _mm_set_epi64x(1, 2);
    uint64_t x = 88172645463325252u;

    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = _mm_set_epi64x((int64_t)work_random(&x), (int64_t)work_random(&x));
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            __m128i low = _mm_clmulepi64_si128(state, factor, 0x00);
            __m128i high = _mm_clmulepi64_si128(state, factor, 0x11);
            state = _mm_xor_si128(_mm_xor_si128(low, high), blocks[i]);
        }
    }
    return (uint64_t)_mm_cvtsi128_si64(state) ^ (uint64_t)_mm_extract_epi64(state, 1);
}

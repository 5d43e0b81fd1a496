/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 as a library does it: by the processor's instructions, or in C where it has none.
 * Spec: FIPS 180-4, section 6.2; Intel SDM, SHA256RNDS2, SHA256MSG1, SHA256MSG2. */
#include <cpuid.h>
#include <immintrin.h>

#include "sha256.h"
#include "work.h"

enum { SHA_IN_LEAF_7_EBX = 1 << 29 };

static int has_sha(void)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & SHA_IN_LEAF_7_EBX);
}

/* The four words of the schedule after @w, which holds sixteen. */
static __m128i schedule(const __m128i w[4])
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), _mm_alignr_epi8(w[3], w[2], 4));
    return _mm_sha256msg2_epu32(sum, w[3]);
}

/* @state: words ABEF and CDGH, as the instructions want them */
static void compress(__m128i state[2], const uint32_t k[64], const uint8_t *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i w[4], abef = state[0], cdgh = state[1];

    for (int i = 0; i < 4; i++) {
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * i)), swap);
    }
    for (int i = 0; i < 16; i++) {
        __m128i now = w[0], sum = _mm_add_epi32(now, _mm_loadu_si128((const __m128i *)(k + 4 * i)));
        __m128i next = schedule(w);
        w[0] = w[1];
        w[1] = w[2];
        w[2] = w[3];
        w[3] = next;
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    state[0] = _mm_add_epi32(state[0], abef);
    state[1] = _mm_add_epi32(state[1], cdgh);
}

uint64_t bench_sha256best(void)
{
    const uint32_t *h = sha256_start;
    uint8_t block[64];

    if (!has_sha()) {
        return bench_sha256();
    }
    __m128i state[2] = { _mm_set_epi32((int)h[0], (int)h[1], (int)h[4], (int)h[5]),
                         _mm_set_epi32((int)h[2], (int)h[3], (int)h[6], (int)h[7]) };
    const uint32_t *k = sha256_constants();
    for (int round = 0; round < SHA256_BLOCKS; round++) {
        sha256_message(block, round);
        compress(state, k, block);
    }
    return (uint64_t)(uint32_t)_mm_extract_epi32(state[0], 3) << 32 |
           (uint32_t)_mm_extract_epi32(state[1], 0);
}

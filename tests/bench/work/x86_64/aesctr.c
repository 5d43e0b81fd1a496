/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AES-128 in CTR: 16 MiB, four blocks side by side. */
#include "aes.h"
#include "work.h"

enum { BLOCKS = 1024, ROUNDS = 1024, WIDTH = 4 };
static __m128i blocks[BLOCKS];

static void encrypt(const __m128i keys[AES_ROUNDS + 1], __m128i *to, uint64_t counter)
{
    __m128i state[WIDTH];

    for (int i = 0; i < WIDTH; i++) {
        state[i] = _mm_xor_si128(_mm_set_epi64x((int64_t)counter + i, 7), keys[0]);
    }
    for (int k = 1; k < AES_ROUNDS; k++) {
        for (int i = 0; i < WIDTH; i++) {
            state[i] = _mm_aesenc_si128(state[i], keys[k]);
        }
    }
    for (int i = 0; i < WIDTH; i++) {
        state[i] = _mm_aesenclast_si128(state[i], keys[AES_ROUNDS]);
        _mm_store_si128(&to[i], _mm_xor_si128(_mm_load_si128(&to[i]), state[i]));
    }
}

uint64_t bench_aesctr(void)
{
    __m128i keys[AES_ROUNDS + 1], sum = _mm_setzero_si128();

    aes_expand(keys, _mm_set_epi64x(0x0123456789abcdef, 0x0fedcba987654321));
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < BLOCKS; i += WIDTH) {
            encrypt(keys, blocks + i, round * BLOCKS + i);
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        sum = _mm_xor_si128(_mm_add_epi64(sum, sum), blocks[i]);
    }
    return (uint64_t)_mm_cvtsi128_si64(sum);
}

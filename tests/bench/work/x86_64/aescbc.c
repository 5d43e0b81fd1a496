/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AES-128 in CBC: 16 MiB encrypted, each block after the one before it. */
#include "aes.h"
#include "work.h"

enum { BLOCKS = 1024, ROUNDS = 1024 };
static __m128i blocks[BLOCKS];

uint64_t bench_aescbc(void)
{
    __m128i keys[AES_ROUNDS + 1], state = _mm_set_epi64x(1, 2);

    aes_expand(keys, _mm_set_epi64x(0x0123456789abcdef, 0x0fedcba987654321));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            state = _mm_xor_si128(_mm_xor_si128(state, blocks[i]), keys[0]);
            for (int k = 1; k < AES_ROUNDS; k++) {
                state = _mm_aesenc_si128(state, keys[k]);
            }
            state = _mm_aesenclast_si128(state, keys[AES_ROUNDS]);
            _mm_store_si128(&blocks[i], state);
        }
    }
    return (uint64_t)_mm_cvtsi128_si64(state);
}

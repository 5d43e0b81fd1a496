/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AES with a key of 128 bits, by instructions.  Spec: FIPS 197; Intel SDM, AESENC. */
#pragma once

#include <immintrin.h>

enum { AES_ROUNDS = 10 };

#define AES_KEY(i, constant) \
    keys[i] = aes_next_key(keys[(i)-1], _mm_aeskeygenassist_si128(keys[(i)-1], constant))

static inline __m128i aes_next_key(__m128i key, __m128i assist)
{
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

static inline void aes_expand(__m128i keys[AES_ROUNDS + 1], __m128i key)
{
    keys[0] = key;
    AES_KEY(1, 0x01);
    AES_KEY(2, 0x02);
    AES_KEY(3, 0x04);
    AES_KEY(4, 0x08);
    AES_KEY(5, 0x10);
    AES_KEY(6, 0x20);
    AES_KEY(7, 0x40);
    AES_KEY(8, 0x80);
    AES_KEY(9, 0x1b);
    AES_KEY(10, 0x36);
}
#undef AES_KEY

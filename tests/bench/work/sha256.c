/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 of 8 MiB.  Spec: FIPS 180-4, section 6.2; the constants are computed as section 4.2.2
 * defines them. */
#include "sha256.h"
#include "work.h"

static uint32_t k[64];
static uint8_t block[64];

static uint32_t rotate(uint32_t x, int bits)
{
    return (x >> bits) | (x << (32 - bits));
}

/* The first 32 bits of the fraction of the cube root of @prime, by bisection. */
static uint32_t cube_root_fraction(uint64_t prime)
{
    uint64_t low = 0, high = (uint64_t)8 << 32;

    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        if ((unsigned __int128)middle * middle * middle >> 64 < (unsigned __int128)prime << 32) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (uint32_t)low;
}

static void compress(uint32_t state[8])
{
    uint32_t w[64], v[8];

    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 |
               block[4 * i + 3];
    }
    for (int i = 16; i < 64; i++) {
        uint32_t low = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t high = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    for (int i = 0; i < 8; i++) {
        v[i] = state[i];
    }
    for (int i = 0; i < 64; i++) {
        uint32_t e = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t a = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t one = v[7] + e + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
        uint32_t two = a + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (int j = 7; j > 0; j--) {
            v[j] = v[j - 1];
        }
        v[4] += one;
        v[0] = one + two;
    }
    for (int i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

const uint32_t sha256_start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

const uint32_t *sha256_constants(void)
{
    int count = 0;

    for (uint64_t n = 2; count < 64; n++) {
        int prime = 1;
        for (uint64_t divisor = 2; divisor * divisor <= n; divisor++) {
            prime &= n % divisor != 0;
        }
        if (prime) {
            k[count++] = cube_root_fraction(n);
        }
    }
    return k;
}

uint64_t bench_sha256(void)
{
    uint32_t state[8];

    sha256_constants();
    for (int i = 0; i < 8; i++) {
        state[i] = sha256_start[i];
    }
    for (int round = 0; round < SHA256_BLOCKS; round++) {
        sha256_message(block, round);
        compress(state);
    }
    return (uint64_t)state[0] << 32 | state[7];
}

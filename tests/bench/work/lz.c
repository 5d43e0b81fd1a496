/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compresses and expands 4 MiB of text-like data: a byte-oriented LZ77 with a hash of last places.
 */
#include <string.h>

#include "work.h"

enum { SIZE = 4 << 20, PLACES = 1 << 15, LONGEST = 255 };
static uint8_t plain[SIZE], packed[SIZE + SIZE / 8 + 64], back[SIZE];
static uint32_t places[PLACES];

static uint32_t hash_of(const uint8_t *at)
{
    uint32_t word;

    memcpy(&word, at, sizeof(word));
    return word * 2654435761u >> 17;
}

/* A token is 0 and a literal byte, or a length of at least 4 and a distance of three bytes. */
static size_t compress(void)
{
    size_t in = 0, out = 0;

    while (in < SIZE) {
        size_t length = 0, from = 0;
        if (in + 4 < SIZE) {
            uint32_t hash = hash_of(plain + in);
            from = places[hash];
            places[hash] = (uint32_t)in;
            while (from < in && length < LONGEST && in + length < SIZE &&
                   plain[from + length] == plain[in + length]) {
                length++;
            }
        }
        if (length >= 4) {
            size_t distance = in - from;
            packed[out++] = (uint8_t)length;
            packed[out++] = (uint8_t)distance;
            packed[out++] = (uint8_t)(distance >> 8);
            packed[out++] = (uint8_t)(distance >> 16);
            in += length;
        } else {
            if (out + 2 > sizeof(packed)) {
                return 0;
            }
            packed[out++] = 0;
            packed[out++] = plain[in++];
        }
    }
    return out;
}

static size_t expand(size_t size)
{
    size_t in = 0, out = 0;

    while (in < size) {
        size_t length = packed[in++];
        if (!length) {
            back[out++] = packed[in++];
            continue;
        }
        size_t distance = packed[in] | packed[in + 1] << 8 | (size_t)packed[in + 2] << 16;
        in += 3;
        for (; length; length--, out++) {
            back[out] = back[out - distance];
        }
    }
    return out;
}

uint64_t bench_lz(void)
{
    static const char *const words[] = { "the ",   "machine ", "of ",    "a ",
                                         "guest ", "page ",    "is ",    "translated ",
                                         "and ",   "then ",    "runs ",  "until ",
                                         "it ",    "stops, ",  "again ", "or " };
    uint64_t x = 88172645463325252u, sum = 0;
    size_t filled = 0;

    while (filled < SIZE) {
        const char *word = words[work_random(&x) >> 20 & 15];
        size_t length = strlen(word);
        length = length < SIZE - filled ? length : SIZE - filled;
        memcpy(plain + filled, word, length);
        filled += length;
    }
    for (int round = 0; round < 3; round++) {
        memset(places, 0, sizeof(places));
        size_t size = compress();
        sum = sum * 31 + size + expand(size) + (uint64_t)!memcmp(plain, back, SIZE);
    }
    return sum;
}

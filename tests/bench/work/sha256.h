/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ways to compute the same SHA-256 share. */
#pragma once

#include <stdint.h>

enum { SHA256_BLOCKS = 131072 };

/** sha256_start - the state before the first block, FIPS 180-4 section 5.3.3 */
extern const uint32_t sha256_start[8];

/** sha256_constants - the 64 words of FIPS 180-4 section 4.2.2 */
const uint32_t *sha256_constants(void);

/** sha256_message - write block number @round of the message that is hashed */
static inline void sha256_message(uint8_t block[64], int round)
{
    for (int i = 0; i < 64; i++) {
        block[i] = (uint8_t)(round * 31 + i);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A byte stream through a table: CRC-32. */
#include "work.h"

static uint32_t table[256];
static uint8_t data[65536];

uint64_t bench_crc(void)
{
    uint64_t x = 88172645463325252u;
    uint32_t crc = ~0u;

    for (uint32_t i = 0; i < 256; i++) {
        uint32_t entry = i;
        for (int bit = 0; bit < 8; bit++) {
            entry = entry & 1 ? (entry >> 1) ^ 0xedb88320u : entry >> 1;
        }
        table[i] = entry;
    }
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)work_random(&x);
    }
    for (int round = 0; round < 760; round++) {
        for (size_t i = 0; i < sizeof(data); i++) {
            crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
        }
    }
    return crc;
}

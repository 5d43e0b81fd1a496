/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in memory in a given byte order, at any address. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline uint16_t load_be16(const void *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof(value));
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(value) : value;
}

static inline uint32_t load_be32(const void *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(value) : value;
}

static inline uint64_t load_be64(const void *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(value) : value;
}

static inline void store_be16(void *p, uint16_t value)
{
    value = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(value) : value;
    memcpy(p, &value, sizeof(value));
}

static inline void store_be32(void *p, uint32_t value)
{
    value = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(value) : value;
    memcpy(p, &value, sizeof(value));
}

static inline void store_be64(void *p, uint64_t value)
{
    value = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(value) : value;
    memcpy(p, &value, sizeof(value));
}

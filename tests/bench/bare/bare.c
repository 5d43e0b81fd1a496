/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Console of machine virt, and the functions that a compiler calls on its own. */
#include "bare.h"

static volatile uint8_t *const uart = (volatile uint8_t *)0x10000000;

static void put(const char *text)
{
    for (; *text; text++) {
        while (!(uart[5] & 0x20)) {
        }
        uart[0] = (uint8_t)*text;
    }
}

static void put_number(uint64_t number, unsigned base)
{
    char digits[24], *at = digits + sizeof(digits);

    *--at = 0;
    do {
        *--at = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    put(at);
}

void bare_result(const char *name, uint64_t ns, uint64_t digest)
{
    put("result ");
    put(name);
    put(" ");
    put_number(ns, 10);
    put(" ");
    put_number(digest, 16);
    put("\n");
}

void *memset(void *to, int value, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes);

void *memset(void *to, int value, size_t bytes)
{
    for (volatile uint8_t *at = to; bytes--; at++) {
        *at = (uint8_t)value;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    volatile uint8_t *at = to;

    for (const uint8_t *source = from; bytes--;) {
        *at++ = *source++;
    }
    return to;
}

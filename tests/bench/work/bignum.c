/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The factorial of 3000 and back, in limbs of 32 bits; then products of long numbers. */
#include <string.h>

#include "work.h"

enum { LIMBS = 1024 };

static uint32_t divide(uint32_t *number, uint32_t divisor)
{
    uint64_t rest = 0;

    for (int i = LIMBS - 1; i >= 0; i--) {
        rest = rest << 32 | number[i];
        number[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

static void scale(uint32_t *number, uint32_t factor)
{
    uint64_t carry = 0;

    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)number[i] * factor;
        number[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void multiply(uint32_t *product, const uint32_t *a, const uint32_t *b)
{
    memset(product, 0, 2 * LIMBS * sizeof(*product));
    for (int i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < LIMBS; j++) {
            carry += (uint64_t)a[i] * b[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + LIMBS] = (uint32_t)carry;
    }
}

uint64_t bench_bignum(void)
{
    static uint32_t number[LIMBS], product[2 * LIMBS];
    uint64_t sum = 0;

    memset(number, 0, sizeof(number));
    number[0] = 1;
    for (uint32_t i = 2; i <= 3000; i++) {
        scale(number, i);
    }
    for (int round = 0; round < 40; round++) {
        multiply(product, number, number);
        number[round] ^= product[LIMBS + round];
        sum = sum * 31 + product[LIMBS];
    }
    for (uint32_t i = 3000; i > 1000; i--) {
        sum += divide(number, i);
    }
    return sum;
}

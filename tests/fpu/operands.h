/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands that reach the corners of floating-point operations, from a seeded generator. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef unsigned __int128 Bits;

typedef struct OperandSource {
    uint64_t state;
    uint64_t seed;
} OperandSource;

/* Layout of a format: sign, exponent, fraction from the top down. */
typedef struct OperandShape {
    unsigned exp_bits;
    unsigned frac_bits;
    bool integer_bit; /* the top fraction bit is x80's explicit integer bit */
} OperandShape;

uint64_t operands_random(OperandSource *source);

/* A value below @n. */
unsigned operands_below(OperandSource *source, unsigned n);

/**
 * operands_pick - an operand as bits of the format
 * @near: another operand whose exponent (or all of it) matters here, or NULL
 */
Bits operands_pick(OperandSource *source, const OperandShape *shape, const Bits *near);

/**
 * operands_options - read --seed=N and --count=N from the command line, taking them off it
 * @count: in: default, out: number of cases for each operation
 *
 * To be called before g_test_init(), which has a --seed of its own.
 */
OperandSource operands_options(int *argc, char **argv, unsigned *count);

/* Say in the test's log how to repeat this run. */
void operands_announce(const OperandSource *source, unsigned count);

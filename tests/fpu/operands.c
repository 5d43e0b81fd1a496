/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fpu/operands.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
uint64_t operands_random(OperandSource *source)
{
    uint64_t z = source->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned operands_below(OperandSource *source, unsigned n)
{
    return (uint32_t)operands_random(source) % n;
}

static Bits ones(unsigned n)
{
    return n == 0 ? 0 : ~(Bits)0 >> (128 - n);
}

static Bits pick_frac(OperandSource *source, unsigned bits)
{
    Bits random = ((Bits)operands_random(source) << 64 | operands_random(source)) & ones(bits);
    unsigned a = operands_below(source, bits + 1), b = operands_below(source, bits + 1);

    switch (operands_below(source, 10)) {
    case 0: return 0;
    case 1: return ones(bits);
    case 2: return operands_below(source, 4);
    case 3: return ones(bits) - operands_below(source, 4);
    case 4: return ones(a) ^ ones(b);
    case 5: return ((Bits)1 << a | (Bits)1 << b) & ones(bits);
    case 6: return random >> a;
    case 7: return random << a & ones(bits);
    default: return random;
    }
}

static unsigned pick_exp(OperandSource *source, const OperandShape *shape, int near)
{
    unsigned max = (1u << shape->exp_bits) - 1;
    int span = shape->frac_bits + 4;
    int exp = near;

    switch (operands_below(source, near >= 0 ? 12 : 8)) {
    case 0: return 0;
    case 1: return max;
    case 2: exp = operands_below(source, 4); break;
    case 3: exp = max - 1 - operands_below(source, 4); break;
    case 4: exp = max / 2 + operands_below(source, 5) - 2; break;
    case 5: exp = max / 2 + operands_below(source, 2 * span + 1) - span; break;
    case 6:
    case 7: return operands_random(source) & max;
    case 8: exp = near + operands_below(source, 2 * span + 1) - span; break;
    case 9: exp = max - near + operands_below(source, 7) - 3; break;
    case 10: exp = max / 2 * 3 - near + operands_below(source, 2 * span + 1) - span; break;
    default: exp = near + operands_below(source, 5) - 2; break;
    }
    return CLAMP(exp, 0, (int)max);
}

Bits operands_pick(OperandSource *source, const OperandShape *shape, const Bits *near)
{
    unsigned max = (1u << shape->exp_bits) - 1;
    int near_exp = near ? (int)(*near >> shape->frac_bits & max) : -1;
    Bits sign = (Bits)(operands_random(source) >> 63) << (shape->exp_bits + shape->frac_bits);
    Bits exp = pick_exp(source, shape, near_exp);
    Bits frac = pick_frac(source, shape->frac_bits);

    if (near && operands_below(source, 16) == 0) {
        return *near ^ sign;
    }
    if (shape->integer_bit && operands_below(source, 16)) {
        Bits bit = (Bits)1 << (shape->frac_bits - 1);
        frac = exp == 0 ? frac & ~bit : frac | bit;
    }
    return sign | exp << shape->frac_bits | frac;
}

void operands_announce(const OperandSource *source, unsigned count)
{
    g_test_message("--seed=%" G_GUINT64_FORMAT " --count=%u", source->seed, count);
}

OperandSource operands_options(int *argc, char **argv, unsigned *count)
{
    uint64_t seed = 20190613;
    int kept = 1;

    for (int i = 1; i < *argc; i++) {
        if (g_str_has_prefix(argv[i], "--seed=")) {
            seed = g_ascii_strtoull(argv[i] + strlen("--seed="), NULL, 0);
        } else if (g_str_has_prefix(argv[i], "--count=")) {
            *count = (unsigned)g_ascii_strtoull(argv[i] + strlen("--count="), NULL, 0);
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    argv[kept] = NULL;
    return (OperandSource){ .state = seed, .seed = seed };
}

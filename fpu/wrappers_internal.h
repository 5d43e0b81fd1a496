/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies of the public functions, one macro per shape.  Each takes the format's value type, its
 * unpack and pack functions, the name to define and the operation on parts behind it.
 */
#pragma once

#include "fpu/parts_internal.h"

#define FLOAT_UNARY(type, unpack, pack, name, op) \
    type name(type a, FloatStatus *st)            \
    {                                             \
        FloatParts pa = unpack(a, st);            \
        FloatParts r = op(&pa, st);               \
        return pack(&r, st);                      \
    }

#define FLOAT_BINARY(type, unpack, pack, name, op)         \
    type name(type a, type b, FloatStatus *st)             \
    {                                                      \
        FloatParts pa = unpack(a, st), pb = unpack(b, st); \
        FloatParts r = op(&pa, &pb, st);                   \
        return pack(&r, st);                               \
    }

#define FLOAT_FMA(type, unpack, pack, name)                                    \
    type name(type a, type b, type c, unsigned negate, FloatStatus *st)        \
    {                                                                          \
        FloatParts pa = unpack(a, st), pb = unpack(b, st), pc = unpack(c, st); \
        FloatParts r = parts_fma(&pa, &pb, &pc, negate, st);                   \
        return pack(&r, st);                                                   \
    }

/* One of the operands is returned, so a subnormal result is not a tiny one. */
#define FLOAT_MINMAX(type, unpack, pack, name, is_max)             \
    type name(type a, type b, FloatMinMax family, FloatStatus *st) \
    {                                                              \
        FloatParts pa = unpack(a, st), pb = unpack(b, st);         \
        FloatStatus exact = { 0 };                                 \
        FloatParts r = parts_minmax(&pa, &pb, is_max, family, st); \
        return pack(&r, &exact);                                   \
    }

#define FLOAT_COMPARE(type, unpack, name, quiet)           \
    FloatRelation name(type a, type b, FloatStatus *st)    \
    {                                                      \
        FloatParts pa = unpack(a, st), pb = unpack(b, st); \
        return parts_compare(&pa, &pb, quiet, st);         \
    }

#define FLOAT_PREDICATE(type, unpack, name, quiet, test)   \
    bool name(type a, type b, FloatStatus *st)             \
    {                                                      \
        FloatParts pa = unpack(a, st), pb = unpack(b, st); \
        return parts_compare(&pa, &pb, quiet, st) test;    \
    }

#define FLOAT_ROUND_INT(type, unpack, pack, name)                          \
    type name(type a, FloatRounding rounding, bool exact, FloatStatus *st) \
    {                                                                      \
        FloatParts pa = unpack(a, st);                                     \
        FloatParts r = parts_round_int(&pa, rounding, exact, st);          \
        return pack(&r, st);                                               \
    }

#define FLOAT_SCALBN(type, unpack, pack, name)   \
    type name(type a, int n, FloatStatus *st)    \
    {                                            \
        FloatParts pa = unpack(a, st);           \
        FloatParts r = parts_scalbn(&pa, n, st); \
        return pack(&r, st);                     \
    }

/* Questions about the encoding alone */
#define FLOAT_CLASSIFY(type, unpack, name)   \
    unsigned name(type a)                    \
    {                                        \
        FloatStatus ignored = { 0 };         \
        FloatParts pa = unpack(a, &ignored); \
        return parts_classify(&pa);          \
    }

#define FLOAT_IS_NAN(type, unpack, name, lowest_kind)   \
    bool name(type a)                                   \
    {                                                   \
        FloatStatus ignored = { 0 };                    \
        return unpack(a, &ignored).kind >= lowest_kind; \
    }

#define FLOAT_TO_INT(type, unpack, int_type, bits, is_signed, name) \
    int_type name(type a, FloatRounding rounding, FloatStatus *st)  \
    {                                                               \
        FloatParts pa = unpack(a, st);                              \
        return parts_to_int(&pa, bits, is_signed, rounding, st);    \
    }

#define FLOAT_FROM_SIGNED(type, pack, int_type, name)                             \
    type name(int_type v, FloatStatus *st)                                        \
    {                                                                             \
        FloatParts r = parts_from_int(v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0); \
        return pack(&r, st);                                                      \
    }

#define FLOAT_FROM_UNSIGNED(type, pack, int_type, name) \
    type name(int_type v, FloatStatus *st)              \
    {                                                   \
        FloatParts r = parts_from_int(v, false);        \
        return pack(&r, st);                            \
    }

#define FLOAT_CONVERT(from, unpack, to, pack, name) \
    to name(from a, FloatStatus *st)                \
    {                                               \
        FloatParts pa = unpack(a, st);              \
        FloatParts r = parts_convert(&pa, st);      \
        return pack(&r, st);                        \
    }

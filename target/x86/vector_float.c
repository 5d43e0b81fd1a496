/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point arithmetic of SSE, AVX, FMA. Spec: SDM vol. 2; vol. 1, 4.8.3.5 (NaNs), 11.5
 * (exceptions), 14.5 (FMA).
 */
#include "fpu/softfloat.h"
#include "target/x86/vector.h"

#define OP(name)                                                                 \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b, \
                           X86VectorCall *call)

/* The four forms: packed and scalar, single and double. A scalar one keeps the rest of a. */
#define PACKED(name, field, type, expression)                       \
    OP(name)                                                        \
    {                                                               \
        FloatStatus *st = &call->st;                                \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) { \
            type x = a->field[i], y = b->field[i];                  \
            (void)x;                                                \
            d->field[i] = expression;                               \
        }                                                           \
    }
#define SCALAR(name, field, type, expression)  \
    OP(name)                                   \
    {                                          \
        FloatStatus *st = &call->st;           \
        type x = a->field[0], y = b->field[0]; \
        (void)x;                               \
        *d = *a;                               \
        d->field[0] = expression;              \
    }
#define FOUR(name, function)                     \
    PACKED(name##ps, d, Float32, f32_##function) \
    PACKED(name##pd, q, Float64, f64_##function) \
    SCALAR(name##ss, d, Float32, f32_##function) \
    SCALAR(name##sd, q, Float64, f64_##function)

FOUR(add, add(x, y, st))
FOUR(sub, sub(x, y, st))
FOUR(mul, mul(x, y, st))
FOUR(div, div(x, y, st))
FOUR(min, min(x, y, FLOAT_MINMAX_X86, st))
FOUR(max, max(x, y, FLOAT_MINMAX_X86, st))
FOUR(sqrt, sqrt(y, st))

/* Subtract in even elements, add in odd ones. */
PACKED(addsubps, d, Float32, i % 2 ? f32_add(x, y, st) : f32_sub(x, y, st))
PACKED(addsubpd, q, Float64, i % 2 ? f64_add(x, y, st) : f64_sub(x, y, st))

/* Neighbours of a, then those of b, within each lane */
#define HORIZONTAL(name, field, type, function)                                \
    OP(name)                                                                   \
    {                                                                          \
        const unsigned lane = 16 / sizeof(type);                               \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) {            \
            const X86Vector *s = i % lane < lane / 2 ? a : b;                  \
            unsigned at = i / lane * lane + i % (lane / 2) * 2;                \
            d->field[i] = function(s->field[at], s->field[at + 1], &call->st); \
        }                                                                      \
    }

HORIZONTAL(haddps, d, Float32, f32_add)
HORIZONTAL(haddpd, q, Float64, f64_add)
HORIZONTAL(hsubps, d, Float32, f32_sub)
HORIZONTAL(hsubpd, q, Float64, f64_sub)

/* a * b + c, of a scalar form the lowest element alone; 132, 213 and 231 differ in where operands
 * come from only. @i: element */
#define FMA(name, suffix, shape, field, type, f, negate) \
    shape(name##suffix, field, type, f##_fma(x, y, call->c->field[i], negate, st))
#define FMA_SCALAR(name, field, type, f, negate)                                               \
    OP(name)                                                                                   \
    {                                                                                          \
        *d = *a;                                                                               \
        d->field[0] = f##_fma(a->field[0], b->field[0], call->c->field[0], negate, &call->st); \
    }
#define FMA_FOUR(name, negate)                     \
    FMA(name, ps, PACKED, d, Float32, f32, negate) \
    FMA(name, pd, PACKED, q, Float64, f64, negate) \
    FMA_SCALAR(name##ss, d, Float32, f32, negate)  \
    FMA_SCALAR(name##sd, q, Float64, f64, negate)

FMA_FOUR(vfmadd, 0)
FMA_FOUR(vfmsub, FLOAT_FMA_NEGATE_ADDEND)
FMA_FOUR(vfnmadd, FLOAT_FMA_NEGATE_PRODUCT)
FMA_FOUR(vfnmsub, FLOAT_FMA_NEGATE_PRODUCT | FLOAT_FMA_NEGATE_ADDEND)
FMA(vfmaddsub, ps, PACKED, d, Float32, f32, i % 2 ? 0 : FLOAT_FMA_NEGATE_ADDEND)
FMA(vfmaddsub, pd, PACKED, q, Float64, f64, i % 2 ? 0 : FLOAT_FMA_NEGATE_ADDEND)
FMA(vfmsubadd, ps, PACKED, d, Float32, f32, i % 2 ? FLOAT_FMA_NEGATE_ADDEND : 0)
FMA(vfmsubadd, pd, PACKED, q, Float64, f64, i % 2 ? FLOAT_FMA_NEGATE_ADDEND : 0)

/* Comparison predicates (SDM vol. 2, CMPPD, table 3-1): which relations hold, and whether a quiet
 * NaN is invalid, which the upper half turns around. */
enum { LESS = 1, EQUAL = 2, GREATER = 4, UNORDERED = 8 };

static const uint8_t predicate_relations[16] = {
    EQUAL,
    LESS,
    LESS | EQUAL,
    UNORDERED,
    LESS | GREATER | UNORDERED,
    EQUAL | GREATER | UNORDERED,
    GREATER | UNORDERED,
    LESS | EQUAL | GREATER,
    EQUAL | UNORDERED,
    LESS | UNORDERED,
    LESS | EQUAL | UNORDERED,
    0,
    LESS | GREATER,
    EQUAL | GREATER,
    GREATER,
    LESS | EQUAL | GREATER | UNORDERED,
};

static bool predicate_holds(FloatRelation relation, unsigned predicate)
{
    static const uint8_t bit[] = { LESS, EQUAL, GREATER, UNORDERED };

    return predicate_relations[predicate & 15] & bit[relation - FLOAT_LESS];
}

static bool predicate_is_quiet(unsigned predicate)
{
    const unsigned signalling = 0x6666;

    return (signalling >> (predicate & 15) & 1) == (predicate >> 4 & 1);
}

static bool compare_s(Float32 x, Float32 y, unsigned predicate, FloatStatus *st)
{
    bool quiet = predicate_is_quiet(predicate);

    return predicate_holds(quiet ? f32_compare_quiet(x, y, st) : f32_compare(x, y, st), predicate);
}

static bool compare_d(Float64 x, Float64 y, unsigned predicate, FloatStatus *st)
{
    bool quiet = predicate_is_quiet(predicate);

    return predicate_holds(quiet ? f64_compare_quiet(x, y, st) : f64_compare(x, y, st), predicate);
}

PACKED(cmpps, d, Float32, compare_s(x, y, call->imm, st) ? ~0u : 0)
PACKED(cmppd, q, Float64, compare_d(x, y, call->imm, st) ? ~0ull : 0)
SCALAR(cmpss, d, Float32, compare_s(x, y, call->imm, st) ? ~0u : 0)
SCALAR(cmpsd, q, Float64, compare_d(x, y, call->imm, st) ? ~0ull : 0)

static uint32_t relation_flags(FloatRelation relation)
{
    enum { CF = 1, PF = 4, ZF = 0x40 };
    static const uint8_t flags[] = { CF, ZF, 0, CF | PF | ZF };

    return flags[relation - FLOAT_LESS];
}

OP(comiss)
{
    call->flags = relation_flags(f32_compare(a->d[0], b->d[0], &call->st));
}

OP(comisd)
{
    call->flags = relation_flags(f64_compare(a->q[0], b->q[0], &call->st));
}

OP(ucomiss)
{
    call->flags = relation_flags(f32_compare_quiet(a->d[0], b->d[0], &call->st));
}

OP(ucomisd)
{
    call->flags = relation_flags(f64_compare_quiet(a->q[0], b->q[0], &call->st));
}

/* Rounding to integral values: imm 0-1 the mode, unless 2: that of MXCSR; 3: not inexact */
static FloatRounding round_mode(const X86VectorCall *call)
{
    static const uint8_t modes[] = { FLOAT_RNE, FLOAT_RDN, FLOAT_RUP, FLOAT_RTZ };

    return call->imm & 4 ? call->st.rounding : modes[call->imm & 3];
}

FOUR(round, round_int(y, round_mode(call), !(call->imm & 8), st))

/* Dot products: which products, in the upper half of imm; which elements get the sum, in the lower.
 * The sum is made of pairs; each step is done for all lanes before the next. */
OP(dpps)
{
    FloatStatus *st = &call->st;
    X86Vector v = { 0 };

    for (unsigned i = 0; i < call->bytes / 4; i++) {
        v.d[i] = call->imm >> (4 + i % 4) & 1 ? f32_mul(a->d[i], b->d[i], st) : 0;
    }
    if (!x86_vector_stage(call)) {
        return;
    }
    for (unsigned i = 0; i < call->bytes / 4; i += 2) {
        v.d[i] = f32_add(v.d[i], v.d[i + 1], st);
    }
    if (!x86_vector_stage(call)) {
        return;
    }
    for (unsigned i = 0; i < call->bytes / 4; i += 4) {
        v.d[i] = f32_add(v.d[i], v.d[i + 2], st);
    }
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->d[i] = call->imm >> i % 4 & 1 ? v.d[i & ~3u] : 0;
    }
}

OP(dppd)
{
    FloatStatus *st = &call->st;
    Float64 product[2];

    for (unsigned i = 0; i < 2; i++) {
        product[i] = call->imm >> (4 + i) & 1 ? f64_mul(a->q[i], b->q[i], st) : 0;
    }
    if (!x86_vector_stage(call)) {
        return;
    }
    Float64 sum = f64_add(product[0], product[1], st);
    for (unsigned i = 0; i < 2; i++) {
        d->q[i] = call->imm >> i & 1 ? sum : 0;
    }
}

/*
 * The approximations. Processors differ in the bits; on an x86 host its own are right by
 * definition, elsewhere the rounded quotient is well within the permitted error.
 */
#if defined(__x86_64__)
static uint32_t approximate(uint32_t x, bool root)
{
    uint32_t result;

    if (root) {
        __asm__("movd %1, %%xmm0\n\trsqrtss %%xmm0, %%xmm0\n\tmovd %%xmm0, %0"
                : "=r"(result)
                : "r"(x)
                : "xmm0");
    } else {
        __asm__("movd %1, %%xmm0\n\trcpss %%xmm0, %%xmm0\n\tmovd %%xmm0, %0"
                : "=r"(result)
                : "r"(x)
                : "xmm0");
    }
    return result;
}
#else
static uint32_t approximate(uint32_t x, bool root)
{
    const uint32_t one = 0x3f800000;
    FloatStatus st = { .flush_inputs_to_zero = true,
                       .flush_to_zero = true,
                       .default_nan_negative = true };

    return f32_div(one, root ? f32_sqrt(x, &st) : x, &st);
}
#endif

PACKED(rcpps, d, Float32, ((void)st, approximate(y, false)))
SCALAR(rcpss, d, Float32, ((void)st, approximate(y, false)))
PACKED(rsqrtps, d, Float32, ((void)st, approximate(y, true)))
SCALAR(rsqrtss, d, Float32, ((void)st, approximate(y, true)))

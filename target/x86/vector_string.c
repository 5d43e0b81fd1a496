/* SPDX-License-Identifier: GPL-2.0-or-later */
/* String comparison of SSE4.2. Spec: SDM vol. 1, 12.12 (12.10 in older editions). */
#include "target/x86/vector.h"

enum { FORMAT_WORDS = 1, FORMAT_SIGNED = 2 };
enum { EQUAL_ANY, RANGES, EQUAL_EACH, EQUAL_ORDERED };
enum { NEGATE = 1, NEGATE_VALID_ONLY = 2 };
enum { CF = 0x001, ZF = 0x040, SF = 0x080, OF = 0x800 };

/* One comparison: a is the first operand (xmm1), b the second. */
typedef struct {
    const X86Vector *a, *b;
    unsigned count; /* elements of a vector */
    unsigned a_length, b_length;
    uint8_t format;
} Strings;

static int32_t element(const Strings *s, const X86Vector *v, unsigned i)
{
    switch (s->format) {
    case 0: return v->b[i];
    case FORMAT_WORDS: return v->w[i];
    case FORMAT_SIGNED: return (int8_t)v->b[i];
    default: return (int16_t)v->w[i];
    }
}

static bool any_equal(const Strings *s, unsigned at)
{
    for (unsigned i = 0; i < s->a_length; i++) {
        if (element(s, s->a, i) == element(s, s->b, at)) {
            return true;
        }
    }
    return false;
}

static bool in_ranges(const Strings *s, unsigned at)
{
    int32_t v = element(s, s->b, at);

    for (unsigned i = 0; i + 1 < s->a_length; i += 2) {
        if (element(s, s->a, i) <= v && v <= element(s, s->a, i + 1)) {
            return true;
        }
    }
    return false;
}

/* Ends of strings are equal to each other only. */
static bool is_equal(const Strings *s, unsigned at)
{
    if (at >= s->a_length || at >= s->b_length) {
        return at >= s->a_length && at >= s->b_length;
    }
    return element(s, s->a, at) == element(s, s->b, at);
}

/* a stands in b from @at on, as far as the vector goes */
static bool stands_at(const Strings *s, unsigned at)
{
    for (unsigned i = 0; i < s->a_length && at + i < s->count; i++) {
        if (at + i >= s->b_length || element(s, s->a, i) != element(s, s->b, at + i)) {
            return false;
        }
    }
    return true;
}

static uint32_t compare(const Strings *s, unsigned aggregation)
{
    uint32_t result = 0;

    for (unsigned i = 0; i < s->count; i++) {
        bool bit;

        switch (aggregation) {
        case EQUAL_ANY: bit = i < s->b_length && any_equal(s, i); break;
        case RANGES: bit = i < s->b_length && in_ranges(s, i); break;
        case EQUAL_EACH: bit = is_equal(s, i); break;
        default: bit = stands_at(s, i); break;
        }
        result |= (uint32_t)bit << i;
    }
    return result;
}

static uint32_t apply_polarity(uint32_t v, const Strings *s, unsigned polarity)
{
    uint32_t all = (1u << s->count) - 1;

    if (!(polarity & NEGATE)) {
        return v;
    }
    return v ^ (polarity & NEGATE_VALID_ONLY ? (1u << s->b_length) - 1 : all);
}

static unsigned implicit_length(const Strings *s, const X86Vector *v)
{
    unsigned i = 0;

    while (i < s->count && element(s, v, i)) {
        i++;
    }
    return i;
}

/* Magnitude of a signed count, no more than there is room for. */
static unsigned explicit_length(const Strings *s, uint64_t v, bool wide)
{
    int64_t n = wide ? (int64_t)v : (int32_t)v;
    uint64_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;

    return magnitude < s->count ? magnitude : s->count;
}

/* Returns the bit mask and sets flags */
static uint32_t run(const Strings *s, X86VectorCall *call)
{
    uint32_t result = apply_polarity(compare(s, call->imm >> 2 & 3), s, call->imm >> 4 & 3);

    call->flags = (result ? CF : 0) | (s->b_length < s->count ? ZF : 0) |
                  (s->a_length < s->count ? SF : 0) | (result & 1 ? OF : 0);
    return result;
}

static Strings strings(const X86Vector *a, const X86Vector *b, const X86VectorCall *call)
{
    return (Strings){
        .a = a, .b = b, .count = call->imm & FORMAT_WORDS ? 8 : 16, .format = call->imm & 3
    };
}

static uint32_t run_implicit(const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    Strings s = strings(a, b, call);

    s.a_length = implicit_length(&s, a);
    s.b_length = implicit_length(&s, b);
    return run(&s, call);
}

static uint32_t run_explicit(const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    Strings s = strings(a, b, call);

    s.a_length = explicit_length(&s, call->lengths[0], call->wide);
    s.b_length = explicit_length(&s, call->lengths[1], call->wide);
    return run(&s, call);
}

/* Bit 6 of the immediate: the highest element of the result, or masks of whole elements */
static void give_index(uint32_t result, X86VectorCall *call)
{
    unsigned count = call->imm & FORMAT_WORDS ? 8 : 16;

    if (!result) {
        call->index = count;
    } else {
        call->index = call->imm & 0x40 ? 31 - __builtin_clz(result) : __builtin_ctz(result);
    }
}

static void give_mask(X86Vector *d, uint32_t result, const X86VectorCall *call)
{
    if (!(call->imm & 0x40)) {
        d->q[0] = result;
        return;
    }
    for (unsigned i = 0; i < 16; i++) {
        bool bit = result >> (call->imm & FORMAT_WORDS ? i / 2 : i) & 1;
        d->b[i] = bit ? 0xff : 0;
    }
}

void x86_vector_pcmpistri(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    give_index(run_implicit(a, b, call), call);
}

void x86_vector_pcmpistrm(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    give_mask(d, run_implicit(a, b, call), call);
}

void x86_vector_pcmpestri(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    give_index(run_explicit(a, b, call), call);
}

void x86_vector_pcmpestrm(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    give_mask(d, run_explicit(a, b, call), call);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer arithmetic of vectors, element by element and within pairs. Spec: SDM vol. 2. */
#include "target/x86/vector.h"

static int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* d[i] = expression of x = a[i] and y = b[i] */
#define EACH(name, field, type, expression)                                      \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b, \
                           X86VectorCall *call)                                  \
    {                                                                            \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) {              \
            type x = (type)a->field[i], y = (type)b->field[i];                   \
            (void)x;                                                             \
            d->field[i] = expression;                                            \
        }                                                                        \
    }

EACH(paddb, b, uint8_t, x + y)
EACH(paddw, w, uint16_t, x + y)
EACH(paddd, d, uint32_t, x + y)
EACH(paddq, q, uint64_t, x + y)
EACH(psubb, b, uint8_t, x - y)
EACH(psubw, w, uint16_t, x - y)
EACH(psubd, d, uint32_t, x - y)
EACH(psubq, q, uint64_t, x - y)
EACH(paddsb, b, int8_t, clamp(x + y, INT8_MIN, INT8_MAX))
EACH(paddsw, w, int16_t, clamp(x + y, INT16_MIN, INT16_MAX))
EACH(paddusb, b, uint8_t, clamp(x + y, 0, UINT8_MAX))
EACH(paddusw, w, uint16_t, clamp(x + y, 0, UINT16_MAX))
EACH(psubsb, b, int8_t, clamp(x - y, INT8_MIN, INT8_MAX))
EACH(psubsw, w, int16_t, clamp(x - y, INT16_MIN, INT16_MAX))
EACH(psubusb, b, uint8_t, clamp(x - y, 0, UINT8_MAX))
EACH(psubusw, w, uint16_t, clamp(x - y, 0, UINT16_MAX))
EACH(pand, q, uint64_t, x &y)
EACH(pandn, q, uint64_t, ~x &y)
EACH(por, q, uint64_t, x | y)
EACH(pxor, q, uint64_t, x ^ y)
EACH(pcmpeqb, b, uint8_t, x == y ? ~0 : 0)
EACH(pcmpeqw, w, uint16_t, x == y ? ~0 : 0)
EACH(pcmpeqd, d, uint32_t, x == y ? ~0u : 0)
EACH(pcmpeqq, q, uint64_t, x == y ? ~0ull : 0)
EACH(pcmpgtb, b, int8_t, x > y ? ~0 : 0)
EACH(pcmpgtw, w, int16_t, x > y ? ~0 : 0)
EACH(pcmpgtd, d, int32_t, x > y ? ~0u : 0)
EACH(pcmpgtq, q, int64_t, x > y ? ~0ull : 0)
EACH(pminub, b, uint8_t, x < y ? x : y)
EACH(pminuw, w, uint16_t, x < y ? x : y)
EACH(pminud, d, uint32_t, x < y ? x : y)
EACH(pminsb, b, int8_t, x < y ? x : y)
EACH(pminsw, w, int16_t, x < y ? x : y)
EACH(pminsd, d, int32_t, x < y ? x : y)
EACH(pmaxub, b, uint8_t, x > y ? x : y)
EACH(pmaxuw, w, uint16_t, x > y ? x : y)
EACH(pmaxud, d, uint32_t, x > y ? x : y)
EACH(pmaxsb, b, int8_t, x > y ? x : y)
EACH(pmaxsw, w, int16_t, x > y ? x : y)
EACH(pmaxsd, d, int32_t, x > y ? x : y)
EACH(pavgb, b, uint8_t, (x + y + 1) >> 1)
EACH(pavgw, w, uint16_t, (x + y + 1) >> 1)
EACH(pmullw, w, int16_t, x *y)
EACH(pmulhw, w, int16_t, x *y >> 16)
EACH(pmulhuw, w, uint16_t, (uint32_t)x *y >> 16)
EACH(pmulhrsw, w, int16_t, ((x * y >> 14) + 1) >> 1)
EACH(pmulld, d, uint32_t, x *y)
EACH(pmuludq, q, uint64_t, (uint64_t)(uint32_t)x *(uint32_t)y)
EACH(pmuldq, q, uint64_t, (uint64_t)((int64_t)(int32_t)x *(int32_t)y))
EACH(psignb, b, int8_t, y < 0 ? -x : y ? x : 0)
EACH(psignw, w, int16_t, y < 0 ? -x : y ? x : 0)
EACH(psignd, d, int32_t, y < 0 ? -(uint32_t)x : y ? (uint32_t)x : 0)
EACH(pabsb, b, int8_t, y < 0 ? -y : y)
EACH(pabsw, w, int16_t, y < 0 ? -y : y)
EACH(pabsd, d, int32_t, y < 0 ? -(uint32_t)y : (uint32_t)y)
EACH(vpsllvd, d, uint32_t, y < 32 ? x << y : 0)
EACH(vpsllvq, q, uint64_t, y < 64 ? x << y : 0)
EACH(vpsrlvd, d, uint32_t, y < 32 ? x >> y : 0)
EACH(vpsrlvq, q, uint64_t, y < 64 ? x >> y : 0)
EACH(vpsravd, d, uint32_t, (uint32_t)((int32_t)x >> (y < 32 ? y : 31)))

/* All elements by one count: the low 64 bits of b, or imm. @x is the element, @n the count. */
#define SHIFT(name, field, type, expression)                                     \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b, \
                           X86VectorCall *call)                                  \
    {                                                                            \
        uint64_t n = b->q[0];                                                    \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) {              \
            type x = (type)a->field[i];                                          \
            d->field[i] = expression;                                            \
        }                                                                        \
    }

SHIFT(psllw, w, uint16_t, n < 16 ? x << n : 0)
SHIFT(pslld, d, uint32_t, n < 32 ? x << n : 0)
SHIFT(psllq, q, uint64_t, n < 64 ? x << n : 0)
SHIFT(psrlw, w, uint16_t, n < 16 ? x >> n : 0)
SHIFT(psrld, d, uint32_t, n < 32 ? x >> n : 0)
SHIFT(psrlq, q, uint64_t, n < 64 ? x >> n : 0)
SHIFT(psraw, w, int16_t, x >> (n < 16 ? n : 15))
SHIFT(psrad, d, int32_t, x >> (n < 32 ? n : 31))

/* d[i] = expression of the pairs x0, x1 of a and y0, y1 of b, of which an element is made twice as
 * wide */
#define PAIRS(name, wide, wide_type, field, x_type, y_type, expression)            \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b,   \
                           X86VectorCall *call)                                    \
    {                                                                              \
        for (unsigned i = 0; i < call->bytes / sizeof(wide_type); i++) {           \
            x_type x0 = (x_type)a->field[2 * i], x1 = (x_type)a->field[2 * i + 1]; \
            y_type y0 = (y_type)b->field[2 * i], y1 = (y_type)b->field[2 * i + 1]; \
            d->wide[i] = expression;                                               \
        }                                                                          \
    }

PAIRS(pmaddwd, d, uint32_t, w, int16_t, int16_t, (uint32_t)(x0 *y0) + (uint32_t)(x1 * y1))
PAIRS(pmaddubsw, w, uint16_t, b, uint8_t, int8_t, clamp(x0 *y0 + x1 * y1, INT16_MIN, INT16_MAX))

/* Neighbours of a, then those of b, within each lane. */
#define HORIZONTAL(name, field, type, expression)                                \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b, \
                           X86VectorCall *call)                                  \
    {                                                                            \
        unsigned lane = (call->bytes < 16 ? call->bytes : 16) / sizeof(type);    \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) {              \
            const X86Vector *s = i % lane < lane / 2 ? a : b;                    \
            unsigned at = i / lane * lane + i % (lane / 2) * 2;                  \
            type x = (type)s->field[at], y = (type)s->field[at + 1];             \
            d->field[i] = expression;                                            \
        }                                                                        \
    }

HORIZONTAL(phaddw, w, uint16_t, x + y)
HORIZONTAL(phaddd, d, uint32_t, x + y)
HORIZONTAL(phaddsw, w, int16_t, clamp(x + y, INT16_MIN, INT16_MAX))
HORIZONTAL(phsubw, w, uint16_t, x - y)
HORIZONTAL(phsubd, d, uint32_t, x - y)
HORIZONTAL(phsubsw, w, int16_t, clamp(x - y, INT16_MIN, INT16_MAX))

static unsigned difference(uint8_t x, uint8_t y)
{
    return x > y ? x - y : y - x;
}

void x86_vector_psadbw(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    for (unsigned i = 0; i < call->bytes; i++) {
        d->q[i / 8] += difference(a->b[i], b->b[i]);
    }
}

void x86_vector_mpsadbw(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    for (unsigned i = 0; i < call->bytes / 2; i++) {
        unsigned lane = i / 8 * 16, control = call->imm >> i / 8 * 3;
        unsigned from_a = lane + (control >> 2 & 1) * 4 + i % 8, from_b = lane + (control & 3) * 4;

        for (unsigned k = 0; k < 4; k++) {
            d->w[i] += difference(a->b[from_a + k], b->b[from_b + k]);
        }
    }
}

void x86_vector_phminposuw(X86Vector *d, const X86Vector *a, const X86Vector *b,
                           X86VectorCall *call)
{
    unsigned best = 0;

    for (unsigned i = 1; i < 8; i++) {
        best = b->w[i] < b->w[best] ? i : best;
    }
    d->w[0] = b->w[best];
    d->w[1] = best;
}

/* Masks of sign bits as an integer */
#define SIGNS(name, field, type)                                                                 \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b,                 \
                           X86VectorCall *call)                                                  \
    {                                                                                            \
        for (unsigned i = 0; i < MIN(call->bytes / sizeof(type), G_N_ELEMENTS(b->field)); i++) { \
            d->q[0] |= (uint64_t)(b->field[i] >> (8 * sizeof(type) - 1)) << i;                   \
        }                                                                                        \
    }

SIGNS(pmovmskb, b, uint8_t)
SIGNS(movmskps, d, uint32_t)
SIGNS(movmskpd, q, uint64_t)

enum { EFLAGS_CF = 1, EFLAGS_ZF = 0x40 };

/* ZF: no bit of @mask is set in both; CF: none of @b is clear in @a */
static void test(X86VectorCall *call, const X86Vector *a, const X86Vector *b, uint64_t mask)
{
    uint64_t both = 0, only_b = 0;

    for (unsigned i = 0; i < call->bytes / 8; i++) {
        both |= a->q[i] & b->q[i] & mask;
        only_b |= ~a->q[i] & b->q[i] & mask;
    }
    call->flags = (both ? 0 : EFLAGS_ZF) | (only_b ? 0 : EFLAGS_CF);
}

void x86_vector_ptest(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    test(call, a, b, ~0ull);
}

void x86_vector_vtestps(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    test(call, a, b, 0x8000000080000000);
}

void x86_vector_vtestpd(X86Vector *d, const X86Vector *a, const X86Vector *b, X86VectorCall *call)
{
    test(call, a, b, 1ull << 63);
}

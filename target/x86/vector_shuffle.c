/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving elements of vectors about: packing, shuffling, blending, widening. Spec: SDM vol. 2. */
#include "target/x86/vector.h"

#define OP(name)                                                                 \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b, \
                           X86VectorCall *call)

static unsigned lane_bytes(const X86VectorCall *call)
{
    return call->bytes < 16 ? call->bytes : 16;
}

static int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Elements of a lane of a, then of that of b, to half their width, saturating */
#define PACK(name, to, from, type, low, high)                                             \
    OP(name)                                                                              \
    {                                                                                     \
        unsigned lane = lane_bytes(call) / sizeof(type); /* of source elements */         \
        for (unsigned i = 0; i < 2 * call->bytes / sizeof(type); i++) {                   \
            const X86Vector *s = i / lane % 2 ? b : a;                                    \
            d->to[i] = clamp((type)s->from[i / (2 * lane) * lane + i % lane], low, high); \
        }                                                                                 \
    }

PACK(packsswb, b, w, int16_t, INT8_MIN, INT8_MAX)
PACK(packuswb, b, w, int16_t, 0, UINT8_MAX)
PACK(packssdw, w, d, int32_t, INT16_MIN, INT16_MAX)
PACK(packusdw, w, d, int32_t, 0, UINT16_MAX)

/* Elements of a and b in turns, from the lower or upper half of each lane */
#define UNPACK(name, field, type, upper)                                     \
    OP(name)                                                                 \
    {                                                                        \
        unsigned lane = lane_bytes(call) / sizeof(type);                     \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) {          \
            unsigned at = i / lane * lane + (upper)*lane / 2 + i % lane / 2; \
            d->field[i] = i % 2 ? b->field[at] : a->field[at];               \
        }                                                                    \
    }

UNPACK(punpcklbw, b, uint8_t, 0)
UNPACK(punpcklwd, w, uint16_t, 0)
UNPACK(punpckldq, d, uint32_t, 0)
UNPACK(punpcklqdq, q, uint64_t, 0)
UNPACK(punpckhbw, b, uint8_t, 1)
UNPACK(punpckhwd, w, uint16_t, 1)
UNPACK(punpckhdq, d, uint32_t, 1)
UNPACK(punpckhqdq, q, uint64_t, 1)

OP(pshufb)
{
    unsigned lane = lane_bytes(call);

    for (unsigned i = 0; i < call->bytes; i++) {
        uint8_t control = b->b[i];
        d->b[i] = control & 0x80 ? 0 : a->b[i / lane * lane + control % lane];
    }
}

OP(pshufd)
{
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->d[i] = b->d[i / 4 * 4 + (call->imm >> i % 4 * 2 & 3)];
    }
}

/* Four words of each lane, from word @first on */
static void shuffle_words(X86Vector *d, const X86Vector *b, X86VectorCall *call, unsigned first)
{
    *d = *b;
    for (unsigned lane = first; lane < call->bytes / 2; lane += 8) {
        for (unsigned i = 0; i < 4; i++) {
            d->w[lane + i] = b->w[lane + (call->imm >> i * 2 & 3)];
        }
    }
}

OP(pshuflw)
{
    shuffle_words(d, b, call, 0);
}

OP(pshufhw)
{
    shuffle_words(d, b, call, 4);
}

OP(shufps)
{
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->d[i] = (i % 4 < 2 ? a : b)->d[i / 4 * 4 + (call->imm >> i % 4 * 2 & 3)];
    }
}

OP(shufpd)
{
    for (unsigned i = 0; i < call->bytes / 8; i++) {
        d->q[i] = (i % 2 ? b : a)->q[i / 2 * 2 + (call->imm >> i & 1)];
    }
}

OP(palignr)
{
    unsigned lane = lane_bytes(call);

    for (unsigned i = 0; i < call->bytes; i++) {
        unsigned at = i % lane + call->imm;
        const X86Vector *s = at < lane ? b : a;
        d->b[i] = at < 2 * lane ? s->b[i / lane * lane + at % lane] : 0;
    }
}

/* Whole lanes by bytes; b holds the count */
OP(pslldq)
{
    for (unsigned i = 0; i < call->bytes; i++) {
        d->b[i] = i % 16 >= b->q[0] ? a->b[i - b->q[0]] : 0;
    }
}

OP(psrldq)
{
    for (unsigned i = 0; i < call->bytes; i++) {
        d->b[i] = b->q[0] < 16 - i % 16 ? a->b[i + b->q[0]] : 0;
    }
}

/* b where @condition, of element i, holds */
#define BLEND(name, field, type, condition)                         \
    OP(name)                                                        \
    {                                                               \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) { \
            d->field[i] = (condition) ? b->field[i] : a->field[i];  \
        }                                                           \
    }

BLEND(pblendvb, b, uint8_t, call->c->b[i] >> 7)
BLEND(blendvps, d, uint32_t, call->c->d[i] >> 31)
BLEND(blendvpd, q, uint64_t, call->c->q[i] >> 63)
BLEND(pblendw, w, uint16_t, call->imm >> i % 8 & 1)
BLEND(blendps, d, uint32_t, call->imm >> i & 1)
BLEND(blendpd, q, uint64_t, call->imm >> i & 1)

/* One element from an integer, and to one */
#define INSERT(name, field, elements)                                               \
    OP(name)                                                                        \
    {                                                                               \
        unsigned at = call->imm % (call->bytes < 16 ? (elements) / 2 : (elements)); \
        *d = *a;                                                                    \
        d->field[at] = b->q[0];                                                     \
    }
#define EXTRACT(name, field, elements)                                                    \
    OP(name)                                                                              \
    {                                                                                     \
        d->q[0] = b->field[call->imm % (call->bytes < 16 ? (elements) / 2 : (elements))]; \
    }

INSERT(pinsrb, b, 16)
INSERT(pinsrw, w, 8)
INSERT(pinsrd, d, 4)
INSERT(pinsrq, q, 2)
EXTRACT(pextrb, b, 16)
EXTRACT(pextrw, w, 8)
EXTRACT(pextrd, d, 4)
EXTRACT(pextrq, q, 2)

/* The element of b is chosen by the immediate; of a memory operand, the caller clears the choice */
OP(insertps)
{
    uint32_t v = b->d[call->imm >> 6];

    *d = *a;
    d->d[call->imm >> 4 & 3] = v;
    for (unsigned i = 0; i < 4; i++) {
        d->d[i] = call->imm >> i & 1 ? 0 : d->d[i];
    }
}

/* Moves: the whole, the lowest element alone, and merges of parts */
OP(mov)
{
    *d = *b;
}

OP(movd)
{
    d->d[0] = b->d[0];
}

OP(movq)
{
    d->q[0] = b->q[0];
}

OP(movss)
{
    *d = *a;
    d->d[0] = b->d[0];
}

OP(movsd)
{
    d->q[0] = b->q[0];
    d->q[1] = a->q[1];
}

OP(movhps)
{
    d->q[0] = a->q[0];
    d->q[1] = b->q[0];
}

OP(movhlps)
{
    d->q[0] = b->q[1];
    d->q[1] = a->q[1];
}

OP(movddup)
{
    for (unsigned i = 0; i < call->bytes / 8; i++) {
        d->q[i] = b->q[i & ~1u];
    }
}

OP(movsldup)
{
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->d[i] = b->d[i & ~1u];
    }
}

OP(movshdup)
{
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->d[i] = b->d[i | 1];
    }
}

/* The lowest elements of b, widened */
#define WIDEN(name, to, to_type, from, from_type)                      \
    OP(name)                                                           \
    {                                                                  \
        for (unsigned i = 0; i < call->bytes / sizeof(to_type); i++) { \
            d->to[i] = (to_type)(from_type)b->from[i];                 \
        }                                                              \
    }

WIDEN(pmovsxbw, w, int16_t, b, int8_t)
WIDEN(pmovsxbd, d, int32_t, b, int8_t)
WIDEN(pmovsxbq, q, int64_t, b, int8_t)
WIDEN(pmovsxwd, d, int32_t, w, int16_t)
WIDEN(pmovsxwq, q, int64_t, w, int16_t)
WIDEN(pmovsxdq, q, int64_t, d, int32_t)
WIDEN(pmovzxbw, w, int16_t, b, uint8_t)
WIDEN(pmovzxbd, d, int32_t, b, uint8_t)
WIDEN(pmovzxbq, q, int64_t, b, uint8_t)
WIDEN(pmovzxwd, d, int32_t, w, uint16_t)
WIDEN(pmovzxwq, q, int64_t, w, uint16_t)
WIDEN(pmovzxdq, q, int64_t, d, uint32_t)

/* The lowest element of b, everywhere */
#define BROADCAST(name, field, type)                                \
    OP(name)                                                        \
    {                                                               \
        for (unsigned i = 0; i < call->bytes / sizeof(type); i++) { \
            d->field[i] = b->field[0];                              \
        }                                                           \
    }

BROADCAST(vpbroadcastb, b, uint8_t)
BROADCAST(vpbroadcastw, w, uint16_t)
BROADCAST(vpbroadcastd, d, uint32_t)
BROADCAST(vpbroadcastq, q, uint64_t)

OP(vbroadcastf128)
{
    for (unsigned i = 0; i < 4; i++) {
        d->q[i] = b->q[i % 2];
    }
}

/* Permutations: by a vector of choices, by the immediate */
OP(vpermilps)
{
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->d[i] = a->d[(i & ~3u) + (b->d[i] & 3)];
    }
}

OP(vpermilpd)
{
    for (unsigned i = 0; i < call->bytes / 8; i++) {
        d->q[i] = a->q[(i & ~1u) + (b->q[i] >> 1 & 1)];
    }
}

OP(vpermilpd_imm)
{
    for (unsigned i = 0; i < call->bytes / 8; i++) {
        d->q[i] = b->q[(i & ~1u) + (call->imm >> i & 1)];
    }
}

OP(vpermd)
{
    for (unsigned i = 0; i < 8; i++) {
        d->d[i] = b->d[a->d[i] & 7];
    }
}

OP(vpermq)
{
    for (unsigned i = 0; i < 4; i++) {
        d->q[i] = b->q[call->imm >> 2 * i & 3];
    }
}

OP(vperm2f128)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned control = call->imm >> i / 2 * 4;
        d->q[i] = control & 8 ? 0 : (control & 2 ? b : a)->q[(control & 1) * 2 + i % 2];
    }
}

OP(vinsertf128)
{
    unsigned at = call->imm & 1;

    *d = *a;
    d->q[2 * at] = b->q[0];
    d->q[2 * at + 1] = b->q[1];
}

OP(vextractf128)
{
    unsigned at = call->imm & 1;

    d->q[0] = b->q[2 * at];
    d->q[1] = b->q[2 * at + 1];
}

/* SSE4A: bit fields of the low half; a length of 0 is 64. The upper half is undefined: processors
 * clear it. */
static uint64_t field_mask(unsigned length)
{
    return length & 63 ? (1ull << (length & 63)) - 1 : ~0ull;
}

static void insert_field(X86Vector *d, const X86Vector *a, uint64_t v, unsigned length,
                         unsigned index)
{
    uint64_t mask = field_mask(length) << (index & 63);

    d->q[0] = (a->q[0] & ~mask) | (v << (index & 63) & mask);
}

/* b: length in byte 0, index in byte 1 (an immediate form's bytes likewise) */
OP(extrq)
{
    d->q[0] = a->q[0] >> (b->b[1] & 63) & field_mask(b->b[0]);
}

OP(insertq)
{
    insert_field(d, a, b->q[0], b->b[8], b->b[9]);
}

/* the immediates are in c's first bytes */
OP(insertq_imm)
{
    insert_field(d, a, b->q[0], call->c->b[0], call->c->b[1]);
}

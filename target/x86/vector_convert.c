/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions between the number formats of vectors. Spec: SDM vol. 2, CVTxxx; vol. 1, 14.4 (F16C).
 */
#include "fpu/softfloat.h"
#include "target/x86/vector.h"

#define OP(name)                                                                 \
    void x86_vector_##name(X86Vector *d, const X86Vector *a, const X86Vector *b, \
                           X86VectorCall *call)

/* d.to[i] = expression of y = b.from[i], for as many as there are of the wider type */
#define CONVERT(name, to, from, type, width, expression)       \
    OP(name)                                                   \
    {                                                          \
        FloatStatus *st = &call->st;                           \
        for (unsigned i = 0; i < call->bytes / (width); i++) { \
            type y = (type)b->from[i];                         \
            d->to[i] = expression;                             \
        }                                                      \
    }

CONVERT(cvtdq2ps, d, d, int32_t, 4, f32_from_i32(y, st))
CONVERT(cvtps2dq, d, d, Float32, 4, f32_to_i32(y, st->rounding, st))
CONVERT(cvttps2dq, d, d, Float32, 4, f32_to_i32(y, FLOAT_RTZ, st))
CONVERT(cvtdq2pd, q, d, int32_t, 8, f64_from_i32(y, st))
CONVERT(cvtpd2dq, d, q, Float64, 8, f64_to_i32(y, st->rounding, st))
CONVERT(cvttpd2dq, d, q, Float64, 8, f64_to_i32(y, FLOAT_RTZ, st))
CONVERT(cvtps2pd, q, d, Float32, 8, f32_to_f64(y, st))
CONVERT(cvtpd2ps, d, q, Float64, 8, f64_to_f32(y, st))

/* Two integers of an MMX register */
OP(cvtpi2ps)
{
    *d = *a;
    for (unsigned i = 0; i < 2; i++) {
        d->d[i] = f32_from_i32((int32_t)b->d[i], &call->st);
    }
}

/* Scalars keep the rest of a. */
OP(cvtss2sd)
{
    *d = *a;
    d->q[0] = f32_to_f64(b->d[0], &call->st);
}

OP(cvtsd2ss)
{
    *d = *a;
    d->d[0] = f64_to_f32(b->q[0], &call->st);
}

OP(cvtsi2ss)
{
    *d = *a;
    d->d[0] = call->wide ? f32_from_i64((int64_t)b->q[0], &call->st)
                         : f32_from_i32((int32_t)b->d[0], &call->st);
}

OP(cvtsi2sd)
{
    *d = *a;
    d->q[0] = call->wide ? f64_from_i64((int64_t)b->q[0], &call->st)
                         : f64_from_i32((int32_t)b->d[0], &call->st);
}

static uint64_t single_to_integer(Float32 v, FloatRounding rounding, X86VectorCall *call)
{
    return call->wide ? (uint64_t)f32_to_i64(v, rounding, &call->st)
                      : (uint32_t)f32_to_i32(v, rounding, &call->st);
}

static uint64_t double_to_integer(Float64 v, FloatRounding rounding, X86VectorCall *call)
{
    return call->wide ? (uint64_t)f64_to_i64(v, rounding, &call->st)
                      : (uint32_t)f64_to_i32(v, rounding, &call->st);
}

OP(cvtss2si)
{
    d->q[0] = single_to_integer(b->d[0], call->st.rounding, call);
}

OP(cvttss2si)
{
    d->q[0] = single_to_integer(b->d[0], FLOAT_RTZ, call);
}

OP(cvtsd2si)
{
    d->q[0] = double_to_integer(b->q[0], call->st.rounding, call);
}

OP(cvttsd2si)
{
    d->q[0] = double_to_integer(b->q[0], FLOAT_RTZ, call);
}

/* Half precision: its subnormals are numbers whatever MXCSR says, and raise nothing. */
OP(vcvtph2ps)
{
    FloatStatus st = call->st;

    st.flush_inputs_to_zero = st.flush_to_zero = false;
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->d[i] = f16_to_f32(b->w[i], &st);
    }
    call->st.flags |= st.flags & FLOAT_INVALID;
}

OP(vcvtps2ph)
{
    static const uint8_t modes[] = { FLOAT_RNE, FLOAT_RDN, FLOAT_RUP, FLOAT_RTZ };
    FloatStatus *st = &call->st;

    st->rounding = call->imm & 4 ? st->rounding : modes[call->imm & 3];
    st->flush_to_zero = false;
    for (unsigned i = 0; i < call->bytes / 4; i++) {
        d->w[i] = f32_to_f16(b->d[i], st);
    }
}

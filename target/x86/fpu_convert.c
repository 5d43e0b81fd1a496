/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What x87 instructions write to memory, and packed decimal numbers. Spec: SDM vol. 2, FST, FIST,
 * FISTTP, FBLD, FBSTP; vol. 1, 4.7. */
#include "target/x86/fpu_internal.h"

enum { DECIMAL_DIGITS = 18 };

FloatX80 x86_fpu_from_bcd(FloatX80 bytes)
{
    uint64_t v = 0;
    FloatStatus st = { 0 };
    FloatX80 result;

    for (int i = DECIMAL_DIGITS - 1; i >= 0; i--) {
        unsigned byte = i < 16 ? bytes.significand >> i / 2 * 8 & 0xff : bytes.sign_exponent & 0xff;
        v = v * 10 + (byte >> i % 2 * 4 & 15);
    }
    result = x80_from_u64(v, &st);
    result.sign_exponent |= bytes.sign_exponent & 0x8000;
    return result;
}

static const FloatX80 decimal_indefinite = { 0xc000000000000000, 0xffff };

static FloatX80 to_bcd(FloatX80 a, FloatStatus *st)
{
    const int64_t limit = 1000000000000000000;
    int64_t v = x80_to_i64(a, st->rounding, st);
    uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;
    FloatX80 result = { 0, a.sign_exponent & 0x8000 };

    if (st->flags & FLOAT_INVALID || magnitude >= (uint64_t)limit) {
        st->flags = FLOAT_INVALID;
        return decimal_indefinite;
    }
    for (unsigned i = 0; i < 16; i++, magnitude /= 10) {
        result.significand |= magnitude % 10 << 4 * i;
    }
    result.sign_exponent |= magnitude % 10 | magnitude / 10 << 4;
    return result;
}

static int64_t to_i16(FloatX80 v, FloatRounding rounding, FloatStatus *st)
{
    return x80_to_i16(v, rounding, st);
}

/* DB, DD, DF with FIST, FISTP, FISTTP: value to *@out */
static void to_integer(unsigned group, unsigned op, FloatX80 v, FloatStatus *st, FloatX80 *out)
{
    FloatRounding rounding = op == 1 ? FLOAT_RTZ : st->rounding;

    if (group == 5 || (group == 7 && op == 7)) {
        out->significand = x80_to_i64(v, rounding, st);
    } else if (group == 3) {
        out->significand = (uint32_t)x80_to_i32(v, rounding, st);
    } else {
        out->significand = (uint16_t)to_i16(v, rounding, st);
    }
}

static void masked_underflow(unsigned group, unsigned op, FloatX80 *out)
{
    *out = (FloatX80){ 0 };
    if (group == 7 && op == 6) {
        *out = decimal_indefinite;
    } else if (group == 1) {
        out->significand = 0xffc00000;
    } else if (group == 5 && op != 1) {
        out->significand = 0xfff8000000000000;
    } else if (group == 5 || (group == 7 && op == 7)) {
        out->significand = 1ull << 63;
    } else {
        out->significand = group == 3 ? 1u << 31 : 1u << 15;
    }
}

bool x86_fpu_convert(X86Fpu *fpu, unsigned opcode, FloatX80 *value)
{
    unsigned group = opcode >> 8 & 7, op = opcode >> 3 & 7;
    FloatStatus st = fpu_float_status(fpu);
    FloatX80 v = fpu_get(fpu, 0);
    bool traps;

    *value = (FloatX80){ 0 };
    if (fpu_is_empty(fpu, 0)) {
        masked_underflow(group, op, value);
        return fpu_underflow(fpu);
    }
    if (group == 7 && op == 6) {
        *value = to_bcd(v, &st);
    } else if (group == 1) {
        value->significand = x80_to_f32(v, &st);
    } else if (group == 5 && op != 1) {
        value->significand = x80_to_f64(v, &st);
    } else {
        to_integer(group, op, v, &st, value);
    }
    st.flags &= ~FLOAT_INPUT_DENORMAL;
    traps = (st.flags & FLOAT_OVERFLOW && st.trap_overflow) ||
            (st.flags & FLOAT_UNDERFLOW && st.trap_underflow);
    if (traps) { /* nothing is written, so nothing was rounded */
        st.flags &= ~(FLOAT_INEXACT | FLOAT_ROUNDED_UP);
    }
    return fpu_settle(fpu, &st) && !traps;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * D9 F0 to FF: transcendental functions, remainders, scaling, roots. An x86 host has the
 * instructions; other hosts compute with long double. Spec: SDM vol. 1, 8.3.6 to 8.3.10.
 */
#include "target/x86/fpu_internal.h"

#include <math.h>
#include <string.h>

enum {
    F2XM1 = 0xf0,
    FYL2X,
    FPTAN,
    FPATAN,
    FXTRACT,
    FPREM1,
    FDECSTP,
    FINCSTP,
    FPREM,
    FYL2XP1,
    FSQRT,
    FSINCOS,
    FRNDINT,
    FSCALE,
    FSIN,
    FCOS,
};

/* One function at work */
typedef struct {
    FloatX80 a, b;    /* ST(0), ST(1); results: a to the top, b below it or pushed onto it */
    uint16_t control; /* guest's, all exceptions masked */
    uint16_t status;  /* conditions and exceptions raised */
} Special;

#if defined(__x86_64__)

/*
 * The instruction runs under the guest's control word; nothing that waits for exceptions comes
 * before they are cleared. What is left on the stack is dropped.
 */
#define HOST(instruction, operands, results)                                                 \
    __asm__ volatile("fnstcw %[save]\n\t"                                                    \
                     "fninit\n\t"                                                            \
                     "fldcw %[control]\n\t" operands instruction "\n\t"                      \
                     "fnstsw %[status]\n\t"                                                  \
                     "fnclex\n\t"                                                            \
                     "fldcw %[save]\n\t" results "fninit\n\t"                                \
                     "fldcw %[save]"                                                         \
                     : [a] "+m"(a), [b] "+m"(b), [status] "=m"(s->status), [save] "=m"(save) \
                     : [control] "m"(s->control)                                             \
                     : "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "cc")
#define ONE "fldt %[a]\n\t"
#define TWO "fldt %[b]\n\tfldt %[a]\n\t"
#define GET "fstpt %[a]\n\t"
/* FPTAN, FSIN... leave an operand that is out of range alone and push nothing (C2). */
#define GET_TWO                 \
    "testb $4, 1+%[status]\n\t" \
    "jnz 1f\n\t"                \
    "fstpt %[b]\n"              \
    "1:\n\t"                    \
    "fstpt %[a]\n\t"

static void host_run(Special *s, unsigned op)
{
    struct {
        uint8_t bytes[16];
    } a = { 0 }, b = { 0 };
    uint16_t save;

    memcpy(&a, &s->a, 10);
    memcpy(&b, &s->b, 10);
    switch (op) {
    case F2XM1: HOST("f2xm1", ONE, GET); break;
    case FYL2X: HOST("fyl2x", TWO, GET); break;
    case FYL2XP1: HOST("fyl2xp1", TWO, GET); break;
    case FPATAN: HOST("fpatan", TWO, GET); break;
    case FPREM: HOST("fprem", TWO, GET); break;
    case FPREM1: HOST("fprem1", TWO, GET); break;
    case FSCALE: HOST("fscale", TWO, GET); break;
    case FSIN: HOST("fsin", ONE, GET); break;
    case FCOS: HOST("fcos", ONE, GET); break;
    case FPTAN: HOST("fptan", ONE, GET_TWO); break;
    case FSINCOS: HOST("fsincos", ONE, GET_TWO); break;
    default: HOST("fxtract", ONE, GET_TWO); break;
    }
    memcpy(&s->a, &a, 10);
    memcpy(&s->b, &b, 10);
}

#else

/* Numbers as long double, which has 64 bits or more on such hosts, or is double. */
static long double get(FloatX80 v)
{
    unsigned exponent = v.sign_exponent & 0x7fff;
    long double magnitude = exponent == 0x7fff
                                ? (v.significand << 1 ? (long double)NAN : (long double)INFINITY)
                                : ldexpl(v.significand, (int)(exponent ? exponent : 1) - 16446);

    return v.sign_exponent >> 15 ? -magnitude : magnitude;
}

static FloatX80 put(long double v, Special *s)
{
    FloatX80 result = { 0, signbit(v) ? 0x8000 : 0 };
    int exponent;

    if (isnan(v)) {
        s->status |= X87_IE;
        return X87_INDEFINITE;
    }
    if (isinf(v) || v == 0) {
        result.significand = v == 0 ? 0 : 1ull << 63;
        result.sign_exponent |= v == 0 ? 0 : 0x7fff;
        return result;
    }
    s->status |= X87_PE;
    v = frexpl(fabsl(v), &exponent);
    exponent += 16382;
    if (exponent <= 0) {
        result.significand = (uint64_t)ldexpl(v, 63 + exponent);
        return result;
    }
    result.significand = (uint64_t)ldexpl(v, 64);
    result.sign_exponent |= exponent;
    return result;
}

/* a modulo b with the quotient rounded to zero, or to the nearest; at most 63 bits at a time */
static void remainder_of(Special *s, bool nearest)
{
    long double a = get(s->a), b = get(s->b), r;
    int difference = a == 0 || b == 0 ? 0 : ilogbl(a) - ilogbl(b), quotient;

    if (isnan(a) || isnan(b) || isinf(a) || b == 0) {
        s->a = put(NAN, s);
        return;
    }
    if (difference >= 64) {
        r = fmodl(a, ldexpl(b, difference - 32));
        s->status |= X87_C2;
    } else {
        long double eight = ldexpl(b, 3);
        r = isinf(b) ? a : fmodl(a, eight);
        quotient = isinf(b) ? 0 : (int)truncl(r / b);
        r = isinf(b) ? a : r - quotient * b;
        if (nearest && !isinf(b)) {
            long double other = remquol(a, b, &quotient);
            r = other;
        }
        quotient = quotient < 0 ? -quotient : quotient;
        s->status |=
            (quotient & 4 ? X87_C0 : 0) | (quotient & 2 ? X87_C3 : 0) | (quotient & 1 ? X87_C1 : 0);
    }
    s->a = put(r, s);
    s->status &= ~X87_PE;
}

static void host_run(Special *s, unsigned op)
{
    const long double limit = 9223372036854775808.0L;
    long double a = get(s->a), b = get(s->b);

    s->status = 0;
    if ((op == FSIN || op == FCOS || op == FPTAN || op == FSINCOS) && fabsl(a) >= limit &&
        !isinf(a)) {
        s->status = X87_C2;
        return;
    }
    switch (op) {
    case F2XM1: s->a = put(expm1l(a * M_LN2), s); break;
    case FYL2X: s->a = put(b * log2l(a), s); break;
    case FYL2XP1: s->a = put(b * log1pl(a) / M_LN2, s); break;
    case FPATAN: s->a = put(atan2l(b, a), s); break;
    case FPREM: remainder_of(s, false); break;
    case FPREM1: remainder_of(s, true); break;
    case FSCALE: s->a = put(ldexpl(a, (int)fmaxl(fminl(truncl(b), 40000), -40000)), s); break;
    case FSIN: s->a = put(sinl(a), s); break;
    case FCOS: s->a = put(cosl(a), s); break;
    case FPTAN:
        s->a = put(tanl(a), s);
        s->b = (FloatX80){ 1ull << 63, 0x3fff };
        break;
    case FSINCOS:
        s->b = put(cosl(a), s);
        s->a = put(sinl(a), s);
        break;
    default: /* FXTRACT */
        s->b = put(a == 0 ? a : scalbnl(a, -ilogbl(a)), s);
        s->a = put(a == 0 ? -INFINITY : (long double)ilogbl(a), s);
        s->status = a == 0 ? X87_ZE : 0;
        break;
    }
}

#endif

static bool has_two_operands(unsigned op)
{
    return op == FYL2X || op == FYL2XP1 || op == FPATAN || op == FPREM || op == FPREM1 ||
           op == FSCALE;
}

static bool pops(unsigned op)
{
    return op == FYL2X || op == FYL2XP1 || op == FPATAN;
}

static bool pushes(unsigned op)
{
    return op == FPTAN || op == FSINCOS || op == FXTRACT;
}

static void give(X86Fpu *fpu, unsigned op, const Special *s)
{
    if (pops(op)) {
        fpu_set(fpu, 1, s->a);
        x86_fpu_pop(fpu);
        return;
    }
    fpu_set(fpu, 0, s->a);
    if (pushes(op) && !(s->status & X87_C2)) {
        fpu->top = (fpu->top - 1) & 7;
        fpu_set(fpu, 0, s->b);
    }
}

/* Those that say in C2 whether they are done */
static bool reduces(unsigned op)
{
    return op == FPREM || op == FPREM1 || op == FPTAN || op == FSINCOS || op == FSIN || op == FCOS;
}

/* Operands are missing, or there is no room for the second result. */
static void stack_error(X86Fpu *fpu, unsigned op, bool overflow)
{
    Special s = { .a = X87_INDEFINITE, .b = X87_INDEFINITE };

    fpu->status &= reduces(op) ? ~X87_C2 : ~0;
    if (fpu_underflow(fpu)) {
        give(fpu, op, &s);
    }
    fpu->status |= overflow ? X87_C1 : 0;
}

/* Conditions that the function sets; the quotient's only if there is one. */
static unsigned conditions_of(unsigned op, const Special *s)
{
    if (!reduces(op)) {
        return X87_C1;
    }
    return (op == FPREM || op == FPREM1) && !x80_is_nan(s->a) ? X87_CONDITIONS : X87_C1 | X87_C2;
}

static void run_function(X86Fpu *fpu, unsigned op)
{
    const unsigned before = X87_IE | X87_DE | X87_ZE;
    Special s = { .a = fpu_get(fpu, 0), .b = fpu_get(fpu, 1), .control = fpu->control };
    bool empty = fpu_is_empty(fpu, 0) || (has_two_operands(op) && fpu_is_empty(fpu, 1));
    unsigned conditions;

    if (empty || (pushes(op) && !fpu_is_empty(fpu, 7))) {
        stack_error(fpu, op, !empty);
        return;
    }
    host_run(&s, op);
    conditions = conditions_of(op, &s);
    if (x80_is_nan(s.a)) {
        s.status &= ~conditions;
    }
    if (s.status & before & ~fpu->control) {
        fpu->status &= reduces(op) ? ~(X87_C1 | X87_C2) : ~X87_C1;
        fpu->status |= s.status & before;
        return;
    }
    fpu->status = (fpu->status & ~conditions) | (s.status & (conditions | X87_EXCEPTIONS));
    give(fpu, op, &s);
}

/* FSQRT, FRNDINT */
static void run_exact(X86Fpu *fpu, unsigned op)
{
    FloatStatus st = fpu_float_status(fpu);
    FloatX80 v = fpu_get(fpu, 0);

    if (fpu_is_empty(fpu, 0)) {
        if (fpu_underflow(fpu)) {
            fpu_set(fpu, 0, X87_INDEFINITE);
        }
        return;
    }
    v = op == FSQRT ? x80_sqrt(v, &st) : x80_round_int(v, st.rounding, true, &st);
    if (fpu_settle(fpu, &st)) {
        fpu_set(fpu, 0, v);
    }
}

void x86_fpu_special(X86Fpu *fpu, unsigned modrm)
{
    switch (modrm) {
    case FDECSTP:
    case FINCSTP:
        fpu->status &= ~X87_C1;
        fpu->top = (fpu->top + (modrm == FINCSTP ? 1 : 7)) & 7;
        break;
    case FSQRT:
    case FRNDINT: run_exact(fpu, modrm); break;
    default: run_function(fpu, modrm); break;
    }
}

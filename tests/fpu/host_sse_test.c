/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Softfloat with x86 rules against the host's SSE unit: bits and all flags, for every rounding
 * mode, with and without DAZ and FTZ.
 */
#include "fpu/softfloat.h"

#include <glib.h>
#include <string.h>

#include "tests/fpu/operands.h"

static OperandSource source;
static unsigned count = 10000;

#ifdef __x86_64__

enum { MXCSR_DAZ = 1 << 6, MXCSR_MASKS = 0x3f << 7, MXCSR_RC_SHIFT = 13, MXCSR_FTZ = 1 << 15 };

static const OperandShape shape32 = { 8, 23 }, shape64 = { 11, 52 }, shape16 = { 5, 10 };

/* Operands, the result and MXCSR of one operation, each way. */
typedef struct Case {
    uint64_t a, b, c;
    uint32_t mxcsr;
    uint64_t result;
    FloatStatus *st;
} Case;

typedef struct Op {
    const char *name;
    const OperandShape *shape; /* NULL: 64 random bits */
    unsigned operands;
    void (*host)(Case *);
    void (*soft)(Case *);
    const char *needs; /* CPU feature */
} Op;

/* One instruction under the guest's MXCSR; nothing else runs under it. */
#define UNDER_MXCSR(c, instruction, outputs, ...)                                             \
    do {                                                                                      \
        uint32_t saved;                                                                       \
        __asm__ volatile("stmxcsr %[saved]\n\tldmxcsr %[mxcsr]\n\t" instruction               \
                         "\n\tstmxcsr %[mxcsr]\n\tldmxcsr %[saved]"                           \
                         : [saved] "=m"(saved), [mxcsr] "+m"((c)->mxcsr), outputs:__VA_ARGS__ \
                         : "cc", "xmm0", "xmm1");                                             \
    } while (0)

#define HOST_BINARY(fn, mov, instruction)                                                        \
    static void fn(Case *c)                                                                      \
    {                                                                                            \
        UNDER_MXCSR(c,                                                                           \
                    mov " %[a], %%xmm0\n\t" instruction " %[b], %%xmm0\n\t" mov " %%xmm0, %[r]", \
                    [r] "+m"(c->result), [a] "m"(c->a), [b] "m"(c->b));                          \
    }

#define SOFT_BINARY(fn, call)                \
    static void fn(Case *c)                  \
    {                                        \
        c->result = call(c->a, c->b, c->st); \
    }

HOST_BINARY(host_addss, "movss", "addss")
HOST_BINARY(host_subss, "movss", "subss")
HOST_BINARY(host_mulss, "movss", "mulss")
HOST_BINARY(host_divss, "movss", "divss")
HOST_BINARY(host_minss, "movss", "minss")
HOST_BINARY(host_maxss, "movss", "maxss")
HOST_BINARY(host_addsd, "movsd", "addsd")
HOST_BINARY(host_subsd, "movsd", "subsd")
HOST_BINARY(host_mulsd, "movsd", "mulsd")
HOST_BINARY(host_divsd, "movsd", "divsd")
HOST_BINARY(host_minsd, "movsd", "minsd")
HOST_BINARY(host_maxsd, "movsd", "maxsd")
SOFT_BINARY(soft_addss, f32_add)
SOFT_BINARY(soft_subss, f32_sub)
SOFT_BINARY(soft_mulss, f32_mul)
SOFT_BINARY(soft_divss, f32_div)
SOFT_BINARY(soft_addsd, f64_add)
SOFT_BINARY(soft_subsd, f64_sub)
SOFT_BINARY(soft_mulsd, f64_mul)
SOFT_BINARY(soft_divsd, f64_div)

#define SOFT_MINMAX(fn, call)                                  \
    static void fn(Case *c)                                    \
    {                                                          \
        c->result = call(c->a, c->b, FLOAT_MINMAX_X86, c->st); \
    }

SOFT_MINMAX(soft_minss, f32_min)
SOFT_MINMAX(soft_maxss, f32_max)
SOFT_MINMAX(soft_minsd, f64_min)
SOFT_MINMAX(soft_maxsd, f64_max)

/* From one kind of value to another; @in and @out say how they reach the register. */
#define HOST_UNARY(fn, in, instruction, out)                                                      \
    static void fn(Case *c)                                                                       \
    {                                                                                             \
        UNDER_MXCSR(c,                                                                            \
                    in " %[a], %%xmm1\n\t" instruction " %%xmm1, %%xmm0\n\t" out " %%xmm0, %[r]", \
                    [r] "+m"(c->result), [a] "m"(c->a));                                          \
    }

#define SOFT_UNARY(fn, expression) \
    static void fn(Case *c)        \
    {                              \
        c->result = expression;    \
    }

HOST_UNARY(host_sqrtss, "movss", "sqrtss", "movss")
HOST_UNARY(host_sqrtsd, "movsd", "sqrtsd", "movsd")
HOST_UNARY(host_cvtss2sd, "movss", "cvtss2sd", "movsd")
HOST_UNARY(host_cvtsd2ss, "movsd", "cvtsd2ss", "movss")
HOST_UNARY(host_roundss, "movss", "roundss $4,", "movss")
HOST_UNARY(host_roundss_noexc, "movss", "roundss $12,", "movss")
HOST_UNARY(host_roundsd, "movsd", "roundsd $4,", "movsd")
HOST_UNARY(host_roundsd_noexc, "movsd", "roundsd $12,", "movsd")
HOST_UNARY(host_vcvtph2ps, "movss", "vcvtph2ps", "movss")
HOST_UNARY(host_vcvtps2ph, "movss", "vcvtps2ph $4,", "movss")
SOFT_UNARY(soft_sqrtss, f32_sqrt(c->a, c->st))
SOFT_UNARY(soft_sqrtsd, f64_sqrt(c->a, c->st))
SOFT_UNARY(soft_cvtss2sd, f32_to_f64(c->a, c->st))
SOFT_UNARY(soft_cvtsd2ss, f64_to_f32(c->a, c->st))
SOFT_UNARY(soft_roundss, f32_round_int(c->a, c->st->rounding, true, c->st))
SOFT_UNARY(soft_roundss_noexc, f32_round_int(c->a, c->st->rounding, false, c->st))
SOFT_UNARY(soft_roundsd, f64_round_int(c->a, c->st->rounding, true, c->st))
SOFT_UNARY(soft_roundsd_noexc, f64_round_int(c->a, c->st->rounding, false, c->st))

/* The half-precision conversions know neither DAZ on, nor FTZ to, half; nor DE from half. */
static void soft_vcvtph2ps(Case *c)
{
    FloatStatus st = *c->st;
    st.flush_inputs_to_zero = false;
    c->result = f16_to_f32(c->a, &st);
    c->st->flags |= st.flags & ~FLOAT_INPUT_DENORMAL;
}

static void soft_vcvtps2ph(Case *c)
{
    c->st->flush_to_zero = false;
    c->result = f32_to_f16(c->a, c->st);
}

#define HOST_TO_INT(fn, mov, instruction, type)                                                  \
    static void fn(Case *c)                                                                      \
    {                                                                                            \
        type r;                                                                                  \
        UNDER_MXCSR(                                                                             \
            c, mov " %[a], %%xmm0\n\t" instruction " %%xmm0, %[r]", [r] "=r"(r), [a] "m"(c->a)); \
        c->result = r;                                                                           \
    }

HOST_TO_INT(host_cvtss2si, "movss", "cvtss2si", uint32_t)
HOST_TO_INT(host_cvttss2si, "movss", "cvttss2si", uint32_t)
HOST_TO_INT(host_cvtss2siq, "movss", "cvtss2si", uint64_t)
HOST_TO_INT(host_cvtsd2si, "movsd", "cvtsd2si", uint32_t)
HOST_TO_INT(host_cvttsd2siq, "movsd", "cvttsd2si", uint64_t)
HOST_TO_INT(host_cvtsd2siq, "movsd", "cvtsd2si", uint64_t)
SOFT_UNARY(soft_cvtss2si, (uint32_t)f32_to_i32(c->a, c->st->rounding, c->st))
SOFT_UNARY(soft_cvttss2si, (uint32_t)f32_to_i32(c->a, FLOAT_RTZ, c->st))
SOFT_UNARY(soft_cvtss2siq, f32_to_i64(c->a, c->st->rounding, c->st))
SOFT_UNARY(soft_cvtsd2si, (uint32_t)f64_to_i32(c->a, c->st->rounding, c->st))
SOFT_UNARY(soft_cvttsd2siq, f64_to_i64(c->a, FLOAT_RTZ, c->st))
SOFT_UNARY(soft_cvtsd2siq, f64_to_i64(c->a, c->st->rounding, c->st))

#define HOST_FROM_INT(fn, instruction, mov)                                                      \
    static void fn(Case *c)                                                                      \
    {                                                                                            \
        UNDER_MXCSR(c, instruction " %[a], %%xmm0\n\t" mov " %%xmm0, %[r]", [r] "+m"(c->result), \
                    [a] "m"(c->a));                                                              \
    }

HOST_FROM_INT(host_cvtsi2ss, "cvtsi2ssl", "movss")
HOST_FROM_INT(host_cvtsi2ssq, "cvtsi2ssq", "movss")
HOST_FROM_INT(host_cvtsi2sd, "cvtsi2sdl", "movsd")
HOST_FROM_INT(host_cvtsi2sdq, "cvtsi2sdq", "movsd")
SOFT_UNARY(soft_cvtsi2ss, f32_from_i32(c->a, c->st))
SOFT_UNARY(soft_cvtsi2ssq, f32_from_i64(c->a, c->st))
SOFT_UNARY(soft_cvtsi2sd, f64_from_i32(c->a, c->st))
SOFT_UNARY(soft_cvtsi2sdq, f64_from_i64(c->a, c->st))

/* ZF, PF and CF as comis leaves them */
#define HOST_COMPARE(fn, mov, instruction)                                                  \
    static void fn(Case *c)                                                                 \
    {                                                                                       \
        bool zf, pf, cf;                                                                    \
        UNDER_MXCSR(c,                                                                      \
                    mov " %[a], %%xmm0\n\t" instruction                                     \
                        " %[b], %%xmm0\n\tsetz %[zf]\n\tsetp %[pf]\n\tsetc %[cf]",          \
                    OUTPUTS([zf] "=&r"(zf), [pf] "=&r"(pf), [cf] "=&r"(cf)), [a] "m"(c->a), \
                    [b] "m"(c->b));                                                         \
        c->result = zf << 2 | pf << 1 | cf;                                                 \
    }
#define OUTPUTS(...) __VA_ARGS__

static uint64_t eflags_of(FloatRelation relation)
{
    switch (relation) {
    case FLOAT_LESS: return 1;
    case FLOAT_EQUAL: return 4;
    case FLOAT_GREATER: return 0;
    default: return 7;
    }
}

HOST_COMPARE(host_comiss, "movss", "comiss")
HOST_COMPARE(host_ucomiss, "movss", "ucomiss")
HOST_COMPARE(host_comisd, "movsd", "comisd")
HOST_COMPARE(host_ucomisd, "movsd", "ucomisd")
SOFT_UNARY(soft_comiss, eflags_of(f32_compare(c->a, c->b, c->st)))
SOFT_UNARY(soft_ucomiss, eflags_of(f32_compare_quiet(c->a, c->b, c->st)))
SOFT_UNARY(soft_comisd, eflags_of(f64_compare(c->a, c->b, c->st)))
SOFT_UNARY(soft_ucomisd, eflags_of(f64_compare_quiet(c->a, c->b, c->st)))

/* xmm0 = xmm0 * xmm1 + c, with signs */
#define HOST_FMA(fn, mov, instruction)                                                 \
    static void fn(Case *c)                                                            \
    {                                                                                  \
        UNDER_MXCSR(c,                                                                 \
                    mov " %[a], %%xmm0\n\t" mov " %[b], %%xmm1\n\t" instruction        \
                        " %[c], %%xmm1, %%xmm0\n\t" mov " %%xmm0, %[r]",               \
                    [r] "+m"(c->result), [a] "m"(c->a), [b] "m"(c->b), [c] "m"(c->c)); \
    }

HOST_FMA(host_fmaddss, "movss", "vfmadd213ss")
HOST_FMA(host_fmaddsd, "movsd", "vfmadd213sd")
HOST_FMA(host_fmsubsd, "movsd", "vfmsub213sd")
HOST_FMA(host_fnmaddsd, "movsd", "vfnmadd213sd")
HOST_FMA(host_fnmsubss, "movss", "vfnmsub213ss")
/* 213: destination (a) is multiplied by the second source (b) */
SOFT_UNARY(soft_fmaddss, f32_fma(c->b, c->a, c->c, 0, c->st))
SOFT_UNARY(soft_fmaddsd, f64_fma(c->b, c->a, c->c, 0, c->st))
SOFT_UNARY(soft_fmsubsd, f64_fma(c->b, c->a, c->c, FLOAT_FMA_NEGATE_ADDEND, c->st))
SOFT_UNARY(soft_fnmaddsd, f64_fma(c->b, c->a, c->c, FLOAT_FMA_NEGATE_PRODUCT, c->st))
SOFT_UNARY(soft_fnmsubss,
           f32_fma(c->b, c->a, c->c, FLOAT_FMA_NEGATE_PRODUCT | FLOAT_FMA_NEGATE_ADDEND, c->st))

static const Op ops[] = {
    { "addss", &shape32, 2, host_addss, soft_addss },
    { "subss", &shape32, 2, host_subss, soft_subss },
    { "mulss", &shape32, 2, host_mulss, soft_mulss },
    { "divss", &shape32, 2, host_divss, soft_divss },
    { "minss", &shape32, 2, host_minss, soft_minss },
    { "maxss", &shape32, 2, host_maxss, soft_maxss },
    { "sqrtss", &shape32, 1, host_sqrtss, soft_sqrtss },
    { "comiss", &shape32, 2, host_comiss, soft_comiss },
    { "ucomiss", &shape32, 2, host_ucomiss, soft_ucomiss },
    { "cvtss2sd", &shape32, 1, host_cvtss2sd, soft_cvtss2sd },
    { "cvtss2si", &shape32, 1, host_cvtss2si, soft_cvtss2si },
    { "cvttss2si", &shape32, 1, host_cvttss2si, soft_cvttss2si },
    { "cvtss2siq", &shape32, 1, host_cvtss2siq, soft_cvtss2siq },
    { "cvtsi2ss", NULL, 1, host_cvtsi2ss, soft_cvtsi2ss },
    { "cvtsi2ssq", NULL, 1, host_cvtsi2ssq, soft_cvtsi2ssq },
    { "roundss", &shape32, 1, host_roundss, soft_roundss, "sse4.1" },
    { "roundss-noexc", &shape32, 1, host_roundss_noexc, soft_roundss_noexc, "sse4.1" },
    { "addsd", &shape64, 2, host_addsd, soft_addsd },
    { "subsd", &shape64, 2, host_subsd, soft_subsd },
    { "mulsd", &shape64, 2, host_mulsd, soft_mulsd },
    { "divsd", &shape64, 2, host_divsd, soft_divsd },
    { "minsd", &shape64, 2, host_minsd, soft_minsd },
    { "maxsd", &shape64, 2, host_maxsd, soft_maxsd },
    { "sqrtsd", &shape64, 1, host_sqrtsd, soft_sqrtsd },
    { "comisd", &shape64, 2, host_comisd, soft_comisd },
    { "ucomisd", &shape64, 2, host_ucomisd, soft_ucomisd },
    { "cvtsd2ss", &shape64, 1, host_cvtsd2ss, soft_cvtsd2ss },
    { "cvtsd2si", &shape64, 1, host_cvtsd2si, soft_cvtsd2si },
    { "cvtsd2siq", &shape64, 1, host_cvtsd2siq, soft_cvtsd2siq },
    { "cvttsd2siq", &shape64, 1, host_cvttsd2siq, soft_cvttsd2siq },
    { "cvtsi2sd", NULL, 1, host_cvtsi2sd, soft_cvtsi2sd },
    { "cvtsi2sdq", NULL, 1, host_cvtsi2sdq, soft_cvtsi2sdq },
    { "roundsd", &shape64, 1, host_roundsd, soft_roundsd, "sse4.1" },
    { "roundsd-noexc", &shape64, 1, host_roundsd_noexc, soft_roundsd_noexc, "sse4.1" },
    { "vfmaddss", &shape32, 3, host_fmaddss, soft_fmaddss, "fma" },
    { "vfnmsubss", &shape32, 3, host_fnmsubss, soft_fnmsubss, "fma" },
    { "vfmaddsd", &shape64, 3, host_fmaddsd, soft_fmaddsd, "fma" },
    { "vfmsubsd", &shape64, 3, host_fmsubsd, soft_fmsubsd, "fma" },
    { "vfnmaddsd", &shape64, 3, host_fnmaddsd, soft_fnmaddsd, "fma" },
    { "vcvtph2ps", &shape16, 1, host_vcvtph2ps, soft_vcvtph2ps, "f16c" },
    { "vcvtps2ph", &shape32, 1, host_vcvtps2ph, soft_vcvtps2ph, "f16c" },
};

static bool host_has(const char *feature)
{
    __builtin_cpu_init();
    if (feature == NULL) {
        return true;
    }
    if (g_str_equal(feature, "sse4.1")) {
        return __builtin_cpu_supports("sse4.1");
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static uint32_t mxcsr_flags(const FloatStatus *st)
{
    static const struct {
        uint8_t flag, mxcsr;
    } map[] = {
        { FLOAT_INVALID, 1 << 0 },  { FLOAT_INPUT_DENORMAL, 1 << 1 }, { FLOAT_DIVBYZERO, 1 << 2 },
        { FLOAT_OVERFLOW, 1 << 3 }, { FLOAT_UNDERFLOW, 1 << 4 },      { FLOAT_INEXACT, 1 << 5 },
    };
    uint32_t flags = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(map); i++) {
        flags |= st->flags & map[i].flag ? map[i].mxcsr : 0;
    }
    return flags;
}

static uint64_t pick(const Op *op, const uint64_t *near)
{
    static const OperandShape integer = { 6, 57 };
    const OperandShape *shape = op->shape ? op->shape : &integer;
    Bits near_bits = near ? *near : 0;

    if (!op->shape && operands_below(&source, 2)) {
        return operands_random(&source) >> operands_below(&source, 64);
    }
    return operands_pick(&source, shape, near ? &near_bits : NULL);
}

static void test_op(gconstpointer data)
{
    static const uint8_t rounding_of_rc[] = { FLOAT_RNE, FLOAT_RDN, FLOAT_RUP, FLOAT_RTZ };
    const Op *op = data;

    if (!host_has(op->needs)) {
        g_test_skip("the host CPU has not this instruction");
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned mode = operands_random(&source) >> 60;
        FloatStatus st = { .rounding = rounding_of_rc[mode & 3],
                           .int_rule = FLOAT_INT_X86,
                           .default_nan_negative = true,
                           .flush_to_zero = mode & 4,
                           .flush_is_inexact = true,
                           .flush_inputs_to_zero = mode & 8 };
        Case host = { .st = &st };
        host.a = pick(op, NULL);
        host.b = pick(op, &host.a);
        host.c = pick(op, operands_below(&source, 2) ? &host.a : &host.b);
        host.mxcsr = MXCSR_MASKS | (mode & 3) << MXCSR_RC_SHIFT | (mode & 4 ? MXCSR_FTZ : 0) |
                     (mode & 8 ? MXCSR_DAZ : 0);
        Case soft = host;
        op->host(&host);
        op->soft(&soft);
        if (soft.result != host.result || mxcsr_flags(&st) != (host.mxcsr & 0x3f)) {
            g_test_message("%s a %#lx b %#lx c %#lx mode %#x: host %#lx flags %#x, soft %#lx %#x",
                           op->name, host.a, host.b, host.c, mode, host.result, host.mxcsr & 0x3f,
                           soft.result, mxcsr_flags(&st));
            g_test_fail();
            return;
        }
    }
}

static void add_tests(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        g_autofree char *path = g_strdup_printf("/fpu/sse/%s", ops[i].name);
        g_test_add_data_func(path, &ops[i], test_op);
    }
}

#else

static void test_no_sse(void)
{
    g_test_skip("the host has no SSE unit");
}

static void add_tests(void)
{
    g_test_add_func("/fpu/sse", test_no_sse);
}

#endif

int main(int argc, char **argv)
{
    source = operands_options(&argc, argv, &count);
    g_test_init(&argc, &argv, NULL);
    add_tests();
    operands_announce(&source, count);
    return g_test_run();
}

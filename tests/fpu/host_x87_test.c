/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Softfloat's x80 against the host's x87 unit: bits, all flags and the direction of rounding (C1),
 * for every rounding and precision control, with unnormals, pseudo-denormals and pseudo-infinities.
 */
#include "fpu/softfloat.h"

#include <glib.h>
#include <string.h>

#include "tests/fpu/operands.h"

static OperandSource source;
static unsigned count = 10000;

#ifdef __x86_64__

enum {
    CW_MASKS = 0x3f,
    CW_PC_SHIFT = 8,
    CW_RC_SHIFT = 10,
    SW_FLAGS = 0x3f,
    SW_PE = 1 << 5,
    SW_C1 = 1 << 9
};

static const OperandShape shape80 = { 15, 64, true }, shape64 = { 11, 52 }, shape32 = { 8, 23 };

/* One operation, each way; the operands lie in memory as x87 wants them. */
typedef struct Case {
    uint8_t a[16], b[16], result[16];
    int64_t n;
    uint16_t control, status;
    FloatStatus *st;
} Case;

typedef struct Op {
    const char *name;
    const OperandShape *shape;
    void (*host)(Case *);
    void (*soft)(Case *);
    bool no_c1; /* C1 does not tell the direction of rounding on some hosts */
} Op;

/* Loads and stores of x80 raise nothing, but clear C1. */
#define READ_STATUS "fnstsw %[status]\n\t"

/* b in st(1), a in st(0); @store pops st(0). */
#define HOST_OP(fn, load_a, instruction, store)                                                   \
    static void fn(Case *c)                                                                       \
    {                                                                                             \
        uint16_t saved;                                                                           \
        __asm__ volatile("fnstcw %[saved]\n\tfnclex\n\tfldcw %[control]\n\tfldt %[b]\n\t" load_a  \
                         " %[a]\n\t" instruction "\n\t" store                                     \
                         "\n\tfstp %%st(0)\n\tfnclex\n\tfldcw %[saved]"                           \
                         : [saved] "=m"(saved), [status] "=m"(c->status), [r] "+m"(c->result)     \
                         : [control] "m"(c->control), [a] "m"(c->a), [b] "m"(c->b), [n] "m"(c->n) \
                         : "cc", "st", "st(1)", "st(2)");                                         \
    }

#define SOFT_OP(fn, type, expression)                                          \
    static void fn(Case *c)                                                    \
    {                                                                          \
        type r = expression;                                                   \
        memcpy(c->result, &r, sizeof(r) == sizeof(FloatX80) ? 10 : sizeof(r)); \
    }

static FloatX80 x80_of(const uint8_t *bytes)
{
    FloatX80 v = { 0 };
    memcpy(&v, bytes, 10);
    return v;
}

static Float32 f32_of(const uint8_t *bytes)
{
    Float32 v;
    memcpy(&v, bytes, sizeof(v));
    return v;
}

static Float64 f64_of(const uint8_t *bytes)
{
    Float64 v;
    memcpy(&v, bytes, sizeof(v));
    return v;
}

#define A x80_of(c->a)
#define B x80_of(c->b)

HOST_OP(host_fadd, "fldt", "fadd %%st(1), %%st", READ_STATUS "fstpt %[r]")
HOST_OP(host_fsub, "fldt", "fsub %%st(1), %%st", READ_STATUS "fstpt %[r]")
HOST_OP(host_fmul, "fldt", "fmul %%st(1), %%st", READ_STATUS "fstpt %[r]")
HOST_OP(host_fdiv, "fldt", "fdiv %%st(1), %%st", READ_STATUS "fstpt %[r]")
HOST_OP(host_fsqrt, "fldt", "fsqrt", READ_STATUS "fstpt %[r]")
HOST_OP(host_frndint, "fldt", "frndint", READ_STATUS "fstpt %[r]")
HOST_OP(host_fld_single, "flds", "", READ_STATUS "fstpt %[r]")
HOST_OP(host_fld_double, "fldl", "", READ_STATUS "fstpt %[r]")
HOST_OP(host_fst_single, "fldt", "", "fstps %[r]\n\t" READ_STATUS)
HOST_OP(host_fst_double, "fldt", "", "fstpl %[r]\n\t" READ_STATUS)
HOST_OP(host_fist16, "fldt", "", "fistps %[r]\n\t" READ_STATUS)
HOST_OP(host_fist32, "fldt", "", "fistpl %[r]\n\t" READ_STATUS)
HOST_OP(host_fist64, "fldt", "", "fistpll %[r]\n\t" READ_STATUS)
SOFT_OP(soft_fadd, FloatX80, x80_add(A, B, c->st))
SOFT_OP(soft_fsub, FloatX80, x80_sub(A, B, c->st))
SOFT_OP(soft_fmul, FloatX80, x80_mul(A, B, c->st))
SOFT_OP(soft_fdiv, FloatX80, x80_div(A, B, c->st))
SOFT_OP(soft_fsqrt, FloatX80, x80_sqrt(A, c->st))
SOFT_OP(soft_frndint, FloatX80, x80_round_int(A, c->st->rounding, true, c->st))
SOFT_OP(soft_fld_single, FloatX80, f32_to_x80(f32_of(c->a), c->st))
SOFT_OP(soft_fld_double, FloatX80, f64_to_x80(f64_of(c->a), c->st))
SOFT_OP(soft_fist16, int16_t, x80_to_i16(A, c->st->rounding, c->st))
SOFT_OP(soft_fist32, int32_t, x80_to_i32(A, c->st->rounding, c->st))
SOFT_OP(soft_fist64, int64_t, x80_to_i64(A, c->st->rounding, c->st))

/* FST does not report subnormal operands. */
static void soft_fst_single(Case *c)
{
    Float32 r = x80_to_f32(A, c->st);
    memcpy(c->result, &r, sizeof(r));
    c->st->flags &= ~FLOAT_INPUT_DENORMAL;
}

static void soft_fst_double(Case *c)
{
    Float64 r = x80_to_f64(A, c->st);
    memcpy(c->result, &r, sizeof(r));
    c->st->flags &= ~FLOAT_INPUT_DENORMAL;
}

/* n in st(1) */
HOST_OP(host_fscale, "fildll %[n]\n\tfldt", "fscale\n\tfstp %%st(1)", READ_STATUS "fstpt %[r]")
SOFT_OP(soft_fscale, FloatX80, x80_scalbn(A, c->n, c->st))

#define STORE_EFLAGS "setz %[r]\n\tsetp 1+%[r]\n\tsetc 2+%[r]\n\tfstp %%st(0)\n\t" READ_STATUS

HOST_OP(host_fcomi, "fldt", "fcomi %%st(1), %%st", STORE_EFLAGS)
HOST_OP(host_fucomi, "fldt", "fucomi %%st(1), %%st", STORE_EFLAGS)

static void store_eflags(Case *c, FloatRelation relation)
{
    c->result[0] = relation == FLOAT_EQUAL || relation == FLOAT_UNORDERED;
    c->result[1] = relation == FLOAT_UNORDERED;
    c->result[2] = relation == FLOAT_LESS || relation == FLOAT_UNORDERED;
}

static void soft_fcomi(Case *c)
{
    store_eflags(c, x80_compare(A, B, c->st));
}

static void soft_fucomi(Case *c)
{
    store_eflags(c, x80_compare_quiet(A, B, c->st));
}

static const Op ops[] = {
    { "fadd", &shape80, host_fadd, soft_fadd },
    { "fsub", &shape80, host_fsub, soft_fsub },
    { "fmul", &shape80, host_fmul, soft_fmul },
    { "fdiv", &shape80, host_fdiv, soft_fdiv },
    { "fsqrt", &shape80, host_fsqrt, soft_fsqrt },
    { "frndint", &shape80, host_frndint, soft_frndint },
    { "fscale", &shape80, host_fscale, soft_fscale, true },
    { "fld-single", &shape32, host_fld_single, soft_fld_single },
    { "fld-double", &shape64, host_fld_double, soft_fld_double },
    { "fst-single", &shape80, host_fst_single, soft_fst_single },
    { "fst-double", &shape80, host_fst_double, soft_fst_double },
    { "fist-16", &shape80, host_fist16, soft_fist16 },
    { "fist-32", &shape80, host_fist32, soft_fist32 },
    { "fist-64", &shape80, host_fist64, soft_fist64 },
    { "fcomi", &shape80, host_fcomi, soft_fcomi },
    { "fucomi", &shape80, host_fucomi, soft_fucomi },
};

static uint16_t status_word(const FloatStatus *st)
{
    static const struct {
        uint8_t flag, status;
    } map[] = {
        { FLOAT_INVALID, 1 << 0 },  { FLOAT_INPUT_DENORMAL, 1 << 1 }, { FLOAT_DIVBYZERO, 1 << 2 },
        { FLOAT_OVERFLOW, 1 << 3 }, { FLOAT_UNDERFLOW, 1 << 4 },      { FLOAT_INEXACT, 1 << 5 },
    };
    uint16_t status = st->flags & FLOAT_ROUNDED_UP ? SW_C1 : 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(map); i++) {
        status |= st->flags & map[i].flag ? map[i].status : 0;
    }
    return status;
}

static char *hex80(const uint8_t *bytes)
{
    FloatX80 v = x80_of(bytes);
    return g_strdup_printf("%04x:%016lx", v.sign_exponent, v.significand);
}

static void report(const Op *op, const Case *host, const Case *soft, uint16_t soft_status)
{
    g_autofree char *a = hex80(host->a), *b = hex80(host->b);
    g_autofree char *host_result = hex80(host->result), *soft_result = hex80(soft->result);

    g_test_message("%s a %s b %s n %ld control %#x: host %s status %#x, soft %s %#x", op->name, a,
                   b, (long)host->n, host->control, host_result, host->status & (SW_FLAGS | SW_C1),
                   soft_result, soft_status);
    g_test_fail();
}

static void test_op(gconstpointer data)
{
    static const uint8_t rounding_of_rc[] = { FLOAT_RNE, FLOAT_RDN, FLOAT_RUP, FLOAT_RTZ };
    static const uint8_t precision_of_pc[] = { 24, 0, 53, 64 };
    const Op *op = data;

    for (unsigned i = 0; i < count; i++) {
        unsigned rc = operands_below(&source, 4), pc = operands_below(&source, 3);
        pc += pc != 0;
        FloatStatus st = { .rounding = rounding_of_rc[rc],
                           .nan_rule = FLOAT_NAN_X87,
                           .int_rule = FLOAT_INT_X86,
                           .x80_precision = precision_of_pc[pc],
                           .default_nan_negative = true };
        Case host = { .st = &st, .control = CW_MASKS | pc << CW_PC_SHIFT | rc << CW_RC_SHIFT };
        Bits a = operands_pick(&source, op->shape, NULL);
        Bits b = operands_pick(&source, op->shape, &a);
        memcpy(host.a, &a, sizeof(a));
        memcpy(host.b, &b, sizeof(b));
        host.n = (int64_t)operands_below(&source, 0x12000) - 0x9000;
        Case soft = host;
        op->host(&host);
        op->soft(&soft);
        uint16_t status = status_word(&st);
        uint16_t compared = SW_FLAGS | (host.status & SW_PE && !op->no_c1 ? SW_C1 : 0);
        if (memcmp(soft.result, host.result, sizeof(soft.result)) != 0 ||
            ((status ^ host.status) & compared) != 0) {
            report(op, &host, &soft, status);
            return;
        }
    }
}

static void add_tests(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        g_autofree char *path = g_strdup_printf("/fpu/x87/%s", ops[i].name);
        g_test_add_data_func(path, &ops[i], test_op);
    }
}

#else

static void test_no_x87(void)
{
    g_test_skip("the host has no x87 unit");
}

static void add_tests(void)
{
    g_test_add_func("/fpu/x87", test_no_x87);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Softfloat against exact arithmetic: every format and operation, all six roundings, tininess
 * before and after, flushing, precision control.  For a long run: --count=N --seed=N.
 */
#include <glib.h>

#include "fpu/softfloat.h"
#include "tests/fpu/exact.h"
#include "tests/fpu/operands.h"
#include "tests/fpu/soft_call.h"

static OperandSource source;
static unsigned count = 3000;

static const char *const op_names[SOFT_OPS] = {
    [SOFT_ADD] = "add",           [SOFT_SUB] = "sub",
    [SOFT_MUL] = "mul",           [SOFT_DIV] = "div",
    [SOFT_SQRT] = "sqrt",         [SOFT_FMA] = "fma",
    [SOFT_SCALBN] = "scalbn",     [SOFT_ROUND_INT] = "round-int",
    [SOFT_COMPARE] = "compare",   [SOFT_TO_I32] = "to-i32",
    [SOFT_TO_U32] = "to-u32",     [SOFT_TO_I64] = "to-i64",
    [SOFT_TO_U64] = "to-u64",     [SOFT_FROM_I64] = "from-i64",
    [SOFT_FROM_U64] = "from-u64", [SOFT_CONVERT] = "convert",
};

static FloatStatus pick_status(void)
{
    static const uint8_t precisions[] = { 24, 53, 64, 0 };
    unsigned mode = operands_below(&source, 16);

    return (FloatStatus){
        .rounding = operands_below(&source, 6),
        .default_nan = true,
        .tininess_before_rounding = mode & 1,
        .flush_to_zero = mode >> 1 == 1,
        .flush_is_inexact = mode & 8,
        .flush_inputs_to_zero = mode >> 1 == 2,
        .x80_precision = precisions[operands_below(&source, 4)],
    };
}

/* An addend that cancels the product but for a few units. */
static Bits pick_cancelling(const SoftCall *call)
{
    const OperandShape *shape = &exact_formats[call->format].shape;
    SoftCall product = *call;
    FloatStatus st = { .rounding = FLOAT_RTZ };

    product.op = SOFT_MUL;
    return (soft_call(&product, &st) + operands_below(&source, 4) / 2) ^
           (Bits)1 << (shape->exp_bits + shape->frac_bits);
}

static void pick_operands(SoftCall *call)
{
    const OperandShape *shape = &exact_formats[call->format].shape;

    call->a = operands_pick(&source, shape, NULL);
    call->b = operands_pick(&source, shape, &call->a);
    call->c = operands_pick(&source, shape, operands_below(&source, 2) ? &call->a : &call->b);
    if (call->op == SOFT_FMA && operands_below(&source, 4) == 0) {
        call->c = pick_cancelling(call);
    }
    if (call->op == SOFT_FROM_I64 || call->op == SOFT_FROM_U64) {
        call->a = operands_random(&source) >> operands_below(&source, 64);
        call->a = operands_below(&source, 2) ? call->a : -(uint64_t)call->a;
    }
    call->n = (int)operands_below(&source, 2u << shape->exp_bits) - (1 << shape->exp_bits);
    call->flags = operands_below(&source, 8);
    do {
        call->to = operands_below(&source, SOFT_FORMATS);
    } while (call->to == call->format);
}

#define HEX(v) (unsigned long)((v) >> 64), (unsigned long)(v)

static void report(const SoftCall *call, const FloatStatus *st, Bits soft, Bits exact,
                   uint8_t exact_flags)
{
    g_test_message("%s %s to %s n %d negate %u a %lx:%016lx b %lx:%016lx c %lx:%016lx",
                   exact_formats[call->format].name, op_names[call->op],
                   exact_formats[call->to].name, call->n, call->flags, HEX(call->a), HEX(call->b),
                   HEX(call->c));
    g_test_message("rounding %u before %u flush %u %u %u precision %u", st->rounding,
                   st->tininess_before_rounding, st->flush_to_zero, st->flush_is_inexact,
                   st->flush_inputs_to_zero, st->x80_precision);
    g_test_message("soft %lx:%016lx flags %#x, exact %lx:%016lx %#x", HEX(soft), st->flags,
                   HEX(exact), exact_flags);
    g_test_fail();
}

static void test_op(gconstpointer data)
{
    SoftCall call = { .op = GPOINTER_TO_UINT(data) % SOFT_OPS,
                      .format = GPOINTER_TO_UINT(data) / SOFT_OPS };

    for (unsigned i = 0; i < count; i++) {
        FloatStatus st = pick_status();
        uint8_t exact_flags;
        pick_operands(&call);
        Bits soft = soft_call(&call, &st);
        Bits exact = exact_call(&call, &st, &exact_flags);
        if (soft != exact ||
            (st.flags & ~(FLOAT_INPUT_DENORMAL | FLOAT_ROUNDED_UP)) != exact_flags) {
            report(&call, &st, soft, exact, exact_flags);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    source = operands_options(&argc, argv, &count);
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < SOFT_FORMATS * SOFT_OPS; i++) {
        g_autofree char *path = g_strdup_printf(
            "/fpu/exact/%s/%s", exact_formats[i / SOFT_OPS].name, op_names[i % SOFT_OPS]);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_op);
    }
    operands_announce(&source, count);
    return g_test_run();
}

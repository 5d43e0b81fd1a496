/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The .ir files: a region in text, after "---" what its passes make of it. Also the builder's
 * folding and round trips. */
#include <string.h>

#include "tcg/builder.h"
#include "tcg/pass.h"
#include "tcg/runtime.h"

enum { X0, X1, X2, F0, SLOT_COUNT };

typedef struct {
    TcgEnv env;
    uint64_t x[3];
    uint64_t f[1];
} FakeCpu;

static const TcgSlot slots[SLOT_COUNT] = {
    [X0] = { "x0", 0, IR_I64, 1 },
    [X1] = { "x1", 8, IR_I64, 2 },
    [X2] = { "x2", 16, IR_I64, 0 },
    [F0] = { "f0", 24, IR_F64, 1 },
};

static uint64_t helper_sum(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return a + b + c + d;
}

static const IrHelper helpers[] = {
    { .name = "sum", .fn = helper_sum, .result = IR_I64, .arguments = 2, .writes = { 1 << X2 } },
    { .name = "trap", .fn = helper_sum, .result = IR_I64, .arguments = 1, .raises = true },
};

typedef struct {
    IrRegion region;
    IrBuilder b;
    IrOp ops[IR_MAX_OPS];
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->region = (IrRegion){
        .ops = f->ops, .pc = 0x1000, .page_bits = 12, .slots = slots, .slot_count = SLOT_COUNT
    };
    ir_begin(&f->b, &f->region);
}

static void teardown(Fixture *f, gconstpointer data)
{
}

static void assert_const(Fixture *f, IrValue v, uint64_t expected)
{
    uint64_t value;

    g_assert_true(ir_constant(&f->b, v, &value));
    g_assert_cmphex(value, ==, expected);
}

static void test_fold_constants(Fixture *f, gconstpointer data)
{
    IrBuilder *b = &f->b;

    assert_const(f, ir_binary(b, IR_ADD, ir_i64(b, 40), ir_i64(b, 2)), 42);
    assert_const(f, ir_binary(b, IR_SUB, ir_i32(b, 1), ir_i32(b, 2)), UINT32_MAX);
    assert_const(f, ir_binary(b, IR_SHL, ir_i64(b, 1), ir_i64(b, 65)), 2);
    assert_const(f, ir_binary(b, IR_MULHS, ir_i64(b, -1), ir_i64(b, -1)), 0);
    assert_const(f, ir_binary(b, IR_MULHSU, ir_i64(b, -1), ir_i64(b, -1)), UINT64_MAX);
    assert_const(f, ir_divide(b, IR_DIVS, IR_DIV_RISCV, ir_i64(b, INT64_MIN), ir_i64(b, -1)),
                 INT64_MIN);
    assert_const(f, ir_divide(b, IR_REMU, IR_DIV_RISCV, ir_i64(b, 7), ir_i64(b, 0)), 7);
    assert_const(f, ir_divide(b, IR_DIVU, IR_DIV_ARM, ir_i64(b, 7), ir_i64(b, 0)), 0);
    assert_const(f, ir_convert(b, IR_SEXT32, IR_I64, ir_i32(b, 0x80000000), 0), 0xffffffff80000000);
    assert_const(f, ir_setcond(b, IR_I64, IR_LT, ir_i64(b, -1), ir_i64(b, 0)), 1);
    assert_const(f, ir_setcond(b, IR_I64, IR_LTU, ir_i32(b, -1), ir_i32(b, 0)), 0);
}

static void test_fold_identities(Fixture *f, gconstpointer data)
{
    IrBuilder *b = &f->b;
    IrValue x = ir_get(b, X0), zero = ir_i64(b, 0), ones = ir_i64(b, -1);

    g_assert_cmpuint(ir_binary(b, IR_ADD, x, zero), ==, x);
    g_assert_cmpuint(ir_binary(b, IR_ADD, zero, x), ==, x);
    g_assert_cmpuint(ir_binary(b, IR_AND, x, ones), ==, x);
    g_assert_cmpuint(ir_binary(b, IR_OR, x, x), ==, x);
    g_assert_cmpuint(ir_binary(b, IR_SHR, x, ir_i64(b, 64)), !=, 0);
    assert_const(f, ir_binary(b, IR_XOR, x, x), 0);
    assert_const(f, ir_binary(b, IR_MUL, x, zero), 0);
    assert_const(f, ir_setcond(b, IR_I64, IR_GEU, x, x), 1);
    g_assert_cmpuint(f->region.ops[ir_binary(b, IR_SUB, zero, x)].op, ==, IR_NEG);
    g_assert_cmpuint(f->region.ops[ir_binary(b, IR_MUL, x, ir_i64(b, 8))].op, ==, IR_SHL);
    g_assert_cmpuint(ir_get(b, X0), ==, x);
}

static void test_get_after_put_is_the_value(Fixture *f, gconstpointer data)
{
    IrBuilder *b = &f->b;
    IrValue v = ir_binary(b, IR_ADD, ir_get(b, X0), ir_i64(b, 5));

    ir_put(b, X1, v);
    g_assert_cmpuint(ir_get(b, X1), ==, v);
    ir_put(b, X2, v);
    ir_call(b, &helpers[0], v, v, 0, 0);
    g_assert_cmpuint(ir_get(b, X1), ==, v);
    g_assert_cmpuint(ir_get(b, X2), !=, v);
    ir_label(b, ir_new_label(b));
    g_assert_cmpuint(ir_get(b, X1), !=, v);
}

static void test_find_groups(Fixture *f, gconstpointer data)
{
    static IrGroups groups;
    IrBuilder *b = &f->b;
    IrMem mem = { .size_log2 = 3 };
    IrValue sp = ir_get(b, X0), lower = ir_binary(b, IR_ADD, sp, ir_i64(b, -32));
    uint32_t first;

    ir_put(b, X0, lower);
    first = f->region.count;
    ir_store(b, mem, lower, 24, ir_get(b, X1));
    ir_load(b, IR_I64, mem, sp, -24);
    ir_load(b, IR_I64, mem, ir_get(b, X1), 0);
    ir_load(b, IR_I64, mem, lower, 4096);
    ir_goto(b, 0x1004);
    ir_find_groups(&f->region, &groups);
    g_assert_cmpuint(groups.count, ==, 1);
    g_assert_cmpint(groups.group[0].low, ==, 8);
    g_assert_cmpuint(groups.group[0].span, ==, 24);
    g_assert_cmpuint(groups.group[0].first, >=, first);
    g_assert_cmpuint(groups.group[0].base, ==, lower);
    g_assert_true(groups.group[0].write);
    g_assert_cmpuint(groups.group[0].members, ==, 2);
}

/* The live ops of @region in text. */
static char *live_text(const IrRegion *region)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(GString) live = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;

    ir_dump(region, all);
    lines = g_strsplit(all->str, "\n", -1);
    for (uint32_t at = 1; at < region->count; at++) {
        if (!(region->ops[at].flags & IR_OP_DEAD)) {
            g_string_append_printf(live, "%s\n", g_strstrip(lines[at]));
        }
    }
    return g_string_free(g_steal_pointer(&live), FALSE);
}

static char *trimmed(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (*line && *line != '#') {
            g_string_append_printf(out, "%s\n", line);
        }
    }
    return g_string_free(out, FALSE);
}

static void test_file(gconstpointer path)
{
    static IrOp ops[IR_MAX_OPS];
    IrRegion region = { .ops = ops, .page_bits = 12, .slots = slots, .slot_count = SLOT_COUNT };
    g_autofree char *content = NULL, *expected = NULL, *got = NULL;
    g_auto(GStrv) halves = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    halves = g_strsplit(content, "---\n", 2);
    ir_parse(halves[0], &region, helpers, G_N_ELEMENTS(helpers), &error);
    g_assert_no_error(error);
    ir_liveness(&region);
    got = live_text(&region);
    expected = trimmed(halves[1]);
    g_assert_cmpstr(got, ==, expected);
}

static void test_parse_refuses(void)
{
    static IrOp ops[IR_MAX_OPS];
    static const char *const bad[] = {
        "%1:i64 = add %2 %3\n goto 0x0",
        "%1:i64 = get nothing\n goto 0x0",
        "%1:i64 = const 1\n%2:i32 = add %1 %1\n goto 0x0",
        "goto 0x0\n goto 0x4",
        "%1:i64 = const 1",
        "br L0\n goto 0x0",
        "%1:i64 = const 1\n label L0\n put x0 %1\n goto 0x0",
        "%1:f32 = const 1\n%2:f64 = fadd %1 %1\n goto 0x0",
        "frobnicate\n goto 0x0",
        "",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        IrRegion region = { .ops = ops, .slots = slots, .slot_count = SLOT_COUNT };
        g_autoptr(GError) error = NULL;
        g_assert_false(ir_parse(bad[i], &region, helpers, G_N_ELEMENTS(helpers), &error));
        g_assert_nonnull(error);
    }
}

static void test_interp_stops_at_a_raise(void)
{
    static IrOp ops[IR_MAX_OPS];
    static FakeCpu cpu;
    IrRegion region = { .ops = ops, .slots = slots, .slot_count = SLOT_COUNT };
    uint32_t insns;
    bool ok =
        ir_parse("insn 0x100 0\n %1:i64 = const 7\n put x0 %1\n insn 0x104 0\n"
                 " %2:i64 = get x0\n %3:i64 = add %2 %2\n put x1 %3\n exit_if.eq %3 %2 0x200\n"
                 " goto_ind %3",
                 &region, helpers, G_N_ELEMENTS(helpers), NULL);

    g_assert_true(ok);
    g_assert_cmpint(tcg_interp_run(&region, &cpu.env, NULL, &insns), ==, TCG_LEFT_LOOKUP);
    g_assert_cmphex(cpu.env.hot.pc, ==, 14);
    g_assert_cmpuint(cpu.x[X1], ==, 14);
    g_assert_cmpuint(insns, ==, 2);
}

int main(int argc, char **argv)
{
    static const char *const files[] = { "dead_put.ir", "fault_keeps_puts.ir", "sticky_stays.ir" };

    g_test_init(&argc, &argv, NULL);
#define BUILDER_TEST(name) g_test_add("/ir/" #name, Fixture, NULL, setup, test_##name, teardown)
    BUILDER_TEST(fold_constants);
    BUILDER_TEST(fold_identities);
    BUILDER_TEST(get_after_put_is_the_value);
    BUILDER_TEST(find_groups);
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *name = g_strdup_printf("/ir/file/%s", files[i]);
        g_test_add_data_func_full(name, g_build_filename(IR_TEST_DIR, files[i], NULL), test_file,
                                  g_free);
    }
    g_test_add_func("/ir/parse_refuses", test_parse_refuses);
    g_test_add_func("/ir/interp_stops_at_a_raise", test_interp_stops_at_a_raise);
    return g_test_run();
}

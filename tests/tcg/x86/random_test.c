/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs on the host's processor, interpreted and translated; results must be equal.
 * RHEA_SEED and RHEA_CASES repeat or lengthen it.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tcg/x86/oracle.h"

enum { DEFAULT_CASES = 3072 };

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = g_getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void describe(const OracleCase *c, GString *out)
{
    g_string_append_printf(out, "seed %#" G_GINT64_MODIFIER "x, %s-bit:", c->seed,
                           c->code32 ? "32" : "64");
    for (unsigned i = 0; i < c->code_bytes; i++) {
        g_string_append_printf(out, " %02x", c->code[i]);
    }
}

static void compare_states(const OracleCase *c, GString *out)
{
    static const char *const name[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };
    const OracleState *n = &c->native, *g = &c->guest;

    for (unsigned i = 0; i < (c->code32 ? 8 : 16); i++) {
        uint64_t mask = c->code32 ? UINT32_MAX : UINT64_MAX;
        if ((n->r[i] ^ g->r[i]) & mask) {
            g_string_append_printf(out, "\n  %s: native %lx, guest %lx, before %lx", name[i],
                                   n->r[i], g->r[i], c->before.r[i]);
        }
    }
    if ((n->flags ^ g->flags) & c->flags_mask) {
        g_string_append_printf(out, "\n  flags: native %lx, guest %lx, before %lx, mask %lx",
                               n->flags, g->flags, c->before.flags, c->flags_mask);
    }
    if (n->pc != g->pc || n->vector != g->vector) {
        g_string_append_printf(out, "\n  end: native %u at %lx, guest %u at %lx", n->vector, n->pc,
                               g->vector, g->pc);
    }
    for (unsigned i = 0; i < ORACLE_DATA_BYTES; i++) {
        if (c->native_data[i] != c->guest_data[i]) {
            g_string_append_printf(out, "\n  memory at +%x: native %02x, guest %02x", i,
                                   c->native_data[i], c->guest_data[i]);
            break;
        }
    }
}

/* Undefined flags of an instruction in the middle are seen if it, or one jumped over, ended it. */
static bool compare(const OracleCase *c)
{
    GString *out = g_string_new(NULL);
    bool same;

    compare_states(c, out);
    same = out->len == 0;
    if (!same) {
        GString *head = g_string_new(NULL);
        describe(c, head);
        g_test_message("%s%s", head->str, out->str);
        g_string_free(head, true);
    }
    g_string_free(out, true);
    return same;
}

static OracleBatch *batch;

typedef enum { CODE64, CODE32, VECTORS } Kind;

static void run(const char *options, Kind kind)
{
    uint64_t seed = number_from("RHEA_SEED", (uint64_t)g_get_real_time());
    uint64_t cases = number_from("RHEA_CASES", DEFAULT_CASES), bad = 0;
    Guest *guest = guest_new(options);

    g_test_message("seed %#lx", seed);
    for (uint64_t done = 0; done < cases; done += batch->count) {
        batch->count = MIN(ORACLE_BATCH, cases - done);
        for (unsigned i = 0; i < batch->count; i++) {
            if (kind == VECTORS) {
                generate_vectors(&batch->cases[i], seed + done + i, i);
            } else {
                generate(&batch->cases[i], seed + done + i, i, kind == CODE32);
            }
        }
        g_assert_true(native_run(batch));
        guest_run(guest, batch);
        for (unsigned i = 0; i < batch->count && bad < 20; i++) {
            bad += !compare(&batch->cases[i]);
        }
    }
    guest_free(guest);
    g_assert_cmpuint(bad, ==, 0);
}

static void test_interpreted(void)
{
    run("interp=on", CODE64);
}

static void test_translated(void)
{
    run(NULL, CODE64);
}

static void test_interpreted_code32(void)
{
    run("interp=on", CODE32);
}

static void test_translated_code32(void)
{
    run(NULL, CODE32);
}

static void test_interpreted_vectors(void)
{
    run("interp=on", VECTORS);
}

static void test_translated_vectors(void)
{
    run(NULL, VECTORS);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    batch = native_new();
    g_test_add_func("/x86/random/interpreted", test_interpreted);
    g_test_add_func("/x86/random/translated", test_translated);
    g_test_add_func("/x86/random/interpreted-32", test_interpreted_code32);
    g_test_add_func("/x86/random/translated-32", test_translated_code32);
    if (__builtin_cpu_supports("avx2")) {
        g_test_add_func("/x86/random/interpreted-vectors", test_interpreted_vectors);
        g_test_add_func("/x86/random/translated-vectors", test_translated_vectors);
    }
    result = g_test_run();
    native_free(batch);
    return result;
}

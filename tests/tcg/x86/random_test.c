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
    g_string_append_printf(out, "seed %#" G_GINT64_MODIFIER "x, %s-bit", c->seed,
                           c->code32 ? "32" : "64");
    if (c->cs) {
        g_string_append_printf(out, " cs %x ss %x ds %x es %x gs %x", c->cs, c->ss, c->ds, c->es,
                               c->gs);
    }
    g_string_append_c(out, ':');
    for (unsigned i = 0; i < c->code_bytes; i++) {
        g_string_append_printf(out, " %02x", c->code[i]);
    }
}

static void compare_steps(const OracleState *n, const OracleState *g, GString *out)
{
    if (n->steps != g->steps) {
        g_string_append_printf(out, "\n  steps: native %u, guest %u", n->steps, g->steps);
    }
    for (unsigned i = 0; i < MIN(n->steps, g->steps); i++) {
        if (n->step_pc[i] != g->step_pc[i] || n->step_registers[i] != g->step_registers[i]) {
            g_string_append_printf(
                out, "\n  step %u: native at %lx, guest at %lx%s", i, n->step_pc[i], g->step_pc[i],
                n->step_registers[i] != g->step_registers[i] ? ", registers" : "");
            return;
        }
    }
}

static void compare_vectors(const OracleCase *c, GString *out)
{
    const OracleState *n = &c->native, *g = &c->guest;

    for (unsigned i = 0; i < (c->code32 ? 8 : 16); i++) {
        if (memcmp(n->v[i], g->v[i], sizeof(n->v[i]))) {
            g_string_append_printf(out, "\n  vector %u: native %lx %lx.., guest %lx %lx..", i,
                                   n->v[i][0], n->v[i][2], g->v[i][0], g->v[i][2]);
        }
    }
    if (n->mxcsr != g->mxcsr) {
        g_string_append_printf(out, "\n  mxcsr: native %x, guest %x", n->mxcsr, g->mxcsr);
    }
}

/*
 * Linux tells programs that addresses of its own are present. Which of several accesses to a page
 * comes first is the processor's business, and so is whether the length or the opcode is found bad
 * first.
 */
static bool same_end(const OracleCase *c)
{
    const OracleState *n = &c->native, *g = &c->guest;
    uint32_t mask = n->address >> 47 ? ~1u : ~0u;

    if (n->pc != g->pc) {
        return false;
    }
    if (c->lengthy && n->vector + g->vector == 13 + 6 && !n->code && !g->code) {
        return true;
    }
    if (c->code32 && g->vector == 14 && (uint32_t)(g->address + 32) < 64) {
        return true; /* over the end of 4 GiB: SDM vol. 3, 5.3 leaves it open */
    }
    if (c->vague_stack && n->vector + g->vector == 12 + 13 && !n->code && !g->code) {
        return true;
    }
    if (c->cs && g->vector == 13 && !g->code && (n->vector == 14 || n->vector == 12)) {
        return true; /* CALL: AMD's processors push before they look at the target */
    }
    if (n->vector != g->vector) {
        return false;
    }
    if (n->vector == 14 && n->code == 7 && g->code == 6 && !(g->address & 4095) &&
        g->address - n->address < 8) {
        return true; /* written and read over the end of a read-only page */
    }
    if (n->address != g->address && n->vector == 14 && n->code == g->code &&
        n->address - g->address + 32 <= 64) {
        return true;
    }
    return n->address == g->address && (!c->exact || !((n->code ^ g->code) & mask));
}

static void compare_states(const OracleCase *c, GString *out)
{
    static const char *const name[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };
    const OracleState *n = &c->native, *g = &c->guest;

    for (unsigned i = 0; i < (c->code32 ? 8 : 16); i++) {
        uint64_t mask = oracle_register_mask(c, i);
        if ((n->r[i] ^ g->r[i]) & mask) {
            g_string_append_printf(out, "\n  %s: native %lx, guest %lx, before %lx", name[i],
                                   n->r[i], g->r[i], c->before.r[i]);
        }
    }
    if ((n->flags ^ g->flags) & c->flags_mask) {
        g_string_append_printf(out, "\n  flags: native %lx, guest %lx, before %lx, mask %lx",
                               n->flags, g->flags, c->before.flags, c->flags_mask);
    }
    if (!same_end(c)) {
        g_string_append_printf(out, "\n  end: native %u %x %lx at %lx, guest %u %x %lx at %lx",
                               n->vector, n->code, n->address, n->pc, g->vector, g->code,
                               g->address, g->pc);
    }
    compare_steps(n, g, out);
    if (c->exact) {
        compare_vectors(c, out);
    }
    for (unsigned i = 0; i < (c->vector_store ? ORACLE_DATA_BYTES - 32 : ORACLE_DATA_BYTES); i++) {
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

typedef enum { CODE64, CODE32, VECTORS, BYTES64, BYTES32, SEGMENTS } Kind;

static void make_case(Kind kind, uint64_t seed, unsigned index)
{
    OracleCase *c = &batch->cases[index];

    memset(c, 0, offsetof(OracleCase, native));
    if (kind == VECTORS) {
        generate_vectors(c, seed, index);
    } else if (kind <= CODE32) {
        generate(c, seed, index, kind == CODE32);
    } else {
        while (!generate_bytes(c, seed, index, kind - BYTES64)) {
            seed += 1ull << 40;
        }
    }
}

/* Branches to addresses that are not canonical: what they did is undone by processors, not by us
 * (docs/devel/x86.rst). */
static bool left_the_world(const OracleCase *c)
{
    return c->exact && (int64_t)(c->guest.pc << 16) >> 16 != (int64_t)c->guest.pc;
}

static void run(const char *options, Kind kind)
{
    /* Byte strings meet what processors do differently; the same ones each time, unless asked. */
    uint64_t any = kind >= BYTES64 ? 1 : (uint64_t)g_get_real_time();
    uint64_t seed = number_from("RHEA_SEED", any);
    uint64_t cases = number_from("RHEA_CASES", DEFAULT_CASES), bad = 0;
    Guest *guest = guest_new(options);

    g_test_message("seed %#lx", seed);
    for (uint64_t done = 0; done < cases; done += batch->count) {
        batch->count = MIN(ORACLE_BATCH, cases - done);
        for (unsigned i = 0; i < batch->count; i++) {
            make_case(kind, seed + done + i, i);
        }
        g_assert_true(native_run(batch));
        guest_run(guest, batch);
        for (unsigned i = 0; i < batch->count && bad < 20; i++) {
            const OracleCase *c = &batch->cases[i];
            bad += !c->endless && !left_the_world(c) && !compare(c);
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

static void test_interpreted_bytes(void)
{
    run("interp=on", BYTES64);
}

static void test_translated_bytes(void)
{
    run(NULL, BYTES64);
}

static void test_interpreted_bytes32(void)
{
    run("interp=on", BYTES32);
}

static void test_translated_bytes32(void)
{
    run(NULL, BYTES32);
}

static void test_interpreted_segments(void)
{
    run("interp=on", SEGMENTS);
}

static void test_translated_segments(void)
{
    run(NULL, SEGMENTS);
}

/* Under the address sanitizer half of the addresses that random bytes name are its shadow: they do
 * not fault natively. */
#ifdef __SANITIZE_ADDRESS__
enum { STRAY_ADDRESSES_FAULT = false };
#else
enum { STRAY_ADDRESSES_FAULT = true };
#endif

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
    if (native_has_segments() && STRAY_ADDRESSES_FAULT) {
        g_test_add_func("/x86/random/interpreted-bytes", test_interpreted_bytes);
        g_test_add_func("/x86/random/translated-bytes", test_translated_bytes);
        g_test_add_func("/x86/random/interpreted-bytes-32", test_interpreted_bytes32);
        g_test_add_func("/x86/random/translated-bytes-32", test_translated_bytes32);
        g_test_add_func("/x86/random/interpreted-segments", test_interpreted_segments);
        g_test_add_func("/x86/random/translated-segments", test_translated_segments);
    }
    result = g_test_run();
    native_free(batch);
    return result;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses in loops remember the page they touched last. */
#include <string.h>

#include "tcg/builder.h"
#include "tcg/pass.h"
#include "tests/ir/tier1_machine.h"

enum { PC = 0x80000000, OTHER_PC = 0x80000100 };

typedef struct {
    TestCpu *cpu;
    TestChunk chunk;
    TcgBackend *backend;
    IrRegion region;
    TcgCompiled code;
} Fixture;

/* One load or store of @mem at x0 (value x4), in what looks like a loop. */
static void set_up(Fixture *f, IrMem mem, bool write)
{
    static const TcgBackendOptions options = { .pinned_int = ~0u, .pinned_fp = ~0u };
    g_autoptr(GError) err = NULL;
    IrBuilder ir;
    f->cpu = test_cpu_new();
    f->cpu->env.mxcsr_guest = 0x1f80;
    test_chunk_init(&f->chunk, 1 << 18);
    f->backend =
        tcg_backend_new(test_slots, ALL_SLOTS, &test_runtime, &options, &f->chunk.space, &err);
    g_assert_no_error(err);
    f->region = (IrRegion){ .ops = g_new(IrOp, IR_MAX_OPS),
                            .pc = PC,
                            .page_bits = TCG_PAGE_BITS,
                            .slots = test_slots,
                            .slot_count = ALL_SLOTS };
    ir_begin(&ir, &f->region);
    ir_insn(&ir, PC, 0);
    if (write) {
        ir_store(&ir, mem, ir_get(&ir, 0), 0, ir_get(&ir, 4));
    } else {
        ir_put(&ir, 4, ir_load(&ir, IR_I64, mem, ir_get(&ir, 0), 0));
    }
    ir_exit_if(&ir, IR_NE, ir_get(&ir, 5), ir_i64(&ir, 1), OTHER_PC);
    ir_goto(&ir, PC);
    ir_liveness(&f->region);
    g_assert_cmpint(tcg_compile(f->backend, &f->region, &f->chunk.space, &f->code), ==,
                    TCG_COMPILED);
}

static void tear_down(Fixture *f)
{
    tcg_backend_free(f->backend);
    test_chunk_free(&f->chunk);
    test_cpu_free(f->cpu);
    g_free(f->region.ops);
}

static TcgLeft run_at(Fixture *f, uint64_t address)
{
    const void *site;
    f->cpu->i[0] = address;
    f->cpu->env.hot.raise = 0;
    f->cpu->env.hot.irq = 0;
    return tcg_run(f->backend, &f->cpu->env, f->code.code + f->code.entry_checked, &site);
}

/* Pages where an empty predictor could be thought to point, of 32 and of 64 bits. */
static const uint64_t odd_pages[] = {
    0,          0x1000,         0x7ffff000,         0x80000000,         0xfffff000,
    1ull << 32, 0x7ffffffff000, 0x800000000000,     0xffff7ffffffff000, 0xffff800000000000,
    1ull << 63, 1ull << 62,     0x7ffffffffffff000, 0xfffffffffffff000, 0xffffffff80000000,
};

/* Every offset within such a page: nothing but the full way may answer, and it raises. */
static void test_empty_matches_no_address(void)
{
    for (unsigned kind = 0; kind < 8; kind++) {
        Fixture f;
        set_up(&f, (IrMem){ .size_log2 = kind / 2 }, kind & 1);
        for (unsigned page = 0; page < G_N_ELEMENTS(odd_pages); page++) {
            for (unsigned offset = 0; offset < 1 << TCG_PAGE_BITS; offset++) {
                unsigned slow = f.cpu->slow;
                g_assert_cmpint(run_at(&f, odd_pages[page] + offset), ==, TCG_LEFT_RAISE);
                g_assert_cmpuint(f.cpu->slow, ==, slow + 1);
            }
        }
        tear_down(&f);
    }
}

static uint64_t page_at(unsigned page)
{
    return MEMORY_BASE + ((uint64_t)page << TCG_PAGE_BITS);
}

static void test_repeated_page_needs_no_lookup(void)
{
    Fixture f;
    set_up(&f, (IrMem){ .size_log2 = 3 }, false);
    memset(f.cpu->memory, 0x5a, MEMORY_BYTES);
    g_assert_cmpint(run_at(&f, page_at(4)), ==, TCG_LEFT_GOTO);
    g_assert_cmpuint(f.cpu->refills, ==, 1);
    for (unsigned n = 0; n < TCG_TLB_ENTRIES; n++) { /* what is remembered stays good */
        f.cpu->env.tlb[0].rtag[n] = f.cpu->env.tlb[0].wtag[n] = tcg_tlb_empty(n);
    }
    g_assert_cmpint(run_at(&f, page_at(4) + 0xff8), ==, TCG_LEFT_GOTO);
    g_assert_cmphex(f.cpu->i[4], ==, 0x5a5a5a5a5a5a5a5a);
    g_assert_cmpuint(f.cpu->refills, ==, 1);
    tcg_env_forget_pages(&f.cpu->env);
    g_assert_cmpint(run_at(&f, page_at(4)), ==, TCG_LEFT_GOTO);
    g_assert_cmpuint(f.cpu->refills, ==, 2);
    tear_down(&f);
}

static void test_misaligned_and_straddling(void)
{
    Fixture f;
    set_up(&f, (IrMem){ .size_log2 = 3 }, false);
    for (unsigned n = 0; n < MEMORY_BYTES; n++) {
        f.cpu->memory[n] = n * 7 + n / 256;
    }
    for (unsigned offset = 0xff0; offset < 0x1010; offset++) {
        uint64_t wanted;
        memcpy(&wanted, f.cpu->memory + (4 << TCG_PAGE_BITS) + offset, 8);
        g_assert_cmpint(run_at(&f, page_at(4) + offset), ==, TCG_LEFT_GOTO);
        g_assert_cmphex(f.cpu->i[4], ==, wanted);
    }
    tear_down(&f);
}

static void test_rights_are_kept_apart(void)
{
    Fixture f;
    set_up(&f, (IrMem){ .size_log2 = 2 }, true);
    for (unsigned site = 0; site < TCG_PREDICTORS; site++) { /* all readers know the page */
        if (!(site >> TCG_SITE_BITS & 1)) {
            f.cpu->env.predictor[site] =
                (TcgPredictor){ page_at(PAGE_READ_ONLY), (uintptr_t)f.cpu->memory - MEMORY_BASE };
        }
    }
    g_assert_cmpint(run_at(&f, page_at(PAGE_READ_ONLY)), ==, TCG_LEFT_RAISE);
    g_assert_cmpint(run_at(&f, page_at(4)), ==, TCG_LEFT_GOTO);
    tear_down(&f);
}

/* A site that never finds its page says so, and is compiled without when its pc is avoided. */
static void test_bad_site_is_reported(void)
{
    Fixture f;
    TcgUnwound at;
    set_up(&f, (IrMem){ .size_log2 = 3 }, false);
    unsigned runs = 0;
    while (!f.cpu->env.predictors.bad && runs < 100000) {
        g_assert_cmpint(run_at(&f, page_at(4 + runs++ % 2)), ==, TCG_LEFT_GOTO);
    }
    g_assert_cmpuint(runs, <, 100000);
    g_assert_cmpint(f.cpu->env.hot.irq, <, 0);
    g_assert_true(tcg_unwind(tcg_unwind_table(&f.code),
                             (const void *)(uintptr_t)f.cpu->env.predictors.bad, &at));
    g_assert_cmphex(at.pc, ==, PC);
    tcg_avoid_predictor(f.backend, at.pc);
    g_assert_cmpint(tcg_compile(f.backend, &f.region, &f.chunk.space, &f.code), ==, TCG_COMPILED);
    uint32_t misses = f.cpu->env.predictors.misses;
    g_assert_cmpint(run_at(&f, page_at(4)), ==, TCG_LEFT_GOTO);
    g_assert_cmpint(run_at(&f, page_at(5)), ==, TCG_LEFT_GOTO);
    g_assert_cmpuint(f.cpu->env.predictors.misses, ==, misses);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tier1/predictor/empty-matches-no-address", test_empty_matches_no_address);
    g_test_add_func("/tier1/predictor/repeated-page", test_repeated_page_needs_no_lookup);
    g_test_add_func("/tier1/predictor/misaligned", test_misaligned_and_straddling);
    g_test_add_func("/tier1/predictor/rights", test_rights_are_kept_apart);
    g_test_add_func("/tier1/predictor/bad-site", test_bad_site_is_reported);
    return g_test_run();
}

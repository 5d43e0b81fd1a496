/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How compiled regions are entered and left: links, guards, the jump cache, interrupts, budgets. */
#include <string.h>

#include "tcg/builder.h"
#include "tcg/pass.h"
#include "tests/ir/tier1_machine.h"

enum { PC = 0x80000000, OTHER_PC = 0x80000100, FAR_PC = 0x80005000 };

typedef struct {
    TestCpu *cpu;
    TestChunk chunk;
    TcgBackend *backend;
    IrRegion region;
    IrBuilder ir;
} Fixture;

static const void *lookup_answer;
static unsigned lookups;

static const void *counting_lookup(TcgEnv *env, uint64_t pc)
{
    lookups++;
    return lookup_answer;
}

static void set_up(Fixture *f, const TcgBackendOptions *options)
{
    g_autoptr(GError) err = NULL;
    TcgRuntime runtime = test_runtime;
    runtime.lookup = counting_lookup;
    lookup_answer = NULL;
    lookups = 0;
    f->cpu = test_cpu_new();
    f->cpu->env.mxcsr_guest = 0x1f80;
    test_chunk_init(&f->chunk, 1 << 18);
    f->backend = tcg_backend_new(test_slots, ALL_SLOTS, &runtime, options, &f->chunk.space, &err);
    g_assert_no_error(err);
    f->region = (IrRegion){ .ops = g_new(IrOp, IR_MAX_OPS),
                            .page_bits = TCG_PAGE_BITS,
                            .slots = test_slots,
                            .slot_count = ALL_SLOTS };
}

static void tear_down(Fixture *f)
{
    tcg_backend_free(f->backend);
    test_chunk_free(&f->chunk);
    test_cpu_free(f->cpu);
    g_free(f->region.ops);
}

static const TcgBackendOptions plain = { .pinned_int = ~0u, .pinned_fp = ~0u };
static const TcgBackendOptions counting = { .pinned_int = ~0u, .pinned_fp = ~0u, .icount = true };

static void begin(Fixture *f, uint64_t pc)
{
    f->region.pc = pc;
    ir_begin(&f->ir, &f->region);
}

static TcgCompiled compile(Fixture *f)
{
    TcgCompiled out;
    ir_liveness(&f->region);
    g_assert_cmpint(tcg_compile(f->backend, &f->region, &f->chunk.space, &out), ==, TCG_COMPILED);
    return out;
}

static const void *entry(const TcgCompiled *c)
{
    return c->code + c->entry_checked;
}

static TcgLeft run(Fixture *f, const TcgCompiled *c, const void **site)
{
    return tcg_run(f->backend, &f->cpu->env, entry(c), site);
}

/* x4 += step */
static void add(Fixture *f, uint64_t pc, uint64_t step)
{
    ir_insn(&f->ir, pc, 0);
    ir_put(&f->ir, 4, ir_binary(&f->ir, IR_ADD, ir_get(&f->ir, 4), ir_i64(&f->ir, step)));
}

/* A region that adds @step and ends with pc = x5, back in the loop. */
static TcgCompiled make_stop(Fixture *f, uint64_t pc, uint64_t step)
{
    begin(f, pc);
    add(f, pc, step);
    ir_exit(&f->ir, ir_get(&f->ir, 5));
    return compile(f);
}

static void patch(Fixture *f, const TcgCompiled *c, uint32_t at, int32_t value)
{
    memcpy(f->chunk.write + (c->code - f->chunk.exec) + at, &value, 4);
}

static void link_site(Fixture *f, const TcgCompiled *from, const TcgSite *site,
                      const TcgCompiled *to)
{
    const uint8_t *target = to->code + (site->check ? to->entry_checked : to->entry_unchecked);
    patch(f, from, site->jump_at, target - (from->code + site->jump_at + 4));
}

static void test_loop_stops_for_interrupt(void)
{
    Fixture f;
    const void *site = NULL;
    set_up(&f, &plain);
    begin(&f, PC);
    add(&f, PC, 1);
    ir_exit_if(&f.ir, IR_GEU, ir_get(&f.ir, 4), ir_i64(&f.ir, 1000), OTHER_PC);
    ir_goto(&f.ir, PC);
    TcgCompiled c = compile(&f);
    g_assert_cmpuint(c.sites, ==, 1);
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_GOTO);
    g_assert_cmpuint(f.cpu->i[4], ==, 1000);
    g_assert_cmphex(f.cpu->env.hot.pc, ==, OTHER_PC);
    g_assert_true(site == c.code + c.site[0].jump_at);
    g_assert_true(((uintptr_t)site & 3) == 0);
    f.cpu->env.hot.irq = -1;
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_IRQ);
    g_assert_cmpuint(f.cpu->i[4], ==, 1000);
    g_assert_cmphex(f.cpu->env.hot.pc, ==, PC);
    tear_down(&f);
}

static void test_linked_exits(void)
{
    Fixture f;
    const void *site = NULL;
    set_up(&f, &plain);
    TcgCompiled target = make_stop(&f, OTHER_PC, 100);
    begin(&f, PC);
    add(&f, PC, 1);
    ir_exit_if(&f.ir, IR_EQ, ir_get(&f.ir, 4), ir_i64(&f.ir, 1), OTHER_PC);
    ir_goto(&f.ir, OTHER_PC);
    TcgCompiled c = compile(&f);
    g_assert_cmpuint(c.sites, ==, 2);
    for (unsigned n = 0; n < 2; n++) {
        g_assert_cmpuint(c.site[n].pc, ==, OTHER_PC);
        g_assert_cmpint(c.site[n].guard_at, ==, 0);
        g_assert_false(c.site[n].check);
        f.cpu->i[4] = n;
        g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_GOTO);
        g_assert_true(site == c.code + c.site[n].jump_at);
        link_site(&f, &c, &c.site[n], &target);
        f.cpu->i[4] = n;
        f.cpu->i[5] = 0x1234;
        g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_EXIT);
        g_assert_cmphex(f.cpu->env.hot.pc, ==, 0x1234);
        g_assert_cmpuint(f.cpu->i[4], ==, n + 101);
        patch(&f, &c, c.site[n].jump_at, c.site[n].stub_rel);
        f.cpu->i[4] = n;
        g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_GOTO);
    }
    tear_down(&f);
}

/* Both a side exit and the final one; both end in jumps behind a guard. */
static void check_guarded(Fixture *f, const TcgCompiled *c, unsigned n, const TcgCompiled *target)
{
    const void *site = NULL;
    uint32_t *guard = &f->cpu->env.hot.bank->guard[tcg_guard_index(FAR_PC)];
    g_assert_cmpint(c->site[n].guard_at, !=, 0);
    link_site(f, c, &c->site[n], target);
    patch(f, c, c->site[n].guard_at, 77);
    *guard = 77;
    f->cpu->i[4] = n;
    g_assert_cmpint(run(f, c, &site), ==, TCG_LEFT_EXIT);
    g_assert_cmpuint(f->cpu->i[4], ==, n + 101);
    *guard = 76;
    lookups = 0;
    f->cpu->i[4] = n;
    g_assert_cmpint(run(f, c, &site), ==, TCG_LEFT_LOOKUP);
    g_assert_cmphex(f->cpu->env.hot.pc, ==, FAR_PC);
    g_assert_cmpuint(f->cpu->i[4], ==, n + 1);
    g_assert_cmpuint(lookups, ==, 1);
    lookup_answer = entry(target);
    f->cpu->i[4] = n;
    g_assert_cmpint(run(f, c, &site), ==, TCG_LEFT_EXIT);
    g_assert_cmpuint(f->cpu->i[4], ==, n + 101);
    lookup_answer = NULL;
}

static void test_guarded_exits(void)
{
    Fixture f;
    set_up(&f, &plain);
    TcgCompiled target = make_stop(&f, FAR_PC, 100);
    begin(&f, PC);
    add(&f, PC, 1);
    ir_exit_if(&f.ir, IR_EQ, ir_get(&f.ir, 4), ir_i64(&f.ir, 2), FAR_PC);
    ir_goto(&f.ir, FAR_PC);
    TcgCompiled c = compile(&f);
    g_assert_cmpuint(c.sites, ==, 2);
    check_guarded(&f, &c, 0, &target);
    check_guarded(&f, &c, 1, &target);
    tear_down(&f);
}

static void test_jump_cache(void)
{
    Fixture f;
    const void *site = NULL;
    set_up(&f, &plain);
    TcgCompiled target = make_stop(&f, FAR_PC + 6, 100);
    begin(&f, PC);
    add(&f, PC, 1);
    ir_goto_indirect(&f.ir, ir_get(&f.ir, 6));
    TcgCompiled c = compile(&f);
    f.cpu->i[6] = FAR_PC + 6;
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_LOOKUP);
    g_assert_cmphex(f.cpu->env.hot.pc, ==, FAR_PC + 6);
    f.cpu->env.hot.bank->jump[tcg_jump_index(FAR_PC + 6)] =
        (TcgJumpEntry){ FAR_PC + 6, entry(&target) };
    f.cpu->i[4] = 0;
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_EXIT);
    g_assert_cmpuint(f.cpu->i[4], ==, 101);
    g_assert_cmpuint(lookups, ==, 1);
    tear_down(&f);
}

/* A lookup for any pc misses in an empty cache. */
static void test_jump_cache_when_empty(void)
{
    static const uint64_t pcs[] = { 0, 1, 2, 3, ~0ull, ~1ull, ~2ull, 0xfff, 1ull << 63 };
    Fixture f;
    const void *site = NULL;
    set_up(&f, &plain);
    begin(&f, PC);
    add(&f, PC, 1);
    ir_goto_indirect(&f.ir, ir_get(&f.ir, 6));
    TcgCompiled c = compile(&f);
    for (unsigned n = 0; n < G_N_ELEMENTS(pcs) + (1 << TCG_JUMP_BITS); n++) {
        f.cpu->i[6] = n < G_N_ELEMENTS(pcs) ? pcs[n] : tcg_jump_empty(n - G_N_ELEMENTS(pcs));
        g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_LOOKUP);
        g_assert_cmphex(f.cpu->env.hot.pc, ==, f.cpu->i[6]);
    }
    tear_down(&f);
}

static void test_budget(void)
{
    Fixture f;
    const void *site = NULL;
    TcgUnwound at;
    set_up(&f, &counting);
    TcgHot *hot = &f.cpu->env.hot;
    begin(&f, PC);
    add(&f, PC, 1);
    ir_exit_if(&f.ir, IR_EQ, ir_get(&f.ir, 4), ir_i64(&f.ir, 1), OTHER_PC);
    add(&f, PC + 4, 1);
    ir_put(&f.ir, 7, ir_load(&f.ir, IR_I64, (IrMem){ .size_log2 = 3 }, ir_get(&f.ir, 0), 0));
    add(&f, PC + 8, 1);
    ir_goto(&f.ir, PC);
    TcgCompiled c = compile(&f);
    hot->budget = 2;
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_IRQ);
    g_assert_cmpint(hot->budget, ==, 2);
    g_assert_cmphex(hot->pc, ==, PC);
    hot->budget = 10; /* the side exit: one instruction */
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_GOTO);
    g_assert_cmpint(hot->budget, ==, 9);
    f.cpu->i[0] = MEMORY_BASE + (4 << TCG_PAGE_BITS);
    f.cpu->i[4] = 5; /* three times round, then too little is left */
    hot->budget = 10;
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_IRQ);
    g_assert_cmpint(hot->budget, ==, 1);
    g_assert_cmpuint(f.cpu->i[4], ==, 14);
    f.cpu->i[0] = 0; /* faults in the second: the third is owed */
    hot->budget = 10;
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_RAISE);
    g_assert_true(tcg_unwind(tcg_unwind_table(&c), (const void *)(uintptr_t)hot->host_return, &at));
    g_assert_cmphex(at.pc, ==, PC + 4);
    g_assert_cmpuint(at.insns_after, ==, 1);
    g_assert_cmpint(hot->budget, ==, 7);
    tear_down(&f);
}

/* Stores that share a check: the one that faults leaves what came before it done, and nothing else.
 */
static void test_group_is_precise(void)
{
    Fixture f;
    const void *site = NULL;
    TcgUnwound at;
    IrMem mem = { .size_log2 = 3 };
    set_up(&f, &plain);
    begin(&f, PC);
    for (unsigned n = 0; n < 4; n++) {
        add(&f, PC + 4 * n, 1);
        ir_store(&f.ir, mem, ir_get(&f.ir, 0), 8 * n, ir_get(&f.ir, 4));
    }
    ir_goto(&f.ir, OTHER_PC);
    TcgCompiled c = compile(&f);
    f.cpu->i[0] = MEMORY_BASE + MEMORY_BYTES - 16; /* two fit */
    g_assert_cmpint(run(&f, &c, &site), ==, TCG_LEFT_RAISE);
    g_assert_true(
        tcg_unwind(tcg_unwind_table(&c), (const void *)(uintptr_t)f.cpu->env.hot.host_return, &at));
    g_assert_cmphex(at.pc, ==, PC + 8);
    g_assert_cmpuint(f.cpu->i[4], ==, 3);
    g_assert_cmpuint(*(uint64_t *)(f.cpu->memory + MEMORY_BYTES - 16), ==, 1);
    g_assert_cmpuint(*(uint64_t *)(f.cpu->memory + MEMORY_BYTES - 8), ==, 2);
    g_assert_false(tcg_unwind(tcg_unwind_table(&c), c.code, &at));
    tear_down(&f);
}

static void test_no_space(void)
{
    Fixture f;
    TcgCompiled out;
    set_up(&f, &plain);
    begin(&f, PC);
    add(&f, PC, 1);
    ir_goto(&f.ir, OTHER_PC);
    TcgSpace small = f.chunk.space;
    small.cold_end = small.hot + 100;
    g_assert_cmpint(tcg_compile(f.backend, &f.region, &small, &out), ==, TCG_NO_SPACE);
    g_assert_cmpuint(small.hot, ==, f.chunk.space.hot);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tier1/loop-stops-for-interrupt", test_loop_stops_for_interrupt);
    g_test_add_func("/tier1/linked-exits", test_linked_exits);
    g_test_add_func("/tier1/guarded-exits", test_guarded_exits);
    g_test_add_func("/tier1/jump-cache", test_jump_cache);
    g_test_add_func("/tier1/jump-cache-when-empty", test_jump_cache_when_empty);
    g_test_add_func("/tier1/budget", test_budget);
    g_test_add_func("/tier1/group-is-precise", test_group_is_precise);
    g_test_add_func("/tier1/no-space", test_no_space);
    return g_test_run();
}

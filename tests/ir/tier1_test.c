/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random regions, interpreted and compiled, must leave the same machine behind. RHEA_SEED repeats a
 * run. */
#include <string.h>

#include "tcg/pass.h"
#include "tests/ir/tier1_machine.h"

enum { REGIONS_PER_OPTION = 600, RUNS_PER_REGION = 3, REGION_PC = 0x80000000 };

/* a random region */

typedef struct {
    GRand *rand;
    IrRegion region;
    IrValue known[64]; /* values in reach */
    unsigned count;
    bool fp, inside; /* inside: an instruction with a local branch */
} Maker;

static uint32_t below(Maker *m, uint32_t n)
{
    return g_rand_int(m->rand) % n;
}

static uint64_t any_integer(Maker *m)
{
    static const uint64_t corners[] = { 0,
                                        1,
                                        2,
                                        31,
                                        32,
                                        63,
                                        64,
                                        0x7f,
                                        0x80,
                                        0xff,
                                        0x7fff,
                                        0xffff,
                                        0x7fffffff,
                                        0x80000000,
                                        0xffffffff,
                                        0x100000000,
                                        INT64_MAX,
                                        1ull << 63,
                                        UINT64_MAX,
                                        UINT64_MAX - 1,
                                        0xffffffff80000000,
                                        0xfffffffffffff800 };
    switch (below(m, 3)) {
    case 0: return corners[below(m, G_N_ELEMENTS(corners))];
    case 1: return (int64_t)(int32_t)g_rand_int(m->rand) >> below(m, 32);
    default: return ((uint64_t)g_rand_int(m->rand) << 32 | g_rand_int(m->rand)) >> below(m, 64);
    }
}

static uint64_t any_double(Maker *m)
{
    static const uint64_t corners[] = { 0,
                                        1ull << 63,
                                        0x3ff0000000000000,
                                        0xbff0000000000000,
                                        0x7ff0000000000000,
                                        0xfff0000000000000,
                                        0x7ff8000000000000,
                                        0x7ff0000000000001,
                                        0xfff8000000000001,
                                        1,
                                        0x000fffffffffffff,
                                        0x0010000000000000,
                                        0x7fefffffffffffff,
                                        0x43e0000000000000,
                                        0xc3e0000000000000,
                                        0x41e0000000000000,
                                        0xffffffff7fc00000,
                                        0xffffffff3f800000,
                                        0xffffffff7f800001,
                                        0x4340000000000001,
                                        0x41efffffffe00000,
                                        0xc1e0000000000000,
                                        0x3fe0000000000000,
                                        0x41dfffffffc00000 };
    switch (below(m, 4)) {
    case 0: return corners[below(m, G_N_ELEMENTS(corners))];
    case 1: return 0xffffffff00000000 | g_rand_int(m->rand);
    case 2: {
        double d = (double)(int64_t)any_integer(m) / (1 + below(m, 8));
        uint64_t bits;
        memcpy(&bits, &d, 8);
        return bits;
    }
    default: return (uint64_t)g_rand_int(m->rand) << 32 | g_rand_int(m->rand);
    }
}

static IrOp *append(Maker *m, IrOpcode op, IrType type)
{
    IrOp *o = &m->region.ops[m->region.count++];
    *o = (IrOp){ .op = op, .type = type };
    if (type != IR_VOID) {
        if (m->count == G_N_ELEMENTS(m->known)) {
            m->known[below(m, m->count)] = m->region.count - 1;
        } else {
            m->known[m->count++] = m->region.count - 1;
        }
    }
    return o;
}

static IrValue last(Maker *m)
{
    return m->region.count - 1;
}

static unsigned slot_of(Maker *m, IrType type)
{
    switch (type) {
    case IR_I64: return POINTERS + below(m, INT_SLOTS - POINTERS);
    case IR_I32: return INT_SLOTS + below(m, WORD_SLOTS);
    case IR_F64: return INT_SLOTS + WORD_SLOTS + below(m, FP_SLOTS);
    default: return INT_SLOTS + WORD_SLOTS + FP_SLOTS + below(m, SINGLE_SLOTS);
    }
}

static IrValue new_value(Maker *m, IrType type)
{
    bool constant = (type == IR_I64 || type == IR_I32) ? below(m, 3) == 0 : below(m, 12) == 0;
    IrOp *o = append(m, constant ? IR_CONST : IR_GET, type);
    if (constant) {
        uint64_t value = type == IR_I64 || type == IR_I32 ? any_integer(m) : any_double(m);
        o->imm = type == IR_I32 || type == IR_F32 ? (uint32_t)value : value;
    } else {
        o->imm = slot_of(m, type);
    }
    return last(m);
}

/* Some value of the type: preferably one there is, so that lifetimes get long and overlap. */
static IrValue pick(Maker *m, IrType type)
{
    for (unsigned tries = 0; m->count && tries < 6; tries++) {
        IrValue v = m->known[below(m, m->count)];
        if (m->region.ops[v].type == type) {
            return v;
        }
    }
    return new_value(m, type);
}

static IrType integer_type(Maker *m)
{
    return below(m, 3) ? IR_I64 : IR_I32;
}

static IrType fp_type(Maker *m)
{
    return below(m, 3) ? IR_F64 : IR_F32;
}

static void add_op(Maker *m, IrOpcode op, IrType type, uint8_t aux, const IrValue arg[4])
{
    IrOp *o = append(m, op, type);
    o->aux = aux;
    memcpy(o->arg, arg, sizeof(o->arg));
}

static void make_integer(Maker *m)
{
    IrType type = integer_type(m), from = integer_type(m);
    switch (below(m, 10)) {
    case 0: {
        IrOpcode op = IR_SEXT32 + below(m, 3); /* SEXT32 ZEXT8 ZEXT16 */
        if (op != IR_SEXT32) {
            from = type;
        } else {
            type = IR_I64;
        }
        add_op(m, op, type, 0, (IrValue[4]){ pick(m, from) });
        break;
    }
    case 1: add_op(m, IR_ZEXT32, IR_I64, 0, (IrValue[4]){ pick(m, from) }); break;
    case 2: add_op(m, IR_TRUNC, IR_I32, 0, (IrValue[4]){ pick(m, IR_I64) }); break;
    case 3:
        add_op(m, IR_SETCOND, type, below(m, IR_COND_COUNT),
               (IrValue[4]){ pick(m, from), pick(m, from) });
        break;
    case 4:
        add_op(m, IR_SELECT, type, below(m, IR_COND_COUNT),
               (IrValue[4]){ pick(m, from), pick(m, from), pick(m, type), pick(m, type) });
        break;
    case 5: {
        static const uint8_t unary[] = { IR_NOT,    IR_NEG,   IR_CLZ,   IR_CTZ,
                                         IR_POPCNT, IR_BSWAP, IR_SEXT8, IR_SEXT16 };
        add_op(m, unary[below(m, sizeof(unary))], type, 0, (IrValue[4]){ pick(m, type) });
        break;
    }
    default: {
        static const uint8_t binary[] = { IR_ADD,   IR_ADD,   IR_ADD,    IR_SUB,  IR_SUB,  IR_MUL,
                                          IR_MULHS, IR_MULHU, IR_MULHSU, IR_DIVS, IR_DIVU, IR_REMS,
                                          IR_REMU,  IR_AND,   IR_OR,     IR_XOR,  IR_ANDN, IR_SHL,
                                          IR_SHR,   IR_SAR,   IR_ROL,    IR_ROR };
        IrOpcode op = binary[below(m, sizeof(binary))];
        bool division = op >= IR_DIVS && op <= IR_REMU;
        add_op(m, op, type, division ? below(m, 2) : 0,
               (IrValue[4]){ pick(m, type), pick(m, type) });
        break;
    }
    }
}

static void make_fp(Maker *m)
{
    IrType type = fp_type(m), other = type == IR_F64 ? IR_F32 : IR_F64, integer = integer_type(m);
    switch (below(m, 12)) {
    case 0: add_op(m, IR_FSQRT, type, 0, (IrValue[4]){ pick(m, type) }); break;
    case 1:
        add_op(m, IR_FMA, type, below(m, 4),
               (IrValue[4]){ pick(m, type), pick(m, type), pick(m, type) });
        break;
    case 2:
        add_op(m, IR_FMIN + below(m, 2), type, 0, (IrValue[4]){ pick(m, type), pick(m, type) });
        break;
    case 3:
        add_op(m, IR_FCMP, IR_I64, below(m, 5), (IrValue[4]){ pick(m, type), pick(m, type) });
        break;
    case 4: add_op(m, IR_FCVT, other, 0, (IrValue[4]){ pick(m, type) }); break;
    case 5: add_op(m, IR_FTOI, integer, below(m, 4), (IrValue[4]){ pick(m, type) }); break;
    case 6: add_op(m, IR_ITOF, type, below(m, 2), (IrValue[4]){ pick(m, integer) }); break;
    case 7:
        add_op(m, IR_FBITS, type == IR_F64 ? IR_I64 : IR_I32, 0, (IrValue[4]){ pick(m, type) });
        break;
    case 8:
        add_op(m, IR_BITSF, type, 0, (IrValue[4]){ pick(m, type == IR_F64 ? IR_I64 : IR_I32) });
        break;
    case 9:
        if (below(m, 2)) {
            add_op(m, IR_NANBOX, IR_F64, 0, (IrValue[4]){ pick(m, IR_F32) });
        } else {
            add_op(m, IR_UNBOX, IR_F32, 0, (IrValue[4]){ pick(m, IR_F64) });
        }
        break;
    default:
        add_op(m, IR_FADD + below(m, 4), type, 0, (IrValue[4]){ pick(m, type), pick(m, type) });
        break;
    }
}

/* Mostly pointers; sometimes anything. */
static IrValue pick_address(Maker *m)
{
    IrOp *o;
    if (below(m, 40) == 0) {
        return pick(m, IR_I64);
    }
    for (unsigned tries = 0; m->count && tries < 8; tries++) {
        IrValue v = m->known[below(m, m->count)];
        if (m->region.ops[v].op == IR_GET && m->region.ops[v].imm < POINTERS) {
            return v;
        }
    }
    o = append(m, IR_GET, IR_I64);
    o->imm = below(m, POINTERS);
    return last(m);
}

static void make_memory(Maker *m)
{
    IrType type = m->fp && below(m, 4) == 0 ? fp_type(m) : integer_type(m);
    unsigned largest = type == IR_I32 ? 2 : 3;
    IrMem mem = { .bank = below(m, 2), .big_endian = below(m, 6) == 0 };
    mem.size_log2 = type == IR_F64 ? 3 : type == IR_F32 ? 2 : below(m, largest + 1);
    if (below(m, 10) == 0) {
        IrValue address = pick_address(m);
        mem.big_endian = 0;
        mem.sign = below(m, 2);
        type = type == IR_F64 ? IR_I64 : type == IR_F32 ? IR_I32 : type;
        if (below(m, 2)) {
            add_op(m, IR_ATOMIC, type, below(m, IR_ATOMIC_MAXU + 1),
                   (IrValue[4]){ address, pick(m, type) });
        } else {
            add_op(m, IR_CAS, type, 0, (IrValue[4]){ address, pick(m, type), pick(m, type) });
        }
    } else if (below(m, 2)) {
        mem.align = below(m, 10) == 0;
        mem.sign = below(m, 2) && (type == IR_I64 || type == IR_I32);
        add_op(m, IR_LOAD, type, 0, (IrValue[4]){ pick_address(m) });
    } else {
        add_op(m, IR_STORE, IR_VOID, 0, (IrValue[4]){ pick_address(m), pick(m, type) });
    }
    IrOp *o = &m->region.ops[last(m)];
    o->mem = mem;
    if (o->op == IR_LOAD || o->op == IR_STORE) {
        o->imm = below(m, 3) ? (int64_t)below(m, 64) * 8 - 128 : (int64_t)below(m, 2000) - 1000;
        o->imm = below(m, 60) ? o->imm : any_integer(m);
    }
}

static void make_put(Maker *m)
{
    static const uint8_t types[] = { IR_I64, IR_I64, IR_I64, IR_I32, IR_F64, IR_F32 };
    IrType type = types[below(m, m->fp ? 6 : 4)];
    IrValue v = below(m, 3) && m->region.ops[last(m)].type == type ? last(m) : pick(m, type);
    if (m->region.ops[v].type != type) {
        return;
    }
    IrOp *o = append(m, IR_PUT, IR_VOID);
    o->imm = slot_of(m, type);
    o->arg[0] = v;
}

static void make_call(Maker *m)
{
    const IrHelper *helper = &test_helpers[below(m, TEST_HELPERS)];
    IrValue arg[4] = { 0 };
    for (unsigned k = 0; k < helper->arguments; k++) {
        arg[k] = pick(m, integer_type(m));
    }
    add_op(m, IR_CALL, helper->result, 0, arg);
    m->region.ops[last(m)].imm = (uintptr_t)helper;
}

static void make_insn(Maker *m)
{
    IrOp *o = append(m, IR_INSN, IR_VOID);
    o->imm = REGION_PC + 4 * m->region.insns++;
    o->aux = below(m, 256);
}

static void make_exit_if(Maker *m)
{
    IrType type = integer_type(m);
    IrValue arg[4] = { pick(m, type), pick(m, type) };
    IrOp *o = append(m, IR_EXIT_IF, IR_VOID);
    o->aux = below(m, IR_COND_COUNT);
    memcpy(o->arg, arg, sizeof(arg));
    o->imm = REGION_PC + 0x400 + below(m, 0x2000);
}

/* Never taken, as no pointer is 1; but it makes a loop of the region, and loops have predictors. */
static void make_loop_exit(Maker *m)
{
    append(m, IR_GET, IR_I64)->imm = 0;
    append(m, IR_CONST, IR_I64)->imm = 1;
    IrOp *o = append(m, IR_EXIT_IF, IR_VOID);
    o->aux = IR_EQ;
    o->arg[0] = m->region.count - 3;
    o->arg[1] = m->region.count - 2;
    o->imm = REGION_PC;
}

static void make_straight(Maker *m, unsigned ops)
{
    while (ops--) {
        unsigned kind = below(m, 100);
        if (kind < 30) {
            make_integer(m);
        } else if (kind < 50) {
            make_put(m);
        } else if (kind < 75) {
            make_memory(m);
        } else if (kind < 88 && m->fp) {
            make_fp(m);
        } else if (kind < 93 && !m->inside && m->region.insns < IR_MAX_INSNS) {
            make_insn(m);
        } else if (kind < 96) {
            make_call(m);
        } else if (kind < 97) {
            append(m, IR_FENCE, IR_VOID)->aux = below(m, 16);
        } else {
            make_exit_if(m);
        }
    }
}

static void make_branch(Maker *m)
{
    uint32_t label = m->region.labels++;
    IrType type = integer_type(m);
    if (below(m, 4)) {
        IrValue arg[4] = { pick(m, type), pick(m, type) };
        IrOp *o = append(m, IR_BRCOND, IR_VOID);
        o->aux = below(m, IR_COND_COUNT);
        memcpy(o->arg, arg, sizeof(arg));
        o->imm = label;
    } else {
        append(m, IR_BR, IR_VOID)->imm = label;
    }
    m->inside = true;
    make_straight(m, below(m, 10));
    m->inside = false;
    append(m, IR_LABEL, IR_VOID)->imm = label;
    m->count = 0;
}

static void make_end(Maker *m)
{
    IrOpcode op = IR_GOTO + below(m, 3);
    IrValue v = op == IR_GOTO ? 0 : pick(m, IR_I64);
    if (v) { /* all ones is no pc */
        append(m, IR_CONST, IR_I64)->imm = ~1ull;
        add_op(m, IR_AND, IR_I64, 0, (IrValue[4]){ v, last(m) });
        v = last(m);
    }
    IrOp *o = append(m, op, IR_VOID);
    if (op == IR_GOTO) {
        o->imm = REGION_PC + 0x100 + below(m, 0x3000);
    } else {
        o->arg[0] = v;
    }
}

static void make_region(Maker *m)
{
    m->region.count = 1;
    m->region.ops[0] = (IrOp){ .op = IR_CONST };
    m->region.insns = m->region.labels = 0;
    m->region.pc = REGION_PC;
    m->region.page_bits = TCG_PAGE_BITS;
    m->region.slots = test_slots;
    m->region.slot_count = ALL_SLOTS;
    m->region.lazy_slots = below(m, 2) ? UINT64_MAX : 0;
    m->count = 0;
    m->fp = below(m, 2);
    make_insn(m);
    if (below(m, 2)) {
        make_loop_exit(m);
    }
    for (unsigned parts = 1 + below(m, 4); parts--;) {
        make_straight(m, below(m, 40));
        if (below(m, 3) == 0) {
            make_branch(m);
        }
    }
    make_end(m);
}

static void make_state(Maker *m, TestCpu *cpu)
{
    for (unsigned n = 0; n < INT_SLOTS; n++) {
        cpu->i[n] = any_integer(m);
        if (n < POINTERS) {
            cpu->i[n] = MEMORY_BASE + below(m, MEMORY_BYTES);
            if (below(m, 3)) {
                cpu->i[n] =
                    MEMORY_BASE + ((4 + below(m, 3)) << TCG_PAGE_BITS) + (below(m, 512) * 8);
            }
        }
    }
    for (unsigned n = 0; n < WORD_SLOTS; n++) {
        cpu->w[n] = any_integer(m);
    }
    for (unsigned n = 0; n < FP_SLOTS; n++) {
        cpu->f[n] = any_double(m);
    }
    for (unsigned n = 0; n < SINGLE_SLOTS; n++) {
        cpu->s[n] = any_double(m);
    }
    for (unsigned n = 0; n < MEMORY_BYTES; n += 4) {
        *(uint32_t *)(cpu->memory + n) = g_rand_int(m->rand);
    }
    cpu->env.mxcsr_guest = below(m, 4) << 13 | 0x1f80;
}

/* running */

typedef struct {
    Maker maker;
    TestCpu *start, *interpreted, *compiled;
    TestChunk chunk;
    TcgBackend *backend;
    TcgCompiled out;
    uint32_t stubs_end;
} Bench;

static void complain(Bench *b, uint32_t seed, const char *what)
{
    g_autoptr(GString) text = g_string_new(NULL);
    ir_dump(&b->maker.region, text);
    g_printerr("# seed %u\n%s\n", seed, text->str);
    g_file_set_contents("/tmp/tier1_failed.bin", (const char *)b->out.code, b->out.hot_bytes, NULL);
    g_file_set_contents("/tmp/tier1_cold.bin", (const char *)b->out.cold, b->out.cold_bytes, NULL);
    g_printerr("# hot at %p, cold at %p\n", (const void *)b->out.code, (const void *)b->out.cold);
    g_error("seed %u: %s", seed, what);
}

static void run_both(Bench *b, uint32_t seed)
{
    uint32_t insns;
    const void *site = NULL;
    g_autoptr(GString) difference = g_string_new(NULL);
    make_state(&b->maker, b->start);
    b->start->env.hot.budget = 1000;
    test_cpu_copy(b->interpreted, b->start);
    test_cpu_copy(b->compiled, b->start);
    if (below(&b->maker, 4) == 0) {
        test_cpu_forget(b->compiled);
    }
    TcgLeft want = tcg_interp_run(&b->maker.region, &b->interpreted->env, &test_runtime, &insns);
    TcgLeft got = tcg_run(b->backend, &b->compiled->env, b->out.code + b->out.entry_checked, &site);
    TcgHot *hot = &b->compiled->env.hot;
    if (got == TCG_LEFT_RAISE) {
        TcgUnwound at;
        if (!tcg_unwind(tcg_unwind_table(&b->out), (const void *)(uintptr_t)hot->host_return,
                        &at)) {
            complain(b, seed, "no unwind data");
        }
        hot->pc = at.pc;
        hot->budget += 1000 - 1000; /* see test_budget */
    }
    if (want == TCG_LEFT_GOTO && got == TCG_LEFT_LOOKUP) {
        got = want; /* behind a guard */
    }
    if (got != want || hot->pc != b->interpreted->env.hot.pc) {
        g_string_append_printf(difference, "left %d pc %#lx, should %d %#lx\n", got, hot->pc, want,
                               b->interpreted->env.hot.pc);
    }
    if (!test_cpu_same(b->compiled, b->interpreted, difference) || difference->len) {
        complain(b, seed, difference->str);
    }
}

static void run_region(Bench *b, uint32_t seed)
{
    g_autoptr(GError) err = NULL;
    g_rand_set_seed(b->maker.rand, seed);
    make_region(&b->maker);
    if (!ir_verify(&b->maker.region, &err)) {
        complain(b, seed, err->message);
    }
    ir_liveness(&b->maker.region);
    b->chunk.space.hot = b->stubs_end;
    b->chunk.space.cold_end = b->chunk.bytes;
    if (tcg_compile(b->backend, &b->maker.region, &b->chunk.space, &b->out) != TCG_COMPILED) {
        complain(b, seed, "not compiled");
    }
    for (unsigned run = 0; run < RUNS_PER_REGION; run++) {
        run_both(b, seed);
    }
}

static const struct {
    const char *name;
    TcgBackendOptions options;
} variants[] = {
    { "default", { ~0u, ~0u } },
    { "pinned-0", { 0, 0 } },
    { "pinned-5", { 5, 4 } },
    { "no-groups", { ~0u, ~0u, .no_groups = true } },
    { "group-fail", { ~0u, ~0u, .group_fail = true } },
    { "slow-memory", { ~0u, ~0u, .slow_memory = true } },
    { "no-predictor", { ~0u, ~0u, .no_predictor = true } },
    { "predictor-miss", { ~0u, ~0u, .predictor_miss = true } },
    { "icount", { ~0u, ~0u, .icount = true } },
    { "no-chain", { 7, 12, .no_chain = true } },
    { "baseline", { ~0u, ~0u, .disable_features = ~0u } },
    { "no-avx", { ~0u, 3, .disable_features = TCG_HOST_AVX } },
    { "no-bmi", { 5, 0, .disable_features = TCG_HOST_BMI | TCG_HOST_LZCNT } },
    { "no-fma", { 2, ~0u, .disable_features = TCG_HOST_FMA } },
};

static uint32_t base_seed(void)
{
    const char *text = g_getenv("RHEA_SEED");
    return text ? strtoul(text, NULL, 0) : 1;
}

static void test_random(const void *data)
{
    unsigned variant = GPOINTER_TO_UINT(data);
    const char *count = g_getenv("RHEA_REGIONS");
    uint32_t regions = count ? strtoul(count, NULL, 0) : REGIONS_PER_OPTION, seed = base_seed();
    Bench b = { .maker.rand = g_rand_new_with_seed(0) };
    g_autoptr(GError) err = NULL;
    b.maker.region.ops = g_new(IrOp, IR_MAX_OPS);
    b.start = test_cpu_new();
    b.interpreted = test_cpu_new();
    b.compiled = test_cpu_new();
    test_chunk_init(&b.chunk, 1 << 20);
    b.backend = tcg_backend_new(test_slots, ALL_SLOTS, &test_runtime, &variants[variant].options,
                                &b.chunk.space, &err);
    g_assert_no_error(err);
    b.stubs_end = b.chunk.space.hot;
    g_test_message("seeds %u to %u", seed, seed + regions - 1);
    for (uint32_t n = 0; n < regions; n++) {
        run_region(&b, seed + n);
    }
    tcg_backend_free(b.backend);
    test_chunk_free(&b.chunk);
    test_cpu_free(b.start);
    test_cpu_free(b.interpreted);
    test_cpu_free(b.compiled);
    g_free(b.maker.region.ops);
    g_rand_free(b.maker.rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned n = 0; n < G_N_ELEMENTS(variants); n++) {
        g_autofree char *path = g_strdup_printf("/tier1/random/%s", variants[n].name);
        g_test_add_data_func(path, GUINT_TO_POINTER(n), test_random);
    }
    return g_test_run();
}

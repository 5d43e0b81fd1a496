/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accelerator "tcg": translation of guest code to host code. Options and life cycle. */
#include <inttypes.h>
#include <unistd.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/icount_internal.h"
#include "accel/tcg/loop_internal.h"
#include "util/error.h"

enum { TURN_NS = 10 * 1000 * 1000 }; /* of one vCPU, when one thread runs all */

static TcgAccel *to_tcg(Accel *accel)
{
    return container_of(accel, TcgAccel, accel);
}

/* Memory was rearranged, or pages that were dirty are clean: nothing that was remembered holds. */
static void memory_changed(MemoryListener *listener)
{
    TcgAccel *accel = container_of(listener, TcgAccel, memory_listener);

    Cpu *current = cpu_current();

    tcg_request_all(accel, TCG_REQUEST_TLB_FLUSH);
    if (current && current->tcg) {
        tcg_tlb_flush_all(current); /* its next access may depend on what its last one did */
    }
}

bool tcg_unit_add_backend(TcgAccel *accel, TcgUnit *unit, GError **errp)
{
    const TcgOptions *options = &accel->options;
    TcgBackendOptions backend = {
        .pinned_int = options->pinned_int,
        .pinned_fp = options->pinned_fp,
        .fp_profile = unit->frontend->fp_profile,
        .no_groups = options->no_groups,
        .group_fail = options->group_fail,
        .no_chain = options->no_chain,
        .icount = options->icount,
        .slow_memory = options->slow_memory,
        .no_predictor = options->no_predictor,
        .predictor_miss = options->predictor_miss,
        .disable_features = options->without,
    };

    unit->backend = tcg_backend_new(unit->frontend->slots, unit->frontend->slot_count, &tcg_runtime,
                                    &backend, &accel->blocks->stubs, errp);
    return unit->backend;
}

static void end_turn(void *opaque)
{
    TcgAccel *accel = opaque;

    tcg_request_all(accel, TCG_REQUEST_YIELD);
    timer_set_ns(&accel->turn_timer,
                 clock_ns(accel->accel.machine->clocks, CLOCK_KIND_REALTIME) + TURN_NS);
}

static bool open_perf_map(TcgAccel *accel, GError **errp)
{
    g_autofree char *path = g_strdup_printf("/tmp/perf-%d.map", (int)getpid());

    accel->perf_map = fopen(path, "w");
    if (!accel->perf_map) {
        error_set(errp, "tcg: cannot write %s", path);
        return false;
    }
    setvbuf(accel->perf_map, NULL, _IOLBF, 0);
    return true;
}

static bool tcg_setup(Accel *base, Machine *machine, GError **errp)
{
    TcgAccel *accel = to_tcg(base);

    base->machine = machine;
    accel->options.no_chain |= accel->options.lockstep; /* blocks are compared one by one */
    if (accel->options.interp && accel->options.lockstep) {
        error_set(errp, "tcg: interp and lockstep cannot be used together");
        return false;
    }
    if (accel->options.state_hash_ns && (!accel->options.icount || accel->options.icount_auto)) {
        error_set(errp, "tcg: state-hash-at needs icount=N: other runs are never alike");
        return false;
    }
    if (accel->options.icount_align && !accel->options.icount) {
        error_set(errp, "tcg: icount-align needs icount");
        return false;
    }
    if ((accel->options.icount && !tcg_icount_setup(accel, errp)) ||
        (accel->options.perf_map && !open_perf_map(accel, errp))) {
        return false;
    }
    accel->blocks = tcg_blocks_new(accel, errp);
    return accel->blocks;
}

static bool tcg_setup_done(Accel *base, GError **errp)
{
    TcgAccel *accel = to_tcg(base);
    Machine *machine = base->machine;

    accel->memory_listener.commit = memory_changed;
    address_space_add_listener(&machine->memory, &accel->memory_listener);
    accel->listening = true;
    if (accel->options.icount) {
        tcg_icount_start(accel);
    }
    tcg_vcpu_all_there(accel);
    if (accel->options.thread == TCG_THREAD_SINGLE && !accel->options.icount &&
        machine->cpus->len > 1) {
        timer_init(&accel->turn_timer, machine->clocks, CLOCK_KIND_REALTIME, end_turn, accel);
        end_turn(accel);
    }
    return true;
}

/* The last vCPU goes, and the machine may be next. */
static void detach_machine(TcgAccel *accel)
{
    if (accel->listening) {
        address_space_remove_listener(&accel->accel.machine->memory, &accel->memory_listener);
        accel->listening = false;
    }
    timer_cancel(&accel->turn_timer);
    if (accel->options.icount) {
        tcg_icount_cleanup(accel);
    }
}

static void tcg_cpu_unrealize(Accel *base, Cpu *cpu)
{
    TcgAccel *accel = to_tcg(base);

    if (cpu->tcg) {
        tcg_vcpu_quit(accel, cpu);
        tcg_vcpu_free(cpu);
        if (--accel->vcpus == 0) {
            detach_machine(accel);
        }
    }
}

static void tcg_cleanup(Accel *base)
{
    TcgAccel *accel = to_tcg(base);

    for (unsigned i = 0; accel->vcpus > 0; i++) { /* the machine is still there */
        tcg_cpu_unrealize(base, g_ptr_array_index(base->machine->cpus, i));
    }
    tcg_blocks_free(accel->blocks);
    accel->blocks = NULL;
    for (TcgUnit *next, *unit = accel->units; unit; unit = next) {
        next = unit->next;
        if (unit->backend) {
            tcg_backend_free(unit->backend);
        }
        g_free(unit);
    }
    accel->units = NULL;
    if (accel->perf_map) {
        fclose(accel->perf_map);
        accel->perf_map = NULL;
    }
}

static bool tcg_cpu_realize(Accel *accel, Cpu *cpu, GError **errp)
{
    if (!tcg_vcpu_start(to_tcg(accel), cpu, errp)) {
        return false;
    }
    to_tcg(accel)->vcpus++;
    return true;
}

static void tcg_cpu_reset(Accel *accel, Cpu *cpu)
{
    cpu->tcg->restart_single = false;
    tcg_request(cpu, TCG_REQUEST_TLB_FLUSH);
}

static void tcg_cpu_kick(Accel *accel, Cpu *cpu)
{
    if (cpu->tcg) {
        tcg_vcpu_kick(cpu);
    }
}

static void tcg_resume_all(Accel *accel)
{
    tcg_vcpu_resume_all(to_tcg(accel));
}

static void tcg_pause_all(Accel *accel)
{
    tcg_vcpu_pause_all(to_tcg(accel));
}

static void describe_cpu(const Cpu *cpu, GString *out)
{
    const TcgStatistics *s = &cpu->tcg->stats;

    g_string_append_printf(
        out,
        "cpu %u: blocks made %" PRIu64 ", looked up %" PRIu64 ", not in the jump cache %" PRIu64
        ", linked %" PRIu64 "\n"
        "    TLB misses %" PRIu64 ", table walks %" PRIu64 ", device accesses %" PRIu64
        ", instructions interpreted %" PRIu64 ", repeated alone %" PRIu64
        ", blocks compared %" PRIu64 ", predictors given up %" PRIu64 "\n",
        cpu->index, s->translated, s->lookups, s->jump_misses, s->links, s->tlb_misses,
        s->tlb_walks, s->io, s->interpreted, s->restarts, s->compared, s->unpredicted);
}

static void tcg_counters(const Cpu *cpu, AccelCounterFn *fn, void *opaque)
{
    static const TcgStatistics none;
    const TcgStatistics *s = cpu && cpu->tcg ? &cpu->tcg->stats : &none;

    fn("blocks-translated", s->translated, opaque);
    fn("insns-translated", s->insns, opaque);
    fn("insns-interpreted", s->interpreted, opaque);
    fn("exits", s->lookups, opaque);
    fn("jump-cache-misses", s->jump_misses, opaque);
    fn("blocks-linked", s->links, opaque);
    fn("tlb-misses", s->tlb_misses, opaque);
    fn("table-walks", s->tlb_walks, opaque);
    fn("device-accesses", s->io, opaque);
}

static void tcg_statistics(Accel *base, GString *out)
{
    TcgAccel *accel = to_tcg(base);
    TcgBlocks *blocks = accel->blocks;
    size_t code = 0, data = 0;
    unsigned used = 0;

    g_mutex_lock(&blocks->lock);
    for (unsigned i = 0; i < blocks->chunk_count; i++) {
        const TcgChunk *chunk = &blocks->chunks[i];
        code += chunk->space.hot + (blocks->chunk_bytes - chunk->space.cold_end);
        data += chunk->notes_used + chunk->count * sizeof(TcgRef) + chunk->slab_bytes;
        used += chunk->count > 0;
    }
    g_string_append_printf(out,
                           "code cache: %u of %u chunks of %zu KiB in use, %zu KiB of code, "
                           "%zu KiB of descriptions, %" PRIu64 " blocks made, %" PRIu64
                           " chunks evicted\n",
                           used, blocks->chunk_count, blocks->chunk_bytes / 1024, code / 1024,
                           data / 1024, atomic_read(&blocks->built), blocks->evictions);
    g_mutex_unlock(&blocks->lock);
    for (unsigned i = 0; i < base->machine->cpus->len; i++) {
        const Cpu *cpu = g_ptr_array_index(base->machine->cpus, i);
        if (cpu->tcg) {
            describe_cpu(cpu, out);
        }
    }
}

static bool set_icount(Object *obj, const char *text, GError **errp)
{
    enum { FIRST_SHIFT = 3 }; /* of auto: 125 million instructions a second */
    TcgOptions *options = &((TcgAccel *)obj)->options;
    guint64 shift = FIRST_SHIFT;

    options->icount_auto = strcmp(text, "auto") == 0;
    options->icount = strcmp(text, "off") != 0;
    if (options->icount && !options->icount_auto &&
        !g_ascii_string_to_unsigned(text, 10, 0, 10, &shift, NULL)) {
        error_set(errp, "icount: '%s' is not off, auto, or a shift from 0 to 10", text);
        return false;
    }
    options->icount_shift = shift;
    return true;
}

static char *get_icount(Object *obj)
{
    const TcgOptions *options = &((const TcgAccel *)obj)->options;

    return options->icount_auto ? g_strdup("auto")
           : options->icount    ? g_strdup_printf("%u", options->icount_shift)
                                : g_strdup("off");
}

/* Features of the host's processor as `without` names them; their bits are of tcg/backend.h. */
static const struct {
    const char *name;
    uint32_t bits;
} host_features[] = {
    { "avx2", TCG_HOST_AVX2 },   { "fma", TCG_HOST_FMA },       { "bmi", TCG_HOST_BMI },
    { "lzcnt", TCG_HOST_LZCNT }, { "popcnt", TCG_HOST_POPCNT }, { "f16c", TCG_HOST_F16C },
    { "avx", TCG_HOST_AVX },     { "sse4.1", TCG_HOST_SSE41 },  { "all", UINT32_MAX },
};

static bool set_without(Object *obj, const char *text, GError **errp)
{
    g_auto(GStrv) names = g_strsplit(text, "+", -1);
    uint32_t bits = 0;

    for (char **name = names; *name; name++) {
        unsigned i = 0;
        while (i < G_N_ELEMENTS(host_features) && strcmp(*name, host_features[i].name) != 0) {
            i++;
        }
        if (i == G_N_ELEMENTS(host_features)) {
            error_set(errp,
                      "without: '%s' is none of avx, avx2, bmi, f16c, fma, lzcnt, popcnt, sse4.1, "
                      "all",
                      *name);
            return false;
        }
        bits |= host_features[i].bits;
    }
    ((TcgAccel *)obj)->options.without = bits;
    return true;
}

static char *get_without(Object *obj)
{
    uint32_t left = ((const TcgAccel *)obj)->options.without;
    GString *text = g_string_new(left == UINT32_MAX ? "all" : "");

    for (unsigned i = 0; left != UINT32_MAX && i < G_N_ELEMENTS(host_features); i++) {
        if (left & host_features[i].bits) {
            g_string_append_printf(text, "%s%s", text->len ? "+" : "", host_features[i].name);
            left &= ~host_features[i].bits;
        }
    }
    return g_string_free(text, FALSE);
}

static const char *const thread_names[] = { "multi", "single", NULL };

#define TCG_BOOL(name, field, text) \
    PROPERTY_BOOL(name, TcgAccel, options.field, false, .help = (text))

static const Property tcg_properties[] = {
    TCG_BOOL("interp", interp, "interpret the intermediate code, make no host code"),
    TCG_BOOL("lockstep", lockstep, "run each block interpreted as well and compare"),
    PROPERTY_ENUM("thread", TcgAccel, options.thread, thread_names, TCG_THREAD_MULTI,
                  .help = "one host thread a vCPU, or one for all"),
    PROPERTY_U32("tb-size", TcgAccel, options.tb_size_mib, 0, .max = 1024,
                 .help = "size of the code cache in MiB; 0: by the size of RAM"),
    PROPERTY_U32("pinned-int", TcgAccel, options.pinned_int, UINT32_MAX,
                 .help = "guest integer registers kept in host registers, at most"),
    PROPERTY_U32("pinned-fp", TcgAccel, options.pinned_fp, UINT32_MAX,
                 .help = "guest FP registers kept in host registers, at most"),
    PROPERTY_TEXT("icount", get_icount, set_icount,
                  .help = "off, or N: guest time advances 2^N ns an instruction; auto: N follows "
                          "the host's speed"),
    PROPERTY_BOOL("icount-sleep", TcgAccel, options.icount_sleep, true,
                  .help = "idle guest time passes as host time does; off: is skipped"),
    TCG_BOOL("icount-align", icount_align, "wait where guest time is before the host's"),
    PROPERTY_U64("state-hash-at", TcgAccel, options.state_hash_ns, 0, .max = INT64_MAX,
                 .help = "under icount: print the hash of the machine's state at that guest time, "
                         "in ns; 0: never"),
    TCG_BOOL("perf-map", perf_map, "write /tmp/perf-PID.map for perf(1)"),
    PROPERTY_TEXT("without", get_without, set_without,
                  .help = "host features not to use: fma+bmi and so on, or all"),
    TCG_BOOL("one-insn", one_insn, "blocks of one guest instruction"),
    PROPERTY_U32("chunk-size", TcgAccel, options.chunk_kib, 0, .max = 64 * 1024,
                 .help = "KiB of the code cache that are evicted together; 0: chosen"),
    TCG_BOOL("one-entry-tlb", one_entry_tlb, "stress: the TLB knows one page at a time"),
    TCG_BOOL("group-fail", group_fail, "stress: every check of a group of accesses fails"),
    TCG_BOOL("no-chain", no_chain, "stress: blocks always return to the loop"),
    TCG_BOOL("no-groups", no_groups, "stress: every access is checked by itself"),
    TCG_BOOL("no-predictor", no_predictor, "no access remembers the page that it touched last"),
    TCG_BOOL("predictor-miss", predictor_miss, "stress: what accesses remember is always wrong"),
    TCG_BOOL("slow-memory", slow_memory, "stress: every access takes the slow path"),
    TCG_BOOL("random-kicks", random_kicks, "stress: vCPUs are interrupted at random"),
    PROPERTY_U64("flush-every", TcgAccel, options.flush_every, 0,
                 .help = "stress: forget all blocks each time so many were made; 0: never"),
    {},
};

static void tcg_init(Object *obj)
{
    TcgAccel *accel = (TcgAccel *)obj;

    g_mutex_init(&accel->safepoint.lock);
    g_cond_init(&accel->safepoint.cond);
    g_mutex_init(&accel->run_lock);
    g_cond_init(&accel->run_cond);
    accel->safepoint.epoch = 1;
}

static void tcg_finalize(Object *obj)
{
    TcgAccel *accel = (TcgAccel *)obj;

    g_clear_pointer(&accel->points, g_array_unref);
    g_mutex_clear(&accel->safepoint.lock);
    g_cond_clear(&accel->safepoint.cond);
    g_mutex_clear(&accel->run_lock);
    g_cond_clear(&accel->run_cond);
}

static bool tcg_set_points(Accel *accel, const CpuPoint *points, unsigned count, GError **errp)
{
    return tcg_debugger_points(container_of(accel, TcgAccel, accel), points, count);
}

static const AccelClass tcg_accel_class = {
    .object = { .name = "tcg-accel",
                .parent = &accel_class.object,
                .instance_size = sizeof(TcgAccel),
                .properties = tcg_properties,
                .init = tcg_init,
                .finalize = tcg_finalize },
    .summary = "translation of guest code to host code",
    .setup = tcg_setup,
    .setup_done = tcg_setup_done,
    .cleanup = tcg_cleanup,
    .cpu_realize = tcg_cpu_realize,
    .cpu_unrealize = tcg_cpu_unrealize,
    .cpu_reset = tcg_cpu_reset,
    .cpu_kick = tcg_cpu_kick,
    .resume_all = tcg_resume_all,
    .pause_all = tcg_pause_all,
    .set_points = tcg_set_points,
    .counters = tcg_counters,
    .statistics = tcg_statistics,
};
CLASS_REGISTER(tcg_accel_class);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* query-stats: what accelerators count, and the host time that processors took. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "accel/accel.h"
#include "schema/commands.h"
#include "util/error.h"

#define CPU_TIME "cpu-time" /* counted by the host */

typedef void CountersFn(const Cpu *cpu, AccelCounterFn *fn, void *opaque);

static CountersFn *counters_of(CommandContext *context)
{
    return CLASS_METHOD(&context->machine->accel->object, accel_class, AccelClass, counters);
}

static void read_own_time(Cpu *cpu, void *data)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    *(uint64_t *)data = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

typedef struct {
    GPtrArray *list;        /* QmpStats * */
    const GPtrArray *names; /* char *: only these; NULL: all */
} Collection;

static void add_value(const char *name, uint64_t value, void *opaque)
{
    Collection *collection = opaque;
    bool wanted = !collection->names;
    for (guint i = 0; !wanted && i < collection->names->len; i++) {
        wanted = strcmp(g_ptr_array_index(collection->names, i), name) == 0;
    }
    if (!wanted) {
        return;
    }
    QmpStats *stats = qmp_stats_new();
    stats->name = g_strdup(name);
    stats->value = qmp_stats_value_new();
    stats->value->is.branch = QMP_STATS_VALUE_IS_SCALAR;
    stats->value->u.scalar = (int64_t)MIN(value, (uint64_t)INT64_MAX);
    g_ptr_array_add(collection->list, stats);
}

/* By path; an empty list means none. */
static bool is_wanted(const QmpStatsVcpuFilter *filter, const char *path)
{
    for (guint i = 0; filter && filter->vcpus && i < filter->vcpus->len; i++) {
        if (strcmp(g_ptr_array_index(filter->vcpus, i), path) == 0) {
            return true;
        }
    }
    return !filter || !filter->vcpus;
}

static void add_cpu(CommandContext *context, Cpu *cpu, const QmpStatsFilter *args,
                    const GPtrArray *names, GPtrArray *results)
{
    g_autofree char *path = object_path(&cpu->device.object);
    if (!is_wanted(args->u.vcpu, path)) {
        return;
    }
    QmpStatsResult *result = qmp_stats_result_new();
    Collection collection = { g_ptr_array_new(), names };
    uint64_t time_ns = 0;
    result->provider = QMP_STATS_PROVIDER_TCG;
    result->qom_path = g_steal_pointer(&path);
    result->stats = collection.list;
    counters_of(context)(cpu, add_value, &collection);
    if (cpu->thread) {
        cpu_run_on_sync(cpu, read_own_time, &time_ns);
    }
    add_value(CPU_TIME, time_ns, &collection);
    g_ptr_array_add(results, result);
}

GPtrArray *qmp_query_stats(CommandContext *context, const QmpStatsFilter *args, GError **errp)
{
    const GPtrArray *cpus = context->machine->cpus, *names = NULL;
    GPtrArray *results = g_ptr_array_new();
    bool wanted = !args->providers && counters_of(context);
    for (guint i = 0; args->providers && counters_of(context) && i < args->providers->len; i++) {
        const QmpStatsRequest *request = g_ptr_array_index(args->providers, i);
        names = request->names;
        wanted = true;
    }
    for (guint i = 0; wanted && args->target == QMP_STATS_TARGET_VCPU && i < cpus->len; i++) {
        add_cpu(context, g_ptr_array_index(cpus, i), args, names, results);
    }
    return results;
}

static void add_schema(const char *name, uint64_t value, void *opaque)
{
    QmpStatsSchemaValue *schema = qmp_stats_schema_value_new();
    schema->name = g_strdup(name);
    schema->type = QMP_STATS_TYPE_CUMULATIVE;
    if (strcmp(name, CPU_TIME) == 0) {
        schema->has_unit = schema->has_base = true;
        schema->unit = QMP_STATS_UNIT_SECONDS;
        schema->base = 10;
        schema->exponent = -9;
    }
    g_ptr_array_add(opaque, schema);
}

GPtrArray *qmp_query_stats_schemas(CommandContext *context, const QmpQueryStatsSchemasArgs *args,
                                   GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    if (counters_of(context)) {
        QmpStatsSchema *schema = qmp_stats_schema_new();
        schema->provider = QMP_STATS_PROVIDER_TCG;
        schema->target = QMP_STATS_TARGET_VCPU;
        schema->stats = g_ptr_array_new();
        counters_of(context)(NULL, add_schema, schema->stats);
        add_schema(CPU_TIME, 0, schema->stats);
        g_ptr_array_add(list, schema);
    }
    return list;
}

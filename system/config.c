/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outcome of parsing: life cycle, and the values that depend on the chosen machine. */
#include "system/config.h"

#include <string.h>

#include "chardev/mux.h"
#include "system/machine_list.h"
#include "util/error.h"

Config *config_new(const char *program, const char *arch)
{
    Config *config = g_new0(Config, 1);
    config->program = program;
    config->arch = arch;
    config->uses = g_ptr_array_new();
    config->objects = g_ptr_array_new();
    config->devices = g_ptr_array_new();
    config->drives = g_ptr_array_new();
    config->globals = g_ptr_array_new();
    config->machine.properties = keyval_new();
    config->machine.accels = g_ptr_array_new();
    config->lines.chardevs = g_ptr_array_new();
    config->lines.serials = g_ptr_array_new();
    config->lines.parallels = g_ptr_array_new();
    config->lines.monitors = g_ptr_array_new();
    config->lines.escape = CHARDEV_MUX_ESCAPE;
    return config;
}

void config_free(Config *config)
{
    if (!config) {
        return;
    }
    g_ptr_array_unref(config->uses);
    g_ptr_array_unref(config->objects);
    g_ptr_array_unref(config->devices);
    g_ptr_array_unref(config->drives);
    g_ptr_array_unref(config->globals);
    g_free(config->machine.name);
    g_free(config->machine.accel_list);
    g_free(config->machine.memory_backend);
    keyval_free(config->machine.properties);
    g_ptr_array_unref(config->machine.accels);
    for (unsigned i = 0; i < MACHINE_OPTION_COUNT; i++) {
        g_clear_pointer(&config->machine.options[i], g_ptr_array_unref);
    }
    g_free(config->boot.paths.firmware);
    g_free(config->boot.paths.kernel);
    g_free(config->boot.paths.initrd);
    g_free(config->boot.paths.append);
    g_free(config->boot.paths.dtb);
    g_free(config->boot.paths.dump_dtb);
    g_ptr_array_unref(config->lines.chardevs);
    g_ptr_array_unref(config->lines.serials);
    g_ptr_array_unref(config->lines.parallels);
    g_ptr_array_unref(config->lines.monitors);
    g_free(config->life.pidfile);
    g_free(config->name);
    g_free(config->write_config);
    g_free(config->uuid);
    g_free(config);
}

const MachineClass *config_machine_class(const Config *config, GError **errp)
{
    GError *error = NULL;
    const MachineClass *class = machine_list_find(config->arch, config->machine.name, &error);
    if (!class) {
        option_use_prefix(config->machine.use, &error);
        g_propagate_error(errp, error);
    }
    return class;
}

static unsigned or_one(unsigned count)
{
    return count ? count : 1;
}

/* What is left of @cpus when the other levels have their share. */
static unsigned share(unsigned cpus, uint64_t others)
{
    return others <= cpus ? (unsigned)(cpus / others) : 1;
}

/* Levels that were not given: as many cores as needed, one of everything else. */
static void complete(MachineTopology *t)
{
    bool counted = t->cpus || t->max_cpus;
    t->dies = or_one(t->dies);
    t->clusters = or_one(t->clusters);
    uint64_t inner = (uint64_t)t->dies * t->clusters;
    unsigned cpus = t->max_cpus ? t->max_cpus : t->cpus;
    if (counted && !t->cores) {
        t->cores = share(cpus, inner * or_one(t->sockets) * or_one(t->threads));
    } else if (counted && !t->sockets) {
        t->sockets = share(cpus, inner * t->cores * or_one(t->threads));
    } else if (counted && !t->threads) {
        t->threads = share(cpus, inner * t->cores * t->sockets);
    }
    t->sockets = or_one(t->sockets);
    t->cores = or_one(t->cores);
    t->threads = or_one(t->threads);
}

bool config_topology(const Config *config, unsigned max_cpus, MachineTopology *topology,
                     GError **errp)
{
    MachineTopology t = config->machine.topology;
    GError *error = NULL;
    complete(&t);
    /* Each level is at most 2^16, so the product cannot overflow 128 bits, nor 64 in two steps that
     * are checked. */
    uint64_t outer = (uint64_t)t.sockets * t.dies * t.clusters;
    uint64_t inner = (uint64_t)t.cores * t.threads;
    bool absurd = outer > UINT32_MAX || inner > UINT32_MAX;
    uint64_t total = absurd ? UINT64_MAX : outer * inner;
    t.max_cpus = t.max_cpus ? t.max_cpus : t.cpus ? t.cpus : (unsigned)MIN(total, UINT32_MAX);
    t.cpus = t.cpus ? t.cpus : t.max_cpus;
    if (t.max_cpus > max_cpus) {
        error_set(&error, "%u CPUs are too many; this machine takes at most %u", t.max_cpus,
                  max_cpus);
    } else if (t.cpus > t.max_cpus) {
        error_set(&error, "cpus=%u is more than maxcpus=%u", t.cpus, t.max_cpus);
    } else if (total != t.max_cpus) {
        error_set(&error,
                  "%u sockets x %u dies x %u clusters x %u cores x %u threads do not make %u CPUs",
                  t.sockets, t.dies, t.clusters, t.cores, t.threads, t.max_cpus);
    }
    if (error) {
        option_use_prefix(config->machine.smp_use, &error);
        g_propagate_error(errp, error);
        return false;
    }
    *topology = t;
    return true;
}

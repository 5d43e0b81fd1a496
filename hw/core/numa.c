/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/numa.h"

#include <inttypes.h>
#include <string.h>

#include "memory/backend.h"
#include "qom/root.h"
#include "util/error.h"
#include "util/keyval.h"

enum { NO_NODE = UINT16_MAX, MIN_DISTANCE = 10, UNREACHABLE = 255 };

/* What is known only when all options were read. */
typedef struct {
    Machine *machine;
    MachineNuma *numa;
    bool present[NUMA_MAX_NODES];
    bool has_bytes, has_backends;
} Setup;

static bool number_of(const Keyval *keys, const char *key, uint64_t max, uint64_t *value,
                      GError **errp)
{
    const char *text = keyval_get(keys, key);
    guint64 number;
    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, max, &number, NULL)) {
        error_set(errp, "-numa: %s=%s: must be 0 to %" PRIu64, key, text ? text : "", max);
        return false;
    }
    *value = number;
    return true;
}

static bool give_cpu(Setup *setup, unsigned cpu, unsigned node, GError **errp)
{
    uint16_t *of = &setup->numa->node_of[cpu];
    if (*of != NO_NODE && *of != node) {
        error_set(errp, "-numa: processor %u is in nodes %u and %u", cpu, *of, node);
        return false;
    }
    *of = node;
    return true;
}

/* "first" or "first-last" */
static bool give_cpus(Setup *setup, const char *text, unsigned node, GError **errp)
{
    unsigned max = setup->machine->topology.max_cpus;
    g_auto(GStrv) ends = g_strsplit(text ? text : "", "-", 2);
    guint64 first, last;
    if (!ends[0] || !g_ascii_string_to_unsigned(ends[0], 10, 0, UINT16_MAX, &first, NULL) ||
        !g_ascii_string_to_unsigned(ends[1] ? ends[1] : ends[0], 10, 0, UINT16_MAX, &last, NULL) ||
        first > last) {
        error_set(errp, "-numa: cpus=%s: must be a number, or first-last", text ? text : "");
        return false;
    }
    if (last >= max) {
        error_set(errp, "-numa: cpus=%s: the last processor is %u; maxcpus= of -smp allows more",
                  text, max - 1);
        return false;
    }
    for (guint64 i = first; i <= last; i++) {
        if (!give_cpu(setup, i, node, errp)) {
            return false;
        }
    }
    return true;
}

static bool give_memory(Setup *setup, const Keyval *keys, unsigned node, GError **errp)
{
    const char *size = keyval_get(keys, "mem"), *id = keyval_get(keys, "memdev");
    MachineNuma *numa = setup->numa;
    if (size && id) {
        error_set(errp, "-numa: mem= and memdev= exclude each other");
        return false;
    }
    if (size) {
        setup->has_bytes = true;
        if (!keyval_parse_size(size, 1 << 20, &numa->bytes[node])) {
            error_set(errp, "-numa: mem=%s: not an amount of memory such as 512M", size);
            return false;
        }
    }
    if (id) {
        Object *objects = object_child(object_root(&setup->machine->object), "objects");
        Object *backend = objects ? object_child(objects, id) : NULL;
        RamBlock *block = backend ? memory_backend_block(backend) : NULL;
        if (!block) {
            error_set(errp, "-numa: memdev=%s: there is no such memory backend", id);
            return false;
        }
        for (unsigned i = 0; i < NUMA_MAX_NODES; i++) {
            if (numa->memory_backend[i] == backend) {
                error_set(errp, "-numa: memdev=%s: it is memory of two nodes", id);
                return false;
            }
        }
        setup->has_backends = true;
        numa->memory_backend[node] = backend;
        numa->bytes[node] = ram_block_size(block);
    }
    return true;
}

static bool add_node(Setup *setup, const Keyval *keys, GError **errp)
{
    uint64_t node = setup->numa->nodes;
    if (keyval_get(keys, "nodeid") && !number_of(keys, "nodeid", NUMA_MAX_NODES - 1, &node, errp)) {
        return false;
    }
    if (node >= NUMA_MAX_NODES || setup->present[node]) {
        error_set(errp, "-numa: node %" PRIu64 " is %s", node,
                  node >= NUMA_MAX_NODES ? "one too many, 128 are possible" : "there twice");
        return false;
    }
    setup->present[node] = true;
    setup->numa->nodes = MAX(setup->numa->nodes, node + 1);
    for (unsigned i = 0; i < keyval_count(keys); i++) {
        const KeyvalEntry *entry = keyval_entry(keys, i);
        if (strcmp(entry->key, "cpus") == 0 && !give_cpus(setup, entry->value, node, errp)) {
            return false;
        }
    }
    return give_memory(setup, keys, node, errp);
}

static bool is_node(const Setup *setup, const Keyval *keys, const char *key, uint64_t *node,
                    GError **errp)
{
    if (!number_of(keys, key, NUMA_MAX_NODES - 1, node, errp)) {
        return false;
    }
    if (!setup->present[*node]) {
        error_set(errp, "-numa: %s=%" PRIu64 ": there is no such node", key, *node);
        return false;
    }
    return true;
}

static bool add_distance(Setup *setup, const Keyval *keys, GError **errp)
{
    uint64_t from, to, value;
    if (!is_node(setup, keys, "src", &from, errp) || !is_node(setup, keys, "dst", &to, errp) ||
        !number_of(keys, "val", UNREACHABLE, &value, errp)) {
        return false;
    }
    if (value < MIN_DISTANCE || (from == to && value != NUMA_LOCAL)) {
        error_set(errp, "-numa: val=%" PRIu64 ": a distance is 10 to 255, and 10 to itself", value);
        return false;
    }
    setup->numa->distance[from][to] = value;
    setup->numa->has_distances = true;
    return true;
}

/* Keys that are missing stand for every one of their kind. */
static bool add_cpu(Setup *setup, const Keyval *keys, GError **errp)
{
    static const char *const names[] = { "thread-id", "core-id", "die-id", "socket-id" };
    const MachineTopology *t = &setup->machine->topology;
    const unsigned counts[] = { t->threads, t->cores * t->clusters, t->dies, t->sockets };
    uint64_t wanted[] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX }, node;
    if (!is_node(setup, keys, "node-id", &node, errp)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (keyval_get(keys, names[i]) &&
            !number_of(keys, names[i], counts[i] - 1, &wanted[i], errp)) {
            return false;
        }
    }
    for (unsigned cpu = 0; cpu < t->max_cpus; cpu++) {
        unsigned rest = cpu;
        bool meant = true;
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
            meant &= wanted[i] == UINT64_MAX || wanted[i] == rest % counts[i];
            rest /= counts[i];
        }
        if (meant && !give_cpu(setup, cpu, node, errp)) {
            return false;
        }
    }
    return true;
}

static bool apply(Setup *setup, const Keyval *keys, GError **errp)
{
    static const struct {
        const char *kind;
        bool (*apply)(Setup *setup, const Keyval *keys, GError **errp);
    } kinds[] = { { "node", add_node }, { "dist", add_distance }, { "cpu", add_cpu } };
    const char *kind = keyval_get(keys, "kind");
    for (unsigned i = 0; kind && i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) == 0) {
            return kinds[i].apply(setup, keys, errp);
        }
    }
    if (kind && g_str_has_prefix(kind, "hmat-")) {
        error_set(errp, "-numa %s: tables of heterogeneous memory are not there yet", kind);
    } else {
        error_set(errp, "-numa %s: must be node, dist or cpu", kind ? kind : "");
    }
    return false;
}

static bool complete_memory(Setup *setup, GError **errp)
{
    const uint64_t whole = setup->machine->ram_bytes;
    MachineNuma *numa = setup->numa;
    uint64_t sum = 0;
    if (!setup->has_bytes && !setup->has_backends) {
        enum { UNIT = 8 << 20 };
        for (unsigned i = 0; i + 1 < numa->nodes; i++) {
            numa->bytes[i] = whole / numa->nodes & ~(uint64_t)(UNIT - 1);
            sum += numa->bytes[i];
        }
        numa->bytes[numa->nodes - 1] = whole - sum;
        return true;
    }
    for (unsigned i = 0; i < numa->nodes; i++) {
        if (numa->bytes[i] % 4096 || numa->bytes[i] > whole) {
            error_set(errp, "-numa: node %u: %" PRIu64 " bytes are no multiple of 4 KiB up to -m",
                      i, numa->bytes[i]);
            return false;
        }
        if (setup->has_backends && numa->bytes[i] && !numa->memory_backend[i]) {
            error_set(errp, "-numa: node %u has mem=, others memdev=", i);
            return false;
        }
        sum += numa->bytes[i];
    }
    if (sum != whole) {
        error_set(errp, "-numa: the nodes have %" PRIu64 " MiB together, the machine %" PRIu64,
                  sum >> 20, whole >> 20);
        return false;
    }
    if (setup->has_backends && setup->machine->memory_backend) {
        error_set(errp, "-numa memdev= and -machine memory-backend= exclude each other");
        return false;
    }
    return true;
}

static bool complete(Setup *setup, GError **errp)
{
    const MachineTopology *t = &setup->machine->topology;
    MachineNuma *numa = setup->numa;
    for (unsigned i = 0; i < numa->nodes; i++) {
        if (!setup->present[i]) {
            error_set(errp, "-numa: node %u is missing", i);
            return false;
        }
    }
    for (unsigned i = 0; i < t->max_cpus; i++) {
        if (numa->node_of[i] == NO_NODE) {
            numa->node_of[i] = i / (t->max_cpus / t->sockets) % numa->nodes;
        }
    }
    for (unsigned from = 0; from < numa->nodes; from++) {
        for (unsigned to = 0; to < numa->nodes; to++) {
            uint8_t *way = &numa->distance[from][to], back = numa->distance[to][from];
            *way = from == to ? NUMA_LOCAL : *way ? *way : back ? back : NUMA_REMOTE;
        }
    }
    return complete_memory(setup, errp);
}

bool numa_setup(Machine *machine, GError **errp)
{
    const GPtrArray *options = machine->options[MACHINE_OPTION_NUMA];
    if (!options) {
        return true;
    }
    machine->numa = g_new0(MachineNuma, 1);
    machine->numa->node_of = g_new(uint16_t, machine->topology.max_cpus);
    memset(machine->numa->node_of, 0xff, machine->topology.max_cpus * sizeof(uint16_t));
    Setup setup = { .machine = machine, .numa = machine->numa };
    for (guint i = 0; i < options->len; i++) {
        if (!apply(&setup, g_ptr_array_index(options, i), errp)) {
            return false;
        }
    }
    return complete(&setup, errp);
}

bool numa_has_backends(const MachineNuma *numa)
{
    for (unsigned i = 0; i < numa->nodes; i++) {
        if (numa->memory_backend[i]) {
            return true;
        }
    }
    return false;
}

void numa_init_ram(Machine *machine, const char *label)
{
    MachineNuma *numa = machine->numa;
    Object *owner = &machine->object;
    hwaddr at = 0;
    numa->ram = g_new0(MemoryRegion, numa->nodes);
    memory_region_init(&machine->ram, owner, label, machine->ram_bytes);
    for (unsigned i = 0; i < numa->nodes; i++) {
        if (numa->memory_backend[i]) {
            g_autofree char *name = g_strdup_printf("%s-node%u", label, i);
            memory_region_init_ram_block(&numa->ram[i], owner, name,
                                         memory_backend_block(numa->memory_backend[i]));
            memory_region_add(&machine->ram, at, &numa->ram[i]);
        }
        at += numa->bytes[i];
    }
}

void numa_free(MachineNuma *numa)
{
    if (numa) {
        for (unsigned i = 0; numa->ram && i < numa->nodes; i++) {
            if (numa->memory_backend[i]) {
                object_unparent(&numa->ram[i].object);
            }
        }
        g_free(numa->ram);
        g_free(numa->node_of);
        g_free(numa);
    }
}

unsigned numa_node_of(const Machine *machine, unsigned index)
{
    return machine->numa ? machine->numa->node_of[index] : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The topics of "info". */
#include <string.h>

#include "accel/accel.h"
#include "hw/core/numa.h"
#include "hw/intc/local_apic.h"
#include "monitor/human_internal.h"
#include "schema/commands.h"
#include "util/error.h"
#include "util/machine_lock.h"
#include "util/version.h"

static bool has_option(const HumanCall *call, const char *option)
{
    return call->count && g_strv_contains((const char *const *)call->args, option);
}

static bool info_status(HumanCall *call, GError **errp)
{
    g_autoptr(QmpStatusInfo) info = qmp_query_status(&call->context, errp);
    if (!info) {
        return false;
    }
    human_text(call, "VM status: %s", info->running ? "running" : "paused");
    if (!info->running && info->status != QMP_RUN_STATE_PAUSED) {
        human_text(call, " (%s)", qmp_run_state_names[info->status]);
    }
    human_text(call, "%s\n", info->singlestep ? " (single step mode)" : "");
    return true;
}

static bool info_version(HumanCall *call, GError **errp)
{
    human_text(call, "Rhea %s\n", version_string());
    return true;
}

static bool info_name(HumanCall *call, GError **errp)
{
    const char *name = call->context.machine->name;
    human_text(call, "%s\n", name ? name : "");
    return true;
}

static bool info_uuid(HumanCall *call, GError **errp)
{
    g_autoptr(QmpUuidInfo) info = qmp_query_uuid(&call->context, errp);
    human_text(call, "%s\n", info->UUID);
    return true;
}

static bool info_kvm(HumanCall *call, GError **errp)
{
    g_autoptr(QmpKvmInfo) info = qmp_query_kvm(&call->context, errp);
    const char *state = info->enabled ? "enabled" : info->present ? "disabled" : "not compiled";
    human_text(call, "kvm support: %s\n", state);
    return true;
}

static bool info_cpus(HumanCall *call, GError **errp)
{
    GPtrArray *list = qmp_query_cpus_fast(&call->context, errp);
    for (guint i = 0; i < list->len; i++) {
        const QmpCpuInfoFast *info = g_ptr_array_index(list, i);
        human_text(call, "%c CPU #%" G_GINT64_FORMAT ": thread_id=%" G_GINT64_FORMAT "\n",
                   i == call->cpu_index ? '*' : ' ', info->cpu_index, info->thread_id);
    }
    schema_free(&qmp_array_of_cpu_info_fast_type, list);
    return true;
}

static bool info_numa(HumanCall *call, GError **errp)
{
    const Machine *machine = call->context.machine;
    const MachineNuma *numa = machine->numa;
    human_text(call, "%u nodes\n", numa ? numa->nodes : 0);
    for (unsigned node = 0; numa && node < numa->nodes; node++) {
        human_text(call, "node %u cpus:", node);
        for (guint i = 0; i < machine->cpus->len; i++) {
            if (numa_node_of(machine, i) == node) {
                human_text(call, " %u", i);
            }
        }
        human_text(call, "\nnode %u size: %" G_GUINT64_FORMAT " MB\nnode %u plugged: 0 MB\n", node,
                   numa->bytes[node] >> 20, node);
    }
    return true;
}

static void dump_registers(Cpu *cpu, void *data)
{
    __auto_type dump = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, dump);
    if (dump) {
        dump(cpu, data);
    }
}

static bool info_registers(HumanCall *call, GError **errp)
{
    const GPtrArray *cpus = call->context.machine->cpus;
    bool all = has_option(call, "-a");
    if (!human_cpu(call, errp)) {
        return false;
    }
    if (call->count && !all) {
        error_set(errp, "'%s' is no option; -a shows all processors", call->args[0]);
        return false;
    }
    for (guint i = all ? 0 : call->cpu_index; i < (all ? cpus->len : call->cpu_index + 1); i++) {
        human_text(call, "\nCPU#%u\n", i);
        cpu_run_on_sync(g_ptr_array_index(cpus, i), dump_registers, call->out);
    }
    return true;
}

static bool info_mtree(HumanCall *call, GError **errp)
{
    if (call->count && !has_option(call, "-f")) {
        error_set(errp, "'%s' is no option; -f shows the flat view", call->args[0]);
        return false;
    }
    memory_print_tree(&call->context.machine->memory, has_option(call, "-f"), call->out);
    return true;
}

static void print_device_property(const Property *property, void *opaque)
{
    void **both = opaque;
    HumanCall *call = both[0];
    Object *obj = both[1];
    g_autofree char *text = property_get(obj, property->name, NULL);
    if (text) {
        human_text(call, "%*s%s = %s%s%s\n", *(int *)both[2], "", property->name,
                   property->kind == PROPERTY_KIND_STRING ? "\"" : "", text,
                   property->kind == PROPERTY_KIND_STRING ? "\"" : "");
    }
}

static void print_lines(const char *name, bool output, Irq **lines, unsigned count, void *opaque)
{
    void **both = opaque;
    human_text((HumanCall *)both[0], "%*sgpio-%s \"%s\" %u\n", *(int *)both[2], "",
               output ? "out" : "in", name ? name : "", count);
}

static void print_device(HumanCall *call, Device *dev, int indent);

static void print_bus(HumanCall *call, Bus *bus, int indent)
{
    human_text(call, "%*sbus: %s\n%*stype %s\n", indent, "", bus->object.name, indent + 2, "",
               bus->object.class->name);
    for (guint i = 0; i < bus->devices->len; i++) {
        print_device(call, g_ptr_array_index(bus->devices, i), indent + 2);
    }
}

static void print_device(HumanCall *call, Device *dev, int indent)
{
    int inner = indent + 2;
    void *both[] = { call, dev, &inner };
    human_text(call, "%*sdev: %s, id \"%s\"\n", indent, "", dev->object.class->name,
               dev->id ? dev->id : "");
    device_foreach_irq(dev, print_lines, both);
    property_foreach(dev->object.class, print_device_property, both);
    for (guint i = 0; dev->buses && i < dev->buses->len; i++) {
        print_bus(call, g_ptr_array_index(dev->buses, i), inner);
    }
}

/* Devices that no bus holds stand where the board put them. */
static void print_tree(HumanCall *call, Object *obj)
{
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        Object *child = g_ptr_array_index(obj->children, i);
        Device *dev = object_cast(child, &device_class.object);
        if (dev && !dev->bus) {
            print_device(call, dev, 0);
        }
        print_tree(call, child);
    }
}

static bool info_qtree(HumanCall *call, GError **errp)
{
    print_tree(call, &call->context.machine->object);
    return true;
}

static void print_objects(HumanCall *call, Object *obj, int indent)
{
    human_text(call, "%*s/%s (%s)\n", indent, "", obj->name ? obj->name : "", obj->class->name);
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        print_objects(call, g_ptr_array_index(obj->children, i), indent + 2);
    }
}

static bool info_qom_tree(HumanCall *call, GError **errp)
{
    bool ambiguous = false;
    const char *path = call->count ? call->args[0] : "/machine";
    Object *obj = strcmp(path, "/") == 0 ? call->context.root
                                         : object_resolve(call->context.root, path, &ambiguous);
    if (!obj) {
        error_set(errp, "there is %s object '%s'", ambiguous ? "more than one" : "no", path);
        return false;
    }
    print_objects(call, obj, 0);
    return true;
}

static bool info_chardev(HumanCall *call, GError **errp)
{
    GPtrArray *list = qmp_query_chardev(&call->context, errp);
    for (guint i = 0; i < list->len; i++) {
        const QmpChardevInfo *info = g_ptr_array_index(list, i);
        human_text(call, "%s: filename=%s\n", info->label, info->filename);
    }
    schema_free(&qmp_array_of_chardev_info_type, list);
    return true;
}

static bool info_jit(HumanCall *call, GError **errp)
{
    Accel *accel = call->context.machine->accel;
    __auto_type statistics = CLASS_METHOD(&accel->object, accel_class, AccelClass, statistics);
    if (!statistics) {
        error_set(errp, "%s does not translate guest code", accel->object.class->name);
        return false;
    }
    statistics(accel, call->out);
    return true;
}

static bool info_memory(HumanCall *call, GError **errp)
{
    g_autoptr(QmpMemoryInfo) info = qmp_query_memory_size_summary(&call->context, errp);
    human_text(call, "base memory: %" G_GINT64_FORMAT "\n", info->base_memory);
    return true;
}

static bool info_memdev(HumanCall *call, GError **errp)
{
    GPtrArray *list = qmp_query_memdev(&call->context, errp);
    for (guint i = 0; i < list->len; i++) {
        const QmpMemdev *memdev = g_ptr_array_index(list, i);
        human_text(call, "memory backend: %s\n  size: %" G_GINT64_FORMAT "\n  share: %s\n",
                   memdev->id, memdev->size, memdev->share ? "true" : "false");
    }
    schema_free(&qmp_array_of_memdev_type, list);
    return true;
}

static bool info_trace_events(HumanCall *call, GError **errp)
{
    QmpTraceEventGetStateArgs args = { .name = call->count ? call->args[0] : (char *)"*" };
    GPtrArray *list = qmp_trace_event_get_state(&call->context, &args, errp);
    for (guint i = 0; list && i < list->len; i++) {
        const QmpTraceEventInfo *info = g_ptr_array_index(list, i);
        human_text(call, "%s : state %d\n", info->name,
                   info->state == QMP_TRACE_EVENT_STATE_ENABLED);
    }
    schema_free(&qmp_array_of_trace_event_info_type, list);
    return list != NULL;
}

static bool info_lapic(HumanCall *call, GError **errp)
{
    Device *apics = object_cast(object_child(&call->context.machine->object, "apic-bus"),
                                &local_apic_bus_class.object);
    if (!human_cpu(call, errp)) {
        return false;
    }
    if (!apics) {
        error_set(errp, "the processors of this machine have no local interrupt controller");
        return false;
    }
    local_apic_describe(apics, call->cpu_index, call->out);
    return true;
}

static bool info_sync_profile(HumanCall *call, GError **errp)
{
    MachineLockProfile profile;
    machine_lock_profile(&profile);
    human_text(call,
               "machine lock: taken %" G_GUINT64_FORMAT " times, %" G_GUINT64_FORMAT
               " times after somebody else, waited for %.3f ms in all\n",
               profile.taken, profile.waited, (double)profile.wait_ns / 1e6);
    return true;
}

static bool info_dump(HumanCall *call, GError **errp)
{
    g_autoptr(QmpDumpQueryResult) result = qmp_query_dump(&call->context, errp);
    human_text(call, "Status: %s\n", qmp_dump_status_names[result->status]);
    if (result->total) {
        human_text(call, "Finished: %.2f %%\n", 100.0 * result->completed / result->total);
    }
    return true;
}

static bool info_stats(HumanCall *call, GError **errp)
{
    QmpStatsFilter filter = { .target = QMP_STATS_TARGET_VCPU };
    GPtrArray *list = qmp_query_stats(&call->context, &filter, errp);
    for (guint i = 0; i < list->len; i++) {
        const QmpStatsResult *result = g_ptr_array_index(list, i);
        human_text(call, "%s (%s):\n", result->qom_path,
                   qmp_stats_provider_names[result->provider]);
        for (guint n = 0; n < result->stats->len; n++) {
            const QmpStats *stats = g_ptr_array_index(result->stats, n);
            human_text(call, "  %s: %" G_GINT64_FORMAT "\n", stats->name, stats->value->u.scalar);
        }
    }
    schema_free(&qmp_array_of_stats_result_type, list);
    return true;
}

const HumanCommand human_topics[] = {
    { "block", NULL, "[DRIVE]", "", "drives and the media in them", human_info_block },
    { "blockstats", NULL, "", "", "what drives read and wrote", human_info_blockstats },
    { "chardev", NULL, "", "", "host sides of character devices", info_chardev },
    { "cpus", NULL, "", "", "processors and their host threads", info_cpus },
    { "dump", NULL, "", "", "how far the newest dump is", info_dump },
    { "irq", NULL, "", "", "how often interrupts were asked for", human_info_irq },
    { "jit", NULL, "", "", "what the translator did", info_jit },
    { "kvm", NULL, "", "", "use of the host's virtualization", info_kvm },
    { "lapic", NULL, "", "", "local interrupt controller of the chosen processor", info_lapic },
    { "mem", NULL, "", "", "virtual addresses that are mapped, of the chosen processor",
      human_info_mem },
    { "memdev", NULL, "", "", "objects that guest memory comes from", info_memdev },
    { "memory_size_summary", NULL, "", "", "size of guest memory", info_memory },
    { "mice", NULL, "", "", "pointing devices", human_info_mice },
    { "mtree", NULL, "[-f]", "", "memory regions; -f: the flat view", info_mtree },
    { "name", NULL, "", "", "name of the guest", info_name },
    { "numa", NULL, "", "", "nodes: their processors and memory", info_numa },
    { "pci", NULL, "", "", "PCI devices as the guest has set them up", human_info_pci },
    { "pic", NULL, "", "", "interrupt controllers", human_info_pic },
    { "qom-tree", NULL, "[PATH]", "p", "objects, from the machine or PATH down", info_qom_tree },
    { "qtree", NULL, "", "", "devices, their buses and properties", info_qtree },
    { "ramblock", NULL, "", "", "where guest memory is in this process", human_info_ramblock },
    { "registers", NULL, "[-a]", "", "registers of the chosen processor; -a: of all",
      info_registers },
    { "roms", NULL, "", "", "memory that the guest can only read", human_info_roms },
    { "stats", NULL, "", "", "what is counted of each processor", info_stats },
    { "status", NULL, "", "", "whether the machine runs", info_status },
    { "sync-profile", NULL, "", "", "how long threads waited for each other", info_sync_profile },
    { "tlb", NULL, "", "", "every page that is mapped, of the chosen processor", human_info_tlb },
    { "trace-events", NULL, "[PATTERN]", "T", "trace points and their state", info_trace_events },
    { "uuid", NULL, "", "", "identity of the machine", info_uuid },
    { "version", NULL, "", "", "version of this program", info_version },
    {},
};

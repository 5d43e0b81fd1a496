/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands about models of processors. They work on a processor that is made for the
 * question and never runs, so that a machine without any can answer too. */
#include <string.h>

#include "monitor/qom_types.h"
#include "schema/commands.h"
#include "system/machine_list.h"
#include "system/vm.h"
#include "util/error.h"

static Cpu *make(const ObjectClass *class)
{
    return container_of(object_new(class), Cpu, device.object);
}

static void settle(Cpu *cpu, GPtrArray *unavailable)
{
    void (*method)(Cpu *, GPtrArray *) =
        CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, settle);
    if (method) {
        method(cpu, unavailable);
    }
}

typedef struct {
    const MachineClass *machine;
    GHashTable *seen; /* classes, of machines that share them */
    GPtrArray *list;
} CpuListing;

static void add_cpu(const ObjectClass *class, void *opaque)
{
    CpuListing *listing = opaque;
    if (class->abstract || !g_hash_table_add(listing->seen, (gpointer) class)) {
        return;
    }
    Cpu *cpu = make(class);
    QmpCpuDefinitionInfo *info = qmp_cpu_definition_info_new();
    g_autoptr(GPtrArray) unavailable = g_ptr_array_new();
    settle(cpu, unavailable);
    info->name = machine_list_cpu_name(listing->machine, class);
    info->typename = g_strdup(class->name);
    info->unavailable_features = g_ptr_array_new();
    for (guint i = 0; i < unavailable->len; i++) {
        g_ptr_array_add(info->unavailable_features, g_strdup(unavailable->pdata[i]));
    }
    g_ptr_array_add(listing->list, info);
    object_unref(&cpu->device.object);
}

static void add_cpus_of(const MachineClass *machine, void *opaque)
{
    CpuListing *listing = opaque;
    listing->machine = machine;
    if (machine->cpu_base) {
        object_class_foreach(machine->cpu_base, add_cpu, listing);
    }
}

GPtrArray *qmp_query_cpu_definitions(CommandContext *context, GError **errp)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    CpuListing listing = { NULL, seen, g_ptr_array_new() };
    machine_list_foreach(context->arch, add_cpus_of, &listing);
    return listing.list;
}

typedef struct {
    const char *name;
    const ObjectClass *found;
} ModelSearch;

static void find_in_machine(const MachineClass *machine, void *opaque)
{
    ModelSearch *search = opaque;
    if (machine->cpu_base && !search->found) {
        search->found = machine_list_find_cpu(machine, search->name, NULL);
    }
}

/* "host" is what the accelerator could give at most; a translator knows no host. */
static const ObjectClass *find_model(CommandContext *context, const char *name, GError **errp)
{
    ModelSearch search = { strcmp(name, "host") == 0 ? "max" : name, NULL };
    machine_list_foreach(context->arch, find_in_machine, &search);
    if (!search.found) {
        error_set(errp, "there is no CPU model '%s'; query-cpu-definitions lists all", name);
    }
    return search.found;
}

typedef struct {
    Object *cpu;
    JsonObject *values;
} Expansion;

/* What -cpu takes and what makes up the model. */
static void add_property(const Property *property, void *opaque)
{
    static const char *const skip[] = { "check", "enforce", "apic-id", NULL };
    Expansion *expansion = opaque;
    bool wanted = property->kind != PROPERTY_KIND_TEXT && property->kind != PROPERTY_KIND_LINK &&
                  !property_find(&cpu_class.device.object, property->name);
    if (wanted && !g_strv_contains(skip, property->name)) {
        json_object_set_member(expansion->values, property->name,
                               qom_types_value(expansion->cpu, property, NULL));
    }
}

static bool apply_properties(Object *cpu, JsonNode *props, GError **errp)
{
    static const char *const none[] = { NULL };
    if (props && !JSON_NODE_HOLDS_OBJECT(props)) {
        error_set(errp, "parameter 'model.props' must be an object");
        return false;
    }
    return !props || qom_types_set(cpu, json_node_get_object(props), none, errp);
}

QmpCpuModelExpansionInfo *qmp_query_cpu_model_expansion(CommandContext *context,
                                                        const QmpQueryCpuModelExpansionArgs *args,
                                                        GError **errp)
{
    bool base = args->type == QMP_CPU_MODEL_EXPANSION_TYPE_STATIC;
    const ObjectClass *class = find_model(context, args->model->name, errp);
    if (!class) {
        return NULL;
    }
    Cpu *cpu = make(class);
    g_autoptr(GPtrArray) unavailable = g_ptr_array_new();
    QmpCpuModelExpansionInfo *info = NULL;
    if (apply_properties(&cpu->device.object, args->model->props, errp)) {
        Expansion expansion = { &cpu->device.object, json_object_new() };
        settle(cpu, unavailable);
        property_foreach(class, add_property, &expansion);
        info = qmp_cpu_model_expansion_info_new();
        info->model = qmp_cpu_model_info_new();
        info->model->name = g_strdup(base ? "base" : args->model->name);
        info->model->props = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(info->model->props, expansion.values);
    }
    object_unref(&cpu->device.object);
    return info;
}

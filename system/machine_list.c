/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines and processors by the names that users write: the class name without "-machine",
 * "-riscv-cpu". */
#include "system/machine_list.h"

#include <string.h>

#include "qom/user_object.h"
#include "util/error.h"
#include "util/nearest.h"

typedef struct {
    const char *arch;
    const char *name;
    const MachineClass *found;
    GPtrArray *names;
} Search;

typedef struct {
    const char *arch;
    void (*fn)(const MachineClass *class, void *opaque);
    void *opaque;
} Walk;

static char *without_suffix(const char *name, const char *suffix)
{
    g_autofree char *dashed = g_strconcat("-", suffix, NULL);
    size_t length = strlen(name);
    return g_str_has_suffix(name, dashed) ? g_strndup(name, length - strlen(dashed))
                                          : g_strdup(name);
}

char *machine_list_name(const MachineClass *class)
{
    return without_suffix(class->object.name, "machine");
}

static void walk_one(const ObjectClass *class, void *opaque)
{
    const Walk *walk = opaque;
    const MachineClass *machine = (const MachineClass *)class;
    if (!class->abstract && (!machine->arch || strcmp(machine->arch, walk->arch) == 0)) {
        walk->fn(machine, walk->opaque);
    }
}

void machine_list_foreach(const char *arch, void (*fn)(const MachineClass *class, void *opaque),
                          void *opaque)
{
    Walk walk = { arch, fn, opaque };
    object_class_foreach(&machine_class.object, walk_one, &walk);
}

static void match_machine(const MachineClass *class, void *opaque)
{
    Search *search = opaque;
    char *name = machine_list_name(class);
    bool alias = search->name && class->aliases && g_strv_contains(class->aliases, search->name);
    if (search->name ? alias || strcmp(name, search->name) == 0 : class->is_default) {
        search->found = class;
    }
    g_ptr_array_add(search->names, name);
}

static void has_own(const MachineClass *class, void *opaque)
{
    *(bool *)opaque |= class->arch != NULL;
}

const MachineClass *machine_list_find(const char *arch, const char *name, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    Search search = { arch, name, NULL, names };
    bool any = false;
    machine_list_foreach(arch, match_machine, &search);
    machine_list_foreach(arch, has_own, &any);
    if (search.found) {
        return search.found;
    }
    g_ptr_array_add(names, NULL);
    const char *near = name ? nearest_word(name, (const char *const *)names->pdata) : NULL;
    if (!any) {
        error_set(errp, "machines of architecture %s are not there yet", arch);
    } else if (!name) {
        error_set(
            errp,
            "%s has no default machine; choose one with -machine ('-machine help' lists them)",
            arch);
    } else if (near) {
        error_set(errp, "unknown machine; did you mean '%s'? ('-machine help' lists all)", near);
    } else {
        error_set(errp, "unknown machine; '-machine help' lists all");
    }
    return NULL;
}

char *machine_list_cpu_name(const MachineClass *machine, const ObjectClass *cpu)
{
    return without_suffix(cpu->name, machine->cpu_base->name);
}

typedef struct {
    const MachineClass *machine;
    const char *model;
    const ObjectClass *found;
    GPtrArray *names;
} CpuSearch;

static void match_cpu(const ObjectClass *class, void *opaque)
{
    CpuSearch *search = opaque;
    if (class->abstract) {
        return;
    }
    char *name = machine_list_cpu_name(search->machine, class);
    if (strcmp(name, search->model) == 0 || strcmp(class->name, search->model) == 0) {
        search->found = class;
    }
    g_ptr_array_add(search->names, name);
}

const ObjectClass *machine_list_find_cpu(const MachineClass *machine, const char *model,
                                         GError **errp)
{
    if (!machine->cpu_base) {
        if (model) {
            error_set(errp, "this machine has no processor");
        }
        return NULL;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    CpuSearch search = { machine, model ? model : machine->default_cpu, NULL, names };
    object_class_foreach(machine->cpu_base, match_cpu, &search);
    if (!search.found) {
        g_ptr_array_add(names, NULL);
        const char *near = nearest_word(search.model, (const char *const *)names->pdata);
        error_set(errp, "unknown CPU model '%s'%s%s%s; '-cpu help' lists all", search.model,
                  near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return search.found;
}

static void add_device_name(const ObjectClass *class, void *opaque)
{
    if (!class->abstract && ((const DeviceClass *)class)->user_creatable) {
        g_ptr_array_add(opaque, (gpointer) class->name);
    }
}

const DeviceClass *machine_list_find_device(const char *driver, GError **errp)
{
    const ObjectClass *class = object_class_by_name(driver);
    bool device = class && !class->abstract && object_class_is_a(class, &device_class.object);
    if (device && ((const DeviceClass *)class)->user_creatable) {
        return (const DeviceClass *)class;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    object_class_foreach(&device_class.object, add_device_name, names);
    g_ptr_array_add(names, NULL);
    const char *near = nearest_word(driver, (const char *const *)names->pdata);
    if (device) {
        error_set(errp, "'%s' is soldered to its board and cannot be added", driver);
    } else {
        error_set(errp, "unknown device '%s'%s%s%s; '-device help' lists all", driver,
                  near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return NULL;
}

static void add_object_name(const ObjectClass *class, void *opaque)
{
    if (!class->abstract) {
        g_ptr_array_add(opaque, (gpointer) class->name);
    }
}

const ObjectClass *machine_list_find_object(const char *type, GError **errp)
{
    const ObjectClass *class = object_class_by_name(type);
    if (class && !class->abstract && object_class_is_a(class, &user_object_class.object)) {
        return class;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    object_class_foreach(&user_object_class.object, add_object_name, names);
    g_ptr_array_add(names, NULL);
    const char *near = nearest_word(type, (const char *const *)names->pdata);
    error_set(errp, "unknown object type '%s'%s%s%s; '-object help' lists all", type,
              near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

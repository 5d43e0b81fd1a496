/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "help" as an argument shows, made from the classes that are there. Scripts read these lists:
 * keep their shape. */
#include <stdio.h>
#include <string.h>

#include "accel/accel.h"
#include "chardev/chardev_spec.h"
#include "qom/user_object.h"
#include "system/config_internal.h"
#include "system/machine_list.h"

static void print_machine(const MachineClass *class, void *opaque)
{
    g_autofree char *name = machine_list_name(class);
    printf("%-20s %s%s\n", name, class->summary ? class->summary : "",
           class->is_default ? " (default)" : "");
    for (const char *const *alias = class->aliases; alias && *alias; alias++) {
        printf("%-20s alias of %s\n", *alias, name);
    }
}

static void print_property(const Property *property, void *opaque)
{
    g_autofree char *type = property_type_name(property);
    printf("  %s=<%s>%s%s\n", property->name, type, property->help ? " - " : "",
           property->help ? property->help : "");
}

static void print_options(const char *name, const ObjectClass *class)
{
    printf("%s options:\n", name);
    property_foreach(class, print_property, NULL);
}

void config_list_machines(Config *config, const OptionUse *use)
{
    const char *name = use->keys ? keyval_get(use->keys, "type") : NULL;
    const MachineClass *class = name ? machine_list_find(config->arch, name, NULL) : NULL;
    if (class) {
        print_options(name, &class->object);
        return;
    }
    puts("Supported machines are:");
    machine_list_foreach(config->arch, print_machine, NULL);
}

static void print_accel(const ObjectClass *class, void *opaque)
{
    const AccelClass *accel = (const AccelClass *)class;
    if (!class->abstract && (!accel->available || accel->available(NULL))) {
        printf("%.*s\n", (int)(strlen(class->name) - strlen("-accel")), class->name);
    }
}

void config_list_accels(Config *config, const OptionUse *use)
{
    const char *name = use->keys ? keyval_get(use->keys, "accel") : NULL;
    g_autofree char *class_name = name ? g_strconcat(name, "-accel", NULL) : NULL;
    const ObjectClass *class = class_name ? object_class_by_name(class_name) : NULL;
    if (class) {
        print_options(name, class);
        return;
    }
    puts("Accelerators supported in this binary:");
    object_class_foreach(&accel_class.object, print_accel, NULL);
}

typedef struct {
    const MachineClass *machine;
    GHashTable *seen; /* CPU classes, of machines that share them */
} CpuListing;

static void print_cpu(const ObjectClass *class, void *opaque)
{
    CpuListing *listing = opaque;
    if (!class->abstract && g_hash_table_add(listing->seen, (gpointer) class)) {
        const char *summary = ((const DeviceClass *)class)->summary;
        g_autofree char *name = machine_list_cpu_name(listing->machine, class);
        printf(summary ? "%-20s %s\n" : "%s\n", name, summary);
    }
}

static void print_cpus_of(const MachineClass *machine, void *opaque)
{
    CpuListing *listing = opaque;
    listing->machine = machine;
    if (machine->cpu_base) {
        object_class_foreach(machine->cpu_base, print_cpu, listing);
    }
}

typedef struct {
    const char *model;
    const ObjectClass *found;
} CpuSearch;

static void find_cpu(const MachineClass *machine, void *opaque)
{
    CpuSearch *search = opaque;
    if (!search->found && machine->cpu_base) {
        search->found = machine_list_find_cpu(machine, search->model, NULL);
    }
}

void config_list_cpus(Config *config, const OptionUse *use)
{
    CpuSearch search = { use->keys ? keyval_get(use->keys, "model") : NULL, NULL };
    if (search.model) {
        machine_list_foreach(config->arch, find_cpu, &search);
    }
    if (search.found) {
        print_options(search.model, search.found);
        return;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    CpuListing listing = { NULL, seen };
    machine_list_foreach(config->arch, print_cpus_of, &listing);
}

void config_list_chardevs(Config *config, const OptionUse *use)
{
    g_autofree char *text = chardev_spec_help();
    fputs(text, stdout);
}

typedef struct {
    DeviceCategory category;
    int headed; /* the category whose title was printed last */
} DeviceListing;

static void print_device(const ObjectClass *class, void *opaque)
{
    const DeviceClass *device = (const DeviceClass *)class;
    DeviceListing *listing = opaque;
    if (class->abstract || !device->user_creatable || device->category != listing->category) {
        return;
    }
    if (listing->headed != (int)listing->category) {
        printf("%s%s devices:\n", listing->headed < 0 ? "" : "\n",
               device_category_name(listing->category));
        listing->headed = (int)listing->category;
    }
    const BusClass *bus = device_class_bus(class);
    printf("name \"%s\"", class->name);
    if (bus) {
        printf(", bus %s", bus->object.name);
    }
    if (device->summary) {
        printf(", desc \"%s\"", device->summary);
    }
    putchar('\n');
}

void config_list_devices(Config *config, const OptionUse *use)
{
    const char *driver = use->keys ? keyval_get(use->keys, "driver") : NULL;
    const ObjectClass *class = driver ? object_class_by_name(driver) : NULL;
    if (class) {
        print_options(driver, class);
        return;
    }
    DeviceListing listing = { .headed = -1 };
    for (; listing.category < DEVICE_CATEGORY_COUNT; listing.category++) {
        object_class_foreach(&device_class.object, print_device, &listing);
    }
}

void config_list_displays(Config *config, const OptionUse *use)
{
    puts("Available display backend types:\nnone");
}

static void print_object(const ObjectClass *class, void *opaque)
{
    if (!class->abstract) {
        printf("  %-24s %s\n", class->name, ((const UserObjectClass *)class)->summary);
    }
}

void config_list_objects(Config *config, const OptionUse *use)
{
    const char *type = use->keys ? keyval_get(use->keys, "qom-type") : NULL;
    const ObjectClass *class = type ? machine_list_find_object(type, NULL) : NULL;
    if (class) {
        print_options(type, class);
        return;
    }
    puts("List of user creatable objects:");
    object_class_foreach(&user_object_class.object, print_object, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buses: what devices plug into. */
#include <string.h>

#include "hw/core/device.h"
#include "util/error.h"

const Interface hotplug_interface = { "hotplug-handler" };

static void bus_object_init(Object *obj)
{
    Bus *bus = container_of(obj, Bus, object);

    bus->devices = g_ptr_array_new();
}

static void bus_finalize(Object *obj)
{
    Bus *bus = container_of(obj, Bus, object);

    g_assert(bus->devices->len == 0);
    g_ptr_array_unref(bus->devices);
}

const BusClass bus_class = {
    .object = { .name = "bus",
                .instance_size = sizeof(Bus),
                .abstract = true,
                .init = bus_object_init,
                .finalize = bus_finalize },
};
CLASS_REGISTER(bus_class);

void bus_init(Bus *bus, const BusClass *class, Device *owner, const char *name)
{
    if (!owner) {
        object_init(&bus->object, &class->object);
        return;
    }
    object_init_child(&owner->object, name, &bus->object, &class->object);
    bus->owner = owner;
    g_ptr_array_add(owner->buses, bus);
}

bool bus_is_full(const Bus *bus)
{
    const BusClass *class = (const BusClass *)bus->object.class;

    return class->max_devices && bus->devices->len >= class->max_devices;
}

typedef struct {
    const char *name;
    const ObjectClass *class;
    Bus *found, *full;
} BusSearch;

/* Depth first, in order of creation. */
static void search(Object *obj, BusSearch *s)
{
    Bus *bus = object_cast(obj, s->class);

    if (bus && (!s->name || (obj->name && g_str_equal(obj->name, s->name)))) {
        if (!bus_is_full(bus)) {
            s->found = bus;
            return;
        }
        s->full = bus;
    }
    for (guint i = 0; obj->children && i < obj->children->len && !s->found; i++) {
        search(g_ptr_array_index(obj->children, i), s);
    }
}

Bus *bus_find(Object *root, const char *name, const BusClass *class, GError **errp)
{
    BusSearch s = { .name = name, .class = &class->object };

    if (name && strchr(name, '/')) {
        Object *obj = object_resolve(object_root(root), name, NULL);
        s.found = object_cast(obj, &class->object);
        if (s.found && bus_is_full(s.found)) {
            s.full = g_steal_pointer(&s.found);
        }
    } else {
        search(root, &s);
    }
    if (s.found) {
        return s.found;
    }
    if (name) {
        error_set(errp, s.full ? "bus '%s' is full" : "there is no bus '%s' of type %s", name,
                  class->object.name);
    } else {
        error_set(errp,
                  s.full ? "every bus of type %s is full" : "this machine has no bus of type %s",
                  class->object.name);
    }
    return NULL;
}

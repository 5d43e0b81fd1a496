/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances: life cycle and casts. The tree is in tree.c, classes in class.c. */
#include "qom/object.h"

#include <string.h>

#include "qom/property_internal.h"
#include "util/atomic.h"

const ObjectClass object_class = { .name = "object",
                                   .instance_size = sizeof(Object),
                                   .abstract = true };
CLASS_REGISTER(object_class);

const ObjectClass container_class = { .name = "container", .instance_size = sizeof(Object) };
CLASS_REGISTER(container_class);

static void run_init(const ObjectClass *class, Object *obj)
{
    if (class->parent) {
        run_init(class->parent, obj);
    }
    if (class->init) {
        class->init(obj);
    }
}

void object_init(Object *obj, const ObjectClass *class)
{
    g_assert(!class->abstract);
    obj->class = class;
    obj->refcount = 1;
    property_set_defaults(obj);
    run_init(class, obj);
}

Object *object_new(const ObjectClass *class)
{
    Object *obj = g_malloc0(object_class_instance_size(class));

    obj->on_heap = true;
    object_init(obj, class);
    return obj;
}

Object *object_ref(Object *obj)
{
    if (obj) {
        atomic_fetch_add(&obj->refcount, 1);
    }
    return obj;
}

static void finalize(Object *obj)
{
    bool on_heap = obj->on_heap;

    g_assert(!obj->parent);
    for (const ObjectClass *class = obj->class; class; class = class->parent) {
        if (class->finalize) {
            class->finalize(obj);
        }
    }
    while (obj->children && obj->children->len > 0) {
        object_unparent(g_ptr_array_index(obj->children, obj->children->len - 1));
    }
    g_clear_pointer(&obj->children, g_ptr_array_unref);
    property_free_values(obj);
    g_clear_pointer(&obj->name, g_free);
    if (on_heap) {
        g_free(obj);
    }
}

void object_unref(Object *obj)
{
    if (obj) {
        uint32_t before = atomic_fetch_add(&obj->refcount, (uint32_t)-1);
        g_assert(before > 0);
        if (before == 1) {
            finalize(obj);
        }
    }
}

void *object_cast(Object *obj, const ObjectClass *class)
{
    return obj && object_class_is_a(obj->class, class) ? obj : NULL;
}

const void *object_interface(const Object *obj, const Interface *interface)
{
    for (const ObjectClass *class = obj->class; class; class = class->parent) {
        for (const InterfaceEntry *e = class->interfaces; e && e->interface; e++) {
            if (e->interface == interface) {
                return e->ops;
            }
        }
    }
    return NULL;
}

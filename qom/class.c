/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classes: found by name, compared, and asked for inherited methods. The linker gathers them. */
#include <string.h>

#include "qom/object.h"

extern const ObjectClass *const __start_rhea_classes[] __attribute__((weak));
extern const ObjectClass *const __stop_rhea_classes[] __attribute__((weak));

static int compare_names(gconstpointer a, gconstpointer b)
{
    const ObjectClass *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* Sorted by name; made at first use and never changed after. */
static const GPtrArray *class_index(void)
{
    static gsize once;
    static GPtrArray *index;

    if (g_once_init_enter(&once)) {
        index = g_ptr_array_new();
        for (const ObjectClass *const *p = __start_rhea_classes; p != __stop_rhea_classes; p++) {
            g_ptr_array_add(index, (void *)*p);
        }
        g_ptr_array_sort(index, compare_names);
        for (guint i = 1; i < index->len; i++) {
            g_assert(compare_names(&index->pdata[i - 1], &index->pdata[i]) != 0);
        }
        g_once_init_leave(&once, 1);
    }
    return index;
}

const ObjectClass *object_class_by_name(const char *name)
{
    const GPtrArray *index = class_index();
    guint low = 0, high = index->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const ObjectClass *class = index->pdata[middle];
        int order = strcmp(name, class->name);
        if (order == 0) {
            return class;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

bool object_class_is_a(const ObjectClass *class, const ObjectClass *ancestor)
{
    if (ancestor == &object_class) {
        return true;
    }
    while (class && class != ancestor) {
        class = class->parent;
    }
    return class;
}

void object_class_foreach(const ObjectClass *ancestor, void (*fn)(const ObjectClass *, void *),
                          void *opaque)
{
    const GPtrArray *index = class_index();

    for (guint i = 0; i < index->len; i++) {
        const ObjectClass *class = index->pdata[i];
        if (object_class_is_a(class, ancestor)) {
            fn(class, opaque);
        }
    }
}

size_t object_class_instance_size(const ObjectClass *class)
{
    while (class && class->instance_size == 0) {
        class = class->parent;
    }
    return class ? class->instance_size : sizeof(Object);
}

void *object_class_method(const ObjectClass *class, const ObjectClass *base, size_t offset)
{
    for (; class; class = class->parent) {
        void *method;
        memcpy(&method, (const char *)class + offset, sizeof(method));
        if (method || class == base) {
            return method;
        }
    }
    return NULL;
}

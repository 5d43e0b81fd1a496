/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/accel.h"

#include "util/error.h"

const AccelClass accel_class = {
    .object = { .name = "accel", .instance_size = sizeof(Accel), .abstract = true },
};
CLASS_REGISTER(accel_class);

static void add_name(const ObjectClass *class, void *opaque)
{
    if (!class->abstract) {
        g_ptr_array_add(opaque, g_strndup(class->name, strlen(class->name) - strlen("-accel")));
    }
}

static void set_unknown_error(const char *name, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *list = NULL;

    object_class_foreach((const ObjectClass *)&accel_class, add_name, names);
    g_ptr_array_add(names, NULL);
    list = g_strjoinv(", ", (char **)names->pdata);
    error_set(errp, "there is no accelerator '%s': choose from %s", name, list);
}

static Accel *create_one(const char *name, const char *properties, GError **errp)
{
    g_autofree char *class_name = g_strconcat(name, "-accel", NULL);
    const ObjectClass *class = object_class_by_name(class_name);

    if (!class || class->abstract || !object_class_is_a(class, &accel_class.object)) {
        set_unknown_error(name, errp);
        return NULL;
    }
    Object *obj = object_new(class);
    bool (*available)(GError **) = CLASS_METHOD(obj, accel_class, AccelClass, available);
    if ((available && !available(errp)) || !property_set_list(obj, properties, errp)) {
        object_unref(obj);
        return NULL;
    }
    return (Accel *)obj;
}

Accel *accel_create(const char *list, const char *properties, GError **errp)
{
    g_auto(GStrv) names = g_strsplit(list, ":", 0);
    GError *first = NULL;

    if (!names[0]) {
        set_unknown_error(list, errp);
        return NULL;
    }
    for (unsigned i = 0; names[i]; i++) {
        Accel *accel = create_one(names[i], properties, first ? NULL : &first);
        if (accel) {
            g_clear_error(&first);
            return accel;
        }
    }
    g_propagate_error(errp, first);
    return NULL;
}

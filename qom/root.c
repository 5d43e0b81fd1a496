/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root of a composition tree: -global. */
#include "qom/root.h"

#include "qom/property.h"
#include "util/error.h"

typedef struct {
    char *class_name, *name, *text;
} Global;

typedef struct {
    Object object;
    GPtrArray *globals; /* Global *, owned, as added */
    GError *refused;    /* first value that an object refused, until somebody asks; or NULL */
} ObjectRoot;

static void global_free(void *opaque)
{
    Global *global = opaque;

    g_free(global->class_name);
    g_free(global->name);
    g_free(global->text);
    g_free(global);
}

static void root_init(Object *obj)
{
    container_of(obj, ObjectRoot, object)->globals = g_ptr_array_new_with_free_func(global_free);
}

static void root_finalize(Object *obj)
{
    ObjectRoot *root = container_of(obj, ObjectRoot, object);

    g_ptr_array_unref(root->globals);
    g_clear_error(&root->refused);
}

const ObjectClass object_root_class = { .name = "root",
                                        .parent = &container_class,
                                        .instance_size = sizeof(ObjectRoot),
                                        .init = root_init,
                                        .finalize = root_finalize };
CLASS_REGISTER(object_root_class);

bool object_root_add_global(Object *root, const char *class_name, const char *name,
                            const char *text, GError **errp)
{
    const ObjectClass *class = object_class_by_name(class_name);

    if (class && !property_check(class, name, errp)) {
        return false;
    }
    Global *global = g_new0(Global, 1);
    global->class_name = g_strdup(class_name);
    global->name = g_strdup(name);
    global->text = g_strdup(text);
    g_ptr_array_add(container_of(root, ObjectRoot, object)->globals, global);
    return true;
}

static bool is_named(const ObjectClass *class, const char *name)
{
    while (class && !g_str_equal(class->name, name)) {
        class = class->parent;
    }
    return class;
}

static bool apply(const ObjectRoot *root, Object *obj, GError **errp)
{
    for (guint i = 0; i < root->globals->len; i++) {
        const Global *global = g_ptr_array_index(root->globals, i);
        if (is_named(obj->class, global->class_name) &&
            !property_set(obj, global->name, global->text, errp)) {
            error_prefix(errp, "-global %s.%s=%s: ", global->class_name, global->name,
                         global->text);
            return false;
        }
    }
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        if (!apply(root, g_ptr_array_index(obj->children, i), errp)) {
            return false;
        }
    }
    return true;
}

bool object_root_apply_globals(Object *obj, GError **errp)
{
    Object *top = object_root(obj);
    ObjectRoot *root = object_cast(top, &object_root_class);
    GError *error = NULL;

    if (!root || root->globals->len == 0 || apply(root, obj, &error)) {
        return true;
    }
    if (errp) {
        g_propagate_error(errp, error);
        return false;
    }
    if (root->refused) {
        g_error_free(error);
    } else {
        root->refused = error;
    }
    return true;
}

bool object_root_check(Object *obj, GError **errp)
{
    ObjectRoot *root = container_of(obj, ObjectRoot, object);

    if (!root->refused) {
        return true;
    }
    g_propagate_error(errp, g_steal_pointer(&root->refused));
    return false;
}

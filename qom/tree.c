/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The composition tree: children, paths, lookup. */
#include <string.h>

#include "qom/object.h"
#include "qom/property_internal.h"
#include "qom/root.h"
#include "util/error.h"

Object *object_child(Object *parent, const char *name)
{
    if (!parent->children) {
        return NULL;
    }
    for (guint i = 0; i < parent->children->len; i++) {
        Object *child = g_ptr_array_index(parent->children, i);
        if (g_str_equal(child->name, name)) {
            return child;
        }
    }
    return NULL;
}

/* "name[*]": the lowest number that is free. */
static char *number_name(Object *parent, const char *name)
{
    int stem = (int)strlen(name) - (int)strlen("[*]");

    for (unsigned i = 0;; i++) {
        char *candidate = g_strdup_printf("%.*s[%u]", stem, name, i);
        if (!object_child(parent, candidate)) {
            return candidate;
        }
        g_free(candidate);
    }
}

bool object_add_child(Object *parent, const char *name, Object *child, GError **errp)
{
    g_autofree char *full = NULL;

    g_assert(!child->parent);
    if (*name == '\0' || strchr(name, '/')) {
        error_set(errp, "'%s' is not a name for an object", name);
        return false;
    }
    full = g_str_has_suffix(name, "[*]") ? number_name(parent, name) : g_strdup(name);
    if (object_child(parent, full)) {
        g_autofree char *path = object_path(parent);
        error_set(errp, "%s already has a child '%s'", path, full);
        return false;
    }
    if (!parent->children) {
        parent->children = g_ptr_array_new();
    }
    child->parent = parent;
    child->name = g_steal_pointer(&full);
    g_ptr_array_add(parent->children, object_ref(child));
    if (!object_root_apply_globals(child, errp)) {
        object_unparent(child);
        return false;
    }
    return true;
}

void object_init_child(Object *parent, const char *name, Object *child, const ObjectClass *class)
{
    object_init(child, class);
    bool added = object_add_child(parent, name, child, NULL);
    g_assert(added);
    object_unref(child);
}

Object *object_new_child(Object *parent, const char *name, const ObjectClass *class, GError **errp)
{
    Object *child = object_new(class);
    bool added = object_add_child(parent, name, child, errp);

    object_unref(child);
    return added ? child : NULL;
}

void object_unparent(Object *obj)
{
    if (obj->parent) {
        g_ptr_array_remove(obj->parent->children, obj);
        obj->parent = NULL;
        g_clear_pointer(&obj->name, g_free);
        object_unref(obj);
    }
}

Object *object_root(Object *obj)
{
    while (obj->parent) {
        obj = obj->parent;
    }
    return obj;
}

char *object_path(const Object *obj)
{
    GString *path = g_string_new(NULL);

    for (; obj->parent; obj = obj->parent) {
        g_string_prepend(path, obj->name);
        g_string_prepend_c(path, '/');
    }
    if (path->len == 0) {
        g_string_append_c(path, '/');
    }
    return g_string_free(path, FALSE);
}

/* @parts: the rest of a path, down from @obj, through children and links. */
static Object *resolve_down(Object *obj, char *const *parts)
{
    for (; obj && *parts; parts++) {
        if (**parts == '\0') {
            continue;
        }
        Object *next = object_child(obj, *parts);
        obj = next ? next : property_link_value(obj, *parts);
    }
    return obj;
}

static Object *resolve_partial(Object *obj, char *const *parts, bool *ambiguous)
{
    Object *found = resolve_down(obj, parts);

    for (guint i = 0; obj->children && i < obj->children->len && !*ambiguous; i++) {
        Object *deeper = resolve_partial(g_ptr_array_index(obj->children, i), parts, ambiguous);
        if (deeper && found && deeper != found) {
            *ambiguous = true;
        }
        found = deeper ? deeper : found;
    }
    return *ambiguous ? NULL : found;
}

Object *object_resolve(Object *root, const char *path, bool *ambiguous)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    bool several = false;
    Object *found;

    if (ambiguous) {
        *ambiguous = false;
    }
    if (*path == '\0') {
        return NULL;
    }
    if (*path == '/') {
        return resolve_down(root, parts);
    }
    found = resolve_partial(root, parts, &several);
    if (ambiguous) {
        *ambiguous = several;
    }
    return found;
}

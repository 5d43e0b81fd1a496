/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about objects and classes. */
#include <string.h>

#include "hw/core/device.h"
#include "monitor/qom_types.h"
#include "qom/user_object.h"
#include "schema/commands.h"
#include "util/error.h"

static Object *find_object(CommandContext *context, const char *path, GError **errp)
{
    bool ambiguous = false;
    Object *obj =
        strcmp(path, "/") == 0 ? context->root : object_resolve(context->root, path, &ambiguous);
    if (!obj && ambiguous) {
        error_set(errp, "there is more than one object '%s'; say more of its path", path);
    } else if (!obj) {
        error_set_class(errp, ERROR_DEVICE_NOT_FOUND, "there is no object '%s'", path);
    }
    return obj;
}

static void add_info(GPtrArray *list, const char *name, char *type, const Property *property)
{
    QmpObjectPropertyInfo *info = qmp_object_property_info_new();
    info->name = g_strdup(name);
    info->type = type;
    info->description = property ? g_strdup(property->help) : NULL;
    g_ptr_array_add(list, info);
}

static void add_property(const Property *property, void *opaque)
{
    add_info(opaque, property->name, property_type_name(property), property);
}

static void add_class_property(const Property *property, void *opaque)
{
    GPtrArray *list = opaque;
    add_property(property, list);
    QmpObjectPropertyInfo *info = g_ptr_array_index(list, list->len - 1);
    info->default_value = qom_types_default(property);
}

GPtrArray *qmp_qom_list(CommandContext *context, const QmpQomListArgs *args, GError **errp)
{
    Object *obj = find_object(context, args->path, errp);
    if (!obj) {
        return NULL;
    }
    GPtrArray *list = g_ptr_array_new();
    add_info(list, "type", g_strdup("string"), NULL);
    property_foreach(obj->class, add_property, list);
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        const Object *child = g_ptr_array_index(obj->children, i);
        add_info(list, child->name, g_strdup_printf("child<%s>", child->class->name), NULL);
    }
    return list;
}

JsonNode *qmp_qom_get(CommandContext *context, const QmpQomGetArgs *args, GError **errp)
{
    Object *obj = find_object(context, args->path, errp);
    if (!obj) {
        return NULL;
    }
    const Property *property = property_find(obj->class, args->property);
    if (property) {
        return qom_types_value(obj, property, errp);
    }
    if (strcmp(args->property, "type") == 0) {
        return json_node_init_string(json_node_alloc(), obj->class->name);
    }
    Object *child = object_child(obj, args->property);
    if (child) {
        g_autofree char *path = object_path(child);
        return json_node_init_string(json_node_alloc(), path);
    }
    g_free(property_get(obj, args->property, errp)); /* for its error */
    return NULL;
}

bool qmp_qom_set(CommandContext *context, const QmpQomSetArgs *args, GError **errp)
{
    Object *obj = find_object(context, args->path, errp);
    g_autofree char *text = obj ? qom_types_text(args->property, args->value, errp) : NULL;
    if (text && !property_find(obj->class, args->property) &&
        (object_child(obj, args->property) || strcmp(args->property, "type") == 0)) {
        error_set(errp, "property '%s' can only be read", args->property);
        return false;
    }
    return text && property_set(obj, args->property, text, errp);
}

typedef struct {
    GPtrArray *list;
    bool abstract;
} TypeListing;

static void add_type(const ObjectClass *class, void *opaque)
{
    TypeListing *listing = opaque;
    if (class->abstract && !listing->abstract) {
        return;
    }
    QmpObjectTypeInfo *info = qmp_object_type_info_new();
    const ObjectClass *parent = class->parent;
    if (!parent && class != &object_class) {
        parent = &object_class;
    }
    info->name = g_strdup(class->name);
    info->has_abstract = info->abstract = class->abstract;
    info->parent = parent ? g_strdup(parent->name) : NULL;
    g_ptr_array_add(listing->list, info);
}

GPtrArray *qmp_qom_list_types(CommandContext *context, const QmpQomListTypesArgs *args,
                              GError **errp)
{
    const ObjectClass *base = &object_class;
    if (args->implements) {
        base = object_class_by_name(args->implements);
    }
    TypeListing listing = { g_ptr_array_new(), args->has_abstract && args->abstract };
    if (base) { /* nothing descends from a class that is not there */
        object_class_foreach(base, add_type, &listing);
    }
    return listing.list;
}

static GPtrArray *list_class(const char *name, const ObjectClass *base, GError **errp)
{
    const ObjectClass *class = object_class_by_name(name);
    if (!class || !object_class_is_a(class, base)) {
        bool device = base == &device_class.object;
        error_set_class(errp, ERROR_DEVICE_NOT_FOUND, "there is no %s '%s'",
                        device ? "device" : "class", name);
        return NULL;
    }
    GPtrArray *list = g_ptr_array_new();
    property_foreach(class, add_class_property, list);
    return list;
}

GPtrArray *qmp_qom_list_properties(CommandContext *context, const QmpQomListPropertiesArgs *args,
                                   GError **errp)
{
    return list_class(args->typename, &object_class, errp);
}

GPtrArray *qmp_device_list_properties(CommandContext *context,
                                      const QmpDeviceListPropertiesArgs *args, GError **errp)
{
    return list_class(args->typename, &device_class.object, errp);
}

bool qmp_object_add(CommandContext *context, JsonObject *args, GError **errp)
{
    static const char *const skip[] = { "qom-type", "id", NULL };
    const char *type = json_object_get_string_member(args, "qom-type");
    const char *id = json_object_get_string_member(args, "id");
    const ObjectClass *class = object_class_by_name(type); /* one of them: that was checked */
    if (!*id || strpbrk(id, "/[] ")) {
        error_set(errp, "parameter 'id': '%s' is not a usable name", id);
        return false;
    }
    Object *objects = object_child(context->root, "objects");
    Object *obj = object_new_child(objects, id, class, errp);
    if (!obj) {
        return false;
    }
    if (!qom_types_set(obj, args, skip, errp) || !user_object_complete(obj, errp)) {
        object_unparent(obj);
        return false;
    }
    return true;
}

bool qmp_object_del(CommandContext *context, const QmpObjectDelArgs *args, GError **errp)
{
    Object *objects = object_child(context->root, "objects");
    Object *obj = *args->id ? object_child(objects, args->id) : NULL;
    if (!obj) {
        error_set(errp, "there is no object with id '%s'", args->id);
        return false;
    }
    if (obj->refcount > 1) { /* the tree's is the first */
        error_set(errp, "object '%s' is in use", args->id);
        return false;
    }
    object_unparent(obj);
    return true;
}

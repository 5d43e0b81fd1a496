/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties: finding, defaults, reading and writing the fields. Text is parsed in
 * property_parse.c. */
#include "qom/property.h"

#include <string.h>

#include "qom/property_internal.h"
#include "qom/property_parse_internal.h"
#include "util/error.h"
#include "util/nearest.h"

static void *field_of(Object *obj, const Property *property)
{
    return (char *)obj + property->offset;
}

static const Property *find_in_class(const ObjectClass *class, const char *name)
{
    for (const Property *p = class->properties; p && p->name; p++) {
        if (g_str_equal(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

static const Property *find_own(const ObjectClass *class, const char *name)
{
    for (; class; class = class->parent) {
        const Property *property = find_in_class(class, name);
        if (property) {
            return property;
        }
    }
    return NULL;
}

/* The class of what objects of @class are a front for; NULL: they are not. */
static const ObjectClass *front_class(const ObjectClass *class)
{
    return class && class->front_for ? object_class_by_name(class->front_for) : NULL;
}

const Property *property_find(const ObjectClass *class, const char *name)
{
    const Property *property = find_own(class, name);
    const ObjectClass *front = front_class(class);

    return property || !front ? property : find_own(front, name);
}

static void foreach_own(const ObjectClass *class, void (*fn)(const Property *, void *),
                        void *opaque)
{
    if (class->parent) {
        foreach_own(class->parent, fn, opaque);
    }
    for (const Property *p = class->properties; p && p->name; p++) {
        fn(p, opaque);
    }
}

void property_foreach(const ObjectClass *class, void (*fn)(const Property *, void *), void *opaque)
{
    const ObjectClass *front = front_class(class);

    foreach_own(class, fn, opaque);
    if (front) {
        foreach_own(front, fn, opaque);
    }
}

/* Who holds the value of @name: @obj, or what it is a front for. */
static Object *holder(Object *obj, const char *name)
{
    Object *(*front_of)(Object *) =
        obj->class->front_for ? CLASS_METHOD(obj, object_class, ObjectClass, front_of) : NULL;

    return front_of && !find_own(obj->class, name) ? front_of(obj) : obj;
}

static void write_number(void *field, PropertyKind kind, uint64_t value)
{
    switch (kind) {
    case PROPERTY_KIND_BOOL: *(bool *)field = value; break;
    case PROPERTY_KIND_U8: *(uint8_t *)field = value; break;
    case PROPERTY_KIND_U16: *(uint16_t *)field = value; break;
    case PROPERTY_KIND_U32:
    case PROPERTY_KIND_I32: *(uint32_t *)field = value; break;
    case PROPERTY_KIND_U64:
    case PROPERTY_KIND_I64:
    case PROPERTY_KIND_SIZE: *(uint64_t *)field = value; break;
    case PROPERTY_KIND_ENUM: *(int *)field = (int)value; break;
    default: g_assert_not_reached();
    }
}

static uint64_t read_number(const void *field, PropertyKind kind)
{
    switch (kind) {
    case PROPERTY_KIND_BOOL: return *(const bool *)field;
    case PROPERTY_KIND_U8: return *(const uint8_t *)field;
    case PROPERTY_KIND_U16: return *(const uint16_t *)field;
    case PROPERTY_KIND_U32: return *(const uint32_t *)field;
    case PROPERTY_KIND_I32: return (uint64_t)(int64_t) * (const int32_t *)field;
    case PROPERTY_KIND_ENUM: return (uint64_t)(int64_t) * (const int *)field;
    default: return *(const uint64_t *)field;
    }
}

static void set_link(Object **field, Object *value)
{
    Object *before = *field;

    *field = object_ref(value);
    object_unref(before);
}

static void default_one(const Property *property, void *opaque)
{
    void *field = field_of(opaque, property);

    switch (property->kind) {
    case PROPERTY_KIND_STRING:
        g_free(*(char **)field);
        *(char **)field = g_strdup(property->def.s);
        break;
    case PROPERTY_KIND_LINK:
    case PROPERTY_KIND_TEXT: break;
    default: write_number(field, property->kind, property->def.u); break;
    }
}

void property_set_defaults(Object *obj)
{
    foreach_own(obj->class, default_one, obj);
}

static void free_one(const Property *property, void *opaque)
{
    void *field = field_of(opaque, property);

    if (property->kind == PROPERTY_KIND_STRING) {
        g_clear_pointer((char **)field, g_free);
    } else if (property->kind == PROPERTY_KIND_LINK) {
        set_link(field, NULL);
    }
}

void property_free_values(Object *obj)
{
    foreach_own(obj->class, free_one, obj);
}

Object *property_link_value(Object *obj, const char *name)
{
    const Property *property = property_find(obj->class, name);

    if (!property || property->kind != PROPERTY_KIND_LINK) {
        return NULL;
    }
    return *(Object **)field_of(holder(obj, name), property);
}

static void collect_name(const Property *property, void *opaque)
{
    g_ptr_array_add(opaque, (char *)property->name);
}

static const Property *find_or_suggest(const ObjectClass *class, const char *name, GError **errp)
{
    const Property *property = property_find(class, name);

    if (!property) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        property_foreach(class, collect_name, names);
        g_ptr_array_add(names, NULL);
        const char *nearest = nearest_word(name, (const char *const *)names->pdata);
        error_set(errp, "%s has no property '%s'%s%s%s", class->name, name,
                  nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    }
    return property;
}

bool property_check(const ObjectClass *class, const char *name, GError **errp)
{
    return find_or_suggest(class, name, errp);
}

static const Property *find_writable(Object *obj, const char *name, GError **errp)
{
    const Property *property = find_or_suggest(obj->class, name, errp);

    if (!property) {
        return NULL;
    }
    if (property->kind == PROPERTY_KIND_TEXT && !property->set) {
        error_set(errp, "%s: property '%s' can only be read", obj->class->name, name);
        return NULL;
    }
    if (obj->frozen && !property->live) {
        error_set(errp, "%s: property '%s' cannot be changed any more", obj->class->name, name);
        return NULL;
    }
    return property;
}

static bool link_from_path(Object *obj, const Property *property, const char *path, GError **errp)
{
    bool ambiguous = false;
    Object *target = *path ? object_resolve(object_root(obj), path, &ambiguous) : NULL;

    if (*path && !target) {
        error_set(errp, "%s: property '%s': %s object '%s'", obj->class->name, property->name,
                  ambiguous ? "there is more than one" : "there is no", path);
        return false;
    }
    return property_set_link(obj, property->name, target, errp);
}

bool property_set(Object *obj, const char *name, const char *text, GError **errp)
{
    const Property *property = find_writable(obj, name, errp);
    uint64_t value;

    if (!property) {
        return false;
    }
    obj = holder(obj, name);
    switch (property->kind) {
    case PROPERTY_KIND_STRING:
        g_free(*(char **)field_of(obj, property));
        *(char **)field_of(obj, property) = g_strdup(text);
        return true;
    case PROPERTY_KIND_LINK: return link_from_path(obj, property, text, errp);
    case PROPERTY_KIND_TEXT: return property->set(obj, text, errp);
    default:
        if (!property_parse_number(obj, property, text, &value, errp)) {
            return false;
        }
        write_number(field_of(obj, property), property->kind, value);
        return true;
    }
}

char *property_get(Object *obj, const char *name, GError **errp)
{
    const Property *property = find_or_suggest(obj->class, name, errp);
    Object *target;

    if (!property) {
        return NULL;
    }
    obj = holder(obj, name);
    switch (property->kind) {
    case PROPERTY_KIND_STRING: {
        const char *text = *(char **)field_of(obj, property);
        return g_strdup(text ? text : "");
    }
    case PROPERTY_KIND_LINK:
        target = *(Object **)field_of(obj, property);
        return target ? object_path(target) : g_strdup("");
    case PROPERTY_KIND_TEXT:
        if (!property->get) {
            error_set(errp, "%s: property '%s' can only be written", obj->class->name, name);
            return NULL;
        }
        return property->get(obj);
    default:
        return property_format_number(property,
                                      read_number(field_of(obj, property), property->kind));
    }
}

bool property_set_bool(Object *obj, const char *name, bool value, GError **errp)
{
    return property_set(obj, name, value ? "on" : "off", errp);
}

bool property_set_u64(Object *obj, const char *name, uint64_t value, GError **errp)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    return property_set(obj, name, text, errp);
}

bool property_set_link(Object *obj, const char *name, Object *value, GError **errp)
{
    const Property *property = find_writable(obj, name, errp);

    if (!property) {
        return false;
    }
    if (property->kind != PROPERTY_KIND_LINK) {
        error_set(errp, "%s: property '%s' does not take an object", obj->class->name, name);
        return false;
    }
    if (value && !object_cast(value, property->link_class)) {
        error_set(errp, "%s: property '%s' takes a %s, not a %s", obj->class->name, name,
                  property->link_class->name, value->class->name);
        return false;
    }
    set_link(field_of(holder(obj, name), property), value);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of classes and objects as types and values of the wire. What object-add takes is not
 * written down in the schema: it is what the classes of user-creatable objects declare.
 */
#include "monitor/qom_types.h"

#include <string.h>

#include "qom/user_object.h"
#include "schema/commands.h"
#include "util/error.h"

static JsonNode *string_node(const char *text)
{
    return json_node_init_string(json_node_alloc(), text);
}

static JsonNode *list_node(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    JsonArray *array = json_array_new();
    for (char **word = words; *word; word++) {
        json_array_add_string_element(array, *word);
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, array);
    return node;
}

static JsonNode *number_node(const Property *property, const char *text)
{
    int64_t value = property->kind == PROPERTY_KIND_I32 || property->kind == PROPERTY_KIND_I64
                        ? g_ascii_strtoll(text, NULL, 10)
                        : (int64_t)g_ascii_strtoull(text, NULL, 10);
    return json_node_init_int(json_node_alloc(), value);
}

JsonNode *qom_types_value(Object *obj, const Property *property, GError **errp)
{
    g_autofree char *text = property_get(obj, property->name, errp);
    if (!text) {
        return NULL;
    }
    switch (property->kind) {
    case PROPERTY_KIND_BOOL:
        return json_node_init_boolean(json_node_alloc(), strcmp(text, "on") == 0);
    case PROPERTY_KIND_STRING:
    case PROPERTY_KIND_ENUM:
    case PROPERTY_KIND_LINK: return string_node(text);
    case PROPERTY_KIND_TEXT: return property->list ? list_node(text) : string_node(text);
    default: return number_node(property, text);
    }
}

JsonNode *qom_types_default(const Property *property)
{
    switch (property->kind) {
    case PROPERTY_KIND_BOOL: return json_node_init_boolean(json_node_alloc(), property->def.u != 0);
    case PROPERTY_KIND_STRING: return property->def.s ? string_node(property->def.s) : NULL;
    case PROPERTY_KIND_ENUM: return string_node(property->names[(int)property->def.i]);
    case PROPERTY_KIND_LINK:
    case PROPERTY_KIND_TEXT: return NULL;
    case PROPERTY_KIND_I32: return json_node_init_int(json_node_alloc(), (int32_t)property->def.i);
    default: return json_node_init_int(json_node_alloc(), property->def.i);
    }
}

char *qom_types_text(const char *name, JsonNode *value, GError **errp)
{
    GType type = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value) : G_TYPE_INVALID;
    if (type == G_TYPE_STRING) {
        return g_strdup(json_node_get_string(value));
    }
    if (type == G_TYPE_BOOLEAN) {
        return g_strdup(json_node_get_boolean(value) ? "on" : "off");
    }
    if (type == G_TYPE_INT64) {
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(value));
    }
    error_set(errp, "property '%s' takes a string, a number or a boolean", name);
    return NULL;
}

bool qom_types_set(Object *obj, JsonObject *values, const char *const *skip, GError **errp)
{
    g_autoptr(GList) members = json_object_get_members(values);
    for (GList *item = members; item; item = item->next) {
        const char *name = item->data;
        if (g_strv_contains(skip, name)) {
            continue;
        }
        g_autofree char *text = qom_types_text(name, json_object_get_member(values, name), errp);
        if (!text || !property_set(obj, name, text, errp)) {
            return false;
        }
    }
    return true;
}

static const SchemaType *type_of_property(const Property *property)
{
    switch (property->kind) {
    case PROPERTY_KIND_BOOL: return &schema_bool_type;
    case PROPERTY_KIND_U8: return &schema_uint8_type;
    case PROPERTY_KIND_U16: return &schema_uint16_type;
    case PROPERTY_KIND_U32: return &schema_uint32_type;
    case PROPERTY_KIND_I32: return &schema_int32_type;
    case PROPERTY_KIND_U64:
    case PROPERTY_KIND_I64: return &schema_int_type;
    case PROPERTY_KIND_SIZE: return &schema_size_type;
    case PROPERTY_KIND_ENUM: {
        SchemaType *type = g_new0(SchemaType, 1);
        type->name = property->name;
        type->kind = SCHEMA_KIND_ENUM;
        type->size = sizeof(int);
        type->values = property->names;
        return type;
    }
    case PROPERTY_KIND_STRING:
    case PROPERTY_KIND_LINK:
    case PROPERTY_KIND_TEXT: return &schema_str_type;
    }
    g_assert_not_reached();
}

static void add_member(const Property *property, void *opaque)
{
    if (property->kind == PROPERTY_KIND_TEXT && !property->set) {
        return;
    }
    SchemaMember member = { property->name, type_of_property(property), 0, -1, true };
    g_array_append_val((GArray *)opaque, member);
}

typedef struct {
    GPtrArray *names;    /* of the classes */
    GPtrArray *variants; /* const SchemaType * */
} ClassList;

static void add_class(const ObjectClass *class, void *opaque)
{
    ClassList *list = opaque;
    if (class->abstract) {
        return;
    }
    GArray *members = g_array_new(TRUE, TRUE, sizeof(SchemaMember));
    SchemaType *type = g_new0(SchemaType, 1);
    property_foreach(class, add_member, members);
    type->name = class->name;
    type->kind = SCHEMA_KIND_OBJECT;
    type->members = (const SchemaMember *)g_array_free(members, FALSE);
    g_ptr_array_add(list->names, (gpointer) class->name);
    g_ptr_array_add(list->variants, type);
}

/* Made once; classes never change. */
static const SchemaType *make_object_options(void)
{
    ClassList list = { g_ptr_array_new(), g_ptr_array_new() };
    object_class_foreach(&user_object_class.object, add_class, &list);
    g_ptr_array_add(list.names, NULL);
    SchemaType *names = g_new0(SchemaType, 1), *type = g_new0(SchemaType, 1);
    names->name = "ObjectType";
    names->kind = SCHEMA_KIND_ENUM;
    names->values = (const char *const *)g_ptr_array_free(list.names, FALSE);
    SchemaMember *members = g_new0(SchemaMember, 3);
    members[0] = (SchemaMember){ "qom-type", names, 0, -1, false };
    members[1] = (SchemaMember){ "id", &schema_str_type, 0, -1, false };
    type->name = "ObjectOptions";
    type->kind = SCHEMA_KIND_OBJECT;
    type->members = members;
    type->tag = &members[0];
    type->variants = (const SchemaType *const *)g_ptr_array_free(list.variants, FALSE);
    return type;
}

const SchemaType *schema_object_options(void)
{
    static gsize made;
    if (g_once_init_enter(&made)) {
        g_once_init_leave(&made, (gsize)make_object_options());
    }
    return (const SchemaType *)made;
}

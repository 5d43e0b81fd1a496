/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between JSON and C structs, by the tables of types. */
#include <string.h>

#include "schema/event.h"
#include "schema/schema.h"
#include "util/error.h"
#include "util/nearest.h"

#define BUILTIN(word, kind_, field, ...)                                   \
    const SchemaType schema_##word##_type = {                              \
        .name = #word, .kind = (kind_), .size = sizeof(field), __VA_ARGS__ \
    }

BUILTIN(bool, SCHEMA_KIND_BOOL, bool);
BUILTIN(int, SCHEMA_KIND_INT, int64_t, .min = INT64_MIN, .max = INT64_MAX);
BUILTIN(int8, SCHEMA_KIND_INT, int64_t, .min = INT8_MIN, .max = INT8_MAX);
BUILTIN(int16, SCHEMA_KIND_INT, int64_t, .min = INT16_MIN, .max = INT16_MAX);
BUILTIN(int32, SCHEMA_KIND_INT, int64_t, .min = INT32_MIN, .max = INT32_MAX);
BUILTIN(int64, SCHEMA_KIND_INT, int64_t, .min = INT64_MIN, .max = INT64_MAX);
BUILTIN(uint8, SCHEMA_KIND_INT, int64_t, .min = 0, .max = UINT8_MAX);
BUILTIN(uint16, SCHEMA_KIND_INT, int64_t, .min = 0, .max = UINT16_MAX);
BUILTIN(uint32, SCHEMA_KIND_INT, int64_t, .min = 0, .max = UINT32_MAX);
BUILTIN(uint64, SCHEMA_KIND_INT, int64_t, .min = 0, .max = INT64_MAX);
BUILTIN(size, SCHEMA_KIND_INT, int64_t, .min = 0, .max = INT64_MAX);
BUILTIN(number, SCHEMA_KIND_NUMBER, double);
BUILTIN(str, SCHEMA_KIND_STRING, char *);
BUILTIN(any, SCHEMA_KIND_ANY, JsonNode *);

enum { MAX_QUOTED_CHARS = 60 };

static bool is_pointer(const SchemaType *type)
{
    return type->kind == SCHEMA_KIND_STRING || type->kind == SCHEMA_KIND_ANY ||
           type->kind == SCHEMA_KIND_OBJECT || type->kind == SCHEMA_KIND_ARRAY ||
           type->kind == SCHEMA_KIND_ALTERNATE;
}

static void append_values(const SchemaType *type, GString *out)
{
    g_string_append(out, "one of ");
    for (const char *const *value = type->values; *value; value++) {
        g_string_append_printf(out, "%s'%s'", value == type->values ? "" : ", ", *value);
    }
}

static void append_branches(const SchemaType *type, GString *out)
{
    for (const SchemaMember *branch = type->members; branch->name; branch++) {
        g_autofree char *text = schema_type_text(branch->type);
        g_string_append_printf(out, "%s%s", branch == type->members ? "" : " or ", text);
    }
}

char *schema_type_text(const SchemaType *type)
{
    GString *out = g_string_new(NULL);
    switch (type->kind) {
    case SCHEMA_KIND_BOOL: g_string_append(out, "true or false"); break;
    case SCHEMA_KIND_INT:
        g_string_append(out, "an integer");
        if (type->max != INT64_MAX) {
            g_string_append_printf(out, " from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                                   type->min, type->max);
        } else if (type->min == 0) {
            g_string_append(out, " that is not negative");
        }
        break;
    case SCHEMA_KIND_NUMBER: g_string_append(out, "a number"); break;
    case SCHEMA_KIND_STRING: g_string_append(out, "a string"); break;
    case SCHEMA_KIND_ANY: g_string_append(out, "any value"); break;
    case SCHEMA_KIND_ENUM: append_values(type, out); break;
    case SCHEMA_KIND_OBJECT: g_string_append(out, "an object"); break;
    case SCHEMA_KIND_ARRAY: g_string_append(out, "an array"); break;
    case SCHEMA_KIND_ALTERNATE: append_branches(type, out); break;
    }
    return g_string_free(out, FALSE);
}

/* Short enough for a line. */
static char *node_text(JsonNode *node)
{
    g_autofree char *text = json_to_string(node, FALSE);
    if (g_utf8_strlen(text, -1) <= MAX_QUOTED_CHARS) {
        return g_steal_pointer(&text);
    }
    g_autofree char *start = g_utf8_substring(text, 0, MAX_QUOTED_CHARS);
    return g_strconcat(start, "...", NULL);
}

static bool wrong_type(const SchemaType *type, JsonNode *node, const char *path, GError **errp)
{
    g_autofree char *wanted = schema_type_text(type), *have = node_text(node);
    error_set(errp, "parameter '%s' must be %s, not %s", path, wanted, have);
    return false;
}

static bool parse_int(const SchemaType *type, JsonNode *node, const char *path, int64_t *value,
                      GError **errp)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64) {
        return wrong_type(type, node, path, errp);
    }
    *value = json_node_get_int(node);
    return (*value >= type->min && *value <= type->max) || wrong_type(type, node, path, errp);
}

static bool parse_enum(const SchemaType *type, JsonNode *node, const char *path, int *value,
                       GError **errp)
{
    const char *text =
        json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
    if (!text) {
        return wrong_type(type, node, path, errp);
    }
    for (*value = 0; type->values[*value]; (*value)++) {
        if (strcmp(type->values[*value], text) == 0) {
            return true;
        }
    }
    const char *near = nearest_word(text, type->values);
    if (near) {
        error_set(errp, "parameter '%s' does not accept '%s'; did you mean '%s'?", path, text,
                  near);
        return false;
    }
    return wrong_type(type, node, path, errp);
}

static bool parse_object(const SchemaType *type, JsonObject *object, const char *path, bool open,
                         void *out, GError **errp);
static bool parse_array(const SchemaType *type, JsonArray *array, const char *path, void **out,
                        GError **errp);
static bool parse_alternate(const SchemaType *type, JsonNode *node, const char *path, void **out,
                            GError **errp);

/* @out: the field, or NULL to check only. What it holds afterwards is freed by schema_free() also
 * on failure. */
static bool parse_value(const SchemaType *type, JsonNode *node, const char *path, void *out,
                        GError **errp)
{
    union {
        bool flag;
        int64_t number;
        double real;
        int choice;
        void *pointer;
    } value = { 0 };
    GType held = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
    bool ok = true;
    switch (type->kind) {
    case SCHEMA_KIND_BOOL:
        ok = held == G_TYPE_BOOLEAN;
        value.flag = ok && json_node_get_boolean(node);
        break;
    case SCHEMA_KIND_INT:
        if (!parse_int(type, node, path, &value.number, errp)) {
            return false;
        }
        break;
    case SCHEMA_KIND_NUMBER:
        ok = held == G_TYPE_INT64 || held == G_TYPE_DOUBLE;
        value.real = ok ? json_node_get_double(node) : 0;
        break;
    case SCHEMA_KIND_STRING:
        ok = held == G_TYPE_STRING;
        value.pointer = ok && out ? g_strdup(json_node_get_string(node)) : NULL;
        break;
    case SCHEMA_KIND_ANY: value.pointer = out ? json_node_copy(node) : NULL; break;
    case SCHEMA_KIND_ENUM:
        if (!parse_enum(type, node, path, &value.choice, errp)) {
            return false;
        }
        break;
    case SCHEMA_KIND_OBJECT:
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            return wrong_type(type, node, path, errp);
        }
        value.pointer = out ? g_malloc0(type->size) : NULL;
        if (out) {
            *(void **)out = value.pointer;
        }
        return parse_object(type, json_node_get_object(node), path, false, value.pointer, errp);
    case SCHEMA_KIND_ARRAY:
        if (!JSON_NODE_HOLDS_ARRAY(node)) {
            return wrong_type(type, node, path, errp);
        }
        return parse_array(type, json_node_get_array(node), path, out, errp);
    case SCHEMA_KIND_ALTERNATE: return parse_alternate(type, node, path, out, errp);
    }
    if (!ok) {
        return wrong_type(type, node, path, errp);
    }
    if (out) {
        memcpy(out, &value, type->size);
    }
    return true;
}

static bool parse_array(const SchemaType *type, JsonArray *array, const char *path, void **out,
                        GError **errp)
{
    bool pointers = is_pointer(type->element);
    GPtrArray *objects = out && pointers ? g_ptr_array_new() : NULL;
    GArray *values = out && !pointers ? g_array_new(FALSE, TRUE, type->element->size) : NULL;
    if (out) {
        *out = pointers ? (void *)objects : (void *)values;
    }
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_autofree char *at = g_strdup_printf("%s[%u]", path, i);
        void *field = NULL;
        if (objects) {
            g_ptr_array_add(objects, NULL);
            field = &objects->pdata[i];
        } else if (values) {
            g_array_set_size(values, i + 1);
            field = values->data + i * type->element->size;
        }
        if (!parse_value(type->element, json_array_get_element(array, i), at, field, errp)) {
            return false;
        }
    }
    return true;
}

/* Whether @node has the outer form of a @type; what is in it is not looked at. */
static bool has_form(const SchemaType *type, JsonNode *node)
{
    GType held = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
    switch (type->kind) {
    case SCHEMA_KIND_BOOL: return held == G_TYPE_BOOLEAN;
    case SCHEMA_KIND_INT: return held == G_TYPE_INT64;
    case SCHEMA_KIND_NUMBER: return held == G_TYPE_INT64 || held == G_TYPE_DOUBLE;
    case SCHEMA_KIND_STRING:
    case SCHEMA_KIND_ENUM: return held == G_TYPE_STRING;
    case SCHEMA_KIND_OBJECT: return JSON_NODE_HOLDS_OBJECT(node);
    case SCHEMA_KIND_ARRAY: return JSON_NODE_HOLDS_ARRAY(node);
    case SCHEMA_KIND_ANY:
    case SCHEMA_KIND_ALTERNATE: return true;
    }
    g_assert_not_reached();
}

static bool parse_alternate(const SchemaType *type, JsonNode *node, const char *path, void **out,
                            GError **errp)
{
    for (const SchemaMember *branch = type->members; branch->name; branch++) {
        if (!has_form(branch->type, node)) {
            continue;
        }
        void *field = NULL;
        if (out) {
            SchemaAlternate *value = g_malloc0(type->size);
            value->branch = (int)(branch - type->members);
            *out = value;
            field = (char *)value + branch->offset;
        }
        return parse_value(branch->type, node, path, field, errp);
    }
    return wrong_type(type, node, path, errp);
}

static bool parse_member(const SchemaMember *member, JsonObject *object, const char *path,
                         void *out, GError **errp)
{
    JsonNode *node = json_object_get_member(object, member->name);
    g_autofree char *at = path ? g_strconcat(path, ".", member->name, NULL) : NULL;
    const char *name = at ? at : member->name;
    if (!node && member->optional) {
        return true;
    }
    if (!node) {
        g_autofree char *wanted = schema_type_text(member->type);
        error_set(errp, "parameter '%s' is missing; it takes %s", name, wanted);
        return false;
    }
    if (out && member->has >= 0) {
        *(bool *)((char *)out + member->has) = true;
    }
    return parse_value(member->type, node, name, out ? (char *)out + member->offset : NULL, errp);
}

static bool parse_members(const SchemaType *type, JsonObject *object, const char *path, void *out,
                          GError **errp)
{
    for (const SchemaMember *member = type->members; member && member->name; member++) {
        if (!parse_member(member, object, path, out, errp)) {
            return false;
        }
    }
    return true;
}

/* The type of the further members that the tag asks for; NULL: none. The tag was checked. */
static const SchemaType *variant_of(const SchemaType *type, JsonObject *object)
{
    int value = 0;
    JsonNode *node = type->tag ? json_object_get_member(object, type->tag->name) : NULL;
    return node && parse_enum(type->tag->type, node, type->tag->name, &value, NULL)
               ? type->variants[value]
               : NULL;
}

static void collect_names(const SchemaType *type, GPtrArray *names)
{
    for (const SchemaMember *member = type ? type->members : NULL; member && member->name;
         member++) {
        g_ptr_array_add(names, (gpointer)member->name);
    }
}

static bool refuse_unknown(const SchemaType *type, const SchemaType *variant, JsonObject *object,
                           const char *path, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GList) members = json_object_get_members(object);
    collect_names(type, names);
    collect_names(variant, names);
    g_ptr_array_add(names, NULL);
    for (GList *item = members; item; item = item->next) {
        const char *name = item->data;
        if (g_strv_contains((const char *const *)names->pdata, name)) {
            continue;
        }
        const char *near = nearest_word(name, (const char *const *)names->pdata);
        g_autofree char *all = g_strjoinv("', '", (char **)names->pdata);
        const char *dot = path ? "." : "";
        path = path ? path : "";
        if (near) {
            error_set(errp, "parameter '%s%s%s' is unexpected; did you mean '%s'?", path, dot, name,
                      near);
        } else if (names->len > 1) {
            error_set(errp, "parameter '%s%s%s' is unexpected; there are '%s'", path, dot, name,
                      all);
        } else {
            error_set(errp, "parameter '%s%s%s' is unexpected; there are none", path, dot, name);
        }
        return false;
    }
    return true;
}

static bool parse_object(const SchemaType *type, JsonObject *object, const char *path, bool open,
                         void *out, GError **errp)
{
    if (!parse_members(type, object, path, out, errp)) {
        return false;
    }
    const SchemaType *variant = variant_of(type, object);
    if (variant) {
        void *further = out ? g_malloc0(variant->size) : NULL;
        if (out) {
            *(void **)((char *)out + type->variant_offset) = further;
        }
        if (!parse_members(variant, object, path, further, errp)) {
            return false;
        }
    }
    return open || refuse_unknown(type, variant, object, path, errp);
}

void *schema_parse(const SchemaType *type, JsonObject *object, bool open, GError **errp)
{
    void *value = g_malloc0(type->size);
    if (!parse_object(type, object, NULL, open, value, errp)) {
        schema_free(type, value);
        return NULL;
    }
    return value;
}

bool schema_check(const SchemaType *type, JsonObject *object, bool open, GError **errp)
{
    return parse_object(type, object, NULL, open, NULL, errp);
}

static bool is_there(const SchemaMember *member, const void *object)
{
    const char *field = (const char *)object + member->offset;
    if (member->has >= 0) {
        return *(const bool *)((const char *)object + member->has);
    }
    return !is_pointer(member->type) || *(void *const *)field;
}

static JsonNode *build_field(const SchemaType *type, const void *field);

static void build_members(const SchemaType *type, const void *value, JsonObject *object)
{
    for (const SchemaMember *member = type->members; member && member->name; member++) {
        if (is_there(member, value)) {
            json_object_set_member(object, member->name,
                                   build_field(member->type, (const char *)value + member->offset));
        }
    }
}

static JsonNode *build_object(const SchemaType *type, const void *value)
{
    JsonObject *object = json_object_new();
    build_members(type, value, object);
    if (type->tag) {
        int which = *(const int *)((const char *)value + type->tag->offset);
        const void *variant = *(void *const *)((const char *)value + type->variant_offset);
        if (type->variants[which] && variant) {
            build_members(type->variants[which], variant, object);
        }
    }
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

static JsonNode *build_array(const SchemaType *type, const void *value)
{
    JsonArray *array = json_array_new();
    if (is_pointer(type->element)) {
        const GPtrArray *objects = value;
        for (guint i = 0; i < objects->len; i++) {
            json_array_add_element(array, build_field(type->element, &objects->pdata[i]));
        }
    } else {
        const GArray *values = value;
        for (guint i = 0; i < values->len; i++) {
            json_array_add_element(
                array, build_field(type->element, values->data + i * type->element->size));
        }
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, array);
    return node;
}

static JsonNode *build_field(const SchemaType *type, const void *field)
{
    JsonNode *node = json_node_alloc();
    switch (type->kind) {
    case SCHEMA_KIND_BOOL: return json_node_init_boolean(node, *(const bool *)field);
    case SCHEMA_KIND_INT: return json_node_init_int(node, *(const int64_t *)field);
    case SCHEMA_KIND_NUMBER: return json_node_init_double(node, *(const double *)field);
    case SCHEMA_KIND_ENUM: return json_node_init_string(node, type->values[*(const int *)field]);
    case SCHEMA_KIND_STRING:
    case SCHEMA_KIND_ANY:
    case SCHEMA_KIND_OBJECT:
    case SCHEMA_KIND_ARRAY:
    case SCHEMA_KIND_ALTERNATE: break;
    }
    json_node_free(node);
    return schema_build(type, *(void *const *)field);
}

static const SchemaMember *branch_of(const SchemaType *type, const void *value)
{
    return &type->members[((const SchemaAlternate *)value)->branch];
}

JsonNode *schema_build(const SchemaType *type, const void *value)
{
    switch (type->kind) {
    case SCHEMA_KIND_STRING: return json_node_init_string(json_node_alloc(), value);
    case SCHEMA_KIND_ANY: return json_node_copy((JsonNode *)value);
    case SCHEMA_KIND_OBJECT: return build_object(type, value);
    case SCHEMA_KIND_ARRAY: return build_array(type, value);
    case SCHEMA_KIND_ALTERNATE:
        return build_field(branch_of(type, value)->type,
                           (const char *)value + branch_of(type, value)->offset);
    default: g_assert_not_reached();
    }
}

static void free_members(const SchemaType *type, void *value)
{
    for (const SchemaMember *member = type->members; member && member->name; member++) {
        if (is_pointer(member->type)) {
            schema_free(member->type, *(void **)((char *)value + member->offset));
        }
    }
}

static void free_object(const SchemaType *type, void *value)
{
    free_members(type, value);
    if (type->tag) {
        int which = *(const int *)((const char *)value + type->tag->offset);
        void *variant = *(void **)((char *)value + type->variant_offset);
        if (variant) {
            free_members(type->variants[which], variant);
            g_free(variant);
        }
    }
    g_free(value);
}

static void free_array(const SchemaType *type, void *value)
{
    if (!is_pointer(type->element)) {
        g_array_unref(value);
        return;
    }
    GPtrArray *objects = value;
    for (guint i = 0; i < objects->len; i++) {
        schema_free(type->element, objects->pdata[i]);
    }
    g_ptr_array_unref(objects);
}

static void free_alternate(const SchemaType *type, void *value)
{
    const SchemaMember *branch = branch_of(type, value);
    if (is_pointer(branch->type)) {
        schema_free(branch->type, *(void **)((char *)value + branch->offset));
    }
    g_free(value);
}

void schema_free(const SchemaType *type, void *value)
{
    if (!value) {
        return;
    }
    switch (type->kind) {
    case SCHEMA_KIND_STRING: g_free(value); break;
    case SCHEMA_KIND_ANY: json_node_unref(value); break;
    case SCHEMA_KIND_OBJECT: free_object(type, value); break;
    case SCHEMA_KIND_ARRAY: free_array(type, value); break;
    case SCHEMA_KIND_ALTERNATE: free_alternate(type, value); break;
    default: g_assert_not_reached();
    }
}

void event_send(EventSink *sink, const SchemaEvent *event, const void *data)
{
    if (sink) {
        sink->emit(sink, event, event->data && data ? schema_build(event->data, data) : NULL);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-qmp-schema: commands, events and the types they use, made of the tables that calls are
 * checked with. Types are renamed to numbers, as clients are not to rely on their names.
 */
#include "schema/command.h"

typedef struct {
    JsonArray *out;
    GPtrArray *types;      /* const SchemaType *, in order of first use; they grow while written */
    GHashTable *numbers;   /* of those, plus one */
    GHashTable *described; /* names */
} Introspection;

static const char *builtin_name(const SchemaType *type)
{
    switch (type->kind) {
    case SCHEMA_KIND_BOOL: return "bool";
    case SCHEMA_KIND_INT: return "int";
    case SCHEMA_KIND_NUMBER: return "number";
    case SCHEMA_KIND_STRING: return "str";
    case SCHEMA_KIND_ANY: return "any";
    default: return NULL;
    }
}

/* One type stands for all of a kind that differ in range only. */
static const SchemaType *representative(const SchemaType *type)
{
    return type->kind == SCHEMA_KIND_INT ? &schema_int_type : type;
}

/* What the wire calls @type; caller frees. */
static char *type_name(Introspection *all, const SchemaType *type)
{
    type = representative(type);
    if (!g_hash_table_contains(all->numbers, type)) {
        g_ptr_array_add(all->types, (gpointer)type);
        g_hash_table_insert(all->numbers, (gpointer)type, GUINT_TO_POINTER(all->types->len));
    }
    if (builtin_name(type)) {
        return g_strdup(builtin_name(type));
    }
    if (type->kind == SCHEMA_KIND_ARRAY) {
        g_autofree char *element = type_name(all, type->element);
        return g_strdup_printf("[%s]", element);
    }
    return g_strdup_printf("%u", GPOINTER_TO_UINT(g_hash_table_lookup(all->numbers, type)) - 1);
}

static JsonObject *entry(Introspection *all, const char *name, const char *meta_type)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "name", name);
    json_object_set_string_member(object, "meta-type", meta_type);
    json_array_add_object_element(all->out, object);
    return object;
}

static void set_type(Introspection *all, JsonObject *object, const char *key,
                     const SchemaType *type)
{
    g_autofree char *name = type_name(all, type);
    json_object_set_string_member(object, key, name);
}

static JsonArray *members_of(Introspection *all, const SchemaType *type)
{
    JsonArray *members = json_array_new();
    for (const SchemaMember *member = type->members; member && member->name; member++) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "name", member->name);
        set_type(all, object, "type", member->type);
        if (member->optional) {
            json_object_set_null_member(object, "default");
        }
        json_array_add_object_element(members, object);
    }
    return members;
}

static void describe_object(Introspection *all, const SchemaType *type, const char *name,
                            const SchemaType *nothing)
{
    JsonObject *object = entry(all, name, "object");
    json_object_set_array_member(object, "members", members_of(all, type));
    if (!type->tag) {
        return;
    }
    JsonArray *variants = json_array_new();
    const char *const *values = type->tag->type->values;
    for (int i = 0; values[i]; i++) {
        JsonObject *variant = json_object_new();
        json_object_set_string_member(variant, "case", values[i]);
        set_type(all, variant, "type", type->variants[i] ? type->variants[i] : nothing);
        json_array_add_object_element(variants, variant);
    }
    json_object_set_string_member(object, "tag", type->tag->name);
    json_object_set_array_member(object, "variants", variants);
}

static void describe_enum(Introspection *all, const SchemaType *type, const char *name)
{
    JsonObject *object = entry(all, name, "enum");
    JsonArray *values = json_array_new(), *members = json_array_new();
    for (const char *const *value = type->values; *value; value++) {
        JsonObject *member = json_object_new();
        json_array_add_string_element(values, *value);
        json_object_set_string_member(member, "name", *value);
        json_array_add_object_element(members, member);
    }
    json_object_set_array_member(object, "members", members);
    json_object_set_array_member(object, "values", values);
}

static void describe_alternate(Introspection *all, const SchemaType *type, const char *name)
{
    JsonObject *object = entry(all, name, "alternate");
    JsonArray *members = json_array_new();
    for (const SchemaMember *branch = type->members; branch->name; branch++) {
        JsonObject *member = json_object_new();
        set_type(all, member, "type", branch->type);
        json_array_add_object_element(members, member);
    }
    json_object_set_array_member(object, "members", members);
}

static void describe_type(Introspection *all, const SchemaType *type, const SchemaType *nothing)
{
    g_autofree char *name = type_name(all, type);
    if (!g_hash_table_add(all->described, g_strdup(name))) {
        return; /* arrays of numbers of another range are the same */
    }
    switch (type->kind) {
    case SCHEMA_KIND_OBJECT: describe_object(all, type, name, nothing); break;
    case SCHEMA_KIND_ENUM: describe_enum(all, type, name); break;
    case SCHEMA_KIND_ALTERNATE: describe_alternate(all, type, name); break;
    case SCHEMA_KIND_ARRAY:
        set_type(all, entry(all, name, "array"), "element-type", type->element);
        break;
    default: {
        static const char *const json_types[] = { "boolean", "int", "number", "string", "value" };
        json_object_set_string_member(entry(all, name, "builtin"), "json-type",
                                      json_types[type->kind]);
        break;
    }
    }
}

static void describe_command(Introspection *all, const SchemaCommand *command,
                             const SchemaType *nothing)
{
    JsonObject *object = entry(all, command->name, "command");
    const SchemaType *args = command->dynamic_args ? command->dynamic_args() : command->args;
    set_type(all, object, "arg-type", args ? args : nothing);
    set_type(all, object, "ret-type", command->result ? command->result : nothing);
    if (command->oob) {
        json_object_set_boolean_member(object, "allow-oob", TRUE);
    }
    if (command->features) {
        JsonArray *features = json_array_new();
        for (const char *const *name = command->features; *name; name++) {
            json_array_add_string_element(features, *name);
        }
        json_object_set_array_member(object, "features", features);
    }
}

JsonNode *schema_introspect(void)
{
    static const SchemaType nothing = { .name = "nothing", .kind = SCHEMA_KIND_OBJECT };
    g_autoptr(GPtrArray) types = g_ptr_array_new();
    g_autoptr(GHashTable) numbers = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) described = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Introspection all = { json_array_new(), types, numbers, described };
    for (const SchemaCommand *command = schema_commands; command->name; command++) {
        describe_command(&all, command, &nothing);
    }
    for (const SchemaEvent *event = schema_events; event->name; event++) {
        JsonObject *object = entry(&all, event->name, "event");
        set_type(&all, object, "arg-type", event->data ? event->data : &nothing);
    }
    for (guint i = 0; i < types->len; i++) {
        describe_type(&all, g_ptr_array_index(types, i), &nothing);
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, all.out);
    return node;
}

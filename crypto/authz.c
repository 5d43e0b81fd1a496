/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may connect: one name, or a list of rules in a file of JSON. */
#include "crypto/authz.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "crypto/secret.h"
#include "qom/property.h"
#include "qom/user_object.h"
#include "util/error.h"

typedef struct {
    Object object;
    char *identity, *file; /* properties */
    GPtrArray *rules;      /* Rule *, of a list */
    bool allow_others;
} Authz;

typedef struct {
    char *match;
    bool glob, allow;
} Rule;

static const UserObjectClass authz_class;

static void rule_free(gpointer data)
{
    g_free(((Rule *)data)->match);
    g_free(data);
}

static bool is_policy(JsonObject *object, const char *key, bool *allow)
{
    const char *text = json_object_get_string_member_with_default(object, key, "deny");

    *allow = strcmp(text, "allow") == 0;
    return *allow || strcmp(text, "deny") == 0;
}

static bool add_rule(Authz *authz, JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *match =
        object ? json_object_get_string_member_with_default(object, "match", NULL) : NULL;
    const char *format =
        object ? json_object_get_string_member_with_default(object, "format", "exact") : NULL;
    bool allow;

    if (!match || !is_policy(object, "policy", &allow) ||
        (strcmp(format, "exact") != 0 && strcmp(format, "glob") != 0)) {
        return false;
    }
    Rule *rule = g_new(Rule, 1);
    *rule = (Rule){ g_strdup(match), strcmp(format, "glob") == 0, allow };
    g_ptr_array_add(authz->rules, rule);
    return true;
}

/* {"rules": [{"match": NAME, "policy": "allow", "format": "glob"}...], "policy": "deny"} */
static bool read_rules(Authz *authz, GError **errp)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    GError *error = NULL;

    if (!json_parser_load_from_file(parser, authz->file, &error)) {
        error_set(errp, "'%s': %s", authz->file, error->message);
        g_error_free(error);
        return false;
    }
    JsonNode *root = json_parser_get_root(parser);
    JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    bool ok = object && is_policy(object, "policy", &authz->allow_others);
    JsonNode *rules = ok ? json_object_get_member(object, "rules") : NULL;
    JsonArray *list = rules && JSON_NODE_HOLDS_ARRAY(rules) ? json_node_get_array(rules) : NULL;
    for (guint i = 0; ok && list && i < json_array_get_length(list); i++) {
        ok = add_rule(authz, json_array_get_element(list, i));
    }
    if (!ok || (rules && !list)) {
        error_set(errp,
                  "'%s': rules must be a list of match, policy (allow or deny) and format (exact "
                  "or glob)",
                  authz->file);
        return false;
    }
    return true;
}

static bool authz_complete(Object *obj, GError **errp)
{
    Authz *authz = container_of(obj, Authz, object);
    bool list = strcmp(obj->class->name, "authz-list-file") == 0;

    authz->rules = g_ptr_array_new_with_free_func(rule_free);
    if (list ? !authz->file : !authz->identity) {
        error_set(errp, "%s '%s': %s= is missing", obj->class->name, obj->name,
                  list ? "filename" : "identity");
        return false;
    }
    if (list && !read_rules(authz, errp)) {
        error_prefix(errp, "%s '%s': ", obj->class->name, obj->name);
        return false;
    }
    return true;
}

static bool allows(const Authz *authz, const char *identity)
{
    if (authz->identity) {
        return strcmp(authz->identity, identity) == 0;
    }
    for (guint i = 0; i < authz->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(authz->rules, i);
        if (rule->glob ? g_pattern_match_simple(rule->match, identity)
                       : strcmp(rule->match, identity) == 0) {
            return rule->allow;
        }
    }
    return authz->allow_others;
}

bool authz_allows(Object *from, const char *id, const char *identity, GError **errp)
{
    Authz *authz = (Authz *)crypto_find_object(from, id, &authz_class.object, "an authz", errp);

    if (authz && !allows(authz, identity)) {
        error_set(errp, "'%s' does not let '%s' in", id, identity);
        return false;
    }
    return authz != NULL;
}

static void authz_finalize(Object *obj)
{
    Authz *authz = container_of(obj, Authz, object);

    g_clear_pointer(&authz->rules, g_ptr_array_unref);
}

static const UserObjectClass authz_class = {
    .object = { .name = "authz",
                .parent = &user_object_class.object,
                .abstract = true,
                .instance_size = sizeof(Authz),
                .finalize = authz_finalize },
    .complete = authz_complete,
};
CLASS_REGISTER(authz_class);

static const Property simple_properties[] = {
    PROPERTY_STRING("identity", Authz, identity, NULL, .help = "the one that is let in"),
    {},
};
static const UserObjectClass authz_simple_class = {
    .object = { .name = "authz-simple",
                .parent = &authz_class.object,
                .properties = simple_properties },
    .summary = "One peer that may connect",
};
CLASS_REGISTER(authz_simple_class);

static const Property list_properties[] = {
    PROPERTY_STRING("filename", Authz, file, NULL, .help = "file of rules, in JSON"),
    {},
};
static const UserObjectClass authz_list_class = {
    .object = { .name = "authz-list-file",
                .parent = &authz_class.object,
                .properties = list_properties },
    .summary = "Rules, in a file, for who may connect",
};
CLASS_REGISTER(authz_list_class);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line as one file: --config reads it, --print-config writes it. JSON: an object with
 * "options", an array in the order of the command line; each element has one member, named as the
 * option: true for an option without argument, a string for its argument, or an object of its keys.
 * A key that is given several times has an array, one without a value null.
 */
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "system/config_internal.h"
#include "util/error.h"
#include "util/fdset.h"

static bool add_key(Keyval *keys, const char *key, JsonNode *node, GError **errp)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
    g_autofree char *number = NULL;
    if (JSON_NODE_HOLDS_NULL(node)) {
        keyval_add(keys, key, NULL);
    } else if (type == G_TYPE_STRING) {
        keyval_add(keys, key, json_node_get_string(node));
    } else if (type == G_TYPE_BOOLEAN) {
        keyval_add(keys, key, json_node_get_boolean(node) ? "on" : "off");
    } else if (type == G_TYPE_INT64) {
        number = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
        keyval_add(keys, key, number);
    } else {
        error_set(errp, "'%s' must be a string, a whole number, true or false", key);
        return false;
    }
    return true;
}

static Keyval *read_keys(JsonObject *object, GError **errp)
{
    g_autoptr(Keyval) keys = keyval_new();
    JsonObjectIter iter;
    const char *key;
    JsonNode *node;
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &key, &node)) {
        JsonArray *several = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
        for (guint i = 0; several && i < json_array_get_length(several); i++) {
            if (!add_key(keys, key, json_array_get_element(several, i), errp)) {
                return NULL;
            }
        }
        if (!several && !add_key(keys, key, node, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&keys);
}

/* One element of "options". */
static bool read_option(Config *config, JsonNode *node, const char *where, GError **errp)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    if (!object || json_object_get_size(object) != 1) {
        error_set(errp, "must be an object with one member, the option's name");
        return false;
    }
    g_autoptr(GList) names = json_object_get_members(object);
    const char *name = names->data;
    if (strcmp(name, "config") == 0 || strcmp(name, "readconfig") == 0) {
        error_set(errp, "a file cannot name another one");
        return false;
    }
    JsonNode *value = json_object_get_member(object, name);
    GType type = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value) : G_TYPE_INVALID;
    if (JSON_NODE_HOLDS_OBJECT(value)) {
        Keyval *keys = read_keys(json_node_get_object(value), errp);
        return keys && options_apply(config, name, NULL, keys, where, errp);
    }
    if (type == G_TYPE_STRING) {
        return options_apply(config, name, json_node_get_string(value), NULL, where, errp);
    }
    if (type == G_TYPE_BOOLEAN && json_node_get_boolean(value)) {
        return options_apply(config, name, NULL, NULL, where, errp);
    }
    error_set(errp, "the value of '%s' must be true, a string or an object", name);
    return false;
}

static bool check_members(Config *config, JsonObject *object, GError **errp)
{
    static const char *const known[] = { "arch", "options", NULL };
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *item = names; item; item = item->next) {
        if (!g_strv_contains(known, item->data)) {
            error_set(errp, "unknown member '%s'; there are 'arch' and 'options'",
                      (char *)item->data);
            return false;
        }
    }
    JsonNode *arch = json_object_get_member(object, "arch");
    const char *named = arch && JSON_NODE_HOLDS_VALUE(arch) ? json_node_get_string(arch) : NULL;
    if (arch && g_strcmp0(named, config->arch) != 0) {
        error_set(errp, "the file is for another architecture than %s", config->arch);
        return false;
    }
    JsonNode *options = json_object_get_member(object, "options");
    if (!options || !JSON_NODE_HOLDS_ARRAY(options)) {
        error_set(errp, "'options' is missing, or no array");
        return false;
    }
    return true;
}

bool config_apply_config(Config *config, const OptionUse *use, GError **errp)
{
    g_autofree char *text = config_read_text(use->argument, errp);
    GError *error = NULL;
    if (!text) {
        return false;
    }
    g_autoptr(JsonNode) root = json_from_string(text, &error);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        error_set(errp, "not a JSON object%s%s", error ? ": " : "",
                  error ? g_strdelimit(error->message, "\r\n", ' ') : "");
        g_clear_error(&error);
        return false;
    }
    if (!check_members(config, json_node_get_object(root), errp)) {
        return false;
    }
    JsonArray *options = json_object_get_array_member(json_node_get_object(root), "options");
    for (guint i = 0; i < json_array_get_length(options) && !config->done; i++) {
        g_autofree char *where = g_strdup_printf("%s: options[%u]", use->argument, i);
        if (!read_option(config, json_array_get_element(options, i), where, &error)) {
            if (!g_str_has_prefix(error->message, where)) {
                error_prefix(&error, "%s: ", where);
            }
            g_propagate_error(errp, error);
            return false;
        }
    }
    return true;
}

bool config_apply_print_config(Config *config, const OptionUse *use, GError **errp)
{
    config->print_config = true;
    return true;
}

bool config_apply_writeconfig(Config *config, const OptionUse *use, GError **errp)
{
    g_free(config->write_config);
    config->write_config = g_strdup(use->argument);
    return true;
}

/* Options that say where others are, or where they go. */
static bool is_about_files(const OptionUse *use)
{
    static const char *const names[] = { "config", "print-config",   "readconfig", "writeconfig",
                                         "set",    "no-user-config", NULL };
    return g_strv_contains(names, use->row->name);
}

static void add_member(JsonObject *object, const KeyvalEntry *entry)
{
    JsonNode *before = json_object_get_member(object, entry->key);
    JsonNode *value = entry->value ? json_node_init_string(json_node_alloc(), entry->value)
                                   : json_node_new(JSON_NODE_NULL);
    if (!before) {
        json_object_set_member(object, entry->key, value);
    } else if (JSON_NODE_HOLDS_ARRAY(before)) {
        json_array_add_element(json_node_get_array(before), value);
    } else {
        JsonArray *several = json_array_new();
        json_array_add_element(several, json_node_copy(before));
        json_array_add_element(several, value);
        json_object_set_array_member(object, entry->key, several);
    }
}

static JsonNode *option_value(const OptionUse *use)
{
    if (!use->written) {
        return use->argument ? json_node_init_string(json_node_alloc(), use->argument)
                             : json_node_init_boolean(json_node_alloc(), TRUE);
    }
    JsonObject *keys = json_object_new();
    for (unsigned i = 0; i < keyval_count(use->written); i++) {
        add_member(keys, keyval_entry(use->written, i));
    }
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, keys);
    return node;
}

char *config_to_json(const Config *config)
{
    JsonObject *object = json_object_new();
    JsonArray *options = json_array_new();
    for (guint i = 0; i < config->uses->len; i++) {
        const OptionUse *use = g_ptr_array_index(config->uses, i);
        if (!is_about_files(use)) {
            JsonObject *option = json_object_new();
            json_object_set_member(option, use->row->name, option_value(use));
            json_array_add_object_element(options, option);
        }
    }
    json_object_set_string_member(object, "arch", config->arch);
    json_object_set_array_member(object, "options", options);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return json_to_string(node, TRUE);
}

/* What has no keys does not fit into such a file and becomes a comment. */
static char *to_ini(const Config *config)
{
    GString *text = g_string_new("# options of ");
    g_string_append_printf(text, "%s\n", config->program);
    for (guint i = 0; i < config->uses->len; i++) {
        const OptionUse *use = g_ptr_array_index(config->uses, i);
        const char *id = use->written ? keyval_get(use->written, "id") : NULL;
        if (is_about_files(use)) {
            continue;
        }
        if (!use->written) {
            g_string_append_printf(text, "\n# -%s%s%s\n", use->row->name, use->argument ? " " : "",
                                   use->argument ? use->argument : "");
            continue;
        }
        g_string_append_printf(text, id ? "\n[%s \"%s\"]\n" : "\n[%s]\n", use->row->name, id);
        for (unsigned n = 0; n < keyval_count(use->written); n++) {
            const KeyvalEntry *entry = keyval_entry(use->written, n);
            if (strcmp(entry->key, "id") != 0) {
                g_string_append_printf(text, "  %s = \"%s\"\n", entry->key,
                                       entry->value ? entry->value : "on");
            }
        }
    }
    return g_string_free(text, FALSE);
}

bool config_write_files(Config *config, GError **errp)
{
    if (config->write_config) {
        g_autofree char *text = to_ini(config);
        if (strcmp(config->write_config, "-") == 0) {
            fputs(text, stdout);
        } else if (!fdset_write_file(config->write_config, text, strlen(text), errp)) {
            error_prefix(errp, "-writeconfig: ");
            return false;
        }
    }
    if (config->print_config) {
        g_autofree char *text = config_to_json(config);
        printf("%s\n", text);
        config->done = true;
    }
    return true;
}

/* -set GROUP.ID.KEY=VALUE: a key of an option that came before. */
bool config_apply_set(Config *config, const OptionUse *use, GError **errp)
{
    static const char *const groups[] = { "device", "object", "chardev", "drive", NULL };
    g_auto(GStrv) sides = g_strsplit(use->argument, "=", 2);
    g_auto(GStrv) names = g_strsplit(sides[0] ? sides[0] : "", ".", 3);
    if (g_strv_length(names) != 3 || !sides[1] || !*names[1] || !*names[2]) {
        error_set(errp, "expected GROUP.ID.KEY=VALUE");
        return false;
    }
    if (!g_strv_contains(groups, names[0])) {
        error_set(errp, "'%s' has no ids; device, object, chardev and drive have", names[0]);
        return false;
    }
    for (guint i = 0; i < config->uses->len; i++) {
        OptionUse *other = g_ptr_array_index(config->uses, i);
        if (strcmp(other->row->name, names[0]) == 0 && other->keys &&
            g_strcmp0(keyval_get(other->keys, "id"), names[1]) == 0) {
            return options_set_key(other, names[2], sides[1], errp);
        }
    }
    error_set(errp, "there is no -%s with id '%s' before it", names[0], names[1]);
    return false;
}

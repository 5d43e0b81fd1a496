/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "key=value,key2=value2" as written on command lines and in configuration files. */
#include "util/keyval.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdint.h>
#include <string.h>

#include "util/error.h"

static void entry_clear(gpointer data)
{
    KeyvalEntry *entry = data;
    g_free(entry->key);
    g_free(entry->value);
}

Keyval *keyval_new(void)
{
    Keyval *keyval = g_new0(Keyval, 1);
    keyval->entries = g_array_new(FALSE, FALSE, sizeof(KeyvalEntry));
    g_array_set_clear_func(keyval->entries, entry_clear);
    return keyval;
}

void keyval_free(Keyval *keyval)
{
    if (keyval) {
        g_array_unref(keyval->entries);
        g_free(keyval);
    }
}

unsigned keyval_count(const Keyval *keyval)
{
    return keyval->entries->len;
}

const KeyvalEntry *keyval_entry(const Keyval *keyval, unsigned index)
{
    return &g_array_index(keyval->entries, KeyvalEntry, index);
}

void keyval_add(Keyval *keyval, const char *key, const char *value)
{
    KeyvalEntry entry = { g_strdup(key), g_strdup(value) };
    g_array_append_val(keyval->entries, entry);
}

/* Up to the next single comma; *@text is left behind it, or NULL at the end. */
static char *take_word(const char **text)
{
    GString *word = g_string_new(NULL);
    const char *p = *text;
    for (; *p; p++) {
        if (*p == ',') {
            if (p[1] != ',') {
                break;
            }
            p++;
        }
        g_string_append_c(word, *p);
    }
    *text = *p ? p + 1 : NULL;
    return g_string_free(word, FALSE);
}

static bool add_json_value(Keyval *keyval, const char *key, JsonNode *node, GError **errp)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
    g_autofree char *text = NULL;
    if (type == G_TYPE_STRING) {
        text = g_strdup(json_node_get_string(node));
    } else if (type == G_TYPE_BOOLEAN) {
        text = g_strdup(json_node_get_boolean(node) ? "on" : "off");
    } else if (type == G_TYPE_INT64) {
        text = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    } else if (type == G_TYPE_DOUBLE) {
        text = g_strdup_printf("%.17g", json_node_get_double(node));
    } else {
        error_set(errp, "'%s' must be a string, a number, true or false", key);
        return false;
    }
    keyval_add(keyval, key, text);
    return true;
}

static bool parse_json(Keyval *keyval, const char *text, GError **errp)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) root = json_from_string(text, &error);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        error_set(errp, "not a JSON object: %s", error ? error->message : "something else");
        return false;
    }
    JsonObjectIter iter;
    const char *key;
    JsonNode *node;
    json_object_iter_init_ordered(&iter, json_node_get_object(root));
    while (json_object_iter_next_ordered(&iter, &key, &node)) {
        if (!add_json_value(keyval, key, node, errp)) {
            return false;
        }
    }
    return true;
}

Keyval *keyval_parse(const char *text, const char *implied, GError **errp)
{
    g_autoptr(Keyval) keyval = keyval_new();
    if (text[0] == '{') {
        return parse_json(keyval, text, errp) ? g_steal_pointer(&keyval) : NULL;
    }
    bool first = true;
    for (const char *rest = text; rest && *rest; first = false) {
        g_autofree char *word = take_word(&rest);
        char *equals = strchr(word, '=');
        if (first && implied && !equals) {
            keyval_add(keyval, implied, word);
            continue;
        }
        if (equals) {
            *equals++ = '\0';
        }
        if (!*word) {
            error_set(errp, "a key is missing in '%s'", text);
            return NULL;
        }
        keyval_add(keyval, word, equals);
    }
    return g_steal_pointer(&keyval);
}

const char *keyval_get(const Keyval *keyval, const char *key)
{
    for (unsigned i = keyval_count(keyval); i-- > 0;) {
        const KeyvalEntry *entry = keyval_entry(keyval, i);
        if (strcmp(entry->key, key) == 0) {
            return entry->value ? entry->value : "on";
        }
    }
    return NULL;
}

char *keyval_take(Keyval *keyval, const char *key)
{
    char *value = g_strdup(keyval_get(keyval, key));
    for (unsigned i = keyval_count(keyval); i-- > 0;) {
        if (strcmp(keyval_entry(keyval, i)->key, key) == 0) {
            g_array_remove_index(keyval->entries, i);
        }
    }
    return value;
}

static void append_escaped(GString *text, const char *word)
{
    for (; *word; word++) {
        g_string_append(text, *word == ',' ? ",," : (char[]){ *word, '\0' });
    }
}

char *keyval_join(const Keyval *keyval)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < keyval_count(keyval); i++) {
        const KeyvalEntry *entry = keyval_entry(keyval, i);
        g_string_append_printf(text, "%s%s=", i ? "," : "", entry->key);
        append_escaped(text, entry->value ? entry->value : "on");
    }
    return g_string_free(text, FALSE);
}

bool keyval_parse_bool(const char *text, bool *value)
{
    static const char *const on[] = { "on", "yes", "true", "y", NULL };
    static const char *const off[] = { "off", "no", "false", "n", NULL };
    *value = g_strv_contains(on, text);
    return *value || g_strv_contains(off, text);
}

bool keyval_parse_size(const char *text, uint64_t unit, uint64_t *bytes)
{
    static const char suffixes[] = "bkmgtpe";
    if (!g_ascii_isdigit(text[0])) {
        return false;
    }
    char *end;
    errno = 0;
    uint64_t whole = g_ascii_strtoull(text, &end, 10);
    if (errno) {
        return false;
    }
    double fraction = 0;
    if (*end == '.') {
        if (!g_ascii_isdigit(end[1])) {
            return false;
        }
        double scale = 0.1;
        for (end++; g_ascii_isdigit(*end); end++, scale /= 10) {
            fraction += (*end - '0') * scale;
        }
    }
    if (*end) {
        const char *suffix = strchr(suffixes, g_ascii_tolower(*end));
        if (!suffix || end[1]) {
            return false;
        }
        unit = UINT64_C(1) << (10 * (suffix - suffixes));
    }
    if (whole > UINT64_MAX / unit || (fraction != 0 && unit == 1)) {
        return false;
    }
    *bytes = whole * unit + (uint64_t)(fraction * (double)unit);
    return *bytes >= whole * unit;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses command lines and option files by the table, and prints the table as help. */
#include "system/options.h"

#include <stdio.h>
#include <string.h>

#include "system/config_internal.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/version.h"

enum { HELP_COLUMN = 16 };

static bool is_help(const char *text)
{
    return strcmp(text, "help") == 0 || strcmp(text, "?") == 0;
}

static const OptionRow *find_row(const char *name)
{
    for (const OptionRow *row = option_table; row->name; row++) {
        if (strcmp(row->name, name) == 0 || (row->alias && strcmp(row->alias, name) == 0)) {
            return row;
        }
    }
    return NULL;
}

static const char *nearest_option(const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const OptionRow *row = option_table; row->name; row++) {
        if (!row->missing) {
            g_ptr_array_add(names, (gpointer)row->name);
            if (row->alias) {
                g_ptr_array_add(names, (gpointer)row->alias);
            }
        }
    }
    g_ptr_array_add(names, NULL);
    return nearest_word(name, (const char *const *)names->pdata);
}

static const OptionKey *find_key(const OptionRow *row, const char *name)
{
    for (const OptionKey *key = row->keys; key->name; key++) {
        if (strcmp(key->name, name) == 0) {
            return key;
        }
    }
    return NULL;
}

static void unknown_key(const OptionRow *row, const char *name, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const OptionKey *key = row->keys; key->name; key++) {
        g_ptr_array_add(names, (gpointer)key->name);
    }
    g_ptr_array_add(names, NULL);
    const char *near = nearest_word(name, (const char *const *)names->pdata);
    g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
    if (near) {
        error_set(errp, "unknown key '%s'; did you mean '%s'?", name, near);
    } else {
        error_set(errp, "unknown key '%s'; known are %s", name, all);
    }
}

static bool parse_number(const char *text, uint64_t *value)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, value, NULL) ||
           (g_str_has_prefix(text, "0x") &&
            g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT64, value, NULL));
}

static bool check_word(const OptionKey *key, const char *value, GError **errp)
{
    if (!key->values || g_strv_contains(key->values, value)) {
        return true;
    }
    const char *near = nearest_word(value, key->values);
    g_autofree char *all = g_strjoinv(", ", (char **)key->values);
    if (near) {
        error_set(errp, "%s=%s: did you mean '%s'?", key->name, value, near);
    } else {
        error_set(errp, "%s=%s: must be %s%s", key->name, value, key->values[1] ? "one of " : "",
                  all);
    }
    return false;
}

static bool check_value(const OptionKey *key, const char *value, GError **errp)
{
    bool on;
    uint64_t number;
    switch (key->kind) {
    case OPTION_KEY_STRING: return check_word(key, value, errp);
    case OPTION_KEY_BOOL:
        if (!keyval_parse_bool(value, &on)) {
            error_set(errp, "%s=%s: must be on or off", key->name, value);
            return false;
        }
        return true;
    case OPTION_KEY_NUMBER:
        if (!parse_number(value, &number)) {
            error_set(errp, "%s=%s: must be a number", key->name, value);
            return false;
        }
        return true;
    case OPTION_KEY_SIZE:
        if (!keyval_parse_size(value, 1, &number)) {
            error_set(errp, "%s=%s: must be a size such as 512M or 2G", key->name, value);
            return false;
        }
        return true;
    }
    g_assert_not_reached();
}

/* Checks @keys against the table; bare words become "on", and "noKEY" becomes KEY=off. */
static Keyval *check_keys(const OptionRow *row, Keyval *keys, GError **errp)
{
    g_autoptr(Keyval) checked = keyval_new();
    for (unsigned i = 0; i < keyval_count(keys); i++) {
        const KeyvalEntry *entry = keyval_entry(keys, i);
        const OptionKey *key = find_key(row, entry->key);
        const char *value = entry->value ? entry->value : "on";
        if (!key && !entry->value && g_str_has_prefix(entry->key, "no")) {
            key = find_key(row, entry->key + 2);
            value = "off";
        }
        if (!key) {
            unknown_key(row, entry->key, errp);
            return NULL;
        }
        if (!entry->value && key->kind != OPTION_KEY_BOOL) {
            error_set(errp, "%s= wants a value", key->name);
            return NULL;
        }
        if (!check_value(key, value, errp)) {
            return NULL;
        }
        keyval_add(checked, key->name, value);
    }
    return g_steal_pointer(&checked);
}

static bool asks_for_list(const OptionUse *use)
{
    if ((!use->row->list && !use->row->keys) || !use->argument) {
        return false;
    }
    if (is_help(use->argument)) {
        return true;
    }
    for (unsigned i = 0; use->keys && i < keyval_count(use->keys); i++) {
        const KeyvalEntry *entry = keyval_entry(use->keys, i);
        if (!entry->value && is_help(entry->key)) {
            return true;
        }
    }
    return false;
}

/* What "help" as the argument shows of an option that only takes keys. */
static void list_keys(const OptionRow *row)
{
    static const char *const kinds[] = {
        [OPTION_KEY_STRING] = "str",
        [OPTION_KEY_BOOL] = "bool (on/off)",
        [OPTION_KEY_NUMBER] = "num",
        [OPTION_KEY_SIZE] = "size",
    };
    printf("%s options:\n", row->name);
    for (const OptionKey *key = row->keys; key->name; key++) {
        g_autofree char *values = key->values ? g_strjoinv("|", (char **)key->values) : NULL;
        printf("  %s=<%s>\n", key->name, values ? values : kinds[key->kind]);
    }
}

static bool parse_argument(OptionUse *use, GError **errp)
{
    const OptionRow *row = use->row;
    if (row->argument != OPTION_ARGUMENT_KEYS || (asks_for_list(use) && is_help(use->argument))) {
        return true;
    }
    if (!use->keys) {
        use->keys = keyval_parse(use->argument, row->implied, errp);
    }
    if (use->keys && row->keys && !asks_for_list(use)) {
        Keyval *checked = check_keys(row, use->keys, errp);
        keyval_free(use->keys);
        use->keys = checked;
    }
    return use->keys != NULL;
}

void option_use_prefix(const OptionUse *use, GError **errp)
{
    if (use && use->where) {
        error_prefix(errp, "%s: ", use->where);
    } else if (use) {
        error_prefix(errp, "-%s%s%s: ", use->row->name, use->argument ? " " : "",
                     use->argument ? use->argument : "");
    }
}

static void use_free(OptionUse *use)
{
    g_free(use->argument);
    g_free(use->where);
    keyval_free(use->keys);
    keyval_free(use->written);
    g_free(use);
}

static Keyval *copy_keys(const Keyval *keys)
{
    Keyval *copy = keyval_new();
    for (unsigned i = 0; i < keyval_count(keys); i++) {
        keyval_add(copy, keyval_entry(keys, i)->key, keyval_entry(keys, i)->value);
    }
    return copy;
}

/* Takes over @use. */
static bool apply(Config *config, OptionUse *use, GError **errp)
{
    g_autoptr(GError) error = NULL;
    bool ok = false;
    g_ptr_array_add(config->uses, use);
    if (use->row->missing) {
        error_set(&error, "%s not there yet", use->row->missing);
    } else if (parse_argument(use, &error)) {
        if (asks_for_list(use)) {
            if (use->row->list) {
                use->row->list(config, use);
            } else {
                list_keys(use->row);
            }
            config->done = true;
            ok = true;
        } else {
            use->written = use->keys ? copy_keys(use->keys) : NULL;
            ok = use->row->apply(config, use, &error);
        }
    }
    if (!ok) {
        g_autofree char *named = g_strdup_printf("-%s ", use->row->name);
        if (!g_str_has_prefix(error->message, named)) { /* lower layers may have said it already */
            option_use_prefix(use, &error);
        }
        g_propagate_error(errp, g_steal_pointer(&error));
    }
    return ok;
}

static bool parse_one(Config *config, char **argv, int *index, GError **errp)
{
    const char *word = argv[(*index)++];
    if (word[0] != '-') {
        error_set(errp, "'%s': disk images cannot be used, block devices are not there yet", word);
        return false;
    }
    const char *name = word + 1 + (word[1] == '-');
    const OptionRow *row = find_row(name);
    if (!row) {
        const char *near = nearest_option(name);
        if (near) {
            error_set(errp, "%s: unknown option; did you mean '-%s'?", word, near);
        } else {
            error_set(errp, "%s: unknown option; '-help' lists them", word);
        }
        return false;
    }
    OptionUse *use = g_new0(OptionUse, 1);
    use->row = row;
    if (row->syntax) {
        if (!argv[*index]) {
            error_set(errp, "%s: an argument is missing: %s %s", word, word, row->syntax);
            use_free(use);
            return false;
        }
        use->argument = g_strdup(argv[(*index)++]);
    }
    return apply(config, use, errp);
}

bool options_apply(Config *config, const char *name, const char *argument, Keyval *keys,
                   const char *where, GError **errp)
{
    const OptionRow *row = find_row(name);
    const char *near = row ? NULL : nearest_option(name);
    if (!row) {
        error_set(errp, "there is no option '%s'%s%s%s", name, near ? "; did you mean '" : "",
                  near ? near : "", near ? "'?" : "");
    } else if (keys && row->argument != OPTION_ARGUMENT_KEYS) {
        error_set(errp, "'%s' takes %s, not an object", name, row->syntax ? "a string" : "true");
    } else if (!row->syntax != (!argument && !keys)) {
        error_set(errp, row->syntax ? "'%s' takes an argument: %s" : "'%s' takes true%s", name,
                  row->syntax ? row->syntax : "");
    } else {
        OptionUse *use = g_new0(OptionUse, 1);
        use->row = row;
        use->keys = keys;
        use->argument = keys ? keyval_join(keys) : g_strdup(argument);
        use->where = g_strdup(where);
        return apply(config, use, errp);
    }
    keyval_free(keys);
    return false;
}

bool options_set_key(OptionUse *use, const char *key, const char *value, GError **errp)
{
    const OptionKey *known = use->row->keys ? find_key(use->row, key) : NULL;
    if (use->row->keys && !known) {
        unknown_key(use->row, key, errp);
        return false;
    }
    if (known && !check_value(known, value, errp)) {
        return false;
    }
    keyval_add(use->keys, key, value);
    keyval_add(use->written, key, value);
    return true;
}

bool options_parse(Config *config, int argc, char **argv, GError **errp)
{
    if (!config->uses->len) {
        g_ptr_array_set_free_func(config->uses, (GDestroyNotify)use_free);
    }
    for (int i = 0; i < argc && !config->done;) {
        if (!parse_one(config, argv, &i, errp)) {
            return false;
        }
    }
    return true;
}

/* "[name]" or "[name "id"]"; NULL when it is neither. */
static OptionUse *parse_section(const char *line, const char *where, GError **errp)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) regex =
        g_regex_new("^\\[\\s*([^\\s\"\\]]+)\\s*(?:\"([^\"]*)\"\\s*)?\\]$", 0, 0, NULL);
    if (!g_regex_match(regex, line, 0, &match)) {
        error_set(errp, "%s: not a section: %s", where, line);
        return NULL;
    }
    g_autofree char *name = g_match_info_fetch(match, 1);
    g_autofree char *id = g_match_info_fetch(match, 2);
    const OptionRow *row = find_row(name);
    if (!row || row->argument != OPTION_ARGUMENT_KEYS) {
        const char *near = nearest_option(name);
        error_set(errp, "%s: no option '%s' that takes keys%s%s%s", where, name,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        return NULL;
    }
    OptionUse *use = g_new0(OptionUse, 1);
    use->row = row;
    use->keys = keyval_new();
    use->where = g_strdup(where);
    if (id && *id) {
        keyval_add(use->keys, "id", id);
    }
    return use;
}

static bool parse_setting(OptionUse *use, char *line, const char *where, GError **errp)
{
    char *equals = strchr(line, '=');
    if (!use || !equals) {
        error_set(errp, "%s: neither a section nor key = \"value\": %s", where, line);
        return false;
    }
    *equals = '\0';
    const char *key = g_strstrip(line);
    char *value = g_strstrip(equals + 1);
    size_t length = strlen(value);
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value[length - 1] = '\0';
        value++;
    }
    if (!*key) {
        error_set(errp, "%s: a key is missing", where);
        return false;
    }
    keyval_add(use->keys, key, value);
    return true;
}

bool options_read_file(Config *config, const char *path, GError **errp)
{
    g_autofree char *text = config_read_text(path, errp);
    if (!text) {
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    OptionUse *use = NULL;
    bool ok = true;
    for (unsigned i = 0; ok && lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        g_autofree char *where = g_strdup_printf("%s:%u", path, i + 1);
        if (*line == '\0' || *line == '#' || *line == ';') {
            continue;
        }
        if (*line == '[') {
            ok = !use || apply(config, g_steal_pointer(&use), errp);
            use = ok ? parse_section(line, where, errp) : NULL;
            ok = use != NULL;
        } else {
            ok = parse_setting(use, line, where, errp);
        }
    }
    if (use && ok) {
        return apply(config, use, errp);
    }
    if (use) {
        use_free(use);
    }
    return ok;
}

const char *option_string(const OptionUse *use, const char *key, const char *otherwise)
{
    const char *value = keyval_get(use->keys, key);
    return value ? value : otherwise;
}

bool option_bool(const OptionUse *use, const char *key, bool otherwise)
{
    const char *value = keyval_get(use->keys, key);
    if (value) {
        keyval_parse_bool(value, &otherwise);
    }
    return otherwise;
}

uint64_t option_number(const OptionUse *use, const char *key, uint64_t otherwise)
{
    const char *value = keyval_get(use->keys, key);
    if (value) {
        parse_number(value, &otherwise);
    }
    return otherwise;
}

const char *option_category_title(OptionCategory category)
{
    static const char *const titles[OPTION_CATEGORY_COUNT] = {
        [OPTION_STANDARD] = "Standard options",
        [OPTION_DEVICE] = "Device options",
        [OPTION_CHARDEV] = "Character device options",
        [OPTION_DISPLAY] = "Display options",
        [OPTION_BOOT] = "Boot options",
        [OPTION_DEBUG] = "Debug and life cycle options",
    };
    return titles[category];
}

static void append_help(GString *text, const OptionRow *row)
{
    gsize start = text->len;
    g_string_append_printf(text, "-%s", row->name);
    if (row->alias) {
        g_string_append_printf(text, " or -%s", row->alias);
    }
    if (row->syntax) {
        g_string_append_printf(text, " %s", row->syntax);
    }
    g_auto(GStrv) lines = g_strsplit(row->help, "\n", -1);
    int column = (int)(text->len - start);
    for (unsigned i = 0; lines[i]; i++) {
        if (i > 0 || column >= HELP_COLUMN) {
            g_string_append_c(text, '\n');
            column = 0;
        }
        g_string_append_printf(text, "%*s%s", HELP_COLUMN - column, "", lines[i]);
        column = HELP_COLUMN;
    }
    g_string_append_c(text, '\n');
}

char *options_help(const char *program)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "Rhea emulator version %s\nusage: %s [options]\n",
                           version_string(), program);
    for (OptionCategory category = 0; category < OPTION_CATEGORY_COUNT; category++) {
        g_string_append_printf(text, "\n%s:\n", option_category_title(category));
        for (const OptionRow *row = option_table; row->name; row++) {
            if (row->category == category && row->help) {
                append_help(text, row);
            }
        }
    }
    g_string_append(text, "\nCtrl-A h on a -nographic console lists the keys that work there.\n");
    return g_string_free(text, FALSE);
}

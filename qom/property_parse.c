/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between text and the numbers that properties hold: ranges, suffixes, names, and errors that say
 * what is accepted. */
#include "qom/property_parse_internal.h"

#include <errno.h>
#include <string.h>

#include "util/error.h"
#include "util/keyval.h"
#include "util/nearest.h"

typedef struct {
    const char *type_name;
    bool is_signed;
    uint64_t min, max; /* signed kinds: int64_t reinterpreted */
} KindRange;

static const KindRange kind_ranges[] = {
    [PROPERTY_KIND_BOOL] = { "bool", false, 0, 1 },
    [PROPERTY_KIND_U8] = { "uint8", false, 0, UINT8_MAX },
    [PROPERTY_KIND_U16] = { "uint16", false, 0, UINT16_MAX },
    [PROPERTY_KIND_U32] = { "uint32", false, 0, UINT32_MAX },
    [PROPERTY_KIND_U64] = { "uint64", false, 0, UINT64_MAX },
    [PROPERTY_KIND_I32] = { "int32", true, (uint64_t)(int64_t)INT32_MIN, INT32_MAX },
    [PROPERTY_KIND_I64] = { "int64", true, (uint64_t)INT64_MIN, INT64_MAX },
    [PROPERTY_KIND_SIZE] = { "size", false, 0, UINT64_MAX },
    [PROPERTY_KIND_STRING] = { .type_name = "str" },
    [PROPERTY_KIND_ENUM] = { .type_name = "str" },
    [PROPERTY_KIND_LINK] = { .type_name = "link" },
    [PROPERTY_KIND_TEXT] = { .type_name = "str" },
};

char *property_type_name(const Property *property)
{
    if (property->kind == PROPERTY_KIND_LINK) {
        return g_strdup_printf("link<%s>", property->link_class->name);
    }
    if (property->kind == PROPERTY_KIND_ENUM) {
        g_autofree char *names = g_strjoinv("|", (char **)property->names);
        return g_strdup_printf("enum<%s>", names);
    }
    return g_strdup(property->list ? "strList" : kind_ranges[property->kind].type_name);
}

static bool fail(Object *obj, const Property *property, const char *text, GError **errp,
                 const char *expected)
{
    error_set(errp, "%s: property '%s': '%s' is not %s", obj->class->name, property->name, text,
              expected);
    return false;
}

static bool parse_enum(Object *obj, const Property *property, const char *text, uint64_t *value,
                       GError **errp)
{
    for (unsigned i = 0; property->names[i]; i++) {
        if (g_str_equal(property->names[i], text)) {
            *value = i;
            return true;
        }
    }
    g_autofree char *all = g_strjoinv(", ", (char **)property->names);
    const char *nearest = nearest_word(text, property->names);
    g_autofree char *expected = nearest
                                    ? g_strdup_printf("one of %s; did you mean '%s'?", all, nearest)
                                    : g_strdup_printf("one of %s", all);
    return fail(obj, property, text, errp, expected);
}

/* Decimal, 0x hexadecimal or 0 octal; @negative only where the caller allows it. */
static bool parse_integer(const char *text, bool is_signed, uint64_t *value)
{
    bool negative = is_signed && *text == '-';
    char *end;

    text += negative;
    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    errno = 0;
    *value = g_ascii_strtoull(text, &end, 0);
    if (errno || *end) {
        return false;
    }
    if (is_signed && *value > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *value = negative ? -*value : *value;
    return true;
}

static bool parse_size(const char *text, uint64_t *value)
{
    if (text[0] == '0' && g_ascii_tolower(text[1]) == 'x') {
        return parse_integer(text, false, value);
    }
    return keyval_parse_size(text, 1, value);
}

static bool in_range(const KindRange *range, uint64_t value)
{
    return range->is_signed
               ? (int64_t)value >= (int64_t)range->min && (int64_t)value <= (int64_t)range->max
               : value >= range->min && value <= range->max;
}

static char *range_text(const KindRange *range, const char *lead)
{
    return range->is_signed ? g_strdup_printf("%s %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, lead,
                                              (int64_t)range->min, (int64_t)range->max)
                            : g_strdup_printf("%s %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                                              lead, range->min, range->max);
}

bool property_parse_number(Object *obj, const Property *property, const char *text, uint64_t *value,
                           GError **errp)
{
    KindRange range = kind_ranges[property->kind];

    if (property->min || property->max) {
        range.min = property->min;
        range.max = property->max;
    }
    if (property->kind == PROPERTY_KIND_BOOL) {
        bool on;
        if (!keyval_parse_bool(text, &on)) {
            return fail(obj, property, text, errp, "'on' or 'off'");
        }
        *value = on;
        return true;
    }
    if (property->kind == PROPERTY_KIND_ENUM) {
        return parse_enum(obj, property, text, value, errp);
    }
    if (property->kind == PROPERTY_KIND_SIZE) {
        if (!parse_size(text, value)) {
            return fail(obj, property, text, errp,
                        "a size (bytes, or a number with suffix k, M, G, T, P or E)");
        }
    } else if (!parse_integer(text, range.is_signed, value)) {
        g_autofree char *expected = range_text(&range, "a number from");
        return fail(obj, property, text, errp, expected);
    }
    if (!in_range(&range, *value)) {
        g_autofree char *expected = range_text(&range, "in the range");
        return fail(obj, property, text, errp, expected);
    }
    return true;
}

char *property_format_number(const Property *property, uint64_t value)
{
    if (property->kind == PROPERTY_KIND_BOOL) {
        return g_strdup(value ? "on" : "off");
    }
    if (property->kind == PROPERTY_KIND_ENUM) {
        return g_strdup(property->names[value]);
    }
    return kind_ranges[property->kind].is_signed
               ? g_strdup_printf("%" G_GINT64_FORMAT, (int64_t)value)
               : g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

/* NULL when it has none. */
static char *default_text(const Property *property)
{
    switch (property->kind) {
    case PROPERTY_KIND_STRING: return g_strdup(property->def.s);
    case PROPERTY_KIND_LINK:
    case PROPERTY_KIND_TEXT: return NULL;
    case PROPERTY_KIND_ENUM:
    case PROPERTY_KIND_I32:
        return property_format_number(property, (uint64_t)(int64_t)(int32_t)property->def.i);
    default: return property_format_number(property, property->def.u);
    }
}

char *property_describe(const Property *property)
{
    g_autofree char *type = property_type_name(property);
    g_autofree char *value = default_text(property);
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "%s=<%s>", property->name, type);
    if (property->help || value) {
        g_string_append_printf(line, "%*s - %s", MAX(0, 22 - (int)line->len), "",
                               property->help ? property->help : "");
    }
    if (value) {
        g_string_append_printf(line, "%s(default: %s)", property->help ? " " : "", value);
    }
    return g_string_free(line, FALSE);
}

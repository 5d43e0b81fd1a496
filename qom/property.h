/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed properties: declared in tables, read and written by name as text or JSON, introspected for
 * help and schema. */
#pragma once

#include "qom/object.h"
#include "util/keyval.h"

typedef enum {
    PROPERTY_KIND_BOOL,
    PROPERTY_KIND_U8,
    PROPERTY_KIND_U16,
    PROPERTY_KIND_U32,
    PROPERTY_KIND_U64,
    PROPERTY_KIND_I32,
    PROPERTY_KIND_I64,
    PROPERTY_KIND_SIZE,   /* uint64_t bytes; accepts k M G T suffixes */
    PROPERTY_KIND_STRING, /* char *, owned */
    PROPERTY_KIND_ENUM,   /* int, index into .names */
    PROPERTY_KIND_LINK,   /* Object *, referenced; .link_class */
    PROPERTY_KIND_TEXT,   /* computed: .get/.set on text */
} PropertyKind;

struct Property {
    const char *name; /* lower-case-with-dashes */
    const char *help;
    PropertyKind kind;
    size_t offset; /* of the field in the instance struct */
    union {
        uint64_t u;
        int64_t i;
        const char *s;
    } def;
    uint64_t min,
        max; /* inclusive; both 0: the kind's whole range (signed kinds: reinterpret as int64_t) */
    const char *const *names;      /* ENUM: NULL-terminated */
    const ObjectClass *link_class; /* LINK */
    char *(*get)(Object *obj);     /* TEXT: caller frees; NULL: write-only */
    bool (*set)(Object *obj, const char *text, GError **errp); /* TEXT: NULL: read-only */
    bool list; /* TEXT: words with commas between; a list of strings on the wire */
    bool live; /* may be set after realize */
};

#define PROPERTY_FIELD(n, k, S, f, t) \
    .name = (n), .kind = (k), .offset = offsetof(S, f) + 0 * sizeof((t *)0 == &((S *)0)->f)
#define PROPERTY_BOOL(n, S, f, d, ...)                                               \
    {                                                                                \
        PROPERTY_FIELD(n, PROPERTY_KIND_BOOL, S, f, bool), .def.u = (d), __VA_ARGS__ \
    }
#define PROPERTY_U8(n, S, f, d, ...)                                                  \
    {                                                                                 \
        PROPERTY_FIELD(n, PROPERTY_KIND_U8, S, f, uint8_t), .def.u = (d), __VA_ARGS__ \
    }
#define PROPERTY_U16(n, S, f, d, ...)                                                   \
    {                                                                                   \
        PROPERTY_FIELD(n, PROPERTY_KIND_U16, S, f, uint16_t), .def.u = (d), __VA_ARGS__ \
    }
#define PROPERTY_U32(n, S, f, d, ...)                                                   \
    {                                                                                   \
        PROPERTY_FIELD(n, PROPERTY_KIND_U32, S, f, uint32_t), .def.u = (d), __VA_ARGS__ \
    }
#define PROPERTY_U64(n, S, f, d, ...)                                                   \
    {                                                                                   \
        PROPERTY_FIELD(n, PROPERTY_KIND_U64, S, f, uint64_t), .def.u = (d), __VA_ARGS__ \
    }
#define PROPERTY_I32(n, S, f, d, ...)                                                  \
    {                                                                                  \
        PROPERTY_FIELD(n, PROPERTY_KIND_I32, S, f, int32_t), .def.i = (d), __VA_ARGS__ \
    }
#define PROPERTY_I64(n, S, f, d, ...)                                                  \
    {                                                                                  \
        PROPERTY_FIELD(n, PROPERTY_KIND_I64, S, f, int64_t), .def.i = (d), __VA_ARGS__ \
    }
#define PROPERTY_SIZE(n, S, f, d, ...)                                                   \
    {                                                                                    \
        PROPERTY_FIELD(n, PROPERTY_KIND_SIZE, S, f, uint64_t), .def.u = (d), __VA_ARGS__ \
    }
#define PROPERTY_STRING(n, S, f, d, ...)                                                 \
    {                                                                                    \
        PROPERTY_FIELD(n, PROPERTY_KIND_STRING, S, f, char *), .def.s = (d), __VA_ARGS__ \
    }
#define PROPERTY_ENUM(n, S, f, table, d, ...)                                             \
    {                                                                                     \
        PROPERTY_FIELD(n, PROPERTY_KIND_ENUM, S, f, int), .names = (table), .def.i = (d), \
                                                          __VA_ARGS__                     \
    }
#define PROPERTY_LINK(n, S, f, class_variable, ...)                        \
    {                                                                      \
        .name = (n), .kind = PROPERTY_KIND_LINK, .offset = offsetof(S, f), \
        .link_class = (const ObjectClass *)&(class_variable), __VA_ARGS__  \
    }
#define PROPERTY_TEXT(n, get_fn, set_fn, ...)                                                  \
    {                                                                                          \
        .name = (n), .kind = PROPERTY_KIND_TEXT, .get = (get_fn), .set = (set_fn), __VA_ARGS__ \
    }

/** property_find - declaration of @name in @class or its ancestors; NULL when there is none */
const Property *property_find(const ObjectClass *class, const char *name);
/** property_check - there is such a property; if not, the error has the nearest name */
bool property_check(const ObjectClass *class, const char *name, GError **errp);
/** property_foreach - every property of @class and its ancestors, parents' first */
void property_foreach(const ObjectClass *class, void (*fn)(const Property *, void *), void *opaque);

/**
 * property_set - parse @text into the field
 *
 * Fails with one line that names object, property, value and what would be accepted (nearest name
 * for a wrong property or enum value). LINK takes a path. @root of the path lookup is
 * object_root(obj).
 */
bool property_set(Object *obj, const char *name, const char *text, GError **errp);
/** property_set_all - every entry of @keys but those in @skip (NULL-terminated, or NULL): a bare
 * word switches on, and "noWORD" off */
bool property_set_all(Object *obj, const Keyval *keys, const char *const *skip, GError **errp);
/** property_set_list - property_set_all() of "key=value,..."; NULL sets nothing */
bool property_set_list(Object *obj, const char *text, GError **errp);
/** property_get - value as the text property_set() takes; caller frees; NULL with error */
char *property_get(Object *obj, const char *name, GError **errp);
bool property_set_bool(Object *obj, const char *name, bool value, GError **errp);
bool property_set_u64(Object *obj, const char *name, uint64_t value, GError **errp);
bool property_set_link(Object *obj, const char *name, Object *value, GError **errp);
/** property_type_name - "bool", "uint32", "str", "link<uart>"... as introspection prints it; caller
 * frees */
char *property_type_name(const Property *property);
/** property_describe - "name=<type>  - help (default: value)", a line of "-device X,help"; caller
 * frees */
char *property_describe(const Property *property);

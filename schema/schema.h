/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of the wire, as tables: JSON is checked, taken apart, put together and described by walking
 * them. scripts/schema.py makes most of them. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    SCHEMA_KIND_BOOL,      /* bool */
    SCHEMA_KIND_INT,       /* int64_t */
    SCHEMA_KIND_NUMBER,    /* double */
    SCHEMA_KIND_STRING,    /* char *, UTF-8 */
    SCHEMA_KIND_ANY,       /* JsonNode * */
    SCHEMA_KIND_ENUM,      /* int, index into .values */
    SCHEMA_KIND_OBJECT,    /* pointer to a struct */
    SCHEMA_KIND_ARRAY,     /* GPtrArray * of pointers, or GArray * of anything else */
    SCHEMA_KIND_ALTERNATE, /* pointer to SchemaAlternate and a union: one of several types */
} SchemaKind;

typedef struct SchemaType SchemaType;

/* What the struct of an alternate begins with. */
typedef struct {
    int branch; /* which of .members it is */
} SchemaAlternate;

typedef struct {
    const char *name;
    const SchemaType *type;
    size_t offset; /* of the field */
    ptrdiff_t has; /* of the flag that says whether it is there; -1: required, or NULL says so */
    bool optional;
} SchemaMember;

struct SchemaType {
    const char *name;
    SchemaKind kind;
    size_t size;                       /* of a field or, for objects and alternates, the struct */
    int64_t min, max;                  /* INT: inclusive */
    const char *const *values;         /* ENUM: NULL-terminated */
    const SchemaType *element;         /* ARRAY */
    const SchemaMember *members;       /* OBJECT, ALTERNATE: table ending with {} */
    const SchemaMember *tag;           /* OBJECT whose further members depend on this one; NULL */
    const SchemaType *const *variants; /* by value of the tag; NULL: none */
    size_t variant_offset;             /* of the pointer to the variant's struct */
};

extern const SchemaType schema_bool_type, schema_int_type, schema_int8_type, schema_int16_type,
    schema_int32_type, schema_int64_type, schema_uint8_type, schema_uint16_type, schema_uint32_type,
    schema_uint64_type, schema_size_type, schema_number_type, schema_str_type, schema_any_type;

/**
 * schema_parse - check that @object is a @type and take it apart
 * @type: of kind OBJECT
 * @open: members that the type does not know are let through
 *
 * Returns a new struct for schema_free(); NULL with a sentence that names the member, what it is
 * and what it should be.
 */
void *schema_parse(const SchemaType *type, JsonObject *object, bool open, GError **errp);
/** schema_check - as schema_parse(), without making anything; works for types without a struct */
bool schema_check(const SchemaType *type, JsonObject *object, bool open, GError **errp);
/** schema_build - the JSON of a value: a pointer as schema_free() takes it */
JsonNode *schema_build(const SchemaType *type, const void *value);
/** schema_free - a struct, string, array or JsonNode, with all it holds; NULL is fine */
void schema_free(const SchemaType *type, void *value);
/** schema_type_text - "an integer", "one of 'a', 'b'"...; caller frees */
char *schema_type_text(const SchemaType *type);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Declared state: tables from which saving, loading, comparing and hashing are made. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct VmState VmState;
typedef struct VmField VmField;

typedef enum {
    VM_FIELD_END, /* so that {} ends a table */
    VM_FIELD_BOOL,
    VM_FIELD_U8,
    VM_FIELD_U16,
    VM_FIELD_U32,
    VM_FIELD_U64,
    VM_FIELD_STRUCT,  /* embedded struct described by .state */
    VM_FIELD_BUFFER,  /* .elem_size bytes */
    VM_FIELD_VBUFFER, /* uint8_t *: as many bytes as the uint32_t at .count_offset says; loading
                         sets both and leaves room for .count bytes, the most there can be */
    VM_FIELD_TIMER,   /* Timer: when it expires, or that it does not */
    VM_FIELD_KIND_COUNT,
} VmFieldKind;

struct VmField {
    const char *name;
    VmFieldKind kind;
    size_t offset;
    uint32_t count;       /* array elements; 0 and 1: one */
    size_t elem_size;     /* stride of an array element */
    size_t count_offset;  /* VBUFFER */
    const VmState *state; /* STRUCT */
    uint32_t version;     /* first version of the table that has it */
};

struct VmState {
    const char *name; /* NULL: the class's name */
    uint32_t version, min_version;
    const VmField *fields;
    bool (*pre_save)(void *opaque); /* false: cannot be saved now */
    /* checks hostile values and rebuilds what is derived; false refuses the stream */
    bool (*post_load)(void *opaque, uint32_t version, GError **errp);
    bool (*needed)(void *opaque);      /* of a subsection */
    const VmState *const *subsections; /* NULL-terminated */
};

#define VM_SCALAR(S, f, k, t)                                                                   \
    {                                                                                           \
        .name = #f, .kind = (k), .offset = offsetof(S, f) + 0 * sizeof((t *)0 == &((S *)0)->f), \
        .elem_size = sizeof(t)                                                                  \
    }
#define VM_BOOL(S, f) VM_SCALAR(S, f, VM_FIELD_BOOL, bool)
#define VM_U8(S, f)   VM_SCALAR(S, f, VM_FIELD_U8, uint8_t)
#define VM_U16(S, f)  VM_SCALAR(S, f, VM_FIELD_U16, uint16_t)
#define VM_U32(S, f)  VM_SCALAR(S, f, VM_FIELD_U32, uint32_t)
#define VM_U64(S, f)  VM_SCALAR(S, f, VM_FIELD_U64, uint64_t)
#define VM_I32(S, f)  VM_SCALAR(S, f, VM_FIELD_U32, int32_t)
#define VM_I64(S, f)  VM_SCALAR(S, f, VM_FIELD_U64, int64_t)
#define VM_ARRAY(S, f, k, t)                                                       \
    {                                                                              \
        .name = #f, .kind = (k), .offset = offsetof(S, f), .elem_size = sizeof(t), \
        .count = sizeof(((S *)0)->f) / sizeof(t)                                   \
    }
#define VM_U8_ARRAY(S, f)  VM_ARRAY(S, f, VM_FIELD_U8, uint8_t)
#define VM_U16_ARRAY(S, f) VM_ARRAY(S, f, VM_FIELD_U16, uint16_t)
#define VM_U32_ARRAY(S, f) VM_ARRAY(S, f, VM_FIELD_U32, uint32_t)
#define VM_U64_ARRAY(S, f) VM_ARRAY(S, f, VM_FIELD_U64, uint64_t)
#define VM_BUFFER(S, f)                                                \
    {                                                                  \
        .name = #f, .kind = VM_FIELD_BUFFER, .offset = offsetof(S, f), \
        .elem_size = sizeof(((S *)0)->f)                               \
    }
#define VM_VBUFFER(S, f, len_f, max)                                    \
    {                                                                   \
        .name = #f, .kind = VM_FIELD_VBUFFER, .offset = offsetof(S, f), \
        .count_offset = offsetof(S, len_f), .count = (max)              \
    }
#define VM_STRUCT(S, f, st)                                                            \
    {                                                                                  \
        .name = #f, .kind = VM_FIELD_STRUCT, .offset = offsetof(S, f), .state = &(st), \
        .elem_size = sizeof(((S *)0)->f)                                               \
    }
#define VM_STRUCT_ARRAY(S, f, st, t)                                                   \
    {                                                                                  \
        .name = #f, .kind = VM_FIELD_STRUCT, .offset = offsetof(S, f), .state = &(st), \
        .elem_size = sizeof(t), .count = sizeof(((S *)0)->f) / sizeof(t)               \
    }
#define VM_BOOL_ARRAY(S, f)  VM_ARRAY(S, f, VM_FIELD_BOOL, bool)
#define VM_I32_ARRAY(S, f)   VM_ARRAY(S, f, VM_FIELD_U32, int32_t)
#define VM_I64_ARRAY(S, f)   VM_ARRAY(S, f, VM_FIELD_U64, int64_t)
#define VM_TIMER(S, f)       VM_SCALAR(S, f, VM_FIELD_TIMER, Timer)
#define VM_TIMER_ARRAY(S, f) VM_ARRAY(S, f, VM_FIELD_TIMER, Timer)

/**
 * vmstate_save - append the fields of @opaque to @out
 * @section: name for errors
 */
bool vmstate_save(const VmState *state, const char *section, void *opaque, GByteArray *out,
                  GError **errp);

/**
 * vmstate_load - read what vmstate_save() wrote; all of [@data, @data + @length) must belong to it
 *
 * The data may come from anywhere: what does not match the table is refused with the names of
 * section and field. After a failure @opaque is partly loaded.
 */
bool vmstate_load(const VmState *state, const char *section, void *opaque, const uint8_t *data,
                  size_t length, GError **errp);

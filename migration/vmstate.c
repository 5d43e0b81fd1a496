/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between state tables and bytes. A state is its version (32 bits) and its fields in the order of
 * the table; a field is its kind (8), the length of its name (8), the name, the length of its data
 * (32) and the data. Numbers are little-endian. The data of a struct is a state; needed subsections
 * follow as fields of kind STRUCT named "@" and their name.
 */
#include "migration/vmstate.h"

#include <string.h>

#include "util/error.h"
#include "util/timer.h"

enum { NAME_BYTES_MAX = UINT8_MAX };

/* Where the reader stands, and in which section, for errors. */
typedef struct {
    const char *section;
    const uint8_t *at;
    size_t left;
} Cursor;

typedef struct {
    VmFieldKind kind;
    char name[NAME_BYTES_MAX + 1];
    Cursor data;
} FieldHead;

static bool load_state(const VmState *state, void *opaque, Cursor *cursor, GError **errp);
static bool save_state(const VmState *state, const char *section, void *opaque, GByteArray *out,
                       GError **errp);

static unsigned scalar_bytes(VmFieldKind kind)
{
    switch (kind) {
    case VM_FIELD_BOOL:
    case VM_FIELD_U8: return 1;
    case VM_FIELD_U16: return 2;
    case VM_FIELD_U32: return 4;
    case VM_FIELD_U64:
    case VM_FIELD_TIMER: return 8;
    default: return 0;
    }
}

static uint32_t elements(const VmField *field)
{
    return MAX(field->count, 1);
}

static void put_number(GByteArray *out, uint64_t value, unsigned bytes)
{
    uint64_t little = GUINT64_TO_LE(value);

    g_byte_array_append(out, (const guint8 *)&little, bytes);
}

static uint64_t get_number(Cursor *cursor, unsigned bytes)
{
    uint64_t little = 0;

    g_assert(bytes <= cursor->left);
    memcpy(&little, cursor->at, bytes);
    cursor->at += bytes;
    cursor->left -= bytes;
    return GUINT64_FROM_LE(little);
}

/* A timer that was never made does not expire. */
static uint64_t timer_state(const Timer *timer)
{
    return timer->clocks ? (uint64_t)timer->expire_ns : UINT64_MAX;
}

static uint64_t read_scalar(const void *at, VmFieldKind kind)
{
    switch (kind) {
    case VM_FIELD_BOOL: return *(const bool *)at;
    case VM_FIELD_U8: return *(const uint8_t *)at;
    case VM_FIELD_U16: return *(const uint16_t *)at;
    case VM_FIELD_U32: return *(const uint32_t *)at;
    case VM_FIELD_TIMER: return timer_state(at);
    default: return *(const uint64_t *)at;
    }
}

static void write_scalar(void *at, VmFieldKind kind, uint64_t value)
{
    switch (kind) {
    case VM_FIELD_BOOL: *(bool *)at = value; break;
    case VM_FIELD_U8: *(uint8_t *)at = (uint8_t)value; break;
    case VM_FIELD_U16: *(uint16_t *)at = (uint16_t)value; break;
    case VM_FIELD_U32: *(uint32_t *)at = (uint32_t)value; break;
    case VM_FIELD_TIMER:
        if ((int64_t)value < 0) {
            timer_cancel(at);
        } else {
            timer_set_ns(at, (int64_t)value);
        }
        break;
    default: *(uint64_t *)at = value; break;
    }
}

/* Returns where the length of the data goes. */
static guint put_head(GByteArray *out, VmFieldKind kind, const char *prefix, const char *name)
{
    size_t length = strlen(prefix) + strlen(name);

    g_assert(length <= NAME_BYTES_MAX);
    put_number(out, kind, 1);
    put_number(out, length, 1);
    g_byte_array_append(out, (const guint8 *)prefix, (guint)strlen(prefix));
    g_byte_array_append(out, (const guint8 *)name, (guint)strlen(name));
    put_number(out, 0, 4);
    return out->len - 4;
}

static void patch_length(GByteArray *out, guint at)
{
    uint32_t little = GUINT32_TO_LE(out->len - at - 4);

    memcpy(out->data + at, &little, sizeof(little));
}

static bool save_field(const VmField *field, const char *section, uint8_t *opaque, GByteArray *out,
                       GError **errp)
{
    guint length_at = put_head(out, field->kind, "", field->name);
    uint8_t *at = opaque + field->offset;
    unsigned bytes = scalar_bytes(field->kind);

    for (uint32_t i = 0; i < elements(field) && bytes; i++) {
        put_number(out, read_scalar(at + i * field->elem_size, field->kind), bytes);
    }
    for (uint32_t i = 0; i < elements(field) && field->kind == VM_FIELD_STRUCT; i++) {
        if (!save_state(field->state, section, at + i * field->elem_size, out, errp)) {
            error_prefix(errp, "%s: ", field->name);
            return false;
        }
    }
    if (field->kind == VM_FIELD_BUFFER) {
        g_byte_array_append(out, at, (guint)field->elem_size);
    } else if (field->kind == VM_FIELD_VBUFFER) {
        uint32_t length = *(uint32_t *)(void *)(opaque + field->count_offset);
        g_assert(length <= field->count);
        g_byte_array_append(out, *(uint8_t **)(void *)at, length);
    }
    patch_length(out, length_at);
    return true;
}

static bool save_subsections(const VmState *state, const char *section, void *opaque,
                             GByteArray *out, GError **errp)
{
    for (const VmState *const *sub = state->subsections; sub && *sub; sub++) {
        if ((*sub)->needed && !(*sub)->needed(opaque)) {
            continue;
        }
        guint length_at = put_head(out, VM_FIELD_STRUCT, "@", (*sub)->name);
        if (!save_state(*sub, section, opaque, out, errp)) {
            return false;
        }
        patch_length(out, length_at);
    }
    return true;
}

static bool save_state(const VmState *state, const char *section, void *opaque, GByteArray *out,
                       GError **errp)
{
    if (state->pre_save && !state->pre_save(opaque)) {
        error_set(errp, "the state cannot be saved at present");
        return false;
    }
    put_number(out, state->version, 4);
    for (const VmField *f = state->fields; f && f->kind != VM_FIELD_END; f++) {
        if (!save_field(f, section, opaque, out, errp)) {
            return false;
        }
    }
    if (!save_subsections(state, section, opaque, out, errp)) {
        return false;
    }
    put_number(out, VM_FIELD_END, 1);
    return true;
}

bool vmstate_save(const VmState *state, const char *section, void *opaque, GByteArray *out,
                  GError **errp)
{
    if (!save_state(state, section, opaque, out, errp)) {
        error_prefix(errp, "%s: ", section);
        return false;
    }
    return true;
}

static bool refuse(const Cursor *cursor, const char *field, GError **errp, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool refuse(const Cursor *cursor, const char *field, GError **errp, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(errp, "saved state: section '%s'%s%s%s: %s", cursor->section,
              field ? ", field '" : "", field ? field : "", field ? "'" : "", why);
    return false;
}

/* What comes next; kind END has neither name nor data. */
static bool get_head(Cursor *cursor, const char *expected, FieldHead *head, GError **errp)
{
    if (cursor->left < 1) {
        return refuse(cursor, expected, errp, "the data ends too early");
    }
    head->kind = (VmFieldKind)get_number(cursor, 1);
    head->name[0] = '\0';
    if (head->kind == VM_FIELD_END) {
        return true;
    }
    if (head->kind >= VM_FIELD_KIND_COUNT || cursor->left < 1 || cursor->at[0] >= cursor->left) {
        return refuse(cursor, expected, errp, "the data is damaged");
    }
    size_t name_bytes = get_number(cursor, 1);
    memcpy(head->name, cursor->at, name_bytes);
    head->name[name_bytes] = '\0';
    if (!g_str_is_ascii(head->name) || strlen(head->name) != name_bytes) {
        return refuse(cursor, expected, errp, "the data is damaged");
    }
    cursor->at += name_bytes;
    cursor->left -= name_bytes;
    uint64_t length = cursor->left >= 4 ? get_number(cursor, 4) : UINT64_MAX;
    if (length > cursor->left) {
        return refuse(cursor, head->name, errp, "the data ends too early");
    }
    head->data = (Cursor){ cursor->section, cursor->at, length };
    cursor->at += length;
    cursor->left -= length;
    return true;
}

static bool load_scalars(const VmField *field, uint8_t *at, Cursor *data, GError **errp)
{
    unsigned bytes = scalar_bytes(field->kind);

    if (data->left != (uint64_t)bytes * elements(field)) {
        return refuse(data, field->name, errp, "it has %zu bytes instead of %" G_GUINT64_FORMAT,
                      data->left, (uint64_t)bytes * elements(field));
    }
    for (uint32_t i = 0; i < elements(field); i++) {
        uint64_t value = get_number(data, bytes);
        if (field->kind == VM_FIELD_BOOL && value > 1) {
            return refuse(data, field->name, errp, "%u is no truth value", (unsigned)value);
        }
        if (field->kind == VM_FIELD_TIMER && (int64_t)value < -1) {
            return refuse(data, field->name, errp, "the time is negative");
        }
        if (field->kind == VM_FIELD_TIMER && value != UINT64_MAX &&
            !((const Timer *)(const void *)(at + i * field->elem_size))->clocks) {
            return refuse(data, field->name, errp, "this timer is not in use");
        }
        write_scalar(at + i * field->elem_size, field->kind, value);
    }
    return true;
}

static bool load_vbuffer(const VmField *field, uint8_t *opaque, const Cursor *data, GError **errp)
{
    uint8_t **buffer = (uint8_t **)(void *)(opaque + field->offset);

    if (data->left > field->count) {
        return refuse(data, field->name, errp, "it has %zu bytes, more than %u", data->left,
                      field->count);
    }
    if (*buffer || data->left > 0) {
        *buffer = g_realloc(*buffer, field->count);
        memcpy(*buffer, data->at, data->left);
    }
    *(uint32_t *)(void *)(opaque + field->count_offset) = (uint32_t)data->left;
    return true;
}

static bool load_field(const VmField *field, uint8_t *opaque, Cursor *data, GError **errp)
{
    uint8_t *at = opaque + field->offset;

    switch (field->kind) {
    case VM_FIELD_STRUCT:
        for (uint32_t i = 0; i < elements(field); i++) {
            if (!load_state(field->state, at + i * field->elem_size, data, errp)) {
                return false;
            }
        }
        return data->left == 0 || refuse(data, field->name, errp, "%zu bytes too many", data->left);
    case VM_FIELD_BUFFER:
        if (data->left != field->elem_size) {
            return refuse(data, field->name, errp, "it has %zu bytes instead of %zu", data->left,
                          field->elem_size);
        }
        memcpy(at, data->at, data->left);
        return true;
    case VM_FIELD_VBUFFER: return load_vbuffer(field, opaque, data, errp);
    default: return load_scalars(field, at, data, errp);
    }
}

static const VmState *find_subsection(const VmState *state, const FieldHead *head)
{
    if (head->kind != VM_FIELD_STRUCT || head->name[0] != '@') {
        return NULL;
    }
    for (const VmState *const *sub = state->subsections; sub && *sub; sub++) {
        if (g_str_equal((*sub)->name, head->name + 1)) {
            return *sub;
        }
    }
    return NULL;
}

/* In the order of the table, each at most once, up to the end of the state. */
static bool load_subsections(const VmState *state, void *opaque, Cursor *cursor, GError **errp)
{
    const VmState *last = NULL;
    FieldHead head;

    for (;;) {
        if (!get_head(cursor, NULL, &head, errp)) {
            return false;
        }
        if (head.kind == VM_FIELD_END) {
            return true;
        }
        const VmState *sub = find_subsection(state, &head);
        if (!sub || sub == last) {
            return refuse(cursor, head.name, errp, "it is not known");
        }
        last = sub;
        if (!load_state(sub, opaque, &head.data, errp)) {
            return false;
        }
        if (head.data.left) {
            return refuse(cursor, head.name, errp, "%zu bytes too many", head.data.left);
        }
    }
}

static bool load_state(const VmState *state, void *opaque, Cursor *cursor, GError **errp)
{
    FieldHead head;

    if (cursor->left < 4) {
        return refuse(cursor, NULL, errp, "the data ends too early");
    }
    uint32_t version = (uint32_t)get_number(cursor, 4);
    if (version > state->version || version < state->min_version) {
        return refuse(cursor, NULL, errp, "it has version %u; this program reads %u to %u", version,
                      state->min_version, state->version);
    }
    for (const VmField *f = state->fields; f && f->kind != VM_FIELD_END; f++) {
        if (f->version > version) {
            continue;
        }
        if (!get_head(cursor, f->name, &head, errp)) {
            return false;
        }
        if (head.kind != f->kind || !g_str_equal(head.name, f->name)) {
            return refuse(cursor, f->name, errp, "'%s' stands in its place", head.name);
        }
        if (!load_field(f, opaque, &head.data, errp)) {
            return false;
        }
    }
    if (!load_subsections(state, opaque, cursor, errp)) {
        return false;
    }
    if (state->post_load && !state->post_load(opaque, version, errp)) {
        error_prefix(errp, "saved state: section '%s': ", cursor->section);
        return false;
    }
    return true;
}

bool vmstate_load(const VmState *state, const char *section, void *opaque, const uint8_t *data,
                  size_t length, GError **errp)
{
    Cursor cursor = { section, data, length };

    return load_state(state, opaque, &cursor, errp) &&
           (cursor.left == 0 || refuse(&cursor, NULL, errp, "%zu bytes too many", cursor.left));
}

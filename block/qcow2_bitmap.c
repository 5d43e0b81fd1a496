/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistent dirty bitmaps: kept, checked, and taken out of use when they no longer fit. */
#include <errno.h>
#include <inttypes.h>

#include "block/qcow2_internal.h"
#include "util/endian.h"
#include "util/error.h"

enum {
    ENTRY_BYTES = 24,
    DIRECTORY_MAX_BYTES = 64 << 20,
    BITMAPS_MAX = 65535,
    NAME_MAX_BYTES = 1023,
    TABLE_MAX_ENTRIES = 0x8000000,
};

static void bitmap_clear(void *opaque)
{
    g_free(((Qcow2Bitmap *)opaque)->name);
}

static bool bad_directory(const Qcow2 *q, const char *what, GError **errp)
{
    error_set(errp, "'%s': the directory of its bitmaps is damaged: %s", q->node.filename, what);
    return false;
}

static bool parse_entry(Qcow2 *q, const uint8_t *bytes, size_t room, Qcow2Bitmap *bitmap,
                        size_t *length, GError **errp)
{
    if (room < ENTRY_BYTES) {
        return bad_directory(q, "it ends early", errp);
    }
    uint32_t name_bytes = load_be16(bytes + 18), extra = load_be32(bytes + 20);
    uint64_t whole = ((uint64_t)ENTRY_BYTES + name_bytes + extra + 7) / 8 * 8;
    if (whole > room || name_bytes == 0 || name_bytes > NAME_MAX_BYTES) {
        return bad_directory(q, "a name is out of bounds", errp);
    }
    bitmap->table_offset = load_be64(bytes);
    bitmap->table_entries = load_be32(bytes + 8);
    bitmap->flags = load_be32(bytes + 12);
    bitmap->type = bytes[16];
    bitmap->granularity_bits = bytes[17];
    uint64_t file_size = q->node.file->node->size;
    if (bitmap->granularity_bits < 9 || bitmap->granularity_bits > 31 ||
        bitmap->table_entries > TABLE_MAX_ENTRIES || bitmap->table_offset % q->cluster_size ||
        bitmap->table_offset > file_size ||
        (uint64_t)bitmap->table_entries * 8 > file_size - bitmap->table_offset) {
        return bad_directory(q, "a bitmap is out of bounds", errp);
    }
    bitmap->name = g_strndup((const char *)bytes + ENTRY_BYTES + extra, name_bytes);
    *length = whole;
    return true;
}

GArray *coroutine_fn qcow2_bitmaps_read(Qcow2 *q, GError **errp)
{
    const Qcow2Header *h = &q->header;
    uint64_t offset = h->bitmap_directory_offset, bytes = h->bitmap_directory_bytes;
    uint64_t file_size = q->node.file->node->size;
    if (h->bitmaps == 0 || h->bitmaps > BITMAPS_MAX || bytes > DIRECTORY_MAX_BYTES ||
        offset % q->cluster_size || offset > file_size || bytes > file_size - offset) {
        bad_directory(q, "it is out of bounds", errp);
        return NULL;
    }
    g_autofree uint8_t *directory = g_malloc(bytes + 1);
    int result = block_read_buffer(q->node.file, offset, directory, bytes);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be read", q->node.filename);
        return NULL;
    }
    g_autoptr(GArray) bitmaps = g_array_new(FALSE, TRUE, sizeof(Qcow2Bitmap));
    g_array_set_clear_func(bitmaps, bitmap_clear);
    size_t at = 0;
    for (uint32_t i = 0; i < h->bitmaps; i++) {
        Qcow2Bitmap bitmap = { 0 };
        size_t length;
        if (!parse_entry(q, directory + at, bytes - at, &bitmap, &length, errp)) {
            return NULL;
        }
        bitmap.entry_offset = offset + at;
        g_array_append_val(bitmaps, bitmap);
        at += length;
    }
    if (at != bytes) {
        bad_directory(q, "something follows its last entry", errp);
        return NULL;
    }
    return g_steal_pointer(&bitmaps);
}

/*
 * Bitmaps that should follow every change are marked as in use, which means not to be trusted: Rhea
 * does not yet keep them up to date. Those that stand still stay valid.
 */
int coroutine_fn qcow2_bitmaps_stale(Qcow2 *q)
{
    if (!q->header.has_bitmaps || !(q->header.autoclear & QCOW2_BITMAPS) || q->bitmaps_stale) {
        return 0;
    }
    g_autoptr(GArray) bitmaps = qcow2_bitmaps_read(q, NULL);
    q->bitmaps_stale = true;
    if (!bitmaps) {
        q->header.autoclear &= ~QCOW2_BITMAPS;
        return qcow2_header_write(q);
    }
    int result = 0;
    bool changed = false;
    for (unsigned i = 0; i < bitmaps->len && result == 0; i++) {
        Qcow2Bitmap *bitmap = &g_array_index(bitmaps, Qcow2Bitmap, i);
        if ((bitmap->flags & QCOW2_BITMAP_AUTO) && !(bitmap->flags & QCOW2_BITMAP_IN_USE)) {
            uint8_t flags[4];
            store_be32(flags, bitmap->flags | QCOW2_BITMAP_IN_USE);
            result = block_write_buffer(q->node.file, bitmap->entry_offset + 12, flags, 4);
            changed = true;
        }
    }
    return result == 0 && changed ? block_flush(q->node.file) : result;
}

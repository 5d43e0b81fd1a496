/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of a qcow2 image.  Spec: Qcow2 Image File Format, "Header", "Header extensions". */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/qcow2_internal.h"
#include "util/endian.h"
#include "util/error.h"

enum {
    SECTOR = 512,
    EXTENSION_BACKING_FORMAT = (int)0xe2792aca,
    EXTENSION_FEATURES = 0x6803f857,
    EXTENSION_BITMAPS = 0x23852875,
    EXTENSION_DATA_FILE = 0x44415441,
    NAME_MAX_BYTES = 1023,
    FEATURE_BYTES = 48,
    HEADER_MAX_BYTES = 65536, /* of the first cluster that we read and write */
};

static const struct {
    uint8_t type, bit;
    const char *name;
} features[] = {
    { 0, 0, "dirty bit" },        { 0, 1, "corrupt bit" },         { 0, 2, "external data file" },
    { 0, 3, "compression type" }, { 0, 4, "extended L2 entries" }, { 1, 0, "lazy refcounts" },
    { 2, 0, "bitmaps" },          { 2, 1, "raw external data" },
};

void qcow2_header_cleanup(Qcow2Header *header)
{
    g_clear_pointer(&header->backing, g_free);
    g_clear_pointer(&header->backing_format, g_free);
    g_clear_pointer(&header->data_file, g_free);
    g_clear_pointer(&header->unknown, g_ptr_array_unref);
    g_clear_pointer(&header->more_fields, g_bytes_unref);
}

static bool fail(Qcow2 *q, GError **errp, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool fail(Qcow2 *q, GError **errp, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(errp, "'%s': %s", q->node.filename, text);
    return false;
}

static bool parse_fields(Qcow2 *q, const uint8_t *b, size_t length, GError **errp)
{
    Qcow2Header *h = &q->header;
    if (length < QCOW2_HEADER_V2 || load_be32(b) != QCOW2_MAGIC) {
        return fail(q, errp, "not a qcow2 image");
    }
    h->version = load_be32(b + 4);
    if (h->version != 2 && h->version != 3) {
        return fail(q, errp, "qcow2 version %u is not known (2 and 3 are)", h->version);
    }
    h->cluster_bits = load_be32(b + 20);
    h->size = load_be64(b + 24);
    h->l1_entries = load_be32(b + 36);
    h->l1_offset = load_be64(b + 40);
    h->reftable_offset = load_be64(b + 48);
    h->reftable_clusters = load_be32(b + 56);
    h->snapshots = load_be32(b + 60);
    h->snapshots_offset = load_be64(b + 64);
    h->refcount_order = 4;
    q->header_length = QCOW2_HEADER_V2;
    if (h->cluster_bits < 9 || h->cluster_bits > 21) {
        return fail(q, errp, "cluster size of %u bits is out of range (9 to 21)", h->cluster_bits);
    }
    if (load_be32(b + 32) != 0) {
        return fail(q, errp, "encrypted images are not supported");
    }
    if (h->version == 2) {
        return true;
    }
    if (length < QCOW2_HEADER_V3) {
        return fail(q, errp, "the header is cut short");
    }
    h->incompatible = load_be64(b + 72);
    h->compatible = load_be64(b + 80);
    h->autoclear = load_be64(b + 88);
    h->refcount_order = load_be32(b + 96);
    q->header_length = load_be32(b + 100);
    if (q->header_length < QCOW2_HEADER_V3 ||
        q->header_length > MIN(length, 1u << h->cluster_bits) || q->header_length % 8) {
        return fail(q, errp, "header length %zu is not valid", q->header_length);
    }
    if (h->refcount_order > 6) {
        return fail(q, errp, "refcounts of 2^%u bits are too wide (64 at most)", h->refcount_order);
    }
    h->compression = q->header_length > 104 ? b[104] : 0;
    if (q->header_length > QCOW2_HEADER_OWN) {
        h->more_fields = g_bytes_new(b + QCOW2_HEADER_OWN, q->header_length - QCOW2_HEADER_OWN);
    }
    return true;
}

/* Names unknown features by the image's own table, if it has one. */
static char *feature_names(uint64_t unknown, const uint8_t *table, size_t bytes)
{
    GString *text = g_string_new(NULL);
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!(unknown & (UINT64_C(1) << bit))) {
            continue;
        }
        g_autofree char *name = g_strdup_printf("bit %u", bit);
        for (size_t i = 0; i + FEATURE_BYTES <= bytes; i += FEATURE_BYTES) {
            if (table[i] == 0 && table[i + 1] == bit) {
                g_free(name);
                g_autofree char *raw = g_strndup((const char *)table + i + 2, FEATURE_BYTES - 2);
                name = g_strescape(raw, NULL);
            }
        }
        g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
    }
    return g_string_free(text, FALSE);
}

static char *extension_string(const uint8_t *data, uint32_t bytes)
{
    char *text = g_strndup((const char *)data, bytes);
    return text;
}

static bool parse_extension(Qcow2 *q, uint32_t type, const uint8_t *data, uint32_t bytes,
                            GError **errp)
{
    Qcow2Header *h = &q->header;
    switch (type) {
    case (uint32_t)EXTENSION_BACKING_FORMAT:
        if (bytes > 15) {
            return fail(q, errp, "the name of the backing file's format is too long");
        }
        g_free(h->backing_format);
        h->backing_format = extension_string(data, bytes);
        return true;
    case EXTENSION_DATA_FILE:
        if (bytes > NAME_MAX_BYTES) {
            return fail(q, errp, "the name of the data file is too long");
        }
        g_free(h->data_file);
        h->data_file = extension_string(data, bytes);
        return true;
    case EXTENSION_BITMAPS:
        if (bytes != 24 || h->has_bitmaps) {
            return fail(q, errp, "the bitmaps extension has %u bytes instead of 24", bytes);
        }
        h->has_bitmaps = true;
        h->bitmaps = load_be32(data);
        h->bitmap_directory_bytes = load_be64(data + 8);
        h->bitmap_directory_offset = load_be64(data + 16);
        return true;
    case EXTENSION_FEATURES: return true;
    default: g_ptr_array_add(h->unknown, g_bytes_new(data - 8, 8 + bytes)); return true;
    }
}

static bool parse_extensions(Qcow2 *q, const uint8_t *b, size_t end, GError **errp)
{
    Qcow2Header *h = &q->header;
    size_t at = q->header_length;
    const uint8_t *feature_table = NULL;
    size_t feature_bytes = 0;
    while (at + 8 <= end) {
        uint32_t type = load_be32(b + at), bytes = load_be32(b + at + 4);
        if (type == 0) {
            break;
        }
        if (bytes > end - at - 8) {
            return fail(q, errp, "header extension 0x%08x of %u bytes does not fit in the header",
                        type, bytes);
        }
        if (type == EXTENSION_FEATURES) {
            feature_table = b + at + 8;
            feature_bytes = bytes;
        }
        if (!parse_extension(q, type, b + at + 8, bytes, errp)) {
            return false;
        }
        at += 8 + ((size_t)bytes + 7) / 8 * 8;
    }
    uint64_t unknown = h->incompatible & ~(QCOW2_DIRTY | QCOW2_CORRUPT | QCOW2_DATA_FILE |
                                           QCOW2_COMPRESSION_TYPE | QCOW2_EXTENDED_L2);
    if (unknown) {
        g_autofree char *names = feature_names(unknown, feature_table, feature_bytes);
        return fail(q, errp, "needs features that Rhea does not have: %s", names);
    }
    return true;
}

static bool check_features(Qcow2 *q, GError **errp)
{
    Qcow2Header *h = &q->header;
    bool typed = h->incompatible & QCOW2_COMPRESSION_TYPE;
    if (h->compression > QCOW2_ZSTD || typed != (h->compression != QCOW2_ZLIB)) {
        return fail(q, errp, "compression type %u is not valid", h->compression);
    }
    if ((h->incompatible & QCOW2_EXTENDED_L2) && h->cluster_bits < 14) {
        return fail(q, errp, "extended L2 entries need clusters of 16 KiB at least");
    }
    if ((h->incompatible & QCOW2_DATA_FILE) && h->snapshots) {
        return fail(q, errp, "it has snapshots, which do not go with an external data file");
    }
    if ((h->autoclear & QCOW2_DATA_FILE_RAW) && !(h->incompatible & QCOW2_DATA_FILE)) {
        return fail(q, errp, "the raw data file feature is set, but there is no data file");
    }
    if ((h->autoclear & QCOW2_BITMAPS) && !h->has_bitmaps) {
        return fail(q, errp, "the bitmaps feature is set, but there are none");
    }
    return true;
}

/* [@offset, @offset + @bytes) begins at a cluster and lies in the file. */
static bool place_ok(const Qcow2 *q, uint64_t offset, uint64_t bytes)
{
    uint64_t file_size = q->node.file->node->size;
    return (offset & ((UINT64_C(1) << q->header.cluster_bits) - 1)) == 0 && offset <= file_size &&
           bytes <= file_size - offset;
}

static bool check_places(Qcow2 *q, GError **errp)
{
    Qcow2Header *h = &q->header;
    uint64_t cluster = UINT64_C(1) << h->cluster_bits;
    uint64_t l1_bytes = (uint64_t)h->l1_entries * 8;
    uint64_t reftable_bytes = (uint64_t)h->reftable_clusters << h->cluster_bits;
    unsigned entry_bytes = h->incompatible & QCOW2_EXTENDED_L2 ? 16 : 8;
    uint64_t l2_covers = cluster / entry_bytes * cluster;
    if (h->size > INT64_MAX) {
        return fail(q, errp, "size %" PRIu64 " is too large", h->size);
    }
    if (l1_bytes > QCOW2_L1_MAX_BYTES) {
        return fail(q, errp, "L1 table of %u entries is too large", h->l1_entries);
    }
    if (!place_ok(q, h->l1_offset, l1_bytes) || (l1_bytes && h->l1_offset < cluster)) {
        return fail(q, errp, "L1 table of %u entries at 0x%" PRIx64 " is not within the file",
                    h->l1_entries, h->l1_offset);
    }
    if (h->l1_entries < h->size / l2_covers + (h->size % l2_covers != 0)) {
        return fail(q, errp, "L1 table of %u entries is too small for %" PRIu64 " bytes",
                    h->l1_entries, h->size);
    }
    if (reftable_bytes == 0 || reftable_bytes > QCOW2_REFTABLE_MAX_BYTES) {
        return fail(q, errp, "refcount table of %u clusters is not valid", h->reftable_clusters);
    }
    if (!place_ok(q, h->reftable_offset, reftable_bytes) || h->reftable_offset < cluster) {
        return fail(q, errp, "refcount table at 0x%" PRIx64 " is not within the file",
                    h->reftable_offset);
    }
    if (h->snapshots > QCOW2_SNAPSHOTS_MAX) {
        return fail(q, errp, "%u snapshots are too many", h->snapshots);
    }
    if (h->snapshots && (!place_ok(q, h->snapshots_offset, (uint64_t)h->snapshots * 40) ||
                         h->snapshots_offset < cluster)) {
        return fail(q, errp, "snapshot table at 0x%" PRIx64 " is not within the file",
                    h->snapshots_offset);
    }
    return true;
}

static bool parse_backing(Qcow2 *q, const uint8_t *b, size_t length, GError **errp)
{
    uint64_t offset = load_be64(b + 8);
    uint32_t bytes = load_be32(b + 16);
    if (offset == 0) {
        return true;
    }
    if (bytes > NAME_MAX_BYTES || offset > length || bytes > length - offset) {
        return fail(q, errp,
                    "the name of the backing file (%u bytes at 0x%" PRIx64 ") is not valid", bytes,
                    offset);
    }
    if (bytes && memchr(b + offset, 0, bytes)) {
        return fail(q, errp, "the name of the backing file holds a zero byte");
    }
    q->header.backing = bytes ? extension_string(b + offset, bytes) : NULL;
    q->header.backing_offset = offset;
    return true;
}

bool coroutine_fn qcow2_header_read(Qcow2 *q, GError **errp)
{
    BlockChild *file = q->node.file;
    uint8_t first[SECTOR] = { 0 };
    int result = block_read_buffer(file, 0, first, MIN(file->node->size, sizeof(first)));
    q->header.unknown = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be read", q->node.filename);
        return false;
    }
    uint32_t bits = load_be32(first + 20);
    size_t length = MIN(bits >= 9 && bits <= 21 ? 1u << bits : SECTOR, HEADER_MAX_BYTES);
    length = MIN(length, file->node->size);
    /* The file may be shorter than a cluster; what is missing reads as zeros. */
    q->header_bytes = g_malloc0(HEADER_MAX_BYTES);
    result = block_read_buffer(file, 0, q->header_bytes, length);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be read", q->node.filename);
        return false;
    }
    const uint8_t *b = q->header_bytes;
    if (!parse_fields(q, b, length, errp) || !parse_backing(q, b, length, errp)) {
        return false;
    }
    size_t end = q->header.backing_offset ? q->header.backing_offset : length;
    return parse_extensions(q, b, end, errp) && check_features(q, errp) && check_places(q, errp);
}

/* Appends an extension; returns the new end, or 0 if there is no room. */
static size_t put_extension(uint8_t *bytes, size_t at, size_t room, uint32_t type, const void *data,
                            size_t length)
{
    size_t padded = (length + 7) / 8 * 8;
    if (at == 0 || at + 8 + padded > room) {
        return 0;
    }
    store_be32(bytes + at, type);
    store_be32(bytes + at + 4, length);
    memcpy(bytes + at + 8, data, length);
    return at + 8 + padded;
}

static size_t put_extensions(const Qcow2Header *h, uint8_t *bytes, size_t at, size_t room)
{
    if (h->backing_format) {
        at = put_extension(bytes, at, room, EXTENSION_BACKING_FORMAT, h->backing_format,
                           strlen(h->backing_format));
    }
    if (h->data_file) {
        at =
            put_extension(bytes, at, room, EXTENSION_DATA_FILE, h->data_file, strlen(h->data_file));
    }
    if (h->has_bitmaps) {
        uint8_t data[24] = { 0 };
        store_be32(data, h->bitmaps);
        store_be64(data + 8, h->bitmap_directory_bytes);
        store_be64(data + 16, h->bitmap_directory_offset);
        at = put_extension(bytes, at, room, EXTENSION_BITMAPS, data, sizeof(data));
    }
    for (unsigned i = 0; h->unknown && i < h->unknown->len; i++) {
        size_t length;
        const uint8_t *data = g_bytes_get_data(h->unknown->pdata[i], &length);
        at = put_extension(bytes, at, room, load_be32(data), data + 8, length - 8);
    }
    /* The names of features help other programs; they are left out where room is short. */
    size_t names_bytes = FEATURE_BYTES * G_N_ELEMENTS(features);
    if (at && h->version >= 3 && at + 8 + names_bytes + 8 + NAME_MAX_BYTES <= room) {
        uint8_t names[FEATURE_BYTES * G_N_ELEMENTS(features)] = { 0 };
        for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
            names[i * FEATURE_BYTES] = features[i].type;
            names[i * FEATURE_BYTES + 1] = features[i].bit;
            memcpy(names + i * FEATURE_BYTES + 2, features[i].name, strlen(features[i].name));
        }
        at = put_extension(bytes, at, room, EXTENSION_FEATURES, names, names_bytes);
    }
    return at && at + 8 <= room ? at + 8 : 0; /* the end mark is zero */
}

/*
 * Puts the name of the backing file behind the extensions, which end at @at. A name that stays
 * keeps its place; a new one goes beside the old, so that one of them is whole at any moment.
 */
static bool put_backing(const Qcow2Header *h, uint8_t *bytes, size_t at, size_t room,
                        const uint8_t *old)
{
    size_t length = strlen(h->backing);
    uint64_t old_at = old ? load_be64(old + 8) : 0;
    uint32_t old_length = old ? load_be32(old + 16) : 0;
    if (old_at >= at && old_at + old_length <= room) {
        bool stays = old_length == length && memcmp(old + old_at, h->backing, length) == 0;
        if (stays) {
            at = old_at;
        } else if (at + length > old_at && old_at + old_length + length <= room) {
            at = old_at + old_length;
        }
    }
    if (length > room - at) {
        return false;
    }
    memcpy(bytes + at, h->backing, length);
    store_be64(bytes + 8, at);
    store_be32(bytes + 16, length);
    return true;
}

bool qcow2_header_fill(const Qcow2Header *h, uint8_t *bytes, size_t room, const uint8_t *old)
{
    memset(bytes, 0, room);
    store_be32(bytes, QCOW2_MAGIC);
    store_be32(bytes + 4, h->version);
    store_be32(bytes + 20, h->cluster_bits);
    store_be64(bytes + 24, h->size);
    store_be32(bytes + 36, h->l1_entries);
    store_be64(bytes + 40, h->l1_offset);
    store_be64(bytes + 48, h->reftable_offset);
    store_be32(bytes + 56, h->reftable_clusters);
    store_be32(bytes + 60, h->snapshots);
    store_be64(bytes + 64, h->snapshots_offset);
    size_t at = QCOW2_HEADER_V2;
    if (h->version >= 3) {
        size_t more_bytes = 0;
        const void *more = h->more_fields ? g_bytes_get_data(h->more_fields, &more_bytes) : NULL;
        at = QCOW2_HEADER_OWN + more_bytes;
        if (at > room) {
            return false;
        }
        store_be64(bytes + 72, h->incompatible);
        store_be64(bytes + 80, h->compatible);
        store_be64(bytes + 88, h->autoclear);
        store_be32(bytes + 96, h->refcount_order);
        store_be32(bytes + 100, at);
        bytes[104] = h->compression;
        if (more) {
            memcpy(bytes + QCOW2_HEADER_OWN, more, more_bytes);
        }
    }
    at = put_extensions(h, bytes, at, room);
    if (at == 0) {
        return false;
    }
    if (h->backing && !put_backing(h, bytes, at, room, old)) {
        return false;
    }
    return true;
}

int coroutine_fn qcow2_header_write(Qcow2 *q)
{
    size_t room = MIN(q->cluster_size, HEADER_MAX_BYTES);
    g_autofree uint8_t *bytes = g_malloc0(HEADER_MAX_BYTES);
    if (!qcow2_header_fill(&q->header, bytes, room, q->header_bytes)) {
        return -ENOSPC;
    }
    bool more = false;
    int result = 0;
    for (size_t at = SECTOR; at < room && result == 0; at += SECTOR) {
        if (memcmp(bytes + at, q->header_bytes + at, SECTOR) != 0) {
            result = block_write_buffer(q->node.file, at, bytes + at, SECTOR);
            more = true;
        }
    }
    if (result == 0 && more) {
        result = block_flush(q->node.file);
    }
    if (result == 0) {
        result = block_write_buffer(q->node.file, 0, bytes, SECTOR);
    }
    if (result == 0) {
        result = block_flush(q->node.file);
    }
    if (result == 0) {
        memcpy(q->header_bytes, bytes, room);
    }
    return result;
}

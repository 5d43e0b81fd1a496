/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New qcow2 images, and how large they will become. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/create.h"
#include "block/open.h"
#include "block/qcow2_internal.h"
#include "util/endian.h"
#include "util/error.h"

typedef struct {
    Object object;
    uint64_t size;
    int compat;
    uint64_t cluster_size;
    uint32_t refcount_bits;
    int preallocation;
    int compression;
    bool lazy_refcounts;
    bool extended_l2;
    bool data_file_raw;
    char *backing_file, *backing_format, *data_file;
} Qcow2Create;

enum { COMPAT_0_10, COMPAT_1_1, COMPAT_V2, COMPAT_V3 };
static const char *const compat_names[] = { "0.10", "1.1", "v2", "v3", NULL };
static const char *const compression_names[] = { "zlib", "zstd", NULL };

static const Property qcow2_create_properties[] = {
    PROPERTY_SIZE("size", Qcow2Create, size, 0, .help = "virtual disk size"),
    PROPERTY_ENUM("compat", Qcow2Create, compat, compat_names, COMPAT_1_1,
                  .help = "version of the format: 0.10 (v2) or 1.1 (v3)"),
    PROPERTY_STRING("backing-file", Qcow2Create, backing_file, NULL,
                    .help = "image that unwritten parts are read from"),
    PROPERTY_STRING("backing-fmt", Qcow2Create, backing_format, NULL,
                    .help = "format of the backing file"),
    PROPERTY_STRING("data-file", Qcow2Create, data_file, NULL,
                    .help = "file that holds the data, beside the tables"),
    PROPERTY_BOOL("data-file-raw", Qcow2Create, data_file_raw, false,
                  .help = "the data file can be read as a raw image"),
    PROPERTY_SIZE("cluster-size", Qcow2Create, cluster_size, 65536,
                  .help = "unit of allocation, 512 bytes to 2M"),
    PROPERTY_ENUM("preallocation", Qcow2Create, preallocation, block_preallocation_names,
                  BLOCK_PREALLOCATION_OFF,
                  .help = "preallocation mode (off, metadata, falloc, full)"),
    PROPERTY_BOOL("lazy-refcounts", Qcow2Create, lazy_refcounts, false,
                  .help = "postpone refcount updates"),
    PROPERTY_U32("refcount-bits", Qcow2Create, refcount_bits, 16,
                 .help = "width of a refcount: 1 to 64, a power of two"),
    PROPERTY_BOOL("extended-l2", Qcow2Create, extended_l2, false,
                  .help = "L2 entries with subclusters"),
    PROPERTY_ENUM("compression-type", Qcow2Create, compression, compression_names, QCOW2_ZLIB,
                  .help = "how compressed clusters are packed"),
    {},
};

const ObjectClass qcow2_create_class = {
    .name = "block-qcow2-create",
    .parent = &object_class,
    .instance_size = sizeof(Qcow2Create),
    .properties = qcow2_create_properties,
};
CLASS_REGISTER(qcow2_create_class);

static bool check_v3_options(const Qcow2Create *c, GError **errp)
{
    const char *wrong = c->lazy_refcounts              ? "lazy_refcounts=on"
                        : c->refcount_bits != 16       ? "refcount_bits other than 16"
                        : c->extended_l2               ? "extended_l2=on"
                        : c->data_file                 ? "data_file"
                        : c->compression == QCOW2_ZSTD ? "compression_type=zstd"
                                                       : NULL;
    if (wrong) {
        error_set(errp, "%s needs compat=1.1", wrong);
    }
    return !wrong;
}

static bool check_options(const Qcow2Create *c, GError **errp)
{
    bool v2 = c->compat == COMPAT_0_10 || c->compat == COMPAT_V2;
    uint64_t cs = c->cluster_size;
    if (cs < 512 || cs > 2 << 20 || (cs & (cs - 1))) {
        error_set(errp, "cluster_size=%" PRIu64 " is not a power of two from 512 to 2M", cs);
        return false;
    }
    if (c->refcount_bits < 1 || c->refcount_bits > 64 ||
        (c->refcount_bits & (c->refcount_bits - 1))) {
        error_set(errp, "refcount_bits=%u is not a power of two from 1 to 64", c->refcount_bits);
        return false;
    }
    if (v2 && !check_v3_options(c, errp)) {
        return false;
    }
    if (c->extended_l2 && cs < 16384) {
        error_set(errp, "extended_l2=on needs a cluster_size of 16k at least");
        return false;
    }
    if (c->data_file_raw && (!c->data_file || c->backing_file)) {
        error_set(errp, c->data_file ? "data_file_raw=on does not go with a backing file"
                                     : "data_file_raw=on needs data_file");
        return false;
    }
    if (c->backing_file && c->preallocation != BLOCK_PREALLOCATION_OFF) {
        error_set(errp, "preallocation does not go with a backing file");
        return false;
    }
    if ((c->backing_file && strlen(c->backing_file) > 1023) ||
        (c->backing_format && strlen(c->backing_format) > 15) ||
        (c->data_file && strlen(c->data_file) > 1023)) {
        error_set(errp, "the name of the backing or data file is longer than 1023 bytes");
        return false;
    }
#ifndef HAVE_ZSTD
    if (c->compression == QCOW2_ZSTD) {
        error_set(errp, "compression_type=zstd was not built in");
        return false;
    }
#endif
    return true;
}

static unsigned log2_of(uint64_t value)
{
    return __builtin_ctzll(value);
}

static uint64_t l1_entries_for(const Qcow2Create *c)
{
    uint64_t covered = c->cluster_size / (c->extended_l2 ? 16 : 8) * c->cluster_size;
    return c->size / covered + !!(c->size % covered);
}

/* Header, refcount table, blocks, L1 table, in this order; the rest comes later. */
static bool lay_out(const Qcow2Create *c, Qcow2Header *h, uint64_t *blocks, GError **errp)
{
    bool v2 = c->compat == COMPAT_0_10 || c->compat == COMPAT_V2;
    uint64_t entries = l1_entries_for(c);
    if (entries * 8 > QCOW2_L1_MAX_BYTES || c->size > INT64_MAX) {
        error_set(errp, "size %" PRIu64 " is too large for clusters of %" PRIu64 " bytes", c->size,
                  c->cluster_size);
        return false;
    }
    *h = (Qcow2Header){
        .version = v2 ? 2 : 3,
        .cluster_bits = log2_of(c->cluster_size),
        .size = c->size,
        .l1_entries = entries,
        .refcount_order = log2_of(c->refcount_bits),
        .compression = c->compression,
        .incompatible = (c->data_file ? QCOW2_DATA_FILE : 0) |
                        (c->compression ? QCOW2_COMPRESSION_TYPE : 0) |
                        (c->extended_l2 ? QCOW2_EXTENDED_L2 : 0),
        .compatible = c->lazy_refcounts ? QCOW2_LAZY_REFCOUNTS : 0,
        .autoclear = c->data_file_raw ? QCOW2_DATA_FILE_RAW : 0,
        .backing = g_strdup(c->backing_file),
        .backing_format = c->backing_file ? g_strdup(c->backing_format) : NULL,
        .data_file = g_strdup(c->data_file),
    };
    uint64_t per_block = c->cluster_size * 8 / c->refcount_bits;
    uint64_t l1_clusters = MAX((entries * 8 + c->cluster_size - 1) / c->cluster_size, 1);
    uint64_t table = 1, used;
    *blocks = 1;
    for (;;) {
        used = 1 + table + *blocks + l1_clusters;
        uint64_t needed = (used + per_block - 1) / per_block;
        uint64_t table_needed = (needed * 8 + c->cluster_size - 1) / c->cluster_size;
        if (needed <= *blocks && table_needed <= table) {
            break;
        }
        *blocks = MAX(needed, *blocks);
        table = MAX(table_needed, table);
    }
    h->reftable_offset = c->cluster_size;
    h->reftable_clusters = table;
    h->l1_offset = (1 + table + *blocks) * c->cluster_size;
    return true;
}

static int coroutine_fn write_layout(BlockChild *file, const Qcow2Create *c, const Qcow2Header *h,
                                     uint64_t blocks)
{
    uint64_t cs = c->cluster_size, per_block = cs * 8 / c->refcount_bits;
    uint64_t l1_clusters = MAX(((uint64_t)h->l1_entries * 8 + cs - 1) / cs, 1);
    uint64_t used = h->l1_offset / cs + l1_clusters;
    uint64_t first_block = 1 + h->reftable_clusters;
    g_autofree uint8_t *bytes = g_malloc0(cs);
    Qcow2 geometry = { .header = { .refcount_order = h->refcount_order } };
    int result = 0;
    for (uint64_t i = 0; i < blocks && result == 0; i++) {
        uint8_t entry[8];
        store_be64(entry, (first_block + i) * cs);
        result = block_write_buffer(file, h->reftable_offset + 8 * i, entry, sizeof(entry));
        memset(bytes, 0, cs);
        for (uint64_t j = 0; j < per_block && i * per_block + j < used; j++) {
            qcow2_refcount_store(&geometry, bytes, j, 1);
        }
        if (result == 0) {
            result = block_write_buffer(file, (first_block + i) * cs, bytes, cs);
        }
    }
    if (result == 0 && !block_truncate(file, used * cs, BLOCK_PREALLOCATION_OFF, NULL)) {
        result = -ENOSPC;
    }
    return result;
}

static bool coroutine_fn write_image(BlockChild *file, const Qcow2Create *c, GError **errp)
{
    Qcow2Header header;
    uint64_t blocks;
    if (!lay_out(c, &header, &blocks, errp)) {
        return false;
    }
    size_t room = MIN(c->cluster_size, 65536);
    g_autofree uint8_t *bytes = g_malloc0(room);
    bool fits = qcow2_header_fill(&header, bytes, room, NULL);
    int result = fits ? write_layout(file, c, &header, blocks) : 0;
    qcow2_header_cleanup(&header);
    if (!fits) {
        error_set(errp,
                  "the names of the backing and data file do not fit in a cluster of %" PRIu64
                  " bytes",
                  c->cluster_size);
        return false;
    }
    if (result == 0) {
        result = block_flush(file);
    }
    if (result == 0) {
        result = block_write_buffer(file, 0, bytes, room);
    }
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be written", file->node->filename);
    }
    return result == 0;
}

/* What needs the image to be open: preallocation. */
static bool coroutine_fn finish_image(const Qcow2Create *c, const char *filename, GError **errp)
{
    if (c->preallocation == BLOCK_PREALLOCATION_OFF) {
        return true;
    }
    BlockOpen how = { .format = "qcow2", .flags = BLOCK_OPEN_WRITABLE | BLOCK_OPEN_NO_BACKING };
    BlockNode *node = block_open(filename, &how, errp);
    if (!node) {
        return false;
    }
    int result = qcow2_preallocate(qcow2_of(node), 0, c->size, c->preallocation);
    node->unflushed = true;
    block_node_drop(node);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be preallocated", filename);
    }
    return result == 0;
}

bool coroutine_fn qcow2_create(Object *options, const char *filename, GError **errp)
{
    Qcow2Create *c = container_of(options, Qcow2Create, object);
    c->size = (c->size + 511) / 512 * 512;
    if (!check_options(c, errp)) {
        return false;
    }
    if (c->data_file) {
        g_autofree char *path = block_resolve(filename, c->data_file);
        BlockChild *data = block_create_file(path, errp);
        bool done = data && block_truncate(data, c->size, BLOCK_PREALLOCATION_OFF, errp);
        if (!block_create_finish(data, done, errp)) {
            return false;
        }
    }
    BlockChild *file = block_create_file(filename, errp);
    bool done = file && write_image(file, c, errp);
    return block_create_finish(file, done, errp) && finish_image(c, filename, errp);
}

static uint64_t clusters_to_bytes(const Qcow2Create *c, uint64_t data_clusters)
{
    uint64_t cs = c->cluster_size;
    uint64_t l2_entries = cs / (c->extended_l2 ? 16 : 8);
    uint64_t all = (c->size + cs - 1) / cs;
    uint64_t l2 = (all + l2_entries - 1) / l2_entries;
    uint64_t l1 = (l2 * 8 + cs - 1) / cs;
    uint64_t others = 1 + l1 + l2 + (c->data_file ? 0 : data_clusters);
    uint64_t per_block = cs * 8 / c->refcount_bits, blocks = 0, table = 1;
    for (;;) {
        uint64_t needed = (others + blocks + table + per_block - 1) / per_block;
        uint64_t table_needed = MAX((needed * 8 + cs - 1) / cs, 1);
        if (needed <= blocks && table_needed <= table) {
            break;
        }
        blocks = MAX(needed, blocks);
        table = MAX(table_needed, table);
    }
    return (others + blocks + table) * cs;
}

bool coroutine_fn qcow2_measure(Object *options, BlockChild *source, uint64_t size,
                                BlockMeasure *measure, GError **errp)
{
    Qcow2Create *c = container_of(options, Qcow2Create, object);
    c->size = (size + 511) / 512 * 512;
    if (!check_options(c, errp)) {
        return false;
    }
    uint64_t all = (c->size + c->cluster_size - 1) / c->cluster_size, used = 0;
    uint64_t last = UINT64_MAX;
    for (uint64_t at = 0; source && at < size;) {
        BlockStatus status;
        int result = block_status_above(source, NULL, at, size - at, &status);
        if (result < 0) {
            error_set_errno(errp, -result, "'%s' cannot be read", source->node->filename);
            return false;
        }
        if ((status.flags & BLOCK_STATUS_DATA) && !(status.flags & BLOCK_STATUS_ZERO)) {
            uint64_t first = at / c->cluster_size, end = (at + status.bytes - 1) / c->cluster_size;
            used += end - first + 1 - (first == last);
            last = end;
        }
        at += status.bytes;
    }
    bool full = c->preallocation >= BLOCK_PREALLOCATION_FALLOC;
    *measure = (BlockMeasure){
        .required = clusters_to_bytes(c, full ? all : used),
        .fully_allocated = clusters_to_bytes(c, all),
    };
    return true;
}

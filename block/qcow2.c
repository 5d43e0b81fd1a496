/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Format "qcow2": opening, reading, and the driver.  Spec: Qcow2 Image File Format. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/info.h"
#include "block/open.h"
#include "block/qcow2_internal.h"
#include "util/endian.h"
#include "util/error.h"

enum { SECTOR = 512, LAZY_AUTO = 0, LAZY_OFF, LAZY_ON };
#define L2_CACHE_DEFAULT (UINT64_C(32) << 20)
static const char *const lazy_names[] = { "auto", "off", "on", NULL };

static int qcow2_probe(const uint8_t *head, size_t bytes)
{
    return bytes >= 8 && load_be32(head) == QCOW2_MAGIC ? 100 : 0;
}

static void set_geometry(Qcow2 *q)
{
    const Qcow2Header *h = &q->header;
    q->cluster_size = 1u << h->cluster_bits;
    q->subclusters = h->incompatible & QCOW2_EXTENDED_L2 ? QCOW2_SUBCLUSTERS : 1;
    q->l2_entry_bytes = q->subclusters > 1 ? 16 : 8;
    q->l2_entries = q->cluster_size / q->l2_entry_bytes;
    unsigned bits = 1u << h->refcount_order;
    q->refcounts = (uint64_t)q->cluster_size * 8 / bits;
    q->refcount_max = bits == 64 ? INT64_MAX : (UINT64_C(1) << bits) - 1;
    q->node.size = h->size;
    q->node.alignment = 1;
    q->node.zero_alignment = q->cluster_size / q->subclusters;
}

static GByteArray *dirty_map(uint64_t bytes)
{
    GByteArray *map = g_byte_array_new();
    g_byte_array_set_size(map, bytes / SECTOR + 1);
    memset(map->data, 0, map->len);
    return map;
}

/* A table of big-endian numbers; the header was checked, so that it lies within the file. */
static int coroutine_fn read_table(Qcow2 *q, uint64_t offset, uint64_t entries, uint64_t **table)
{
    *table = g_new0(uint64_t, entries + 1);
    int result = block_read_buffer(q->node.file, offset, *table, entries * 8);
    for (uint64_t i = 0; i < entries; i++) {
        (*table)[i] = GUINT64_FROM_BE((*table)[i]);
    }
    return result;
}

/* Caches that hold the tables of the whole image, within the limits asked for. */
static void make_caches(Qcow2 *q)
{
    const Qcow2Header *h = &q->header;
    uint64_t l2_tables = h->size / q->l2_entries / q->cluster_size + 1;
    uint64_t l2_bytes = q->l2_cache_bytes ? q->l2_cache_bytes : L2_CACHE_DEFAULT;
    qcow2_cache_init(&q->l2_cache, q->node.file, q->cluster_size,
                     MIN(l2_bytes, (l2_tables + 4) * q->cluster_size));
    q->l2_cache.clean = qcow2_write_tables;
    q->l2_cache.opaque = q;
    uint64_t block_bytes = q->refblock_cache_bytes ? q->refblock_cache_bytes : l2_bytes / 4;
    qcow2_cache_init(&q->refblock_cache, q->node.file, q->cluster_size, block_bytes);
    q->refblock_cache.any_order = true;
}

static bool coroutine_fn open_tables(Qcow2 *q, GError **errp)
{
    const Qcow2Header *h = &q->header;
    make_caches(q);
    q->l1_dirty = dirty_map((uint64_t)h->l1_entries * 8);
    q->reftable_entries = ((uint64_t)h->reftable_clusters << h->cluster_bits) / 8;
    q->reftable_dirty = dirty_map((uint64_t)q->reftable_entries * 8);
    int result = read_table(q, h->l1_offset, h->l1_entries, &q->l1);
    if (result == 0) {
        result = read_table(q, h->reftable_offset, q->reftable_entries, &q->reftable);
    }
    if (result < 0) {
        error_set_errno(errp, -result, "'%s': its tables cannot be read", q->node.filename);
        return false;
    }
    q->zero_from = UINT64_MAX;
    if (block_node_driver(q->node.file->node)->can_grow) {
        q->zero_from = qcow2_round_up(q, q->node.file->node->size);
    }
    return true;
}

static bool coroutine_fn open_data_file(Qcow2 *q, GError **errp)
{
    const char *name = q->option_data_file ? q->option_data_file : q->header.data_file;
    bool wanted = q->header.incompatible & QCOW2_DATA_FILE;
    q->data = q->node.file;
    if (!wanted || (q->node.flags & BLOCK_OPEN_HEADER_ONLY)) {
        if (q->option_data_file && !wanted) {
            error_set(errp, "'%s': data-file=%s: the image has none", q->node.filename, name);
            return false;
        }
        return true;
    }
    if (!name && !keyval_count(q->node.child_options)) {
        error_set(errp, "'%s': the name of its data file is missing (data-file=)",
                  q->node.filename);
        return false;
    }
    BlockOpen how = { .format = "file", .flags = q->node.flags };
    q->data = block_open_child(&q->node, "data-file", name, &how, errp);
    return q->data;
}

static bool coroutine_fn open_backing(Qcow2 *q, GError **errp)
{
    if (!q->header.backing || (q->node.flags & (BLOCK_OPEN_NO_BACKING | BLOCK_OPEN_HEADER_ONLY))) {
        return true;
    }
    uint32_t kept = q->node.flags & (BLOCK_OPEN_FORCE_SHARE | BLOCK_OPEN_DIRECT);
    if (q->node.flags & BLOCK_OPEN_COMMIT) {
        kept |= BLOCK_OPEN_COMMIT | BLOCK_OPEN_WRITABLE;
    }
    BlockOpen how = { .format = q->header.backing_format, .flags = kept };
    q->node.backing = block_open_child(&q->node, "backing", q->header.backing, &how, errp);
    if (!q->node.backing) {
        error_prefix(errp, "backing file of '%s': ", q->node.filename);
    }
    return q->node.backing;
}

static bool coroutine_fn prepare_writer(Qcow2 *q, GError **errp)
{
    if (!block_node_writable(&q->node)) {
        return true;
    }
    if (q->lazy_refcounts == LAZY_ON && q->header.version < 3) {
        error_set(errp, "'%s': lazy-refcounts=on needs version 3 (compat=1.1)", q->node.filename);
        return false;
    }
    if (q->lazy_refcounts != LAZY_AUTO) {
        q->header.compatible &= ~QCOW2_LAZY_REFCOUNTS;
        q->header.compatible |= q->lazy_refcounts == LAZY_ON ? QCOW2_LAZY_REFCOUNTS : 0;
    }
    if (q->node.flags & BLOCK_OPEN_REPAIRING) {
        return true;
    }
    if (q->header.incompatible & QCOW2_CORRUPT) {
        error_set(errp, "'%s' is marked as corrupt: repair it (check -r all) before writing to it",
                  q->node.filename);
        return false;
    }
    if ((q->header.incompatible & QCOW2_DIRTY) && !qcow2_repair_dirty(q, errp)) {
        return false;
    }
    uint64_t known = QCOW2_BITMAPS | QCOW2_DATA_FILE_RAW;
    if (q->header.autoclear & ~known) {
        q->header.autoclear &= known;
        int result = qcow2_header_write(q);
        if (result < 0) {
            error_set_errno(errp, -result, "'%s' cannot be written", q->node.filename);
            return false;
        }
    }
    return true;
}

static bool coroutine_fn qcow2_open(BlockNode *node, GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    qcow2_epochs_init(q);
    if (!qcow2_header_read(q, errp)) {
        return false;
    }
    set_geometry(q);
#ifndef HAVE_ZSTD
    if (q->header.compression == QCOW2_ZSTD) {
        error_set(errp, "'%s': zstd compression was not built in", node->filename);
        return false;
    }
#endif
    return open_tables(q, errp) && open_data_file(q, errp) && qcow2_snapshots_read(q, errp) &&
           open_backing(q, errp) && prepare_writer(q, errp);
}

static int coroutine_fn qcow2_flush(BlockNode *node)
{
    Qcow2 *q = qcow2_of(node);
    co_mutex_lock(&q->lock);
    int result = qcow2_commit(q);
    co_mutex_unlock(&q->lock);
    return result;
}

/* Everything in order in the file, also what was kept back in memory. */
static void coroutine_fn settle(Qcow2 *q)
{
    co_mutex_lock(&q->lock);
    if (!q->broken && qcow2_commit(q) == 0 && qcow2_write_tables(q) == 0) {
        qcow2_mark_clean(q);
        block_flush(q->node.file);
    }
    co_mutex_unlock(&q->lock);
}

static void coroutine_fn qcow2_close(BlockNode *node)
{
    Qcow2 *q = qcow2_of(node);
    if (q->l1 && q->reftable && q->l2_cache.tables && block_node_writable(node) && node->file &&
        (node->file->perm & BLOCK_PERM_WRITE)) {
        settle(q);
    }
    if (q->l2_cache.tables) {
        qcow2_cache_cleanup(&q->l2_cache);
        qcow2_cache_cleanup(&q->refblock_cache);
    }
    qcow2_snapshots_cleanup(q);
    qcow2_epochs_cleanup(q);
    qcow2_header_cleanup(&q->header);
    g_clear_pointer(&q->l1_dirty, g_byte_array_unref);
    g_clear_pointer(&q->reftable_dirty, g_byte_array_unref);
    g_clear_pointer(&q->l1, g_free);
    g_clear_pointer(&q->reftable, g_free);
    g_clear_pointer(&q->header_bytes, g_free);
    g_clear_pointer(&q->unpacked, g_free);
}

static int coroutine_fn read_run(Qcow2 *q, uint64_t offset, const Qcow2Run *run, const Iov *iov)
{
    switch (run->kind) {
    case QCOW2_RUN_DATA: return block_read(q->data, run->host, iov);
    case QCOW2_RUN_COMPRESSED:
        return qcow2_read_compressed(q, run->entry, offset & (q->cluster_size - 1), iov);
    case QCOW2_RUN_UNALLOCATED:
        if (q->node.backing) {
            return block_read(q->node.backing, offset, iov);
        }
        break;
    case QCOW2_RUN_ZERO: break;
    }
    iov_fill(iov, 0, 0, iov->size);
    return 0;
}

static int coroutine_fn qcow2_read(BlockNode *node, uint64_t offset, const Iov *iov)
{
    Qcow2 *q = qcow2_of(node);
    Qcow2Epoch *epoch = qcow2_epoch_enter(q);
    int result = 0;
    for (uint64_t done = 0; done < iov->size && result == 0;) {
        Qcow2Run run;
        result = qcow2_lookup(q, offset + done, iov->size - done, &run);
        if (result < 0) {
            break;
        }
        g_auto(Iov) part;
        iov_init_slice(&part, iov, done, run.bytes);
        result = read_run(q, offset + done, &run, &part);
        done += run.bytes;
    }
    qcow2_epoch_leave(q, epoch);
    return result;
}

static int coroutine_fn qcow2_status(BlockNode *node, uint64_t offset, uint64_t bytes,
                                     BlockStatus *status)
{
    Qcow2 *q = qcow2_of(node);
    Qcow2Run run;
    int result = qcow2_lookup(q, offset, bytes, &run);
    if (result < 0) {
        return result;
    }
    *status = (BlockStatus){ .bytes = run.bytes };
    switch (run.kind) {
    case QCOW2_RUN_DATA:
        status->flags = BLOCK_STATUS_DATA | BLOCK_STATUS_ALLOCATED | BLOCK_STATUS_OFFSET;
        status->host_offset = run.host;
        status->file = q->data->node;
        break;
    case QCOW2_RUN_COMPRESSED:
        status->flags = BLOCK_STATUS_DATA | BLOCK_STATUS_ALLOCATED | BLOCK_STATUS_COMPRESSED;
        break;
    case QCOW2_RUN_ZERO:
        status->flags = BLOCK_STATUS_ZERO | BLOCK_STATUS_ALLOCATED;
        if (qcow2_entry_has_host(q, run.entry)) {
            status->flags |= BLOCK_STATUS_OFFSET;
            status->host_offset = run.host;
            status->file = q->data->node;
        }
        break;
    case QCOW2_RUN_UNALLOCATED:
        status->flags = node->backing || q->header.backing ? 0 : BLOCK_STATUS_ZERO;
        break;
    }
    return 0;
}

static void qcow2_get_info(BlockNode *node, BlockInfo *info)
{
    Qcow2 *q = qcow2_of(node);
    *info = (BlockInfo){
        .cluster_bytes = q->cluster_size,
        .backing_name = q->header.backing,
        .backing_format = q->header.backing_format,
        .dirty = q->header.incompatible & QCOW2_DIRTY,
        .corrupt = q->header.incompatible & QCOW2_CORRUPT,
    };
}

static void coroutine_fn bitmaps_to_json(Qcow2 *q, JsonObject *data)
{
    g_autoptr(GArray) bitmaps = q->header.has_bitmaps ? qcow2_bitmaps_read(q, NULL) : NULL;
    if (!bitmaps) {
        return;
    }
    JsonArray *list = json_array_new();
    for (unsigned i = 0; i < bitmaps->len; i++) {
        Qcow2Bitmap *bitmap = &g_array_index(bitmaps, Qcow2Bitmap, i);
        JsonObject *item = json_object_new();
        JsonArray *flags = json_array_new();
        bool valid = q->header.autoclear & QCOW2_BITMAPS;
        if (!valid || (bitmap->flags & QCOW2_BITMAP_IN_USE)) {
            json_array_add_string_element(flags, "in-use");
        }
        if (bitmap->flags & QCOW2_BITMAP_AUTO) {
            json_array_add_string_element(flags, "auto");
        }
        json_object_set_array_member(item, "flags", flags);
        json_object_set_string_member(item, "name", bitmap->name);
        json_object_set_int_member(item, "granularity", INT64_C(1) << bitmap->granularity_bits);
        json_array_add_object_element(list, item);
    }
    json_object_set_array_member(data, "bitmaps", list);
}

static void coroutine_fn qcow2_specific(BlockNode *node, JsonObject *data)
{
    Qcow2 *q = qcow2_of(node);
    const Qcow2Header *h = &q->header;
    json_object_set_string_member(data, "compat", h->version == 2 ? "0.10" : "1.1");
    json_object_set_string_member(data, "compression-type",
                                  h->compression == QCOW2_ZSTD ? "zstd" : "zlib");
    if (h->version >= 3) {
        json_object_set_boolean_member(data, "lazy-refcounts",
                                       !!(h->compatible & QCOW2_LAZY_REFCOUNTS));
    }
    json_object_set_int_member(data, "refcount-bits", 1 << h->refcount_order);
    if (h->version >= 3) {
        json_object_set_boolean_member(data, "corrupt", !!(h->incompatible & QCOW2_CORRUPT));
        json_object_set_boolean_member(data, "extended-l2",
                                       !!(h->incompatible & QCOW2_EXTENDED_L2));
    }
    if (h->incompatible & QCOW2_DATA_FILE) {
        if (h->data_file) {
            json_object_set_string_member(data, "data-file", h->data_file);
        }
        json_object_set_boolean_member(data, "data-file-raw",
                                       !!(h->autoclear & QCOW2_DATA_FILE_RAW));
    }
    bitmaps_to_json(q, data);
}

static bool coroutine_fn qcow2_set_backing(BlockNode *node, const char *name, const char *format,
                                           GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    if (name && (strlen(name) > 1023 || (format && strlen(format) > 15))) {
        error_set(errp, "'%s': the name of the backing file is longer than 1023 bytes",
                  node->filename);
        return false;
    }
    if (name && (q->header.autoclear & QCOW2_DATA_FILE_RAW)) {
        error_set(errp, "'%s': a raw data file does not go with a backing file", node->filename);
        return false;
    }
    g_autofree char *old = q->header.backing, *old_format = q->header.backing_format;
    q->header.backing = g_strdup(name);
    q->header.backing_format = name ? g_strdup(format) : NULL;
    co_mutex_lock(&q->lock);
    int result = qcow2_commit(q);
    if (result == 0) {
        result = qcow2_header_write(q);
    }
    co_mutex_unlock(&q->lock);
    if (result < 0) {
        g_free(q->header.backing);
        g_free(q->header.backing_format);
        q->header.backing = g_steal_pointer(&old);
        q->header.backing_format = g_steal_pointer(&old_format);
        error_set_errno(errp, -result, "'%s': its header cannot be written", node->filename);
    }
    return result == 0;
}

static const BlockInfoOps qcow2_info_ops = {
    .get = qcow2_get_info,
    .specific = qcow2_specific,
    .set_backing = qcow2_set_backing,
};

static const Property qcow2_properties[] = {
    PROPERTY_SIZE("l2-cache-size", Qcow2, l2_cache_bytes, 0,
                  .help = "memory for L2 tables; 0: as the image needs, 32M at most"),
    PROPERTY_SIZE("refcount-cache-size", Qcow2, refblock_cache_bytes, 0,
                  .help = "memory for refcounts; 0: a quarter of the L2 tables'"),
    PROPERTY_ENUM("lazy-refcounts", Qcow2, lazy_refcounts, lazy_names, LAZY_AUTO,
                  .help = "leave refcounts to be repaired after a crash (auto: as the image says)"),
    PROPERTY_STRING("data-file-name", Qcow2, option_data_file, NULL,
                    .help = "external data file, instead of the one the image names"),
    {},
};

static const BlockDriver block_qcow2_driver = {
    .object = { .name = "block-qcow2",
                .parent = &block_node_class,
                .instance_size = sizeof(Qcow2),
                .properties = qcow2_properties },
    .name = "qcow2",
    .summary = "QEMU copy-on-write, versions 2 and 3",
    .probe = qcow2_probe,
    .open = qcow2_open,
    .close = qcow2_close,
    .read = qcow2_read,
    .write = qcow2_write,
    .write_compressed = qcow2_write_compressed,
    .write_zeroes = qcow2_write_zeroes,
    .discard = qcow2_discard,
    .flush = qcow2_flush,
    .make_empty = qcow2_make_empty,
    .status = qcow2_status,
    .truncate = qcow2_truncate,
    .create_options = &qcow2_create_class,
    .create = qcow2_create,
    .measure = qcow2_measure,
    .snapshot = &qcow2_snapshot_ops,
    .check = &qcow2_check_ops,
    .info = &qcow2_info_ops,
};
CLASS_REGISTER(block_qcow2_driver);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal snapshots.  Spec: Qcow2 Image File Format, "Snapshots". */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/info.h"
#include "block/qcow2_internal.h"
#include "util/endian.h"
#include "util/error.h"

enum {
    FIXED_BYTES = 40,
    EXTRA_OWN = 24, /* that we write: VM state size, disk size, instruction count */
    EXTRA_MAX = 1024,
    TABLE_MAX_BYTES = 64 << 20,
    SECTOR = 512,
};

static void snapshot_clear(Qcow2Snapshot *snapshot)
{
    g_free(snapshot->id);
    g_free(snapshot->name);
    g_free(snapshot->extra);
}

void qcow2_snapshots_cleanup(Qcow2 *q)
{
    for (uint32_t i = 0; q->snapshots && i < q->header.snapshots; i++) {
        snapshot_clear(&q->snapshots[i]);
    }
    g_clear_pointer(&q->snapshots, g_free);
}

static void parse_snapshot(Qcow2 *q, const uint8_t *b, Qcow2Snapshot *s)
{
    uint32_t id_bytes = load_be16(b + 12), name_bytes = load_be16(b + 14);
    s->l1_offset = load_be64(b);
    s->l1_entries = load_be32(b + 8);
    s->seconds = load_be32(b + 16);
    s->nanoseconds = load_be32(b + 20);
    s->clock_ns = load_be64(b + 24);
    s->extra_bytes = load_be32(b + 36);
    const uint8_t *extra = b + FIXED_BYTES;
    s->vm_state_bytes = s->extra_bytes >= 8 ? load_be64(extra) : load_be32(b + 32);
    s->disk_bytes = s->extra_bytes >= 16 ? load_be64(extra + 8) : q->header.size;
    s->instructions = s->extra_bytes >= 24 ? load_be64(extra + 16) : UINT64_MAX;
    s->extra = g_memdup2(extra, s->extra_bytes);
    s->id = g_strndup((const char *)extra + s->extra_bytes, id_bytes);
    s->name = g_strndup((const char *)extra + s->extra_bytes + id_bytes, name_bytes);
}

bool coroutine_fn qcow2_snapshots_read(Qcow2 *q, GError **errp)
{
    uint64_t at = q->header.snapshots_offset;
    uint64_t end = MIN(q->node.file->node->size, at + TABLE_MAX_BYTES);
    uint32_t count = q->header.snapshots;
    if (count == 0) {
        return true;
    }
    q->snapshots = g_new0(Qcow2Snapshot, count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t fixed[FIXED_BYTES];
        int result = block_read_buffer(q->node.file, at, fixed, sizeof(fixed));
        if (result < 0) {
            error_set_errno(errp, -result, "'%s' cannot be read", q->node.filename);
            return false;
        }
        uint32_t extra = load_be32(fixed + 36);
        uint64_t bytes =
            (uint64_t)FIXED_BYTES + extra + load_be16(fixed + 12) + load_be16(fixed + 14);
        if (extra > EXTRA_MAX || at + bytes > end) {
            error_set(errp, "'%s': entry %u of its snapshot table is damaged", q->node.filename, i);
            return false;
        }
        g_autofree uint8_t *whole = g_malloc(bytes);
        result = block_read_buffer(q->node.file, at, whole, bytes);
        if (result < 0) {
            error_set_errno(errp, -result, "'%s' cannot be read", q->node.filename);
            return false;
        }
        parse_snapshot(q, whole, &q->snapshots[i]);
        at += (bytes + 7) / 8 * 8;
    }
    return true;
}

static size_t snapshot_bytes(const Qcow2Snapshot *s)
{
    size_t extra = MAX(s->extra_bytes, EXTRA_OWN);
    return (FIXED_BYTES + extra + strlen(s->id) + strlen(s->name) + 7) / 8 * 8;
}

static void store_snapshot(const Qcow2Snapshot *s, uint8_t *b)
{
    size_t extra = MAX(s->extra_bytes, EXTRA_OWN);
    store_be64(b, s->l1_offset);
    store_be32(b + 8, s->l1_entries);
    store_be16(b + 12, strlen(s->id));
    store_be16(b + 14, strlen(s->name));
    store_be32(b + 16, s->seconds);
    store_be32(b + 20, s->nanoseconds);
    store_be64(b + 24, s->clock_ns);
    store_be32(b + 32, s->vm_state_bytes > UINT32_MAX ? 0 : s->vm_state_bytes);
    store_be32(b + 36, extra);
    if (s->extra) {
        memcpy(b + FIXED_BYTES, s->extra, s->extra_bytes);
    }
    store_be64(b + FIXED_BYTES, s->vm_state_bytes);
    store_be64(b + FIXED_BYTES + 8, s->disk_bytes);
    store_be64(b + FIXED_BYTES + 16, s->instructions);
    memcpy(b + FIXED_BYTES + extra, s->id, strlen(s->id));
    memcpy(b + FIXED_BYTES + extra + strlen(s->id), s->name, strlen(s->name));
}

/* Bytes and clusters of the table in the file. */
static uint64_t table_bytes(const Qcow2Snapshot *snapshots, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += snapshot_bytes(&snapshots[i]);
    }
    return bytes;
}

/* Entries that others wrote may be shorter than ours would be. */
static uint64_t stored_table_bytes(const Qcow2 *q)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < q->header.snapshots; i++) {
        const Qcow2Snapshot *s = &q->snapshots[i];
        bytes += (FIXED_BYTES + s->extra_bytes + strlen(s->id) + strlen(s->name) + 7) / 8 * 8;
    }
    return bytes;
}

/* Makes @snapshots the image's; one sector of the header decides. The old table is freed. */
static int coroutine_fn replace_table(Qcow2 *q, Qcow2Snapshot *snapshots, uint32_t count)
{
    uint64_t bytes = table_bytes(snapshots, count), offset = 0;
    uint64_t old_offset = q->header.snapshots_offset;
    uint64_t old_clusters = qcow2_round_up(q, stored_table_bytes(q)) >> q->header.cluster_bits;
    uint64_t clusters = qcow2_round_up(q, bytes) >> q->header.cluster_bits;
    int result = 0;
    if (bytes > TABLE_MAX_BYTES) {
        return -EFBIG;
    }
    if (count > 0) {
        result = qcow2_alloc(q, &clusters, true, &offset);
        g_autofree uint8_t *table = g_malloc0(clusters << q->header.cluster_bits);
        size_t at = 0;
        for (uint32_t i = 0; i < count; i++) {
            store_snapshot(&snapshots[i], table + at);
            at += snapshot_bytes(&snapshots[i]);
        }
        q->zero_from = MAX(q->zero_from, offset + (clusters << q->header.cluster_bits));
        if (result == 0) {
            result =
                block_write_buffer(q->node.file, offset, table, clusters << q->header.cluster_bits);
        }
    }
    if (result == 0) {
        result = qcow2_commit(q);
    }
    if (result < 0) {
        return result;
    }
    uint32_t old_count = q->header.snapshots;
    q->header.snapshots = count;
    q->header.snapshots_offset = offset;
    result = qcow2_header_write(q);
    if (result < 0) {
        q->header.snapshots = old_count;
        q->header.snapshots_offset = old_offset;
        return result;
    }
    for (uint32_t i = 0; i < count; i++) {
        Qcow2Snapshot *s = &snapshots[i];
        if (s->extra_bytes < EXTRA_OWN) {
            s->extra = g_realloc(s->extra, EXTRA_OWN);
            memset(s->extra + s->extra_bytes, 0, EXTRA_OWN - s->extra_bytes);
            s->extra_bytes = EXTRA_OWN;
        }
    }
    g_free(q->snapshots);
    q->snapshots = snapshots;
    return old_count
               ? qcow2_refcount_change(q, old_offset >> q->header.cluster_bits, old_clusters, -1)
               : 0;
}

/* What to do with everything that an L1 table reaches. */
typedef enum {
    WALK_CHECK,      /* that one more user fits in every count */
    WALK_ADD,        /* one user more; clears the flags that say "in place" */
    WALK_REMOVE,     /* one user less */
    WALK_SET_COPIED, /* of the active table: set the flag where there is one user */
} Walk;

static int coroutine_fn walk_clusters(Qcow2 *q, uint64_t first, uint64_t clusters, Walk walk)
{
    if (walk == WALK_ADD || walk == WALK_REMOVE) {
        return qcow2_refcount_change(q, first, clusters, walk == WALK_ADD ? 1 : -1);
    }
    for (uint64_t i = 0; i < clusters; i++) {
        uint64_t count;
        int result = qcow2_refcount_get(q, first + i, &count);
        if (result < 0) {
            return result;
        }
        if (count == 0) {
            return qcow2_damage(q, "cluster in use has refcount 0",
                                (first + i) << q->header.cluster_bits);
        }
        if (count >= q->refcount_max) {
            return -EOVERFLOW;
        }
    }
    return 0;
}

static int coroutine_fn walk_entry(Qcow2 *q, Qcow2Table *table, uint32_t index, Walk walk)
{
    uint64_t entry = qcow2_l2_entry(q, table, index);
    uint64_t first = (entry & QCOW2_OFFSET_MASK) >> q->header.cluster_bits, clusters = 1;
    if (entry & QCOW2_COMPRESSED) {
        uint64_t offset, bytes;
        qcow2_packed_place(q, entry, &offset, &bytes);
        first = offset >> q->header.cluster_bits;
        clusters = ((offset + bytes - 1) >> q->header.cluster_bits) - first + 1;
    } else if ((entry & QCOW2_OFFSET_MASK) == 0) {
        return 0;
    } else if ((entry & QCOW2_OFFSET_MASK) & (q->cluster_size - 1)) {
        return qcow2_damage(q, "data cluster is not at a cluster", entry & QCOW2_OFFSET_MASK);
    }
    bool copied = entry & QCOW2_COPIED;
    if (walk == WALK_SET_COPIED) {
        uint64_t count;
        int result = qcow2_refcount_get(q, first, &count);
        if (result < 0) {
            return result;
        }
        copied = count == 1 && !(entry & QCOW2_COMPRESSED);
    } else if (walk == WALK_ADD) {
        copied = false;
    }
    if (copied != !!(entry & QCOW2_COPIED)) {
        uint64_t bitmap = qcow2_l2_bitmap(q, table, index);
        qcow2_l2_set(q, table, index, entry ^ QCOW2_COPIED, bitmap);
    }
    return walk == WALK_SET_COPIED ? 0 : walk_clusters(q, first, clusters, walk);
}

static int coroutine_fn walk_table(Qcow2 *q, uint64_t offset, Walk walk)
{
    Qcow2Table *table;
    if (offset & (q->cluster_size - 1)) {
        return qcow2_damage(q, "L2 table is not at a cluster", offset);
    }
    int result = qcow2_cache_get(&q->l2_cache, offset, &table);
    if (result < 0) {
        return result;
    }
    for (uint32_t i = 0; i < q->l2_entries && result == 0; i++) {
        result = walk_entry(q, table, i, walk);
    }
    qcow2_cache_put(table);
    return result;
}

static int coroutine_fn walk_l1(Qcow2 *q, const uint64_t *l1, uint32_t entries, Walk walk)
{
    for (uint32_t i = 0; i < entries; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET_MASK;
        if (offset == 0) {
            continue;
        }
        int result = walk_table(q, offset, walk);
        uint64_t count;
        if (result == 0 && walk == WALK_SET_COPIED) {
            result = qcow2_refcount_get(q, offset >> q->header.cluster_bits, &count);
            if (result == 0 && (count == 1) != !!(l1[i] & QCOW2_COPIED)) {
                qcow2_l1_set(q, i, l1[i] ^ QCOW2_COPIED);
            }
        } else if (result == 0) {
            result = walk_clusters(q, offset >> q->header.cluster_bits, 1, walk);
        }
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

static Qcow2Snapshot *find_snapshot(Qcow2 *q, const char *name, GError **errp)
{
    for (int by_name = 0; by_name < 2; by_name++) {
        for (uint32_t i = 0; i < q->header.snapshots; i++) {
            Qcow2Snapshot *s = &q->snapshots[i];
            if (strcmp(by_name ? s->name : s->id, name) == 0) {
                return s;
            }
        }
    }
    error_set(errp, "'%s' has no snapshot '%s'", q->node.filename, name);
    return NULL;
}

/* The lock, with nothing in flight and everything in the file. */
static bool coroutine_fn begin(Qcow2 *q, GError **errp)
{
    if (q->data != q->node.file) {
        error_set(errp, "'%s': snapshots do not go with an external data file", q->node.filename);
        return false;
    }
    co_mutex_lock(&q->lock);
    while (q->users > 0) {
        co_queue_wait(&q->idle, &q->lock);
    }
    int result = q->broken ? -EIO : qcow2_commit(q);
    if (result == 0) {
        result = qcow2_mark_dirty(q);
    }
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be written", q->node.filename);
        co_mutex_unlock(&q->lock);
    }
    return result == 0;
}

static bool coroutine_fn end(Qcow2 *q, int result, const char *action, GError **errp)
{
    if (result == 0) {
        result = qcow2_commit(q);
    }
    if (result == 0) {
        result = qcow2_mark_clean(q);
    }
    if (result == -EOVERFLOW) {
        error_set(errp, "'%s': refcounts of %u bits cannot hold another snapshot", q->node.filename,
                  1u << q->header.refcount_order);
    } else if (result < 0) {
        error_set_errno(errp, -result, "'%s': %s", q->node.filename, action);
    }
    co_mutex_unlock(&q->lock);
    return result == 0;
}

static char *new_id(const Qcow2 *q)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < q->header.snapshots; i++) {
        highest = MAX(highest, g_ascii_strtoull(q->snapshots[i].id, NULL, 10));
    }
    return g_strdup_printf("%" PRIu64, highest + 1);
}

static int coroutine_fn create_locked(Qcow2 *q, const char *name)
{
    uint64_t l1_offset;
    int result = walk_l1(q, q->l1, q->header.l1_entries, WALK_CHECK);
    if (result < 0) {
        return result;
    }
    g_autofree uint64_t *copy = g_memdup2(q->l1, ((size_t)q->header.l1_entries + 1) * 8);
    for (uint32_t i = 0; i < q->header.l1_entries; i++) {
        copy[i] &= ~QCOW2_COPIED;
    }
    result = qcow2_l1_write_new(q, copy, q->header.l1_entries, &l1_offset);
    if (result == 0) {
        result = walk_l1(q, q->l1, q->header.l1_entries, WALK_ADD);
    }
    for (uint32_t i = 0; i < q->header.l1_entries && result == 0; i++) {
        if (q->l1[i] & QCOW2_COPIED) {
            qcow2_l1_set(q, i, copy[i]);
        }
    }
    if (result < 0) {
        return result;
    }
    uint32_t count = q->header.snapshots;
    Qcow2Snapshot *snapshots = g_new0(Qcow2Snapshot, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        snapshots[i] = q->snapshots[i];
    }
    int64_t now_us = g_get_real_time();
    snapshots[count] = (Qcow2Snapshot){
        .id = new_id(q),
        .name = g_strdup(name),
        .l1_offset = l1_offset,
        .l1_entries = q->header.l1_entries,
        .seconds = now_us / G_USEC_PER_SEC,
        .nanoseconds = now_us % G_USEC_PER_SEC * 1000,
        .disk_bytes = q->header.size,
        .instructions = UINT64_MAX,
    };
    return replace_table(q, snapshots, count + 1);
}

static bool coroutine_fn snapshot_create(BlockNode *node, const char *name, GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    if (strlen(name) > 1023 || q->header.snapshots >= QCOW2_SNAPSHOTS_MAX) {
        error_set(errp, "'%s': snapshot '%.40s' cannot be added", node->filename, name);
        return false;
    }
    if (!begin(q, errp)) {
        return false;
    }
    return end(q, create_locked(q, name), "the snapshot could not be made", errp);
}

/* The table of @snapshot, checked against the file, with room for @entries. */
static int coroutine_fn read_l1(Qcow2 *q, const Qcow2Snapshot *s, uint32_t entries, uint64_t **l1)
{
    uint64_t bytes = (uint64_t)s->l1_entries * 8, file_size = q->node.file->node->size;
    *l1 = NULL;
    if (bytes > QCOW2_L1_MAX_BYTES || s->l1_offset > file_size ||
        bytes > file_size - s->l1_offset || (s->l1_offset & (q->cluster_size - 1))) {
        return qcow2_damage(q, "L1 table of a snapshot is out of bounds", s->l1_offset);
    }
    *l1 = g_new0(uint64_t, (size_t)MAX(s->l1_entries, entries) + 1);
    int result = block_read_buffer(q->node.file, s->l1_offset, *l1, bytes);
    for (uint32_t i = 0; i < s->l1_entries; i++) {
        (*l1)[i] = GUINT64_FROM_BE((*l1)[i]) & ~QCOW2_COPIED;
    }
    return result;
}

static uint64_t l1_clusters(const Qcow2 *q, uint32_t entries)
{
    return MAX(qcow2_round_up(q, (uint64_t)entries * 8) >> q->header.cluster_bits, 1);
}

static int coroutine_fn apply_locked(Qcow2 *q, const Qcow2Snapshot *s)
{
    uint64_t covered = (uint64_t)q->l2_entries * q->cluster_size;
    if (s->disk_bytes > INT64_MAX || s->disk_bytes / covered >= QCOW2_L1_MAX_BYTES / 8) {
        return qcow2_damage(q, "disk size of a snapshot is out of bounds", s->disk_bytes);
    }
    uint32_t entries = MAX(s->l1_entries, s->disk_bytes / covered + !!(s->disk_bytes % covered));
    g_autofree uint64_t *l1 = NULL;
    uint64_t offset;
    int result = read_l1(q, s, entries, &l1);
    if (result == 0) {
        result = walk_l1(q, l1, entries, WALK_CHECK);
    }
    if (result == 0) {
        result = walk_l1(q, l1, entries, WALK_ADD);
    }
    if (result == 0) {
        result = qcow2_l1_write_new(q, l1, entries, &offset);
    }
    if (result == 0) {
        result = qcow2_commit(q);
    }
    if (result < 0) {
        return result;
    }
    g_autofree uint64_t *old = q->l1;
    uint32_t old_entries = q->header.l1_entries;
    uint64_t old_offset = q->header.l1_offset;
    q->header.l1_offset = offset;
    q->header.l1_entries = entries;
    q->header.size = s->disk_bytes;
    result = qcow2_header_write(q);
    if (result < 0) {
        q->broken = true; /* which table counts is not known */
        return result;
    }
    q->l1 = g_steal_pointer(&l1);
    q->node.size = s->disk_bytes;
    g_byte_array_set_size(q->l1_dirty, (uint64_t)entries * 8 / SECTOR + 1);
    memset(q->l1_dirty->data, 0, q->l1_dirty->len);
    result = walk_l1(q, old, old_entries, WALK_REMOVE);
    if (result == 0) {
        result = qcow2_refcount_change(q, old_offset >> q->header.cluster_bits,
                                       l1_clusters(q, old_entries), -1);
    }
    return result;
}

static bool coroutine_fn snapshot_load(BlockNode *node, const char *name, GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    Qcow2Snapshot *s = find_snapshot(q, name, errp);
    g_autofree uint64_t *l1 = NULL;
    uint64_t covered = (uint64_t)q->l2_entries * q->cluster_size;
    if (!s) {
        return false;
    }
    int result = s->disk_bytes / covered > s->l1_entries ? -EINVAL : read_l1(q, s, 0, &l1);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s': snapshot '%s' cannot be read", node->filename, name);
        return false;
    }
    g_free(q->l1);
    q->l1 = g_steal_pointer(&l1);
    q->header.l1_entries = s->l1_entries;
    node->size = q->header.size = s->disk_bytes;
    return true;
}

static bool coroutine_fn snapshot_apply(BlockNode *node, const char *name, GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    Qcow2Snapshot *s = find_snapshot(q, name, errp);
    if (!s || !begin(q, errp)) {
        return false;
    }
    int result = qcow2_bitmaps_stale(q);
    if (result == 0) {
        result = apply_locked(q, s);
    }
    return end(q, result, "the snapshot could not be applied", errp);
}

static int coroutine_fn remove_locked(Qcow2 *q, uint32_t index)
{
    Qcow2Snapshot gone = q->snapshots[index];
    g_autofree uint64_t *l1 = NULL;
    int result = read_l1(q, &gone, 0, &l1);
    if (result < 0) {
        return result;
    }
    uint32_t count = q->header.snapshots - 1;
    Qcow2Snapshot *rest = g_new0(Qcow2Snapshot, count + 1);
    memcpy(rest, q->snapshots, index * sizeof(*rest));
    memcpy(rest + index, q->snapshots + index + 1, (count - index) * sizeof(*rest));
    result = replace_table(q, rest, count);
    if (result < 0) {
        return result;
    }
    result = walk_l1(q, l1, gone.l1_entries, WALK_REMOVE);
    if (result == 0) {
        result = qcow2_refcount_change(q, gone.l1_offset >> q->header.cluster_bits,
                                       l1_clusters(q, gone.l1_entries), -1);
    }
    if (result == 0) {
        result = walk_l1(q, q->l1, q->header.l1_entries, WALK_SET_COPIED);
    }
    snapshot_clear(&gone);
    return result;
}

static bool coroutine_fn snapshot_remove(BlockNode *node, const char *name, GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    Qcow2Snapshot *s = find_snapshot(q, name, errp);
    if (!s || !begin(q, errp)) {
        return false;
    }
    return end(q, remove_locked(q, s - q->snapshots), "the snapshot could not be removed", errp);
}

static GArray *snapshot_list(BlockNode *node)
{
    Qcow2 *q = qcow2_of(node);
    GArray *list = g_array_new(FALSE, TRUE, sizeof(BlockSnapshot));
    for (uint32_t i = 0; i < q->header.snapshots; i++) {
        const Qcow2Snapshot *s = &q->snapshots[i];
        BlockSnapshot item = { .id = s->id,
                               .name = s->name,
                               .vm_state_bytes = s->vm_state_bytes,
                               .disk_bytes = s->disk_bytes,
                               .seconds = s->seconds,
                               .nanoseconds = s->nanoseconds,
                               .clock_ns = s->clock_ns,
                               .instructions = s->instructions };
        g_array_append_val(list, item);
    }
    return list;
}

const BlockSnapshotOps qcow2_snapshot_ops = {
    .list = snapshot_list,
    .load = snapshot_load,
    .create = snapshot_create,
    .apply = snapshot_apply,
    .remove = snapshot_remove,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking qcow2 images: every reference is followed, and counts are compared; repair. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/info.h"
#include "block/qcow2_counts.h"
#include "block/qcow2_internal.h"
#include "util/endian.h"
#include "util/error.h"

enum { REPORT_LIMIT = 100 };
#define SNAPSHOT_L1_LIMIT (UINT64_C(4) << 30) /* bytes of all L1 tables of snapshots */

/* An L2 table, and how often L1 tables refer to it. */
typedef struct {
    uint64_t offset;
    uint32_t times;
    bool active; /* by the active one too */
} TableUse;

typedef struct {
    Qcow2 *q;
    BlockCheck *check;
    BlockRepair repair;
    Qcow2Counts counts;
    GHashTable *tables; /* offset -> TableUse */
    uint64_t file_clusters;
    uint64_t next_host; /* for the statistics: where an unfragmented image goes on */
    bool rebuild;       /* the counts themselves are damaged */
} Walker;

static void report(Walker *w, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void report(Walker *w, const char *format, ...)
{
    if (!w->check->report || w->check->reported++ >= REPORT_LIMIT) {
        return;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    w->check->report(line, w->check->opaque);
}

/* One more problem; true if it is to be repaired. */
static bool corrupt(Walker *w)
{
    if (w->repair == BLOCK_REPAIR_ALL) {
        w->check->corruptions_fixed++;
        return true;
    }
    w->check->corruptions++;
    return false;
}

static bool in_file(const Walker *w, uint64_t offset, uint64_t bytes)
{
    uint64_t end = (offset + bytes + w->q->cluster_size - 1) >> w->q->header.cluster_bits;
    return offset >= w->q->cluster_size && end <= w->file_clusters && offset + bytes > offset;
}

static void count(Walker *w, uint64_t offset, uint64_t bytes, uint32_t times)
{
    unsigned bits = w->q->header.cluster_bits;
    uint64_t first = offset >> bits, last = (offset + bytes - 1) >> bits;
    if (bytes > 0) {
        qcow2_counts_add(&w->counts, first, last - first + 1, times);
    }
}

/* Notes the tables of an L1; entries that cannot be right are reported, and removed by repair. */
static void note_l1(Walker *w, uint64_t *l1, uint32_t entries, bool active)
{
    Qcow2 *q = w->q;
    for (uint32_t i = 0; i < entries; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET_MASK;
        if (offset == 0) {
            continue;
        }
        if ((offset & (q->cluster_size - 1)) || !in_file(w, offset, q->cluster_size)) {
            report(w, "ERROR L1 entry %u points to 0x%" PRIx64 ", which cannot be an L2 table", i,
                   offset);
            if (active && corrupt(w)) {
                qcow2_l1_set(q, i, 0);
            } else if (!active) {
                w->check->corruptions++;
            }
            continue;
        }
        TableUse *use = g_hash_table_lookup(w->tables, &offset);
        if (!use) {
            use = g_new0(TableUse, 1);
            use->offset = offset;
            g_hash_table_insert(w->tables, &use->offset, use);
        }
        use->times++;
        use->active |= active;
    }
}

static void note_snapshots(Walker *w)
{
    Qcow2 *q = w->q;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < q->header.snapshots; i++) {
        const Qcow2Snapshot *s = &q->snapshots[i];
        uint64_t bytes = (uint64_t)s->l1_entries * 8;
        sum += bytes;
        if (bytes > QCOW2_L1_MAX_BYTES || s->l1_offset % q->cluster_size ||
            !in_file(w, s->l1_offset, MAX(bytes, 1)) || sum > SNAPSHOT_L1_LIMIT) {
            report(w, "ERROR snapshot %s: L1 table of %u entries at 0x%" PRIx64 " cannot be right",
                   s->id, s->l1_entries, s->l1_offset);
            w->check->corruptions++;
            continue;
        }
        g_autofree uint64_t *l1 = g_new0(uint64_t, s->l1_entries + 1);
        if (block_read_buffer(q->node.file, s->l1_offset, l1, bytes) < 0) {
            w->check->errors++;
            continue;
        }
        for (uint32_t j = 0; j < s->l1_entries; j++) {
            l1[j] = GUINT64_FROM_BE(l1[j]);
        }
        count(w, s->l1_offset, MAX(bytes, 1), 1);
        note_l1(w, l1, s->l1_entries, false);
    }
}

static void coroutine_fn note_bitmaps(Walker *w)
{
    Qcow2 *q = w->q;
    g_autoptr(GError) error = NULL;
    if (!q->header.has_bitmaps) {
        return;
    }
    g_autoptr(GArray) bitmaps = qcow2_bitmaps_read(q, &error);
    if (!bitmaps) {
        report(w, "ERROR %s", error->message);
        w->check->corruptions++;
        return;
    }
    count(w, q->header.bitmap_directory_offset, q->header.bitmap_directory_bytes, 1);
    for (unsigned i = 0; i < bitmaps->len; i++) {
        const Qcow2Bitmap *bitmap = &g_array_index(bitmaps, Qcow2Bitmap, i);
        uint64_t bytes = (uint64_t)bitmap->table_entries * 8;
        count(w, bitmap->table_offset, bytes, 1);
        g_autofree uint64_t *table = g_new0(uint64_t, bitmap->table_entries + 1);
        if (block_read_buffer(q->node.file, bitmap->table_offset, table, bytes) < 0) {
            w->check->errors++;
            continue;
        }
        for (uint32_t j = 0; j < bitmap->table_entries; j++) {
            uint64_t offset = GUINT64_FROM_BE(table[j]) & QCOW2_OFFSET_MASK;
            if (offset && (offset % q->cluster_size || !in_file(w, offset, q->cluster_size))) {
                report(w, "ERROR bitmap '%s': data at 0x%" PRIx64 " cannot be right", bitmap->name,
                       offset);
                w->check->corruptions++;
            } else if (offset) {
                count(w, offset, q->cluster_size, 1);
            }
        }
    }
}

/* One entry of an L2 table; true if it was changed. */
static void visit_entry(Walker *w, Qcow2Table *table, uint32_t index, const TableUse *use)
{
    Qcow2 *q = w->q;
    uint64_t entry = qcow2_l2_entry(q, table, index), offset, bytes;
    if (entry & QCOW2_COMPRESSED) {
        qcow2_packed_place(q, entry, &offset, &bytes);
        w->check->compressed_clusters++;
        w->check->allocated_clusters++;
        w->check->fragmented_clusters++;
    } else {
        offset = entry & QCOW2_OFFSET_MASK;
        bytes = q->cluster_size;
        if (!qcow2_entry_has_host(q, entry)) {
            return;
        }
        w->check->allocated_clusters++;
        w->check->fragmented_clusters += w->next_host && w->next_host != offset;
        w->next_host = offset + bytes;
        if (q->data != q->node.file) {
            return; /* not counted: it is in another file */
        }
    }
    bool misplaced = !(entry & QCOW2_COMPRESSED) && (offset & (q->cluster_size - 1));
    bool early_end = (entry & QCOW2_COMPRESSED) && in_file(w, offset, 1);
    if (misplaced || !(in_file(w, offset, bytes) || early_end)) {
        report(w,
               "ERROR L2 entry %u of the table at 0x%" PRIx64 " points to 0x%" PRIx64
               ", outside of the file",
               index, use->offset, offset);
        if (corrupt(w)) {
            bool zero = q->header.version >= 3;
            qcow2_l2_set(q, table, index, 0, zero ? UINT64_C(0xffffffff) << 32 : 0);
        }
        return;
    }
    count(w, offset, bytes, use->times);
}

static int by_offset(const void *a, const void *b)
{
    const TableUse *const *first = a, *const *second = b;
    return (*first)->offset < (*second)->offset ? -1 : (*first)->offset > (*second)->offset;
}

static GPtrArray *sorted_tables(Walker *w)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    void *use;
    g_hash_table_iter_init(&iter, w->tables);
    while (g_hash_table_iter_next(&iter, NULL, &use)) {
        g_ptr_array_add(list, use);
    }
    g_ptr_array_sort(list, by_offset);
    return list;
}

static void coroutine_fn visit_tables(Walker *w)
{
    Qcow2 *q = w->q;
    g_autoptr(GPtrArray) list = sorted_tables(w);
    for (unsigned i = 0; i < list->len; i++) {
        const TableUse *use = list->pdata[i];
        Qcow2Table *table;
        count(w, use->offset, q->cluster_size, use->times);
        if (qcow2_cache_get(&q->l2_cache, use->offset, &table) < 0) {
            report(w, "ERROR L2 table at 0x%" PRIx64 " cannot be read", use->offset);
            w->check->errors++;
            continue;
        }
        for (uint32_t j = 0; j < q->l2_entries; j++) {
            visit_entry(w, table, j, use);
        }
        qcow2_cache_put(table);
    }
}

/* Everything but the counts' own clusters. */
static void coroutine_fn count_references(Walker *w)
{
    Qcow2 *q = w->q;
    qcow2_counts_add(&w->counts, 0, 1, 1);
    count(w, q->header.l1_offset, (uint64_t)q->header.l1_entries * 8, 1);
    note_l1(w, q->l1, q->header.l1_entries, true);
    note_snapshots(w);
    note_bitmaps(w);
    uint64_t table_bytes = 0;
    for (uint32_t i = 0; i < q->header.snapshots; i++) {
        const Qcow2Snapshot *s = &q->snapshots[i];
        table_bytes += (40 + s->extra_bytes + strlen(s->id) + strlen(s->name) + 7) / 8 * 8;
    }
    count(w, q->header.snapshots_offset, table_bytes, 1);
    visit_tables(w);
}

/* The refcount table and its blocks; entries that cannot be right make a new table necessary. */
static void count_blocks(Walker *w)
{
    Qcow2 *q = w->q;
    count(w, q->header.reftable_offset,
          (uint64_t)q->header.reftable_clusters << q->header.cluster_bits, 1);
    for (uint32_t i = 0; i < q->reftable_entries; i++) {
        uint64_t offset = q->reftable[i] & QCOW2_REF_OFFSET_MASK;
        if (offset == 0) {
            continue;
        }
        if ((offset & (q->cluster_size - 1)) || !in_file(w, offset, q->cluster_size) ||
            qcow2_counts_get(&w->counts, offset >> q->header.cluster_bits)) {
            report(w, "ERROR refcount block %u at 0x%" PRIx64 " cannot be right", i, offset);
            corrupt(w);
            w->rebuild = true;
            q->reftable[i] = 0;
            continue;
        }
        count(w, offset, q->cluster_size, 1);
    }
}

static void compare_count(Walker *w, Qcow2Table *block, uint64_t cluster)
{
    Qcow2 *q = w->q;
    uint32_t index = cluster % q->refcounts;
    uint64_t stored = block ? qcow2_refcount_of(q, block->bytes, index) : 0;
    uint64_t real = qcow2_counts_get(&w->counts, cluster);
    if (stored == real) {
        return;
    }
    bool leak = stored > real;
    report(w, "%s cluster %" PRIu64 " refcount=%" PRIu64 " reference=%" PRIu64,
           leak ? "Leaked" : "ERROR", cluster, stored, real);
    bool fix = w->repair == BLOCK_REPAIR_ALL || (leak && w->repair == BLOCK_REPAIR_LEAKS);
    if (!fix) {
        *(leak ? &w->check->leaks : &w->check->corruptions) += 1;
        return;
    }
    *(leak ? &w->check->leaks_fixed : &w->check->corruptions_fixed) += 1;
    if (!block || real > q->refcount_max) {
        w->rebuild = true;
        return;
    }
    qcow2_refcount_store(q, block->bytes, index, real);
    uint64_t bit = (uint64_t)index << q->header.refcount_order;
    qcow2_cache_dirty(block, bit / 8, MAX(1, (1u << q->header.refcount_order) / 8));
}

static void coroutine_fn compare_blocks(Walker *w)
{
    Qcow2 *q = w->q;
    for (uint32_t i = 0; i < q->reftable_entries; i++) {
        uint64_t offset = q->reftable[i] & QCOW2_REF_OFFSET_MASK;
        uint64_t first = (uint64_t)i * q->refcounts;
        Qcow2Table *block;
        if (offset == 0) {
            continue;
        }
        if (qcow2_cache_get(&q->refblock_cache, offset, &block) < 0) {
            w->check->errors++;
            continue;
        }
        for (uint64_t j = 0; j < q->refcounts; j++) {
            compare_count(w, block, first + j);
        }
        qcow2_cache_put(block);
    }
}

/* Clusters in use for which there is no block at all. */
static void compare_rest(Walker *w)
{
    Qcow2 *q = w->q;
    g_autoptr(GList) keys = g_hash_table_get_keys(w->counts.chunks);
    for (GList *key = keys; key; key = key->next) {
        uint64_t first = *(uint64_t *)key->data * QCOW2_COUNTS_CHUNK;
        for (uint64_t cluster = first; cluster < first + QCOW2_COUNTS_CHUNK; cluster++) {
            uint64_t index = cluster / q->refcounts;
            bool covered = index < q->reftable_entries && q->reftable[index];
            if (!covered) {
                compare_count(w, NULL, cluster);
            }
        }
    }
}

/* A flag that allows writing in place where somebody else uses the cluster too. */
static void check_flag(Walker *w, Qcow2Table *table, uint32_t index)
{
    Qcow2 *q = w->q;
    uint64_t entry = qcow2_l2_entry(q, table, index);
    uint64_t offset = entry & QCOW2_OFFSET_MASK;
    if ((entry & QCOW2_COMPRESSED) || q->data != q->node.file || !offset ||
        (offset & (q->cluster_size - 1))) {
        return;
    }
    bool alone = qcow2_counts_get(&w->counts, offset >> q->header.cluster_bits) == 1;
    bool copied = entry & QCOW2_COPIED;
    if (alone == copied) {
        return;
    }
    bool fix = w->repair == BLOCK_REPAIR_ALL;
    if (copied) {
        report(w, "ERROR cluster at 0x%" PRIx64 " is shared, but marked as writable in place",
               offset);
        corrupt(w);
    } else if (fix) {
        w->check->corruptions_fixed++; /* harmless, but others complain */
    }
    if (fix) {
        qcow2_l2_set(q, table, index, entry ^ QCOW2_COPIED, qcow2_l2_bitmap(q, table, index));
    }
}

static void coroutine_fn check_flags(Walker *w)
{
    Qcow2 *q = w->q;
    for (uint32_t i = 0; i < q->header.l1_entries; i++) {
        uint64_t offset = q->l1[i] & QCOW2_OFFSET_MASK;
        Qcow2Table *table;
        if (!g_hash_table_contains(w->tables, &offset)) {
            continue;
        }
        bool alone = qcow2_counts_get(&w->counts, offset >> q->header.cluster_bits) == 1;
        if ((q->l1[i] & QCOW2_COPIED) && !alone) {
            report(w, "ERROR L2 table at 0x%" PRIx64 " is shared, but marked as writable in place",
                   offset);
            corrupt(w);
        }
        if (w->repair == BLOCK_REPAIR_ALL && alone != !!(q->l1[i] & QCOW2_COPIED)) {
            qcow2_l1_set(q, i, q->l1[i] ^ QCOW2_COPIED);
        }
        TableUse *use = g_hash_table_lookup(w->tables, &offset);
        if (!use->active || qcow2_cache_get(&q->l2_cache, offset, &table) < 0) {
            continue;
        }
        use->active = false; /* once is enough */
        for (uint32_t j = 0; j < q->l2_entries; j++) {
            check_flag(w, table, j);
        }
        qcow2_cache_put(table);
    }
}

/* Whether the range of block @index holds anything, the new tables from @place on included. */
static void needed_blocks(Walker *w, uint64_t place, uint64_t clusters, GHashTable *needed)
{
    Qcow2 *q = w->q;
    GHashTableIter iter;
    void *key;
    g_hash_table_remove_all(needed);
    g_hash_table_iter_init(&iter, w->counts.chunks);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        uint64_t first = *(uint64_t *)key * QCOW2_COUNTS_CHUNK;
        for (uint64_t c = first; c < first + QCOW2_COUNTS_CHUNK; c++) {
            uint64_t index = c / q->refcounts;
            if (qcow2_counts_get(&w->counts, c)) {
                g_hash_table_add(needed, GSIZE_TO_POINTER(index + 1));
            }
        }
    }
    for (uint64_t c = place; c < place + clusters; c++) {
        g_hash_table_add(needed, GSIZE_TO_POINTER(c / q->refcounts + 1));
    }
}

static int coroutine_fn write_block(Walker *w, uint64_t index, uint64_t place, uint64_t clusters,
                                    uint64_t offset)
{
    Qcow2 *q = w->q;
    g_autofree uint8_t *bytes = g_malloc0(q->cluster_size);
    for (uint64_t j = 0; j < q->refcounts; j++) {
        uint64_t cluster = index * q->refcounts + j;
        bool own = cluster >= place && cluster < place + clusters;
        uint64_t times = own ? 1 : qcow2_counts_get(&w->counts, cluster);
        if (times) {
            qcow2_refcount_store(q, bytes, j, MIN(times, q->refcount_max));
        }
    }
    return block_write_buffer(q->node.file, offset, bytes, q->cluster_size);
}

/* New counts from nothing, behind the end of the file; the header then points to them. */
static int coroutine_fn rebuild_counts(Walker *w)
{
    Qcow2 *q = w->q;
    unsigned bits = q->header.cluster_bits;
    uint64_t place = w->file_clusters, blocks = 0, table_clusters = 0, entries = 0;
    g_autoptr(GHashTable) needed = g_hash_table_new(NULL, NULL);
    for (uint64_t clusters = 1;; clusters = blocks + table_clusters) {
        needed_blocks(w, place, clusters, needed);
        blocks = g_hash_table_size(needed);
        entries = (place + clusters - 1) / q->refcounts + 1;
        table_clusters = qcow2_round_up(q, entries * 8) >> bits;
        if (table_clusters << bits > QCOW2_REFTABLE_MAX_BYTES) {
            return -EFBIG;
        }
        if (blocks + table_clusters <= clusters) {
            table_clusters = clusters - blocks;
            break;
        }
    }
    entries = (table_clusters << bits) / 8;
    g_autofree uint64_t *table = g_new0(uint64_t, entries);
    g_autofree uint64_t *stored = g_new0(uint64_t, entries);
    GHashTableIter iter;
    void *key;
    uint64_t offset = place << bits;
    int result = 0;
    g_hash_table_iter_init(&iter, needed);
    while (result == 0 && g_hash_table_iter_next(&iter, &key, NULL)) {
        uint64_t index = GPOINTER_TO_SIZE(key) - 1;
        result = write_block(w, index, place, blocks + table_clusters, offset);
        table[index] = offset;
        stored[index] = GUINT64_TO_BE(offset);
        offset += q->cluster_size;
    }
    if (result == 0) {
        result = block_write_buffer(q->node.file, offset, stored, entries * 8);
    }
    if (result == 0) {
        result = block_flush(q->node.file);
    }
    if (result < 0) {
        return result;
    }
    q->header.reftable_offset = offset;
    q->header.reftable_clusters = table_clusters;
    result = qcow2_header_write(q);
    qcow2_cache_cleanup(&q->refblock_cache);
    qcow2_cache_init(&q->refblock_cache, q->node.file, q->cluster_size,
                     (uint64_t)q->refblock_cache.limit * q->cluster_size);
    g_free(q->reftable);
    q->reftable = g_steal_pointer(&table);
    q->reftable_entries = entries;
    g_byte_array_set_size(q->reftable_dirty, entries * 8 / 512 + 1);
    memset(q->reftable_dirty->data, 0, q->reftable_dirty->len);
    return result;
}

static int coroutine_fn write_repairs(Walker *w)
{
    Qcow2 *q = w->q;
    int result = 0;
    if (w->rebuild) {
        qcow2_counts_cleanup(&w->counts);
        qcow2_counts_init(&w->counts);
        g_hash_table_remove_all(w->tables);
        BlockCheck again = { 0 };
        BlockCheck *real = w->check;
        w->check = &again;
        count_references(w);
        w->check = real;
        result = rebuild_counts(w);
        check_flags(w);
    }
    q->broken = false;
    if (result == 0) {
        /* counts that went up before flags and entries that rely on them */
        result = qcow2_cache_write(&q->refblock_cache, false);
    }
    if (result == 0) {
        result = qcow2_commit(q);
    }
    if (result == 0 && w->repair == BLOCK_REPAIR_ALL && w->check->errors == 0 &&
        (q->header.incompatible & (QCOW2_DIRTY | QCOW2_CORRUPT))) {
        q->header.incompatible &= ~(QCOW2_DIRTY | QCOW2_CORRUPT);
        result = qcow2_header_write(q);
    }
    q->free_hint = 0;
    q->packed_at = 0;
    q->zero_from = MAX(q->zero_from, qcow2_round_up(q, q->node.file->node->size));
    return result;
}

/* With the lock held. */
static int coroutine_fn check_locked(Qcow2 *q, BlockRepair repair, BlockCheck *check)
{
    Walker w = { .q = q, .check = check, .repair = repair };
    qcow2_counts_init(&w.counts);
    w.tables = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    w.file_clusters = qcow2_round_up(q, q->node.file->node->size) >> q->header.cluster_bits;
    count_references(&w);
    count_blocks(&w);
    check->total_clusters = qcow2_round_up(q, q->node.size) >> q->header.cluster_bits;
    check->image_end = w.counts.highest << q->header.cluster_bits;
    compare_blocks(&w);
    compare_rest(&w);
    check_flags(&w);
    int result = repair == BLOCK_REPAIR_NONE ? 0 : write_repairs(&w);
    qcow2_counts_cleanup(&w.counts);
    g_hash_table_destroy(w.tables);
    return result;
}

static bool coroutine_fn qcow2_check(BlockNode *node, BlockRepair repair, BlockCheck *check,
                                     GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    co_mutex_lock(&q->lock);
    int result = repair == BLOCK_REPAIR_NONE && !block_node_writable(node) ? 0 : qcow2_commit(q);
    q->broken = false;
    result = check_locked(q, repair, check);
    co_mutex_unlock(&q->lock);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be repaired", node->filename);
    }
    return result == 0;
}

bool coroutine_fn qcow2_repair_dirty(Qcow2 *q, GError **errp)
{
    BlockCheck check = { 0 };
    co_mutex_lock(&q->lock);
    int result = check_locked(q, BLOCK_REPAIR_ALL, &check);
    co_mutex_unlock(&q->lock);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' was not closed well, and cannot be repaired",
                        q->node.filename);
    } else if (check.errors) {
        error_set(errp, "'%s' was not closed well, and cannot be read in full", q->node.filename);
    }
    return result == 0 && check.errors == 0;
}

const BlockCheckOps qcow2_check_ops = { .check = qcow2_check };

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reference counts, allocation, and the order in which tables reach the file.
 * Spec: Qcow2 Image File Format, "Host cluster management".
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/qcow2_internal.h"
#include "util/endian.h"
#include "util/log.h"

enum { SECTOR = 512 };

/* Clusters that lost a user. */
typedef struct {
    uint64_t cluster, count;
} Freed;

/*
 * What was freed between two commits. Its clusters are given away again only when the tables that
 * no longer point to them are on disk, and the requests that may still use them have ended.
 */
struct Qcow2Epoch {
    unsigned users;
    bool durable;
    GArray *freed; /* of Freed */
};

uint64_t qcow2_refcount_of(const Qcow2 *q, const uint8_t *block, uint32_t i)
{
    switch (q->header.refcount_order) {
    case 0: return (block[i / 8] >> (i % 8)) & 1;
    case 1: return (block[i / 4] >> (i % 4 * 2)) & 3;
    case 2: return (block[i / 2] >> (i % 2 * 4)) & 15;
    case 3: return block[i];
    case 4: return load_be16(block + 2 * (size_t)i);
    case 5: return load_be32(block + 4 * (size_t)i);
    default: return load_be64(block + 8 * (size_t)i);
    }
}

static void store_bits(uint8_t *byte, unsigned shift, unsigned mask, uint64_t count)
{
    *byte = (*byte & ~(mask << shift)) | (count << shift);
}

void qcow2_refcount_store(const Qcow2 *q, uint8_t *block, uint32_t i, uint64_t count)
{
    switch (q->header.refcount_order) {
    case 0: store_bits(&block[i / 8], i % 8, 1, count); break;
    case 1: store_bits(&block[i / 4], i % 4 * 2, 3, count); break;
    case 2: store_bits(&block[i / 2], i % 2 * 4, 15, count); break;
    case 3: block[i] = count; break;
    case 4: store_be16(block + 2 * (size_t)i, count); break;
    case 5: store_be32(block + 4 * (size_t)i, count); break;
    default: store_be64(block + 8 * (size_t)i, count); break;
    }
}

int coroutine_fn qcow2_damage(Qcow2 *q, const char *what, uint64_t offset)
{
    if (!q->broken) {
        log_printf(0, "'%s': %s at 0x%" PRIx64 "; it is left as it is: run a check with repair\n",
                   q->node.filename, what, offset);
        if (block_node_writable(&q->node) && q->header.version >= 3 &&
            !(q->node.flags & BLOCK_OPEN_REPAIRING)) {
            q->header.incompatible |= QCOW2_CORRUPT;
            qcow2_header_write(q);
        }
    }
    q->broken = true;
    return -EIO;
}

static void reftable_set(Qcow2 *q, uint64_t index, uint64_t offset)
{
    q->reftable[index] = offset;
    q->reftable_dirty->data[index * 8 / SECTOR] = 1;
}

/* Offset of the block that counts @cluster; 0: there is none. */
static int coroutine_fn find_block(Qcow2 *q, uint64_t cluster, uint64_t *offset)
{
    uint64_t index = cluster / q->refcounts;
    *offset = index < q->reftable_entries ? q->reftable[index] & QCOW2_REF_OFFSET_MASK : 0;
    if (*offset & (q->cluster_size - 1)) {
        return qcow2_damage(q, "refcount block is not at a cluster", *offset);
    }
    return 0;
}

int coroutine_fn qcow2_refcount_get(Qcow2 *q, uint64_t cluster, uint64_t *count)
{
    uint64_t offset;
    *count = 0;
    int result = find_block(q, cluster, &offset);
    if (result < 0 || offset == 0) {
        return result;
    }
    Qcow2Table *table;
    result = qcow2_cache_get(&q->refblock_cache, offset, &table);
    if (result == 0) {
        *count = qcow2_refcount_of(q, table->bytes, cluster % q->refcounts);
        qcow2_cache_put(table);
    }
    return result;
}

static void set_count(Qcow2 *q, Qcow2Table *table, uint64_t cluster, uint64_t count)
{
    uint32_t index = cluster % q->refcounts;
    qcow2_refcount_store(q, table->bytes, index, count);
    uint64_t bit = (uint64_t)index << q->header.refcount_order;
    qcow2_cache_dirty(table, bit / 8, MAX(1, (1u << q->header.refcount_order) / 8));
}

/* Writes the sectors of @table, an array of big-endian numbers at @offset, that changed. */
static int coroutine_fn write_sectors(Qcow2 *q, const uint64_t *table, uint64_t entries,
                                      uint64_t offset, GByteArray *dirty)
{
    uint8_t sector[SECTOR];
    for (unsigned i = 0; i < dirty->len; i++) {
        if (!dirty->data[i]) {
            continue;
        }
        memset(sector, 0, sizeof(sector));
        for (unsigned j = 0; j < SECTOR / 8 && (uint64_t)i * (SECTOR / 8) + j < entries; j++) {
            store_be64(sector + 8 * j, table[(uint64_t)i * (SECTOR / 8) + j]);
        }
        int result =
            block_write_buffer(q->node.file, offset + (uint64_t)i * SECTOR, sector, SECTOR);
        if (result < 0) {
            return result;
        }
        dirty->data[i] = 0;
    }
    return 0;
}

static bool any_dirty(const GByteArray *dirty)
{
    return !iov_buffer_is_zero(dirty->data, dirty->len);
}

/* New blocks first, then the table that points to them. */
static int coroutine_fn write_refcounts(Qcow2 *q)
{
    int result = qcow2_cache_write(&q->refblock_cache, false);
    if (result == 0 && any_dirty(q->reftable_dirty)) {
        result = block_flush(q->node.file);
        if (result == 0) {
            result = write_sectors(q, q->reftable, q->reftable_entries, q->header.reftable_offset,
                                   q->reftable_dirty);
        }
    }
    return result;
}

static int coroutine_fn flush_files(Qcow2 *q)
{
    int result = q->data != q->node.file ? block_flush(q->data) : 0;
    return result < 0 ? result : block_flush(q->node.file);
}

int coroutine_fn qcow2_write_tables(void *opaque)
{
    Qcow2 *q = opaque;
    bool lazy =
        (q->header.compatible & QCOW2_LAZY_REFCOUNTS) && (q->header.incompatible & QCOW2_DIRTY);
    if (q->broken) {
        return -EIO;
    }
    int result = lazy ? 0 : write_refcounts(q);
    if (result == 0) {
        result = qcow2_cache_write(&q->l2_cache, true);
    }
    if (result < 0 || (!qcow2_cache_is_dirty(&q->l2_cache) && !any_dirty(q->l1_dirty))) {
        return result;
    }
    result = flush_files(q);
    if (result == 0) {
        result = qcow2_cache_write(&q->l2_cache, false);
    }
    if (result == 0) {
        result = write_sectors(q, q->l1, q->header.l1_entries, q->header.l1_offset, q->l1_dirty);
    }
    if (result == 0) {
        qcow2_cache_settle(&q->l2_cache);
    }
    return result;
}

void qcow2_epochs_init(Qcow2 *q)
{
    q->epoch = g_new0(Qcow2Epoch, 1);
    q->epoch->freed = g_array_new(FALSE, FALSE, sizeof(Freed));
    g_queue_push_tail(&q->epochs, q->epoch);
}

static void epoch_free(void *opaque)
{
    Qcow2Epoch *epoch = opaque;
    g_array_free(epoch->freed, TRUE);
    g_free(epoch);
}

void qcow2_epochs_cleanup(Qcow2 *q)
{
    g_queue_clear_full(&q->epochs, epoch_free);
    q->epoch = NULL;
}

Qcow2Epoch *qcow2_epoch_enter(Qcow2 *q)
{
    q->epoch->users++;
    q->users++;
    return q->epoch;
}

void qcow2_epoch_leave(Qcow2 *q, Qcow2Epoch *epoch)
{
    epoch->users--;
    if (--q->users == 0) {
        co_queue_wake_all(&q->idle);
    }
}

void qcow2_free_later(Qcow2 *q, uint64_t offset, uint64_t clusters)
{
    Freed freed = { .cluster = offset >> q->header.cluster_bits, .count = clusters };
    GArray *list = q->epoch->freed;
    Freed *last = list->len ? &g_array_index(list, Freed, list->len - 1) : NULL;
    if (last && last->cluster + last->count == freed.cluster) {
        last->count += clusters;
    } else {
        g_array_append_val(list, freed);
    }
}

void qcow2_free_entry_later(Qcow2 *q, uint64_t entry)
{
    if (entry & QCOW2_COMPRESSED) {
        uint64_t offset, bytes;
        qcow2_packed_place(q, entry, &offset, &bytes);
        uint64_t first = offset >> q->header.cluster_bits;
        uint64_t last = (offset + bytes - 1) >> q->header.cluster_bits;
        qcow2_free_later(q, first << q->header.cluster_bits, last - first + 1);
    } else if (qcow2_entry_has_host(q, entry) && q->data == q->node.file) {
        qcow2_free_later(q, entry & QCOW2_OFFSET_MASK, 1);
    }
}

static int coroutine_fn reclaim(Qcow2 *q, Qcow2Epoch *epoch)
{
    int result = 0;
    for (unsigned i = 0; i < epoch->freed->len && result == 0; i++) {
        Freed *freed = &g_array_index(epoch->freed, Freed, i);
        result = qcow2_refcount_change(q, freed->cluster, freed->count, -1);
    }
    return result;
}

int coroutine_fn qcow2_commit(Qcow2 *q)
{
    int result = qcow2_write_tables(q);
    if (result == 0) {
        result = flush_files(q);
    }
    if (result < 0) {
        return result;
    }
    if (q->epoch->freed->len > 0) {
        q->epoch->durable = true;
        qcow2_epochs_init(q);
    }
    Qcow2Epoch *oldest = g_queue_peek_head(&q->epochs);
    while (result == 0 && oldest->durable && oldest->users == 0) {
        result = reclaim(q, oldest);
        epoch_free(g_queue_pop_head(&q->epochs));
        oldest = g_queue_peek_head(&q->epochs);
    }
    return result;
}

int coroutine_fn qcow2_mark_dirty(Qcow2 *q)
{
    if (q->header.version < 3 || (q->header.incompatible & QCOW2_DIRTY)) {
        return 0;
    }
    q->header.incompatible |= QCOW2_DIRTY;
    return qcow2_header_write(q);
}

int coroutine_fn qcow2_mark_clean(Qcow2 *q)
{
    if (!(q->header.incompatible & QCOW2_DIRTY)) {
        return 0;
    }
    int result = write_refcounts(q);
    if (result == 0) {
        result = flush_files(q);
    }
    if (result == 0) {
        q->header.incompatible &= ~QCOW2_DIRTY;
        result = qcow2_header_write(q);
    }
    return result;
}

/*
 * Moves the refcount table to a larger one. Nothing from the range of block @index on is in use, so
 * that the new blocks and the table can be laid out there, and counted by these blocks.
 */
static int coroutine_fn grow_reftable(Qcow2 *q, uint64_t index)
{
    uint64_t first = index * q->refcounts;
    uint64_t blocks = 1, clusters, entries;
    for (;;) {
        entries = index + blocks;
        clusters = (MAX(entries, (uint64_t)q->reftable_entries * 3 / 2) * 8 + q->cluster_size - 1) /
                   q->cluster_size;
        uint64_t needed = (blocks + clusters + q->refcounts - 1) / q->refcounts;
        if (needed <= blocks) {
            break;
        }
        blocks = needed;
    }
    if (clusters * q->cluster_size > QCOW2_REFTABLE_MAX_BYTES) {
        return -EFBIG;
    }
    uint64_t new_entries = clusters * q->cluster_size / 8;
    uint64_t place = (first + blocks) << q->header.cluster_bits;
    g_autofree uint64_t *table = g_new0(uint64_t, new_entries);
    memcpy(table, q->reftable, (size_t)q->reftable_entries * 8);
    int result = 0;
    for (uint64_t i = 0; i < blocks && result == 0; i++) {
        Qcow2Table *block;
        table[index + i] = (first + i) << q->header.cluster_bits;
        result = qcow2_cache_get_new(&q->refblock_cache, table[index + i], &block);
        for (uint64_t j = 0; result == 0 && j < q->refcounts; j++) {
            if (i * q->refcounts + j < blocks + clusters) {
                set_count(q, block, j, 1);
            }
        }
        if (result == 0) {
            qcow2_cache_put(block);
        }
    }
    for (uint64_t i = 0; i < new_entries; i++) {
        table[i] = GUINT64_TO_BE(table[i]);
    }
    if (result == 0) {
        result = write_refcounts(q);
    }
    if (result == 0) {
        result = block_write_buffer(q->node.file, place, table, new_entries * 8);
    }
    if (result == 0) {
        result = flush_files(q);
    }
    if (result < 0) {
        return result;
    }
    uint64_t old_offset = q->header.reftable_offset, old_clusters = q->header.reftable_clusters;
    q->header.reftable_offset = place;
    q->header.reftable_clusters = clusters;
    result = qcow2_header_write(q);
    if (result < 0) {
        q->header.reftable_offset = old_offset;
        q->header.reftable_clusters = old_clusters;
        return result;
    }
    for (uint64_t i = 0; i < new_entries; i++) {
        table[i] = GUINT64_FROM_BE(table[i]);
    }
    g_free(q->reftable);
    q->reftable = g_steal_pointer(&table);
    q->reftable_entries = new_entries;
    g_byte_array_set_size(q->reftable_dirty, (new_entries * 8 + SECTOR - 1) / SECTOR);
    memset(q->reftable_dirty->data, 0, q->reftable_dirty->len);
    q->zero_from = MAX(q->zero_from, place + clusters * q->cluster_size);
    return qcow2_refcount_change(q, old_offset >> q->header.cluster_bits, old_clusters, -1);
}

/* A block for the range of @cluster, in that very cluster, which is free like all of its range. */
static int coroutine_fn make_block(Qcow2 *q, uint64_t cluster)
{
    uint64_t index = cluster / q->refcounts;
    if (index >= q->reftable_entries) {
        return grow_reftable(q, index);
    }
    uint64_t offset = cluster << q->header.cluster_bits;
    Qcow2Table *table;
    int result = qcow2_cache_get_new(&q->refblock_cache, offset, &table);
    if (result < 0) {
        return result;
    }
    set_count(q, table, cluster, 1);
    qcow2_cache_put(table);
    reftable_set(q, index, offset);
    q->zero_from = MAX(q->zero_from, offset + q->cluster_size);
    return 0;
}

static void became_free(Qcow2 *q, uint64_t cluster)
{
    uint64_t offset = cluster << q->header.cluster_bits;
    q->free_hint = MIN(q->free_hint, cluster);
    if (q->packed_at >> q->header.cluster_bits == cluster) {
        q->packed_at = 0;
    }
    qcow2_cache_drop(&q->l2_cache, offset);
    qcow2_cache_drop(&q->refblock_cache, offset);
}

/* Gives the clusters [@from, @to) of the file back to the host, if the user wants that. */
static void coroutine_fn punch(Qcow2 *q, uint64_t from, uint64_t to)
{
    uint64_t start = from << q->header.cluster_bits, file_size = q->node.file->node->size;
    uint64_t end = MIN(to << q->header.cluster_bits, file_size);
    if ((q->node.flags & BLOCK_OPEN_UNMAP) && start < end) {
        block_discard(q->node.file, start, end - start);
    }
}

/* The same within one block, which is @table. */
static int coroutine_fn change_in_block(Qcow2 *q, Qcow2Table *table, uint64_t cluster,
                                        uint64_t clusters, int delta)
{
    uint64_t freed_from = cluster, end = cluster + clusters;
    for (; cluster < end; cluster++) {
        uint64_t count = qcow2_refcount_of(q, table->bytes, cluster % q->refcounts);
        if (delta > 0 && count >= q->refcount_max) {
            return -EOVERFLOW;
        }
        if (delta < 0 && count == 0) {
            return qcow2_damage(q, "cluster in use has refcount 0",
                                cluster << q->header.cluster_bits);
        }
        set_count(q, table, cluster, count + delta);
        if (count + delta == 0) {
            became_free(q, cluster);
            continue;
        }
        punch(q, freed_from, cluster);
        freed_from = cluster + 1;
    }
    punch(q, freed_from, end);
    return 0;
}

int coroutine_fn qcow2_refcount_change(Qcow2 *q, uint64_t cluster, uint64_t clusters, int delta)
{
    while (clusters > 0) {
        uint64_t offset, here = MIN(clusters, q->refcounts - cluster % q->refcounts);
        int result = find_block(q, cluster, &offset);
        if (result == 0 && offset == 0 && delta < 0) {
            result = qcow2_damage(q, "cluster in use has no refcount",
                                  cluster << q->header.cluster_bits);
        } else if (result == 0 && offset == 0) {
            result = make_block(q, cluster);
            if (result == 0) {
                result = find_block(q, cluster, &offset);
            }
        }
        Qcow2Table *table;
        if (result == 0) {
            result = qcow2_cache_get(&q->refblock_cache, offset, &table);
        }
        if (result < 0) {
            return result;
        }
        result = change_in_block(q, table, cluster, here, delta);
        qcow2_cache_put(table);
        if (result < 0) {
            return result;
        }
        cluster += here;
        clusters -= here;
    }
    return 0;
}

/* Counts free clusters in a row from @cluster on, within its block, up to @wanted. */
static int coroutine_fn free_run(Qcow2 *q, uint64_t cluster, uint64_t wanted, uint64_t *run)
{
    uint64_t offset;
    *run = 0;
    int result = find_block(q, cluster, &offset);
    if (result < 0) {
        return result;
    }
    uint64_t limit = MIN(wanted, q->refcounts - cluster % q->refcounts);
    if (offset == 0) {
        *run = limit;
        return 0;
    }
    Qcow2Table *table;
    result = qcow2_cache_get(&q->refblock_cache, offset, &table);
    if (result < 0) {
        return result;
    }
    while (*run < limit &&
           qcow2_refcount_of(q, table->bytes, (cluster + *run) % q->refcounts) == 0) {
        ++*run;
    }
    qcow2_cache_put(table);
    return 0;
}

/* The end of the range of @cluster's block, skipping what is in use. */
static int coroutine_fn next_free(Qcow2 *q, uint64_t *cluster)
{
    for (;;) {
        uint64_t offset;
        int result = find_block(q, *cluster, &offset);
        if (result < 0 || offset == 0) {
            return result;
        }
        Qcow2Table *table;
        result = qcow2_cache_get(&q->refblock_cache, offset, &table);
        if (result < 0) {
            return result;
        }
        uint64_t end = (*cluster / q->refcounts + 1) * q->refcounts;
        while (*cluster < end && qcow2_refcount_of(q, table->bytes, *cluster % q->refcounts)) {
            ++*cluster;
        }
        qcow2_cache_put(table);
        if (*cluster < end) {
            return 0;
        }
    }
}

/* The next free cluster for which there is a block; *@cluster is where to begin. */
static int coroutine_fn next_counted(Qcow2 *q, uint64_t *cluster)
{
    for (;;) {
        uint64_t offset;
        int result = next_free(q, cluster);
        if (result == 0) {
            result = find_block(q, *cluster, &offset);
        }
        if (result < 0 || offset) {
            return result;
        }
        result = make_block(q, *cluster);
        if (result < 0) {
            return result;
        }
    }
}

/* A block for the range that begins at @border, in @cluster, which is free and has a count. */
static int coroutine_fn make_block_at(Qcow2 *q, uint64_t border, uint64_t cluster)
{
    uint64_t offset = cluster << q->header.cluster_bits;
    Qcow2Table *table;
    int result = qcow2_refcount_change(q, cluster, 1, 1);
    if (result == 0) {
        result = qcow2_cache_get_new(&q->refblock_cache, offset, &table);
    }
    if (result == 0) {
        qcow2_cache_put(table);
        reftable_set(q, border / q->refcounts, offset);
        q->zero_from = MAX(q->zero_from, offset + q->cluster_size);
    }
    return result;
}

/*
 * Whether a run of @got clusters from *@start, which ends at @cluster, can go on there. A missing
 * block for the next range takes the first cluster of the run.
 */
static int coroutine_fn run_goes_on(Qcow2 *q, uint64_t *start, uint64_t *got, uint64_t cluster)
{
    uint64_t block;
    int result = find_block(q, cluster, &block);
    if (result < 0 || block) {
        return result;
    }
    if (*got < 2 || cluster / q->refcounts >= q->reftable_entries) {
        *got = 0;
        return 0;
    }
    result = make_block_at(q, cluster, *start);
    ++*start;
    --*got;
    return result;
}

int coroutine_fn qcow2_alloc(Qcow2 *q, uint64_t *wanted, bool whole, uint64_t *offset)
{
    uint64_t cluster = q->free_hint, got = 0, start = 0;
    bool first = true;
    if (q->broken) {
        return -EIO;
    }
    for (;;) {
        uint64_t run;
        int result = got ? 0 : next_counted(q, &cluster);
        if (result < 0) {
            return result;
        }
        if (first) {
            q->free_hint = cluster;
            first = false;
        }
        start = got ? start : cluster;
        result = free_run(q, cluster, *wanted - got, &run);
        if (result < 0) {
            return result;
        }
        got += run;
        cluster += run;
        if (got == *wanted || (got && !whole)) {
            break;
        }
        if (run == 0 || cluster % q->refcounts != 0) {
            got = 0; /* something is in the way */
            continue;
        }
        result = run_goes_on(q, &start, &got, cluster);
        if (result < 0) {
            return result;
        }
    }
    uint64_t limit = QCOW2_OFFSET_MASK >> q->header.cluster_bits;
    if (start + got > limit) {
        return -EFBIG;
    }
    int result = qcow2_refcount_change(q, start, got, 1);
    if (result < 0) {
        return result;
    }
    if (start == q->free_hint) {
        q->free_hint = start + got;
    }
    *wanted = got;
    *offset = start << q->header.cluster_bits;
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes into qcow2 images: in place where a cluster is ours alone, else into new clusters. */
#include <errno.h>
#include <string.h>

#include "block/qcow2_internal.h"

/* Guest clusters that a write in flight gives a new place; others wait. */
struct Qcow2Allocation {
    uint64_t start, end;
    Qcow2Allocation *next;
};

/* One step of a write: guest bytes that go to one place. */
typedef struct {
    uint64_t offset, bytes; /* guest */
    uint64_t host;          /* of offset's cluster */
    bool in_place;
    bool keeps_host; /* the one cluster has its place already, but not all of its content */
    bool fresh;      /* the place reads as zeros */
    uint64_t clusters;
    uint64_t copy_start, copy_end; /* guest: what is written, beyond offset and bytes */
    Qcow2Allocation allocation;
} WriteStep;

void coroutine_fn qcow2_allocations_wait(Qcow2 *q, uint64_t start, uint64_t end)
{
    Qcow2Allocation *other = q->allocations;
    while (other) {
        if (other->start < end && start < other->end) {
            co_queue_wait(&q->allocation_done, &q->lock);
            other = q->allocations;
        } else {
            other = other->next;
        }
    }
}

static void allocation_begin(Qcow2 *q, Qcow2Allocation *allocation)
{
    allocation->next = q->allocations;
    q->allocations = allocation;
}

static void allocation_end(Qcow2 *q, Qcow2Allocation *allocation)
{
    Qcow2Allocation **link = &q->allocations;
    while (*link != allocation) {
        link = &(*link)->next;
    }
    *link = allocation->next;
    co_queue_wake_all(&q->allocation_done);
}

/* Before the first change of an image: what the format asks of a writer. Lock held. */
int coroutine_fn qcow2_prepare_change(Qcow2 *q)
{
    if (q->broken) {
        return -EIO;
    }
    int result = qcow2_bitmaps_stale(q);
    if (result == 0 && (q->header.compatible & QCOW2_LAZY_REFCOUNTS)) {
        result = qcow2_mark_dirty(q);
    }
    return result;
}

static uint64_t sub_mask(const Qcow2 *q, uint64_t from, uint64_t to)
{
    uint32_t sub = q->cluster_size / QCOW2_SUBCLUSTERS;
    if (q->subclusters == 1) {
        return 0xffffffff;
    }
    unsigned first = from / sub, last = (to - 1) / sub;
    return ((UINT64_C(1) << (last - first + 1)) - 1) << first;
}

/* Whether the bytes [@from, @to) of the cluster of @entry may be written where they are. */
static bool writable_in_place(const Qcow2 *q, uint64_t entry, uint64_t bitmap, uint64_t from,
                              uint64_t to)
{
    uint64_t mask = sub_mask(q, from, to);
    return !(entry & QCOW2_COMPRESSED) && (entry & QCOW2_COPIED) &&
           qcow2_entry_has_host(q, entry) && (bitmap & mask) == mask;
}

/* Host clusters that hold the image's own tables must never be given to the guest. */
static bool is_metadata(Qcow2 *q, uint64_t host)
{
    if (q->data != q->node.file) {
        return false;
    }
    uint64_t l1_end = q->header.l1_offset + (uint64_t)q->header.l1_entries * 8;
    uint64_t reftable_end = q->header.reftable_offset +
                            ((uint64_t)q->header.reftable_clusters << q->header.cluster_bits);
    return host == 0 || (host >= q->header.l1_offset && host < l1_end) ||
           (host >= q->header.reftable_offset && host < reftable_end) ||
           qcow2_cache_peek(&q->l2_cache, host) || qcow2_cache_peek(&q->refblock_cache, host);
}

static int coroutine_fn plan_in_place(Qcow2 *q, const Qcow2Table *table, WriteStep *step)
{
    uint64_t at = step->offset, end = step->offset + step->bytes;
    while (at < end) {
        uint64_t within = at & (q->cluster_size - 1);
        uint64_t stop = MIN(end, at - within + q->cluster_size);
        uint32_t index = qcow2_l2_index(q, at);
        uint64_t entry = qcow2_l2_entry(q, table, index);
        uint64_t host = entry & QCOW2_OFFSET_MASK;
        uint64_t bitmap = qcow2_l2_bitmap(q, table, index);
        if (!writable_in_place(q, entry, bitmap, within, within + stop - at) ||
            (at > step->offset && host != step->host + (at - within) -
                                              (step->offset & ~(uint64_t)(q->cluster_size - 1)))) {
            break;
        }
        if ((host & (q->cluster_size - 1)) || is_metadata(q, host)) {
            return qcow2_damage(q, "guest data would go over tables", host);
        }
        if (at == step->offset) {
            step->host = host;
        }
        at = stop;
        if (index == q->l2_entries - 1) {
            break;
        }
    }
    step->in_place = at > step->offset;
    if (step->in_place) {
        step->bytes = at - step->offset;
    }
    return 0;
}

/* The clusters from the start of @step that all need a new place. */
static void count_new_clusters(Qcow2 *q, const Qcow2Table *table, WriteStep *step)
{
    uint64_t start = step->offset & ~(uint64_t)(q->cluster_size - 1);
    uint64_t end = step->offset + step->bytes;
    uint32_t index = qcow2_l2_index(q, start);
    step->clusters = 0;
    step->keeps_host = false;
    while (index + step->clusters < q->l2_entries &&
           start + step->clusters * q->cluster_size < end) {
        uint64_t at = start + step->clusters * q->cluster_size;
        uint64_t entry = qcow2_l2_entry(q, table, index + step->clusters);
        uint64_t bitmap = qcow2_l2_bitmap(q, table, index + step->clusters);
        bool own =
            (entry & QCOW2_COPIED) && !(entry & QCOW2_COMPRESSED) && qcow2_entry_has_host(q, entry);
        if (step->clusters > 0 &&
            (own || writable_in_place(q, entry, bitmap, 0, MIN(end - at, q->cluster_size)))) {
            break;
        }
        step->clusters++;
        if (own) {
            step->keeps_host = true;
            step->host = entry & QCOW2_OFFSET_MASK;
            break;
        }
    }
    if (step->clusters > 0) {
        step->bytes = MIN(end, start + step->clusters * q->cluster_size) - step->offset;
    }
}

/* What of the first and last cluster has to be copied so that all of the new place is right. */
static void find_copies(Qcow2 *q, const Qcow2Table *table, WriteStep *step)
{
    uint64_t start = step->offset, end = step->offset + step->bytes;
    uint64_t sub = q->cluster_size / q->subclusters;
    uint64_t units[2];
    uint64_t edges[2] = { start, end - 1 };
    for (int i = 0; i < 2; i++) {
        uint32_t index = qcow2_l2_index(q, edges[i]);
        uint64_t entry = qcow2_l2_entry(q, table, index);
        bool has_data =
            (entry & QCOW2_COMPRESSED) || (qcow2_l2_bitmap(q, table, index) & 0xffffffff);
        units[i] = has_data && !step->keeps_host ? q->cluster_size : sub;
    }
    step->copy_start = start - start % units[0];
    step->copy_end = (end + units[1] - 1) / units[1] * units[1];
    if (q->data != q->node.file) {
        step->copy_end = MAX(MIN(step->copy_end, q->node.size), end);
    }
}

static int coroutine_fn plan_new(Qcow2 *q, const Qcow2Table *table, WriteStep *step)
{
    count_new_clusters(q, table, step);
    uint64_t start = step->offset & ~(uint64_t)(q->cluster_size - 1);
    int result = 0;
    step->fresh = false;
    if (q->data != q->node.file) {
        step->host = start;
        step->keeps_host = false;
    } else if (!step->keeps_host) {
        result = qcow2_alloc(q, &step->clusters, false, &step->host);
        step->fresh = result == 0 && step->host >= q->zero_from;
    } else if ((step->host & (q->cluster_size - 1)) || is_metadata(q, step->host)) {
        return qcow2_damage(q, "guest data would go over tables", step->host);
    }
    if (result < 0) {
        return result;
    }
    uint64_t end = start + step->clusters * q->cluster_size;
    step->bytes = MIN(step->offset + step->bytes, end) - step->offset;
    if (q->data == q->node.file) {
        q->zero_from = MAX(q->zero_from, step->host + step->clusters * q->cluster_size);
    }
    find_copies(q, table, step);
    step->allocation = (Qcow2Allocation){ .start = start, .end = end };
    allocation_begin(q, &step->allocation);
    return 0;
}

/* Decides on the first bytes of @step; with the lock held. */
static int coroutine_fn plan(Qcow2 *q, WriteStep *step)
{
    uint64_t start = step->offset & ~(uint64_t)(q->cluster_size - 1);
    qcow2_allocations_wait(q, start, qcow2_round_up(q, step->offset + step->bytes));
    int result = qcow2_prepare_change(q);
    Qcow2Table *table;
    if (result == 0) {
        result = qcow2_l2_get_own(q, step->offset, &table);
    }
    if (result < 0) {
        return result;
    }
    result = plan_in_place(q, table, step);
    if (result == 0 && !step->in_place) {
        result = plan_new(q, table, step);
    }
    qcow2_cache_put(table);
    return result;
}

/* Reads [@from, @to) as the guest sees it; NULL with *@result 0: it is zero and need not be written
 */
static uint8_t *coroutine_fn read_old(Qcow2 *q, const WriteStep *step, uint64_t from, uint64_t to,
                                      int *result)
{
    *result = 0;
    if (from == to) {
        return NULL;
    }
    uint8_t *bytes = g_malloc0(to - from);
    uint64_t limit = MIN(to, q->node.size);
    if (from < limit) {
        g_auto(Iov) iov;
        iov_init_buffer(&iov, bytes, limit - from);
        *result = block_node_driver(&q->node)->read(&q->node, from, &iov);
    }
    if (*result < 0 || (step->fresh && iov_buffer_is_zero(bytes, to - from))) {
        g_free(bytes);
        return NULL;
    }
    return bytes;
}

static int coroutine_fn write_new_data(Qcow2 *q, const WriteStep *step, const Iov *iov,
                                       uint64_t done)
{
    uint64_t end = step->offset + step->bytes;
    int result;
    g_autofree uint8_t *head = read_old(q, step, step->copy_start, step->offset, &result);
    if (result < 0) {
        return result;
    }
    g_autofree uint8_t *tail = read_old(q, step, end, step->copy_end, &result);
    if (result < 0) {
        return result;
    }
    uint64_t from = head ? step->copy_start : step->offset;
    g_auto(Iov) whole;
    iov_init(&whole);
    if (head) {
        iov_add(&whole, head, step->offset - step->copy_start);
    }
    iov_add_slice(&whole, iov, done, step->bytes);
    if (tail) {
        iov_add(&whole, tail, step->copy_end - end);
    }
    uint64_t start = step->offset & ~(uint64_t)(q->cluster_size - 1);
    return block_write(q->data, step->host + (from - start), &whole, 0);
}

/* Points the tables to the new place. Lock held. */
static int coroutine_fn link_clusters(Qcow2 *q, const WriteStep *step)
{
    Qcow2Table *table;
    int result = qcow2_l2_get_own(q, step->offset, &table);
    if (result < 0) {
        return result;
    }
    uint64_t start = step->offset & ~(uint64_t)(q->cluster_size - 1);
    for (uint64_t i = 0; i < step->clusters; i++) {
        uint64_t at = start + i * q->cluster_size;
        uint32_t index = qcow2_l2_index(q, at);
        uint64_t old = qcow2_l2_entry(q, table, index);
        uint64_t bitmap = old & QCOW2_COMPRESSED ? 0 : qcow2_l2_bitmap(q, table, index);
        uint64_t from = MAX(step->copy_start, at) - at;
        uint64_t to = MIN(step->copy_end, at + q->cluster_size) - at;
        uint64_t mask = sub_mask(q, from, to);
        bitmap = (bitmap | mask) & ~(mask << 32);
        qcow2_l2_set(q, table, index, (step->host + i * q->cluster_size) | QCOW2_COPIED, bitmap);
        if (!step->keeps_host) {
            qcow2_free_entry_later(q, old);
        }
    }
    qcow2_cache_put(table);
    return 0;
}

static int coroutine_fn write_new(Qcow2 *q, WriteStep *step, const Iov *iov, uint64_t done)
{
    int result = write_new_data(q, step, iov, done);
    co_mutex_lock(&q->lock);
    if (result == 0) {
        result = link_clusters(q, step);
    }
    if (result < 0 && !step->keeps_host && q->data == q->node.file) {
        /* nothing points to the new clusters */
        qcow2_refcount_change(q, step->host >> q->header.cluster_bits, step->clusters, -1);
    }
    allocation_end(q, &step->allocation);
    co_mutex_unlock(&q->lock);
    return result;
}

int coroutine_fn qcow2_write(BlockNode *node, uint64_t offset, const Iov *iov)
{
    Qcow2 *q = qcow2_of(node);
    Qcow2Epoch *epoch = qcow2_epoch_enter(q);
    uint64_t done = 0;
    int result = 0;
    while (done < iov->size && result == 0) {
        WriteStep step = { .offset = offset + done, .bytes = iov->size - done };
        co_mutex_lock(&q->lock);
        result = plan(q, &step);
        co_mutex_unlock(&q->lock);
        if (result < 0) {
            break;
        }
        if (step.in_place) {
            g_auto(Iov) part;
            iov_init_slice(&part, iov, done, step.bytes);
            uint64_t within = step.offset & (q->cluster_size - 1);
            result = block_write(q->data, step.host + within, &part, 0);
        } else {
            result = write_new(q, &step, iov, done);
        }
        done += step.bytes;
    }
    qcow2_epoch_leave(q, epoch);
    return result;
}

/* Makes the bytes [@from, @to) of one cluster read as zeros, or as not allocated. */
static int coroutine_fn zero_cluster(Qcow2 *q, Qcow2Table *table, uint64_t at, uint64_t bytes,
                                     bool unmap)
{
    uint32_t index = qcow2_l2_index(q, at);
    uint64_t within = at & (q->cluster_size - 1);
    uint64_t entry = qcow2_l2_entry(q, table, index);
    uint64_t bitmap = qcow2_l2_bitmap(q, table, index);
    bool whole = within == 0 && (bytes == q->cluster_size || at + bytes == q->node.size);
    bool own = (entry & QCOW2_COPIED) && !(entry & QCOW2_COMPRESSED);
    uint64_t all_zero = UINT64_C(0xffffffff) << 32;
    if (!whole) {
        if (q->subclusters == 1 || (entry & QCOW2_COMPRESSED)) {
            return -ENOTSUP;
        }
        uint64_t mask = sub_mask(q, within, within + bytes);
        qcow2_l2_set(q, table, index, entry, (bitmap & ~mask) | (mask << 32));
        return 0;
    }
    if (q->header.version < 3) {
        if (q->node.backing || q->header.backing) {
            return -ENOTSUP;
        }
        qcow2_l2_set(q, table, index, 0, 0);
        qcow2_free_entry_later(q, entry);
    } else if (own && qcow2_entry_has_host(q, entry) && (!unmap || q->data != q->node.file)) {
        qcow2_l2_set(q, table, index, entry, all_zero);
    } else {
        qcow2_l2_set(q, table, index, 0, all_zero);
        qcow2_free_entry_later(q, entry);
    }
    return 0;
}

/* Lock held; all of the range is in one table. */
static int coroutine_fn zero_range(Qcow2 *q, uint64_t offset, uint64_t bytes, bool unmap)
{
    Qcow2Run run;
    while (bytes > 0) {
        int result = qcow2_lookup(q, offset, bytes, &run);
        if (result < 0) {
            return result;
        }
        bool backing = q->node.backing || q->header.backing;
        bool reads_zero =
            run.kind == QCOW2_RUN_ZERO || (run.kind == QCOW2_RUN_UNALLOCATED && !backing);
        bool keeps = !unmap || !qcow2_entry_has_host(q, run.entry) || q->data != q->node.file;
        if (reads_zero && (run.kind == QCOW2_RUN_UNALLOCATED || keeps)) {
            offset += run.bytes;
            bytes -= run.bytes;
            continue;
        }
        uint64_t here = MIN(bytes, q->cluster_size - (offset & (q->cluster_size - 1)));
        Qcow2Table *table;
        result = qcow2_l2_get_own(q, offset, &table);
        if (result == 0) {
            result = zero_cluster(q, table, offset, here, unmap);
            qcow2_cache_put(table);
        }
        if (result < 0) {
            return result;
        }
        offset += here;
        bytes -= here;
    }
    return 0;
}

int coroutine_fn qcow2_write_zeroes(BlockNode *node, uint64_t offset, uint64_t bytes,
                                    uint32_t flags)
{
    Qcow2 *q = qcow2_of(node);
    Qcow2Epoch *epoch = qcow2_epoch_enter(q);
    int result = 0;
    if (q->data != q->node.file) {
        /* as a raw data file must read the same without these tables */
        result = block_write_zeroes(q->data, offset, bytes, flags);
    }
    co_mutex_lock(&q->lock);
    if (result == 0) {
        result = qcow2_prepare_change(q);
    }
    if (result == 0) {
        qcow2_allocations_wait(q, offset & ~(uint64_t)(q->cluster_size - 1),
                               qcow2_round_up(q, offset + bytes));
        result = zero_range(q, offset, bytes, flags & BLOCK_REQUEST_MAY_UNMAP);
    }
    co_mutex_unlock(&q->lock);
    qcow2_epoch_leave(q, epoch);
    return result;
}

int coroutine_fn qcow2_discard(BlockNode *node, uint64_t offset, uint64_t bytes)
{
    Qcow2 *q = qcow2_of(node);
    if (q->header.version < 3 && q->header.backing) {
        return -ENOTSUP; /* what the backing file holds would come to light again */
    }
    uint64_t start = qcow2_round_up(q, offset);
    uint64_t end = offset + bytes;
    end = end == node->size ? end : end & ~(uint64_t)(q->cluster_size - 1);
    if (start >= end) {
        return 0;
    }
    return qcow2_write_zeroes(node, start, end - start, BLOCK_REQUEST_MAY_UNMAP);
}

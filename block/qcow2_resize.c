/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing the size of qcow2 images; preallocation. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/qcow2_internal.h"
#include "util/error.h"

enum { SECTOR = 512 };

/* A longer L1 table in a new place; one sector of the header makes it and @size valid. */
static int coroutine_fn grow_header(Qcow2 *q, uint64_t size, uint64_t entries)
{
    entries = MAX(entries, q->header.l1_entries);
    g_autofree uint64_t *l1 = g_new0(uint64_t, entries + 1);
    uint64_t old_offset = q->header.l1_offset, offset = old_offset, old_size = q->header.size;
    uint32_t old_entries = q->header.l1_entries;
    bool moves = entries > old_entries;
    int result = 0;
    memcpy(l1, q->l1, (size_t)old_entries * 8);
    if (moves) {
        result = qcow2_l1_write_new(q, l1, entries, &offset);
    }
    if (result == 0) {
        result = qcow2_commit(q);
    }
    if (result < 0) {
        return result;
    }
    q->header.size = size;
    q->header.l1_offset = offset;
    q->header.l1_entries = entries;
    result = qcow2_header_write(q);
    if (result < 0) {
        q->header.size = old_size;
        q->header.l1_offset = old_offset;
        q->header.l1_entries = old_entries;
        return result;
    }
    if (moves) {
        g_free(q->l1);
        q->l1 = g_steal_pointer(&l1);
        g_byte_array_set_size(q->l1_dirty, entries * 8 / SECTOR + 1);
        memset(q->l1_dirty->data, 0, q->l1_dirty->len);
        uint64_t clusters = MAX(qcow2_round_up(q, (uint64_t)old_entries * 8), q->cluster_size) >>
                            q->header.cluster_bits;
        result = qcow2_refcount_change(q, old_offset >> q->header.cluster_bits, clusters, -1);
    }
    return result;
}

static int coroutine_fn write_zero_bytes(Qcow2 *q, uint64_t offset, uint64_t bytes)
{
    g_autofree uint8_t *zeros = g_malloc0(bytes);
    g_auto(Iov) iov;
    iov_init_buffer(&iov, zeros, bytes);
    return qcow2_write(&q->node, offset, &iov);
}

/* What lies behind the old end must not come to light: the rest of its cluster, the backing file.
 */
static int coroutine_fn hide_tail(Qcow2 *q, uint64_t from, uint64_t to)
{
    BlockNode *backing = q->node.backing ? q->node.backing->node : NULL;
    uint64_t first = MIN(qcow2_round_up(q, from), to);
    int result = 0;
    if (first > from) {
        Qcow2Run run;
        result = qcow2_lookup(q, from, first - from, &run);
        bool reads_zero =
            run.kind == QCOW2_RUN_ZERO || (run.kind == QCOW2_RUN_UNALLOCATED && !backing);
        if (result == 0 && !(reads_zero && run.bytes == first - from)) {
            result = write_zero_bytes(q, from, first - from);
        }
    }
    if (result == 0 && backing && backing->size > first && to > first) {
        uint64_t end = MIN(to, qcow2_round_up(q, backing->size));
        result = qcow2_write_zeroes(&q->node, first, end - first, BLOCK_REQUEST_MAY_UNMAP);
    }
    if (result == -ENOTSUP) {
        for (uint64_t at = first; at < MIN(to, backing->size); at += q->cluster_size) {
            result = write_zero_bytes(q, at, MIN(q->cluster_size, to - at));
            if (result < 0) {
                break;
            }
        }
    }
    return result;
}

static int coroutine_fn grow(Qcow2 *q, uint64_t size, BlockPreallocation preallocation)
{
    uint64_t old = q->node.size;
    uint64_t covered = (uint64_t)q->l2_entries * q->cluster_size;
    uint64_t entries = size / covered + !!(size % covered);
    if (entries > QCOW2_L1_MAX_BYTES / 8) {
        return -EFBIG;
    }
    if (q->data != q->node.file && !block_truncate(q->data, size, BLOCK_PREALLOCATION_OFF, NULL)) {
        return -EIO;
    }
    /* Rooms for the new tables first; what becomes visible is hidden before the size says so. */
    co_mutex_lock(&q->lock);
    int result = qcow2_prepare_change(q);
    if (result == 0 && entries > q->header.l1_entries) {
        result = grow_header(q, q->header.size, entries);
    }
    co_mutex_unlock(&q->lock);
    if (result == 0) {
        q->node.size = size;
        result = hide_tail(q, old, size);
    }
    if (result == 0 && preallocation != BLOCK_PREALLOCATION_OFF) {
        result = qcow2_preallocate(q, old, size, preallocation);
    }
    co_mutex_lock(&q->lock);
    if (result == 0) {
        result = grow_header(q, size, entries);
    }
    co_mutex_unlock(&q->lock);
    if (result < 0) {
        q->node.size = old;
    }
    return result;
}

/* Clusters behind the end are freed, whatever they hold; the tables stay. */
static int coroutine_fn drop_range(Qcow2 *q, uint64_t from, uint64_t to)
{
    int result = 0;
    while (from < to && result == 0) {
        Qcow2Run run;
        Qcow2Table *table;
        result = qcow2_lookup(q, from, to - from, &run);
        if (result < 0 || (run.kind == QCOW2_RUN_UNALLOCATED && !run.entry)) {
            from += result < 0 ? 0 : run.bytes;
            continue;
        }
        result = qcow2_l2_get_own(q, from, &table);
        if (result < 0) {
            break;
        }
        uint32_t index = qcow2_l2_index(q, from);
        qcow2_free_entry_later(q, qcow2_l2_entry(q, table, index));
        qcow2_l2_set(q, table, index, 0, 0);
        qcow2_cache_put(table);
        from += q->cluster_size;
    }
    return result;
}

int coroutine_fn qcow2_make_empty(BlockNode *node)
{
    Qcow2 *q = qcow2_of(node);
    co_mutex_lock(&q->lock);
    while (q->users > 0) {
        co_queue_wait(&q->idle, &q->lock);
    }
    int result = qcow2_prepare_change(q);
    if (result == 0) {
        result = drop_range(q, 0, qcow2_round_up(q, node->size));
    }
    if (result == 0) {
        result = qcow2_commit(q);
    }
    co_mutex_unlock(&q->lock);
    return result;
}

static int coroutine_fn shrink(Qcow2 *q, uint64_t size)
{
    uint64_t old = q->node.size;
    co_mutex_lock(&q->lock);
    while (q->users > 0) {
        co_queue_wait(&q->idle, &q->lock);
    }
    int result = qcow2_prepare_change(q);
    if (result == 0) {
        result = drop_range(q, qcow2_round_up(q, size), qcow2_round_up(q, old));
    }
    if (result == 0) {
        result = qcow2_commit(q);
    }
    if (result == 0) {
        q->header.size = size;
        result = qcow2_header_write(q);
    }
    if (result == 0) {
        q->node.size = size;
    } else {
        q->header.size = old;
    }
    co_mutex_unlock(&q->lock);
    if (result == 0 && q->data != q->node.file) {
        result = block_truncate(q->data, size, BLOCK_PREALLOCATION_OFF, NULL) ? 0 : -EIO;
    }
    return result;
}

bool coroutine_fn qcow2_truncate(BlockNode *node, uint64_t size, BlockPreallocation preallocation,
                                 GError **errp)
{
    Qcow2 *q = qcow2_of(node);
    if (size % SECTOR) {
        error_set(errp, "'%s': size %" PRIu64 " is not a multiple of 512", node->filename, size);
        return false;
    }
    if (q->header.snapshots && (q->header.version < 3 || size < node->size)) {
        error_set(errp, "'%s' has snapshots: it cannot %s", node->filename,
                  size < node->size ? "shrink" : "be resized in version 2 (compat=0.10)");
        return false;
    }
    if (q->header.has_bitmaps && size != node->size) {
        error_set(errp, "'%s' has bitmaps: it cannot be resized", node->filename);
        return false;
    }
    if (size < node->size && preallocation != BLOCK_PREALLOCATION_OFF) {
        error_set(errp, "'%s': preallocation when it shrinks makes no sense", node->filename);
        return false;
    }
    int result = size < node->size ? shrink(q, size) : grow(q, size, preallocation);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be resized to %" PRIu64 " bytes",
                        node->filename, size);
    }
    return result == 0;
}

/* Host clusters behind the end of the file, so that they read as zeros. */
static int coroutine_fn link_new(Qcow2 *q, uint64_t at, uint64_t clusters, uint64_t host)
{
    Qcow2Table *table;
    int result = qcow2_l2_get_own(q, at, &table);
    if (result < 0) {
        return result;
    }
    for (uint64_t i = 0; i < clusters; i++) {
        uint64_t entry = (host + i * q->cluster_size) | QCOW2_COPIED;
        qcow2_l2_set(q, table, qcow2_l2_index(q, at) + i, entry, 0xffffffff);
    }
    qcow2_cache_put(table);
    return 0;
}

static int coroutine_fn preallocate_some(Qcow2 *q, uint64_t *at, uint64_t to)
{
    Qcow2Run run;
    int result = qcow2_lookup(q, *at, to - *at, &run);
    if (result < 0) {
        return result;
    }
    if (run.kind != QCOW2_RUN_UNALLOCATED) {
        *at += run.kind == QCOW2_RUN_COMPRESSED ? q->cluster_size : run.bytes;
        *at = qcow2_round_up(q, *at);
        return 0;
    }
    uint64_t clusters = qcow2_round_up(q, run.bytes) >> q->header.cluster_bits, host = *at;
    if (q->data == q->node.file) {
        q->free_hint = MAX(q->free_hint, q->zero_from >> q->header.cluster_bits);
        result = qcow2_alloc(q, &clusters, false, &host);
        if (result == 0) {
            q->zero_from = MAX(q->zero_from, host + (clusters << q->header.cluster_bits));
        }
    }
    if (result == 0) {
        result = link_new(q, *at, clusters, host);
    }
    *at += clusters << q->header.cluster_bits;
    return result;
}

int coroutine_fn qcow2_preallocate(Qcow2 *q, uint64_t from, uint64_t to,
                                   BlockPreallocation preallocation)
{
    uint64_t at = qcow2_round_up(q, from), hint;
    int result = 0;
    co_mutex_lock(&q->lock);
    hint = q->free_hint;
    while (at < to && result == 0) {
        result = preallocate_some(q, &at, to);
    }
    q->free_hint = hint;
    uint64_t end = q->zero_from;
    co_mutex_unlock(&q->lock);
    BlockChild *file = q->data;
    if (file != q->node.file) {
        end = to;
    }
    if (result == 0 && file->node->size < end) {
        BlockPreallocation mode =
            preallocation == BLOCK_PREALLOCATION_METADATA ? BLOCK_PREALLOCATION_OFF : preallocation;
        result = block_truncate(file, end, mode, NULL) ? 0 : -ENOSPC;
    } else if (result == 0 && file != q->node.file && preallocation == BLOCK_PREALLOCATION_FALLOC) {
        result = block_write_zeroes(file, from, to - from, 0);
    }
    return result;
}

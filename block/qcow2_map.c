/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From guest clusters to host clusters.  Spec: Qcow2 Image File Format, "Cluster mapping". */
#include <errno.h>
#include <string.h>

#include "block/qcow2_internal.h"
#include "util/endian.h"

enum { SECTOR = 512 };

static uint32_t l1_index(const Qcow2 *q, uint64_t offset)
{
    return (offset >> q->header.cluster_bits) / q->l2_entries;
}

uint32_t qcow2_l2_index(const Qcow2 *q, uint64_t offset)
{
    return (offset >> q->header.cluster_bits) % q->l2_entries;
}

uint64_t qcow2_l2_entry(const Qcow2 *q, const Qcow2Table *table, uint32_t index)
{
    return load_be64(table->bytes + (size_t)index * q->l2_entry_bytes);
}

/* With a data file the offset 0 is a place like any other; bit 63 says that it is one. */
bool qcow2_entry_has_host(const Qcow2 *q, uint64_t entry)
{
    return (entry & QCOW2_OFFSET_MASK) || (q->data != q->node.file && (entry & QCOW2_COPIED));
}

uint64_t qcow2_l2_bitmap(const Qcow2 *q, const Qcow2Table *table, uint32_t index)
{
    uint64_t entry = qcow2_l2_entry(q, table, index);
    if (q->subclusters > 1) {
        return load_be64(table->bytes + (size_t)index * q->l2_entry_bytes + 8);
    }
    if (q->header.version >= 3 && (entry & QCOW2_ZERO)) {
        return UINT64_C(0xffffffff) << 32;
    }
    return qcow2_entry_has_host(q, entry) ? 0xffffffff : 0;
}

void qcow2_l2_set(const Qcow2 *q, Qcow2Table *table, uint32_t index, uint64_t entry,
                  uint64_t bitmap)
{
    uint8_t *place = table->bytes + (size_t)index * q->l2_entry_bytes;
    if (q->subclusters > 1) {
        store_be64(place + 8, entry & QCOW2_COMPRESSED ? 0 : bitmap);
    } else if (!(entry & QCOW2_COMPRESSED)) {
        entry = (entry & ~QCOW2_ZERO) | (bitmap >> 32 ? QCOW2_ZERO : 0);
    }
    store_be64(place, entry);
    qcow2_cache_dirty(table, index * q->l2_entry_bytes, q->l2_entry_bytes);
}

void qcow2_l1_set(Qcow2 *q, uint32_t index, uint64_t entry)
{
    q->l1[index] = entry;
    q->l1_dirty->data[(size_t)index * 8 / SECTOR] = 1;
}

void qcow2_packed_place(const Qcow2 *q, uint64_t entry, uint64_t *offset, uint64_t *bytes)
{
    unsigned x = 62 - (q->header.cluster_bits - 8);
    *offset = entry & ((UINT64_C(1) << x) - 1) & ((UINT64_C(1) << 56) - 1);
    uint64_t sectors = (entry & ~(QCOW2_COPIED | QCOW2_COMPRESSED)) >> x;
    *bytes = (sectors + 1) * SECTOR - (*offset & (SECTOR - 1));
}

static int coroutine_fn l2_offset(Qcow2 *q, uint64_t offset, uint64_t *table_offset)
{
    uint32_t index = l1_index(q, offset);
    *table_offset = index < q->header.l1_entries ? q->l1[index] & QCOW2_OFFSET_MASK : 0;
    if (*table_offset & (q->cluster_size - 1)) {
        return qcow2_damage(q, "L2 table is not at a cluster", *table_offset);
    }
    return 0;
}

int coroutine_fn qcow2_l2_get(Qcow2 *q, uint64_t offset, Qcow2Table **table)
{
    uint64_t table_offset;
    *table = NULL;
    int result = l2_offset(q, offset, &table_offset);
    if (result < 0 || table_offset == 0) {
        return result;
    }
    return qcow2_cache_get(&q->l2_cache, table_offset, table);
}

int coroutine_fn qcow2_l2_get_own(Qcow2 *q, uint64_t offset, Qcow2Table **table)
{
    uint32_t index = l1_index(q, offset);
    if (index >= q->header.l1_entries) {
        return -EINVAL;
    }
    if (q->l1[index] & QCOW2_COPIED) {
        int result = qcow2_l2_get(q, offset, table);
        return result < 0 ? result : *table ? 0 : qcow2_damage(q, "L1 entry without table", index);
    }
    Qcow2Table *old;
    int result = qcow2_l2_get(q, offset, &old);
    uint64_t one = 1, place;
    if (result == 0) {
        result = qcow2_alloc(q, &one, true, &place);
    }
    if (result == 0) {
        result = qcow2_cache_get_new(&q->l2_cache, place, table);
        if (result < 0) {
            qcow2_refcount_change(q, place >> q->header.cluster_bits, 1, -1);
        }
    }
    if (result == 0 && old) {
        memcpy((*table)->bytes, old->bytes, q->cluster_size);
    }
    if (old) {
        qcow2_cache_put(old);
    }
    if (result < 0) {
        return result;
    }
    q->zero_from = MAX(q->zero_from, place + q->cluster_size);
    if (old) {
        qcow2_free_later(q, q->l1[index] & QCOW2_OFFSET_MASK, 1);
    }
    qcow2_l1_set(q, index, place | QCOW2_COPIED);
    return 0;
}

static Qcow2RunKind kind_of(uint64_t entry, uint64_t bitmap, unsigned sub)
{
    return entry & QCOW2_COMPRESSED               ? QCOW2_RUN_COMPRESSED
           : bitmap & (UINT64_C(1) << (sub + 32)) ? QCOW2_RUN_ZERO
           : bitmap & (UINT64_C(1) << sub)        ? QCOW2_RUN_DATA
                                                  : QCOW2_RUN_UNALLOCATED;
}

static int coroutine_fn check_entry(Qcow2 *q, uint64_t entry, uint64_t bitmap, uint64_t guest)
{
    if (entry & QCOW2_COMPRESSED) {
        return q->data == q->node.file
                   ? 0
                   : qcow2_damage(q, "compressed cluster with a data file", guest);
    }
    if ((entry & QCOW2_OFFSET_MASK) & (q->cluster_size - 1)) {
        return qcow2_damage(q, "data cluster is not at a cluster", entry & QCOW2_OFFSET_MASK);
    }
    if (q->data != q->node.file && qcow2_entry_has_host(q, entry) &&
        (entry & QCOW2_OFFSET_MASK) != (guest & ~(uint64_t)(q->cluster_size - 1))) {
        return qcow2_damage(q, "cluster is elsewhere in the data file", guest);
    }
    if ((bitmap & (bitmap >> 32) & 0xffffffff) ||
        ((bitmap & 0xffffffff) && !qcow2_entry_has_host(q, entry))) {
        return qcow2_damage(q, "subcluster bitmap contradicts itself", guest);
    }
    return 0;
}

/* Extends @run over what continues it, up to @bytes. */
static int coroutine_fn scan_run(Qcow2 *q, const Qcow2Table *table, uint64_t offset, uint64_t bytes,
                                 Qcow2Run *run)
{
    uint32_t sub_bytes = q->cluster_size / q->subclusters;
    uint64_t at = offset;
    while (at < offset + bytes) {
        uint32_t index = qcow2_l2_index(q, at);
        if (at > offset && index == 0 && (at & (q->cluster_size - 1)) == 0) {
            break; /* the next table */
        }
        uint64_t entry = table ? qcow2_l2_entry(q, table, index) : 0;
        uint64_t bitmap = table ? qcow2_l2_bitmap(q, table, index) : 0;
        int result = check_entry(q, entry, bitmap, at);
        if (result < 0) {
            return result;
        }
        uint64_t within = at & (q->cluster_size - 1);
        Qcow2RunKind kind = kind_of(entry, bitmap, within / sub_bytes);
        uint64_t host = (entry & QCOW2_OFFSET_MASK) + within;
        if (at == offset) {
            run->kind = kind;
            run->entry = entry;
            run->host = host;
        } else if (kind != run->kind || kind == QCOW2_RUN_COMPRESSED ||
                   (kind == QCOW2_RUN_DATA && host != run->host + (at - offset))) {
            break;
        }
        at += kind == QCOW2_RUN_COMPRESSED ? q->cluster_size - within
                                           : sub_bytes - within % sub_bytes;
    }
    run->bytes = MIN(at - offset, bytes);
    return 0;
}

int coroutine_fn qcow2_lookup(Qcow2 *q, uint64_t offset, uint64_t bytes, Qcow2Run *run)
{
    uint64_t covered = (uint64_t)q->l2_entries * q->cluster_size;
    uint64_t table_offset;
    bytes = MIN(bytes, covered - offset % covered);
    int result = l2_offset(q, offset, &table_offset);
    if (result < 0) {
        return result;
    }
    if (table_offset == 0) {
        *run = (Qcow2Run){ .kind = QCOW2_RUN_UNALLOCATED, .bytes = bytes };
        return 0;
    }
    /* In memory it can be read between two changes, as nothing here waits. */
    Qcow2Table *table = qcow2_cache_peek(&q->l2_cache, table_offset);
    if (table) {
        return scan_run(q, table, offset, bytes, run);
    }
    bool locked = q->lock.holder == coroutine_self();
    if (!locked) {
        co_mutex_lock(&q->lock);
    }
    result = qcow2_l2_get(q, offset, &table);
    if (result == 0) {
        result = scan_run(q, table, offset, bytes, run);
    }
    if (table) {
        qcow2_cache_put(table);
    }
    if (!locked) {
        co_mutex_unlock(&q->lock);
    }
    return result;
}

int coroutine_fn qcow2_l1_write_new(Qcow2 *q, const uint64_t *l1, uint32_t entries,
                                    uint64_t *offset)
{
    uint64_t bytes = qcow2_round_up(q, (uint64_t)entries * 8);
    uint64_t clusters = MAX(bytes >> q->header.cluster_bits, 1);
    int result = qcow2_alloc(q, &clusters, true, offset);
    if (result < 0) {
        return result;
    }
    bytes = clusters << q->header.cluster_bits;
    q->zero_from = MAX(q->zero_from, *offset + bytes);
    g_autofree uint64_t *table = g_malloc0(bytes);
    for (uint32_t i = 0; i < entries; i++) {
        table[i] = GUINT64_TO_BE(l1[i]);
    }
    return block_write_buffer(q->node.file, *offset, table, bytes);
}

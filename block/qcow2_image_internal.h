/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Format "qcow2": an open image.  Spec: "Qcow2 Image File Format" (docs/interop of QEMU).
 *
 * Order of writes, so that every crash leaves a sound image (docs/devel/block-layer.rst): counts go
 * up and data and new tables are written first; a flush of the file; then what points to them; a
 * flush. Counts of clusters that became unused go down only after that.
 */
#pragma once

#include "block/driver.h"
#include "block/qcow2_cache.h"
#include "block/qcow2_format_internal.h"

typedef struct Qcow2Epoch Qcow2Epoch;
typedef struct Qcow2Allocation Qcow2Allocation;

typedef struct {
    BlockNode node;
    BlockChild *data; /* where clusters are: node.file or an external data file */
    Qcow2Header header;
    uint8_t *header_bytes; /* as they are in the file */
    size_t header_length;

    uint32_t cluster_size;
    uint32_t l2_entries;     /* per table */
    uint32_t l2_entry_bytes; /* 8, or 16 with subclusters */
    uint32_t subclusters;    /* per cluster: 1 or 32 */
    uint32_t refcounts;      /* per block */
    uint64_t refcount_max;

    CoMutex lock;         /* over everything below; held while tables are changed */
    uint64_t *l1;         /* host byte order */
    GByteArray *l1_dirty; /* a byte for each 512 of the table */
    uint64_t *reftable;
    uint32_t reftable_entries;
    GByteArray *reftable_dirty;
    Qcow2Cache l2_cache, refblock_cache;
    Qcow2Snapshot *snapshots; /* header.snapshots of them */

    uint64_t free_hint; /* no free cluster below this index */
    uint64_t zero_from; /* file bytes from here on were never written */
    uint64_t packed_at; /* where the next compressed cluster may go; 0: in a new cluster */
    Qcow2Epoch *epoch;  /* the current one; older ones wait for their users */
    GQueue epochs;
    Qcow2Allocation *allocations; /* in flight */
    CoQueue allocation_done;
    unsigned users; /* requests in flight */
    CoQueue idle;
    bool bitmaps_stale; /* qcow2_bitmaps_stale() was done */
    bool broken;        /* damage was found: nothing is written any more */

    uint8_t *unpacked; /* the last compressed cluster that was read */
    uint64_t unpacked_entry;

    /* properties */
    uint64_t l2_cache_bytes, refblock_cache_bytes;
    int lazy_refcounts;
    char *option_data_file;
} Qcow2;

static inline Qcow2 *qcow2_of(BlockNode *node)
{
    return container_of(node, Qcow2, node);
}

static inline uint64_t qcow2_round_up(const Qcow2 *q, uint64_t offset)
{
    return (offset + q->cluster_size - 1) & ~(uint64_t)(q->cluster_size - 1);
}

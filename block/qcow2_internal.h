/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Format "qcow2": what each of its files offers to the others. */
#pragma once

#include "block/qcow2_image_internal.h"

/* qcow2_header.c */
bool coroutine_fn qcow2_header_read(Qcow2 *q, GError **errp);
/** qcow2_header_write - what changed of the header; in the end one sector makes it valid */
int coroutine_fn qcow2_header_write(Qcow2 *q);
/**
 * qcow2_header_fill - lay the header out in @bytes (a cluster, at most 64 KiB)
 * @old: what is there now, or NULL
 *
 * Returns false if it does not fit.
 */
bool qcow2_header_fill(const Qcow2Header *header, uint8_t *bytes, size_t room, const uint8_t *old);
void qcow2_header_cleanup(Qcow2Header *header);

/* qcow2_refcount.c: all with the lock held; all return 0 or -errno */
int coroutine_fn qcow2_refcount_get(Qcow2 *q, uint64_t cluster, uint64_t *count);
/** qcow2_refcount_change - add @delta to @clusters counts from index @cluster on */
int coroutine_fn qcow2_refcount_change(Qcow2 *q, uint64_t cluster, uint64_t clusters, int delta);
/**
 * qcow2_alloc - find free clusters, counts become one
 * @wanted: in: how many in a row at best; out: how many (at least one)
 * @whole: nothing less than @wanted will do
 * @offset: out: where in the file
 */
int coroutine_fn qcow2_alloc(Qcow2 *q, uint64_t *wanted, bool whole, uint64_t *offset);
/** qcow2_free_later - @clusters at @offset lose a user, once the tables that say so are on disk */
void qcow2_free_later(Qcow2 *q, uint64_t offset, uint64_t clusters);
/** qcow2_free_entry_later - what an L2 entry points to */
void qcow2_free_entry_later(Qcow2 *q, uint64_t entry);
/** qcow2_write_tables - make the file's tables those in memory, in the right order */
int coroutine_fn qcow2_write_tables(void *q);
/** qcow2_commit - qcow2_write_tables(), and all of it is on disk */
int coroutine_fn qcow2_commit(Qcow2 *q);
/** qcow2_mark_dirty - counts in the file may be wrong until qcow2_mark_clean() */
int coroutine_fn qcow2_mark_dirty(Qcow2 *q);
int coroutine_fn qcow2_mark_clean(Qcow2 *q);
/** qcow2_damage - the image contradicts itself: note it, stop writing; returns -EIO */
int coroutine_fn qcow2_damage(Qcow2 *q, const char *what, uint64_t offset);
uint64_t qcow2_refcount_of(const Qcow2 *q, const uint8_t *block, uint32_t index);
void qcow2_refcount_store(const Qcow2 *q, uint8_t *block, uint32_t index, uint64_t count);
Qcow2Epoch *qcow2_epoch_enter(Qcow2 *q);
void qcow2_epoch_leave(Qcow2 *q, Qcow2Epoch *epoch);
void qcow2_epochs_init(Qcow2 *q);
void qcow2_epochs_cleanup(Qcow2 *q);

/* qcow2_map.c */
typedef enum {
    QCOW2_RUN_UNALLOCATED,
    QCOW2_RUN_ZERO,
    QCOW2_RUN_DATA,
    QCOW2_RUN_COMPRESSED, /* one cluster or a part of it */
} Qcow2RunKind;

/* What lies behind consecutive guest bytes; all alike and, as data, in a row. */
typedef struct {
    Qcow2RunKind kind;
    uint64_t bytes;
    uint64_t host;  /* DATA: of the first byte */
    uint64_t entry; /* of the first cluster */
} Qcow2Run;

/** qcow2_lookup - takes the lock itself if the table is not in memory */
int coroutine_fn qcow2_lookup(Qcow2 *q, uint64_t offset, uint64_t bytes, Qcow2Run *run);
/** qcow2_l2_get - table of @offset, pinned; NULL if there is none. Lock held. */
int coroutine_fn qcow2_l2_get(Qcow2 *q, uint64_t offset, Qcow2Table **table);
/** qcow2_l2_get_own - the same, made or copied if need be so that it may be changed */
int coroutine_fn qcow2_l2_get_own(Qcow2 *q, uint64_t offset, Qcow2Table **table);
uint32_t qcow2_l2_index(const Qcow2 *q, uint64_t offset);
uint64_t qcow2_l2_entry(const Qcow2 *q, const Qcow2Table *table, uint32_t index);
/** qcow2_l2_bitmap - of subclusters; without them as if the entry had 32 that are alike */
uint64_t qcow2_l2_bitmap(const Qcow2 *q, const Qcow2Table *table, uint32_t index);
void qcow2_l2_set(const Qcow2 *q, Qcow2Table *table, uint32_t index, uint64_t entry,
                  uint64_t bitmap);
bool qcow2_entry_has_host(const Qcow2 *q, uint64_t entry);
void qcow2_l1_set(Qcow2 *q, uint32_t index, uint64_t entry);
/** qcow2_l1_write_new - a copy of @l1 in new clusters at *@offset */
int coroutine_fn qcow2_l1_write_new(Qcow2 *q, const uint64_t *l1, uint32_t entries,
                                    uint64_t *offset);
/** qcow2_packed_place - where a compressed cluster lies */
void qcow2_packed_place(const Qcow2 *q, uint64_t entry, uint64_t *offset, uint64_t *bytes);

/* qcow2_write.c */
int coroutine_fn qcow2_write(BlockNode *node, uint64_t offset, const Iov *iov);
int coroutine_fn qcow2_write_zeroes(BlockNode *node, uint64_t offset, uint64_t bytes,
                                    uint32_t flags);
int coroutine_fn qcow2_discard(BlockNode *node, uint64_t offset, uint64_t bytes);
int coroutine_fn qcow2_prepare_change(Qcow2 *q);
/** qcow2_allocations_wait - until no write in flight allocates in the range; lock held */
void coroutine_fn qcow2_allocations_wait(Qcow2 *q, uint64_t start, uint64_t end);

/* qcow2_compress.c */
int coroutine_fn qcow2_read_compressed(Qcow2 *q, uint64_t entry, uint64_t skip, const Iov *iov);
int coroutine_fn qcow2_write_compressed(BlockNode *node, uint64_t offset, const Iov *iov);

/* qcow2_snapshot.c */
bool coroutine_fn qcow2_snapshots_read(Qcow2 *q, GError **errp);
void qcow2_snapshots_cleanup(Qcow2 *q);
extern const BlockSnapshotOps qcow2_snapshot_ops;

/* qcow2_check.c */
extern const BlockCheckOps qcow2_check_ops;
/** qcow2_rebuild_refcounts - after a crash in which counts could be left wrong */
bool coroutine_fn qcow2_repair_dirty(Qcow2 *q, GError **errp);

/* qcow2_resize.c */
bool coroutine_fn qcow2_truncate(BlockNode *node, uint64_t size, BlockPreallocation preallocation,
                                 GError **errp);
/** qcow2_make_empty - nothing is allocated any more; the tables stay */
int coroutine_fn qcow2_make_empty(BlockNode *node);
/** qcow2_preallocate - give every cluster of the range a place that reads as zeros */
int coroutine_fn qcow2_preallocate(Qcow2 *q, uint64_t from, uint64_t to,
                                   BlockPreallocation preallocation);

/* qcow2_create.c */
extern const ObjectClass qcow2_create_class;
bool coroutine_fn qcow2_create(Object *options, const char *filename, GError **errp);
bool coroutine_fn qcow2_measure(Object *options, BlockChild *source, uint64_t size,
                                BlockMeasure *measure, GError **errp);

/* qcow2_bitmap.c */
typedef struct {
    uint64_t table_offset;
    uint32_t table_entries;
    uint32_t flags;
    uint8_t type, granularity_bits;
    char *name;
    uint64_t entry_offset; /* in the file */
} Qcow2Bitmap;
enum { QCOW2_BITMAP_IN_USE = 1, QCOW2_BITMAP_AUTO = 2 };
/** qcow2_bitmaps_read - the directory; an array of Qcow2Bitmap; NULL with an error */
GArray *coroutine_fn qcow2_bitmaps_read(Qcow2 *q, GError **errp);
/** qcow2_bitmaps_stale - before the first change: those that should follow it no longer count */
int coroutine_fn qcow2_bitmaps_stale(Qcow2 *q);

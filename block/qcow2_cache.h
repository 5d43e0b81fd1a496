/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of a qcow2 image held in memory: each is one cluster, written back in part. */
#pragma once

#include "block/node.h"

/* A table in memory, big-endian as in the file. */
typedef struct {
    uint64_t offset;
    uint8_t *bytes;
    uint32_t dirty_from, dirty_to; /* bytes to write back; equal: none */
    bool fresh;    /* nothing in the file refers to it yet: it may be written at any time */
    unsigned pins; /* users that wait for something else meanwhile */
    GList link;    /* in the order of use */
} Qcow2Table;

/* Guarded by the lock of the image. */
typedef struct {
    BlockChild *file;
    uint32_t table_bytes;
    unsigned limit;     /* tables */
    GHashTable *tables; /* offset -> Qcow2Table */
    GQueue order;       /* least recently used first */
    bool any_order;     /* dirty tables may be written whenever room is wanted */
    int coroutine_fn (*clean)(void *opaque); /* else: write all of them in the right order */
    void *opaque;
} Qcow2Cache;

void qcow2_cache_init(Qcow2Cache *cache, BlockChild *file, uint32_t table_bytes,
                      uint64_t limit_bytes);
/** qcow2_cache_cleanup - forgets everything, dirty or not */
void qcow2_cache_cleanup(Qcow2Cache *cache);

/** qcow2_cache_peek - the table at @offset if it is in memory; does not wait, nor pin */
Qcow2Table *qcow2_cache_peek(Qcow2Cache *cache, uint64_t offset);
/** qcow2_cache_get - read it if need be, and pin it; -errno */
int coroutine_fn qcow2_cache_get(Qcow2Cache *cache, uint64_t offset, Qcow2Table **table);
/** qcow2_cache_get_new - a fresh table of zeros, dirty as a whole, pinned */
int coroutine_fn qcow2_cache_get_new(Qcow2Cache *cache, uint64_t offset, Qcow2Table **table);
void qcow2_cache_put(Qcow2Table *table);
void qcow2_cache_dirty(Qcow2Table *table, uint32_t from, uint32_t bytes);
/** qcow2_cache_write - write dirty tables: only fresh ones, or all */
int coroutine_fn qcow2_cache_write(Qcow2Cache *cache, bool only_fresh);
bool qcow2_cache_is_dirty(const Qcow2Cache *cache);
/** qcow2_cache_settle - what was fresh is referred to from now on */
void qcow2_cache_settle(Qcow2Cache *cache);
/** qcow2_cache_drop - forget the table at @offset, dirty or not, if nobody uses it */
void qcow2_cache_drop(Qcow2Cache *cache, uint64_t offset);

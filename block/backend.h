/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device sees of its disk: an image in a drive. Devices hand in requests from any thread,
 * with the machine lock held; the requests run as coroutines in the main loop, and their ends are
 * told there, with the lock held too.
 */
#pragma once

#include <pthread.h>

#include "block/open.h"
#include "block/request.h"

typedef struct BlockBackend BlockBackend;
typedef struct BlockIo BlockIo;

typedef enum {
    BLOCK_IO_READ,
    BLOCK_IO_WRITE,
    BLOCK_IO_FLUSH,
    BLOCK_IO_DISCARD,
    BLOCK_IO_WRITE_ZEROES,
    BLOCK_IO_KINDS
} BlockIoKind;

/* One request of a device, which owns it until .done is called; .iov's memory stays valid so long.
 */
struct BlockIo {
    BlockIoKind kind;
    uint64_t offset, bytes; /* bytes: of reads and writes, those of .iov */
    Iov iov;
    uint32_t flags;                        /* BLOCK_REQUEST_x */
    void (*done)(BlockIo *io, int result); /* 0 or -errno; may free it */
    BlockBackend *backend;                 /* set by block_backend_submit() */
    BlockIo *next;
};

/* Requests that ended, for "info blockstats". */
typedef struct {
    uint64_t count[BLOCK_IO_KINDS], bytes[BLOCK_IO_KINDS], failed[BLOCK_IO_KINDS];
} BlockStatistics;

/* Guarded by the machine lock. */
struct BlockBackend {
    Object object;
    char *id;
    BlockChild *root;
    bool writable, write_through;
    const char *user; /* the device that has it; NULL: free */
    GSource *wake;    /* starts what is in .first */
    BlockIo *first, **last;
    unsigned in_flight;  /* not done yet */
    pthread_cond_t idle; /* signalled when .in_flight became 0 */
    BlockStatistics statistics;
};

extern const ObjectClass block_backend_class;

/**
 * block_backend_open - a drive called @id below @parent, with an image in it
 *
 * Context: main thread, machine lock held. The drive belongs to @parent.
 */
BlockBackend *block_backend_open(Object *parent, const char *id, const char *filename,
                                 const BlockOpen *how, GError **errp);
/** block_backend_find - the drive called @id, wherever in the tree of @any it stands */
BlockBackend *block_backend_find(Object *any, const char *id, GError **errp);
/** block_backend_take - @user (a device's name, which outlives its use) has the drive from now on;
 * fails when another has it. block_backend_release: the reverse */
bool block_backend_take(BlockBackend *backend, const char *user, GError **errp);
void block_backend_release(BlockBackend *backend);

uint64_t block_backend_size(const BlockBackend *backend);
/** block_backend_submit - @io starts soon; .done is never called from here */
void block_backend_submit(BlockBackend *backend, BlockIo *io);
/**
 * block_backend_drain - wait until nothing is in flight
 * @enough: asked now and then in other threads than the main one; true ends the wait. NULL: never
 *
 * The main thread does nothing else meanwhile. Other threads drop the machine lock while they wait,
 * and must be able to stop waiting: the main thread, which does the work, may wait for them.
 */
void block_backend_drain(BlockBackend *backend, bool (*enough)(void));
/** block_backend_drain_all - every drive below @parent, and flush the images */
void block_backend_drain_all(Object *parent);

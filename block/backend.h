/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device sees of its disk: an image in a drive. Devices hand in requests from any thread,
 * with the machine lock held; the requests run as coroutines in the main loop, and their ends are
 * told there, with the lock held too.
 */
#pragma once

#include <pthread.h>

#include "block/backend_events.h"
#include "block/open.h"
#include "block/request.h"

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
    gint64 since_us;                       /* likewise */
    BlockIo *next;
};

/* Requests that ended, for "info blockstats". */
typedef struct {
    uint64_t count[BLOCK_IO_KINDS], bytes[BLOCK_IO_KINDS], failed[BLOCK_IO_KINDS];
    uint64_t total_us[BLOCK_IO_KINDS]; /* from submission to end */
    uint64_t highest_written;          /* end of the last byte that was */
} BlockStatistics;

/* Guarded by the machine lock. */
struct BlockBackend {
    Object object;
    char *id;
    BlockChild *root; /* NULL: no medium */
    bool writable, write_through;
    bool is_cdrom;  /* media=cdrom */
    bool transient; /* goes with its device */
    BlockOnError on_read_error, on_write_error;
    Object *user; /* the device that has it; NULL: free */
    const BlockUserOps *user_ops;
    void *user_opaque;
    BlockIo *held; /* failed, and wait for the machine to go on; not in flight */
    int error;     /* of the last that was held: -errno; 0: none is */
    GSource *wake; /* starts what is in .first */
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
/** block_backend_new - a drive without a medium. NULL: the name is taken */
BlockBackend *block_backend_new(Object *parent, const char *id, GError **errp);
/** block_backend_new_for - an empty drive for the device @user, which goes with it, called like it
 * if it has an @id */
BlockBackend *block_backend_new_for(Object *user, const char *id, GError **errp);
/** block_backend_drop_unused - end a drive that was only made for a device */
void block_backend_drop_unused(BlockBackend *backend);
/** block_backend_set_policy - indices into block_policy_names */
void block_backend_set_policy(BlockBackend *backend, int read, int write);
/** block_backend_insert - open an image as the medium of an empty drive, as block_backend_open() */
bool block_backend_insert(BlockBackend *backend, const char *filename, const BlockOpen *how,
                          GError **errp);
/** block_backend_remove - close the medium, if there is one, once nothing is in flight */
void block_backend_remove(BlockBackend *backend);
/** block_backend_find - the drive called @id, wherever in the tree of @any it stands */
BlockBackend *block_backend_find(Object *any, const char *id, GError **errp);
/** block_backend_take - device @user has the drive from now on; fails when another has it, or when
 * there is no medium in it and @ops are not of a removable one. block_backend_release: the reverse;
 * nothing may be in flight */
bool block_backend_take(BlockBackend *backend, Object *user, const BlockUserOps *ops, void *opaque,
                        GError **errp);
void block_backend_release(BlockBackend *backend);
/** block_backend_tray_moved - the device says that its tray did */
void block_backend_tray_moved(BlockBackend *backend, bool open);

/** block_backend_resize - change the size of the medium; its device is told */
bool block_backend_resize(BlockBackend *backend, uint64_t bytes, GError **errp);
/** block_backend_size - bytes; 0 without a medium */
uint64_t block_backend_size(const BlockBackend *backend);
/** block_backend_submit - @io starts soon; .done is never called from here */
void block_backend_submit(BlockBackend *backend, BlockIo *io);
/** block_backend_hold - @io starts when the machine goes on */
void block_backend_hold(BlockBackend *backend, BlockIo *io);
/** block_backend_resume - try again what is held */
void block_backend_resume(BlockBackend *backend);
/** block_backend_resume_all - of every drive below @parent: the machine goes on */
void block_backend_resume_all(Object *parent);
/** block_backend_cancel - what is held ends, with -ECANCELED: its device is reset or goes */
void block_backend_cancel(BlockBackend *backend);
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

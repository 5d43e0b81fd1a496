/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests on edges of the block graph. All return 0 or -errno. */
#pragma once

#include "block/node.h"
#include "util/iov.h"

enum {
    BLOCK_REQUEST_MAY_UNMAP = 1 << 0,         /* write_zeroes: the range may become unallocated */
    BLOCK_REQUEST_NO_FALLBACK = 1 << 1,       /* write_zeroes: -ENOTSUP rather than writing zeros */
    BLOCK_REQUEST_FORCE_UNIT_ACCESS = 1 << 2, /* on disk when the request ends */
};

enum {
    BLOCK_STATUS_DATA = 1 << 0,      /* reads come from here */
    BLOCK_STATUS_ZERO = 1 << 1,      /* reads as zeros */
    BLOCK_STATUS_ALLOCATED = 1 << 2, /* decided in this node, not in its backing file */
    BLOCK_STATUS_OFFSET = 1 << 3,    /* host_offset is valid: the data lie there, as they are */
    BLOCK_STATUS_COMPRESSED = 1 << 4,
};

/* What a range holds; all its bytes are alike. */
typedef struct {
    uint32_t flags;
    uint64_t bytes;
    uint64_t host_offset;
    BlockNode *file; /* that host_offset is in */
    unsigned depth;  /* block_status_above(): 0 is the node itself, 1 its backing file ... */
} BlockStatus;

typedef enum {
    BLOCK_PREALLOCATION_OFF,
    BLOCK_PREALLOCATION_METADATA,
    BLOCK_PREALLOCATION_FALLOC,
    BLOCK_PREALLOCATION_FULL,
} BlockPreallocation;

typedef struct {
    uint64_t required;        /* bytes of the file that holds the content */
    uint64_t fully_allocated; /* bytes once every cluster was written */
    uint64_t bitmaps;         /* bytes of the source's bitmaps, if they can be copied */
    bool has_bitmaps;
} BlockMeasure;

/** block_read - fill @iov; bytes beyond the end of a protocol node read as zeros */
int coroutine_fn block_read(BlockChild *child, uint64_t offset, const Iov *iov);
int coroutine_fn block_write(BlockChild *child, uint64_t offset, const Iov *iov, uint32_t flags);
int coroutine_fn block_read_buffer(BlockChild *child, uint64_t offset, void *buffer, size_t bytes);
int coroutine_fn block_write_buffer(BlockChild *child, uint64_t offset, const void *buffer,
                                    size_t bytes);
/** block_write_compressed - @offset must be the start of a cluster, and the end one or the image's
 */
int coroutine_fn block_write_compressed(BlockChild *child, uint64_t offset, const Iov *iov);
int coroutine_fn block_write_zeroes(BlockChild *child, uint64_t offset, uint64_t bytes,
                                    uint32_t flags);
/** block_discard - the guest no longer needs the range; a hint, whole blocks of it may be freed */
int coroutine_fn block_discard(BlockChild *child, uint64_t offset, uint64_t bytes);
/** block_flush - what was written before survives a crash from now on */
int coroutine_fn block_flush(BlockChild *child);

/** block_status - of the bytes at @offset in this node alone; at least one byte, at most @bytes */
int coroutine_fn block_status(BlockChild *child, uint64_t offset, uint64_t bytes,
                              BlockStatus *status);
/** block_status_above - what a reader sees, down the backing chain but not into @base (may be NULL)
 */
int coroutine_fn block_status_above(BlockChild *child, const BlockNode *base, uint64_t offset,
                                    uint64_t bytes, BlockStatus *status);

/** block_truncate - change the size; new bytes read as zeros */
bool coroutine_fn block_truncate(BlockChild *child, uint64_t size, BlockPreallocation preallocation,
                                 GError **errp);
/** block_allocated - bytes on the host that the node and its files take; -errno */
int64_t coroutine_fn block_allocated(BlockNode *node);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a format, protocol or filter provides. A new one is one file with one BlockDriver. */
#pragma once

#include "block/node.h"
#include "block/request.h"
#include "util/iov.h"
#include "util/keyval.h"

typedef struct BlockSnapshotOps BlockSnapshotOps;
typedef struct BlockCheckOps BlockCheckOps;
typedef struct BlockInfoOps BlockInfoOps;

/*
 * Reads and writes return 0 or -errno. Ranges lie within the node (or grow a protocol node) and
 * respect its alignment. An empty slot is an operation the driver does not have.
 */
struct BlockDriver {
    ObjectClass object;
    const char *name; /* as in driver= and -f */
    const char *summary;
    bool is_protocol;
    bool can_grow; /* writes beyond the end extend it */

    /** probe - 0..100: how sure it is that @head (the first @bytes bytes) begins such an image */
    int (*probe)(const uint8_t *head, size_t bytes);
    /** open - properties are set, node->file is attached (formats); sets size and alignment */
    bool coroutine_fn (*open)(BlockNode *node, GError **errp);
    void coroutine_fn (*close)(BlockNode *node);
    /** set_perm - what all users together do, and all of them share: take the host's locks */
    bool coroutine_fn (*set_perm)(BlockNode *node, uint32_t perm, uint32_t shared, GError **errp);

    int coroutine_fn (*read)(BlockNode *node, uint64_t offset, const Iov *iov);
    int coroutine_fn (*write)(BlockNode *node, uint64_t offset, const Iov *iov);
    int coroutine_fn (*write_compressed)(BlockNode *node, uint64_t offset, const Iov *iov);
    /** write_zeroes - -ENOTSUP: the core writes a buffer of zeros instead */
    int coroutine_fn (*write_zeroes)(BlockNode *node, uint64_t offset, uint64_t bytes,
                                     uint32_t flags);
    int coroutine_fn (*discard)(BlockNode *node, uint64_t offset, uint64_t bytes);
    int coroutine_fn (*flush)(BlockNode *node);
    /** make_empty - forget all content, so that a backing file shows through again */
    int coroutine_fn (*make_empty)(BlockNode *node);
    int coroutine_fn (*status)(BlockNode *node, uint64_t offset, uint64_t bytes,
                               BlockStatus *status);
    bool coroutine_fn (*truncate)(BlockNode *node, uint64_t size, BlockPreallocation preallocation,
                                  GError **errp);
    /** allocated - bytes it occupies on the host; -errno */
    int64_t coroutine_fn (*allocated)(BlockNode *node);
    /** mark_raw - remember with the file that its content is never to be probed; false: cannot */
    bool (*mark_raw)(BlockNode *node);

    /* Creating: an object of this class takes the options, a property each. */
    const ObjectClass *create_options;
    bool coroutine_fn (*create)(Object *options, const char *filename, GError **errp);
    /** measure - bytes an image with these options needs for the content of @source */
    bool coroutine_fn (*measure)(Object *options, BlockChild *source, uint64_t size,
                                 BlockMeasure *measure, GError **errp);

    const BlockSnapshotOps *snapshot;
    const BlockCheckOps *check;
    const BlockInfoOps *info;
};

/** block_driver_find - by name; NULL with an error that names the nearest */
const BlockDriver *block_driver_find(const char *name, GError **errp);
/** block_driver_foreach - every driver, sorted by name */
void block_driver_foreach(void (*fn)(const BlockDriver *driver, void *opaque), void *opaque);

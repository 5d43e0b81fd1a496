/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Format "raw": the bytes of the file, or a part of them. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/create.h"
#include "block/driver.h"
#include "util/error.h"

typedef struct {
    BlockNode node;
    bool whole; /* of the file: resizing it resizes the file */

    /* properties */
    uint64_t offset;
    uint64_t part_size;
} RawNode;

enum { PROBED_BYTES = 2048, SIZE_UNSET = 0 };

static RawNode *raw_node(BlockNode *node)
{
    return container_of(node, RawNode, node);
}

static bool coroutine_fn raw_open(BlockNode *node, GError **errp)
{
    RawNode *raw = raw_node(node);
    uint64_t file_size = node->file->node->size;
    if (raw->offset > file_size || raw->part_size > file_size - raw->offset) {
        error_set(errp,
                  "'%s': offset %" PRIu64 " and size %" PRIu64 " go beyond its %" PRIu64 " bytes",
                  node->filename, raw->offset, raw->part_size, file_size);
        return false;
    }
    raw->whole = raw->offset == 0 && raw->part_size == SIZE_UNSET;
    node->size = raw->part_size ? raw->part_size : file_size - raw->offset;
    node->alignment = node->file->node->alignment;
    node->zero_alignment = node->file->node->zero_alignment;
    if (raw->offset % node->alignment) {
        error_set(errp, "'%s': offset %" PRIu64 " is not a multiple of %u", node->filename,
                  raw->offset, node->alignment);
        return false;
    }
    return true;
}

typedef struct {
    const uint8_t *head;
    bool looks_like_format;
} Resemblance;

static void resembles(const BlockDriver *driver, void *opaque)
{
    Resemblance *check = opaque;
    check->looks_like_format |= driver->probe && driver->probe(check->head, PROBED_BYTES) > 0;
}

/*
 * A guest that writes the header of a format to its disk must not make the next start read the disk
 * as that format: the file is marked as raw for good, or, if it cannot be and the format was only
 * guessed, the write is refused.
 */
static int coroutine_fn guard_head(BlockNode *node, uint64_t offset, const Iov *iov)
{
    BlockNode *file = node->file->node;
    const BlockDriver *protocol = block_node_driver(file);
    if (file->always_raw) {
        return 0;
    }
    uint8_t head[PROBED_BYTES] = { 0 };
    int result = block_read_buffer(node->file, 0, head, sizeof(head));
    if (result < 0) {
        return result;
    }
    iov_to_buffer(iov, 0, head + offset, MIN(iov->size, sizeof(head) - offset));
    Resemblance check = { .head = head };
    block_driver_foreach(resembles, &check);
    if (!check.looks_like_format) {
        return 0;
    }
    bool marked = protocol->mark_raw && protocol->mark_raw(file);
    return marked || !node->probed ? 0 : -EPERM;
}

static int coroutine_fn raw_read(BlockNode *node, uint64_t offset, const Iov *iov)
{
    return block_read(node->file, raw_node(node)->offset + offset, iov);
}

static int coroutine_fn raw_write(BlockNode *node, uint64_t offset, const Iov *iov)
{
    uint64_t at = raw_node(node)->offset + offset;
    int result = at < PROBED_BYTES ? guard_head(node, at, iov) : 0;
    return result < 0 ? result : block_write(node->file, at, iov, 0);
}

static int coroutine_fn raw_write_zeroes(BlockNode *node, uint64_t offset, uint64_t bytes,
                                         uint32_t flags)
{
    return block_write_zeroes(node->file, raw_node(node)->offset + offset, bytes,
                              flags | BLOCK_REQUEST_NO_FALLBACK);
}

static int coroutine_fn raw_discard(BlockNode *node, uint64_t offset, uint64_t bytes)
{
    if (!(node->flags & BLOCK_OPEN_UNMAP)) {
        return 0;
    }
    return block_discard(node->file, raw_node(node)->offset + offset, bytes);
}

static int coroutine_fn raw_flush(BlockNode *node)
{
    return block_flush(node->file);
}

static int coroutine_fn raw_status(BlockNode *node, uint64_t offset, uint64_t bytes,
                                   BlockStatus *status)
{
    int result = block_status(node->file, raw_node(node)->offset + offset, bytes, status);
    status->flags |= BLOCK_STATUS_ALLOCATED | BLOCK_STATUS_OFFSET;
    status->host_offset = raw_node(node)->offset + offset;
    status->file = node->file->node;
    return result;
}

static bool coroutine_fn raw_truncate(BlockNode *node, uint64_t size,
                                      BlockPreallocation preallocation, GError **errp)
{
    if (!raw_node(node)->whole) {
        error_set(errp, "'%s' is a part of a file and cannot be resized", node->filename);
        return false;
    }
    if (preallocation == BLOCK_PREALLOCATION_METADATA) {
        error_set(errp, "preallocation=metadata: format raw has no metadata (off, falloc, full)");
        return false;
    }
    if (!block_truncate(node->file, size, preallocation, errp)) {
        return false;
    }
    node->size = size;
    return true;
}

typedef struct {
    Object object;
    uint64_t size;
    int preallocation;
} RawCreate;

static const Property raw_create_properties[] = {
    PROPERTY_SIZE("size", RawCreate, size, 0, .help = "virtual disk size"),
    PROPERTY_ENUM("preallocation", RawCreate, preallocation, block_preallocation_names,
                  BLOCK_PREALLOCATION_OFF, .help = "preallocation mode (off, falloc, full)"),
    {},
};

static const ObjectClass raw_create_class = {
    .name = "block-raw-create",
    .parent = &object_class,
    .instance_size = sizeof(RawCreate),
    .properties = raw_create_properties,
};
CLASS_REGISTER(raw_create_class);

static bool coroutine_fn raw_create(Object *options, const char *filename, GError **errp)
{
    RawCreate *create = container_of(options, RawCreate, object);
    if (create->preallocation == BLOCK_PREALLOCATION_METADATA) {
        error_set(errp, "preallocation=metadata: format raw has no metadata (off, falloc, full)");
        return false;
    }
    BlockChild *file = block_create_file(filename, errp);
    bool done = file && block_truncate(file, create->size, create->preallocation, errp);
    return block_create_finish(file, done, errp);
}

static bool coroutine_fn raw_measure(Object *options, BlockChild *source, uint64_t size,
                                     BlockMeasure *measure, GError **errp)
{
    *measure = (BlockMeasure){ .required = size, .fully_allocated = size };
    return true;
}

static const Property raw_properties[] = {
    PROPERTY_SIZE("offset", RawNode, offset, 0, .help = "where the image begins in the file"),
    PROPERTY_SIZE("size", RawNode, part_size, 0, .help = "its bytes; 0: up to the end"),
    {},
};

static const BlockDriver block_raw_driver = {
    .object = { .name = "block-raw",
                .parent = &block_node_class,
                .instance_size = sizeof(RawNode),
                .properties = raw_properties },
    .name = "raw",
    .summary = "plain bytes, no header",
    .open = raw_open,
    .read = raw_read,
    .write = raw_write,
    .write_zeroes = raw_write_zeroes,
    .discard = raw_discard,
    .flush = raw_flush,
    .status = raw_status,
    .truncate = raw_truncate,
    .create_options = &raw_create_class,
    .create = raw_create,
    .measure = raw_measure,
};
CLASS_REGISTER(block_raw_driver);

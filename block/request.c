/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests: bounds, alignment, order among overlapping ones, fallbacks. */
#include "block/request.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "block/driver.h"
#include "util/error.h"

enum { BOUNCE_BYTES = 1024 * 1024 };

/* A request in flight; lives on the stack of its coroutine. */
struct BlockRequest {
    uint64_t start, end; /* rounded to the node's alignment when serialising */
    bool serialising;    /* nothing that overlaps may run beside it */
    CoQueue waiting;
    BlockRequest *next, *previous;
};

static bool requests_conflict(const BlockRequest *a, const BlockRequest *b)
{
    return (a->serialising || b->serialising) && a->start < b->end && b->start < a->end;
}

/* Waits for what came earlier and overlaps; later ones wait for this one. */
static void coroutine_fn request_begin(BlockNode *node, BlockRequest *request)
{
    BlockRequest *other = node->requests;
    while (other) {
        if (requests_conflict(other, request)) {
            co_queue_wait(&other->waiting, NULL);
            other = node->requests;
        } else {
            other = other->next;
        }
    }
    request->next = node->requests;
    request->previous = NULL;
    if (node->requests) {
        node->requests->previous = request;
    }
    node->requests = request;
}

static void request_end(BlockNode *node, BlockRequest *request)
{
    if (request->previous) {
        request->previous->next = request->next;
    } else {
        node->requests = request->next;
    }
    if (request->next) {
        request->next->previous = request->previous;
    }
    co_queue_wake_all(&request->waiting);
}

void coroutine_fn block_node_wait(BlockNode *node)
{
    while (node->requests) {
        co_queue_wait(&node->requests->waiting, NULL);
    }
}

static uint64_t align_down(uint64_t value, uint64_t unit)
{
    return value - value % unit;
}

static uint64_t align_up(uint64_t value, uint64_t unit)
{
    return align_down(value + unit - 1, unit);
}

static bool is_aligned(const BlockNode *node, uint64_t offset, uint64_t bytes)
{
    return ((offset | bytes) & (node->alignment - 1)) == 0;
}

/* A range that ends at a size which the alignment does not divide still counts as aligned. */
static int coroutine_fn read_padded(BlockNode *node, uint64_t offset, const Iov *iov)
{
    const BlockDriver *driver = block_node_driver(node);
    if (is_aligned(node, offset, iov->size)) {
        return driver->read(node, offset, iov);
    }
    uint64_t done = 0;
    while (done < iov->size) {
        uint64_t at = offset + done, start = align_down(at, node->alignment);
        uint64_t bytes = MIN(iov->size - done, BOUNCE_BYTES);
        uint64_t whole = align_up(at + bytes, node->alignment) - start;
        g_autofree uint8_t *bounce = g_malloc(whole);
        g_auto(Iov) padded;
        iov_init_buffer(&padded, bounce, whole);
        int result = driver->read(node, start, &padded);
        if (result < 0) {
            return result;
        }
        iov_from_buffer(iov, done, bounce + (at - start), bytes);
        done += bytes;
    }
    return 0;
}

int coroutine_fn block_read(BlockChild *child, uint64_t offset, const Iov *iov)
{
    BlockNode *node = child->node;
    if (iov->size == 0) {
        return 0;
    }
    if (offset > INT64_MAX || iov->size > INT64_MAX - offset) {
        return -EINVAL;
    }
    uint64_t inside = offset < node->size ? MIN(iov->size, node->size - offset) : 0;
    if (inside < iov->size) {
        if (!child->parent) {
            return -EIO;
        }
        iov_fill(iov, inside, 0, iov->size - inside);
    }
    if (inside == 0) {
        return 0;
    }
    BlockRequest request = { .start = offset, .end = offset + inside };
    request_begin(node, &request);
    int result;
    if (inside == iov->size) {
        result = read_padded(node, offset, iov);
    } else {
        g_auto(Iov) part;
        iov_init_slice(&part, iov, 0, inside);
        result = read_padded(node, offset, &part);
    }
    request_end(node, &request);
    return result;
}

/* Reads what surrounds an unaligned write within its blocks, and writes all of it. */
static int coroutine_fn write_padded(BlockNode *node, uint64_t offset, const Iov *iov)
{
    const BlockDriver *driver = block_node_driver(node);
    uint64_t start = align_down(offset, node->alignment);
    uint64_t end = align_up(offset + iov->size, node->alignment);
    uint64_t head = offset - start, tail = end - offset - iov->size;
    g_autofree uint8_t *head_block = g_malloc0(node->alignment);
    g_autofree uint8_t *tail_block = g_malloc0(node->alignment);
    g_auto(Iov) block, padded;
    iov_init(&padded);
    iov_init_buffer(&block, head_block, node->alignment);
    int result = head && start < node->size ? driver->read(node, start, &block) : 0;
    iov_cleanup(&block);
    iov_init_buffer(&block, tail_block, node->alignment);
    if (result == 0 && tail && end - node->alignment < node->size) {
        result = driver->read(node, end - node->alignment, &block);
    }
    if (result < 0) {
        return result;
    }
    iov_add(&padded, head_block, head);
    iov_add_slice(&padded, iov, 0, iov->size);
    iov_add(&padded, tail_block + node->alignment - tail, tail);
    return driver->write(node, start, &padded);
}

/* 0 if a change of the range is allowed; counts it as in flight until change_end(). */
static int coroutine_fn change_begin(BlockChild *child, uint64_t offset, uint64_t bytes,
                                     BlockRequest *request)
{
    BlockNode *node = child->node;
    if (!(child->perm & (BLOCK_PERM_WRITE | BLOCK_PERM_WRITE_UNCHANGED))) {
        return -EACCES;
    }
    if (offset > INT64_MAX || bytes > INT64_MAX - offset) {
        return -EINVAL;
    }
    if (offset + bytes > node->size && !block_node_driver(node)->can_grow) {
        return -EIO;
    }
    *request = (BlockRequest){ .start = offset, .end = offset + bytes };
    if (!is_aligned(node, offset, bytes)) {
        request->serialising = true;
        request->start = align_down(offset, node->alignment);
        request->end = align_up(request->end, node->alignment);
    }
    request_begin(node, request);
    return 0;
}

static void change_end(BlockNode *node, BlockRequest *request, uint64_t end, int result)
{
    node->unflushed = true;
    if (result == 0 && end > node->size) {
        node->size = end;
    }
    request_end(node, request);
}

int coroutine_fn block_write(BlockChild *child, uint64_t offset, const Iov *iov, uint32_t flags)
{
    BlockNode *node = child->node;
    const BlockDriver *driver = block_node_driver(node);
    if (iov->size == 0) {
        return 0;
    }
    BlockRequest request;
    int result = change_begin(child, offset, iov->size, &request);
    if (result < 0) {
        return result;
    }
    if (is_aligned(node, offset, iov->size)) {
        result = driver->write(node, offset, iov);
    } else {
        result = write_padded(node, offset, iov);
    }
    change_end(node, &request, offset + iov->size, result);
    if (result == 0 && (flags & BLOCK_REQUEST_FORCE_UNIT_ACCESS)) {
        result = block_flush(child);
    }
    return result;
}

int coroutine_fn block_read_buffer(BlockChild *child, uint64_t offset, void *buffer, size_t bytes)
{
    g_auto(Iov) iov;
    iov_init_buffer(&iov, buffer, bytes);
    return block_read(child, offset, &iov);
}

int coroutine_fn block_write_buffer(BlockChild *child, uint64_t offset, const void *buffer,
                                    size_t bytes)
{
    g_auto(Iov) iov;
    iov_init_buffer(&iov, (void *)buffer, bytes);
    return block_write(child, offset, &iov, 0);
}

int coroutine_fn block_write_compressed(BlockChild *child, uint64_t offset, const Iov *iov)
{
    const BlockDriver *driver = block_node_driver(child->node);
    if (!driver->write_compressed) {
        return -ENOTSUP;
    }
    BlockRequest request;
    int result = change_begin(child, offset, iov->size, &request);
    if (result < 0) {
        return result;
    }
    result = driver->write_compressed(child->node, offset, iov);
    change_end(child->node, &request, offset + iov->size, result);
    return result;
}

static int coroutine_fn write_zero_buffer(BlockChild *child, uint64_t offset, uint64_t bytes)
{
    if (bytes == 0) {
        return 0;
    }
    g_autofree uint8_t *zeros = g_malloc0(MIN(bytes, BOUNCE_BYTES));
    int result = 0;
    while (bytes > 0 && result == 0) {
        uint64_t here = MIN(bytes, BOUNCE_BYTES);
        result = block_write_buffer(child, offset, zeros, here);
        offset += here;
        bytes -= here;
    }
    return result;
}

/* The part of a block that a zero request covers: nothing to do where it reads as zeros. */
static int coroutine_fn write_zero_part(BlockChild *child, uint64_t offset, uint64_t bytes,
                                        uint32_t flags)
{
    BlockStatus status = { 0 };
    while (bytes > 0) {
        int result = block_status(child, offset, bytes, &status);
        if (result < 0) {
            return result;
        }
        if (!(status.flags & BLOCK_STATUS_ZERO)) {
            break;
        }
        offset += status.bytes;
        bytes -= status.bytes;
    }
    if (bytes > 0 && (flags & BLOCK_REQUEST_NO_FALLBACK)) {
        return -ENOTSUP;
    }
    return write_zero_buffer(child, offset, bytes);
}

static int coroutine_fn write_zero_blocks(BlockChild *child, uint64_t offset, uint64_t bytes,
                                          uint32_t flags)
{
    const BlockDriver *driver = block_node_driver(child->node);
    BlockRequest request;
    int result = change_begin(child, offset, bytes, &request);
    if (result < 0) {
        return result;
    }
    result =
        driver->write_zeroes ? driver->write_zeroes(child->node, offset, bytes, flags) : -ENOTSUP;
    change_end(child->node, &request, offset + bytes, result);
    if (result == -ENOTSUP && !(flags & BLOCK_REQUEST_NO_FALLBACK)) {
        result = write_zero_buffer(child, offset, bytes);
    }
    return result;
}

int coroutine_fn block_write_zeroes(BlockChild *child, uint64_t offset, uint64_t bytes,
                                    uint32_t flags)
{
    BlockNode *node = child->node;
    uint64_t unit = node->zero_alignment, end = offset + bytes;
    if (offset > INT64_MAX || bytes > INT64_MAX - offset) {
        return -EINVAL;
    }
    uint64_t first = align_up(offset, unit);
    uint64_t last = end == node->size ? end : align_down(end, unit);
    int result = 0;
    if (first >= last) {
        return write_zero_part(child, offset, bytes, flags);
    }
    if (offset < first) {
        result = write_zero_part(child, offset, first - offset, flags);
    }
    if (result == 0) {
        result = write_zero_blocks(child, first, last - first, flags);
    }
    if (result == 0 && last < end) {
        result = write_zero_part(child, last, end - last, flags);
    }
    if (result == 0 && (flags & BLOCK_REQUEST_FORCE_UNIT_ACCESS)) {
        result = block_flush(child);
    }
    return result;
}

int coroutine_fn block_discard(BlockChild *child, uint64_t offset, uint64_t bytes)
{
    BlockNode *node = child->node;
    const BlockDriver *driver = block_node_driver(node);
    uint64_t unit = node->zero_alignment, end = offset + bytes;
    if (offset > INT64_MAX || bytes > INT64_MAX - offset || end > node->size) {
        return -EINVAL;
    }
    uint64_t first = align_up(offset, unit);
    uint64_t last = end == node->size ? end : align_down(end, unit);
    if (!driver->discard || first >= last) {
        return 0;
    }
    BlockRequest request;
    int result = change_begin(child, first, last - first, &request);
    if (result < 0) {
        return result;
    }
    result = driver->discard(node, first, last - first);
    change_end(node, &request, last, result);
    return result == -ENOTSUP ? 0 : result;
}

int coroutine_fn block_flush(BlockChild *child)
{
    BlockNode *node = child->node;
    const BlockDriver *driver = block_node_driver(node);
    if (!driver->flush || !block_node_writable(node) || (node->flags & BLOCK_OPEN_NO_FLUSH)) {
        node->unflushed = false;
        return 0;
    }
    node->unflushed = false;
    int result = driver->flush(node);
    if (result < 0) {
        node->unflushed = true;
    }
    return result;
}

/* Data that lie in a hole of the file below read as zeros. */
static int coroutine_fn look_for_holes(BlockNode *node, BlockStatus *status)
{
    BlockNode *file = status->file;
    uint32_t wanted = BLOCK_STATUS_DATA | BLOCK_STATUS_OFFSET;
    if ((status->flags & (wanted | BLOCK_STATUS_ZERO)) != wanted || file == node ||
        !block_node_driver(file)->status || status->host_offset >= file->size) {
        return 0;
    }
    uint64_t bytes = MIN(status->bytes, file->size - status->host_offset);
    BlockStatus below = { .flags = BLOCK_STATUS_DATA, .bytes = bytes };
    int result = block_node_driver(file)->status(file, status->host_offset, bytes, &below);
    if (result == 0) {
        status->bytes = below.bytes;
        status->flags |= below.flags & BLOCK_STATUS_ZERO;
    }
    return result;
}

int coroutine_fn block_status(BlockChild *child, uint64_t offset, uint64_t bytes,
                              BlockStatus *status)
{
    BlockNode *node = child->node;
    const BlockDriver *driver = block_node_driver(node);
    *status = (BlockStatus){ .flags = BLOCK_STATUS_ZERO, .bytes = bytes };
    if (offset >= node->size || bytes == 0) {
        return 0;
    }
    bytes = MIN(bytes, node->size - offset);
    *status = (BlockStatus){
        .flags = BLOCK_STATUS_DATA | BLOCK_STATUS_ALLOCATED | BLOCK_STATUS_OFFSET,
        .bytes = bytes,
        .host_offset = offset,
        .file = node,
    };
    if (!driver->status) {
        return 0;
    }
    int result = driver->status(node, offset, bytes, status);
    g_assert(result < 0 || (status->bytes > 0 && status->bytes <= bytes));
    return result < 0 ? result : look_for_holes(node, status);
}

int coroutine_fn block_status_above(BlockChild *child, const BlockNode *base, uint64_t offset,
                                    uint64_t bytes, BlockStatus *status)
{
    uint64_t limit = bytes;
    unsigned depth = 0;
    *status = (BlockStatus){ .flags = BLOCK_STATUS_ZERO, .bytes = bytes };
    for (BlockChild *edge = child; edge && edge->node != base; edge = edge->node->backing) {
        if (offset >= edge->node->size) {
            /* an overlay longer than its backing file reads as zeros there */
            *status = (BlockStatus){ .flags = BLOCK_STATUS_ZERO, .bytes = limit, .depth = depth };
            return 0;
        }
        int result = block_status(edge, offset, limit, status);
        if (result < 0) {
            return result;
        }
        status->depth = depth++;
        if (status->flags & BLOCK_STATUS_ALLOCATED) {
            return 0;
        }
        limit = MIN(limit, status->bytes);
    }
    status->bytes = limit;
    return 0;
}

bool coroutine_fn block_truncate(BlockChild *child, uint64_t size, BlockPreallocation preallocation,
                                 GError **errp)
{
    BlockNode *node = child->node;
    const BlockDriver *driver = block_node_driver(node);
    if (!(child->perm & BLOCK_PERM_RESIZE)) {
        error_set(errp, "'%s' may not be resized by %s", node->filename, child->name);
        return false;
    }
    if (!driver->truncate) {
        error_set(errp, "'%s': format %s cannot be resized", node->filename, driver->name);
        return false;
    }
    if (size > INT64_MAX) {
        error_set(errp, "'%s': size %" PRIu64 " is too large", node->filename, size);
        return false;
    }
    BlockRequest request = { .start = MIN(size, node->size),
                             .end = UINT64_MAX,
                             .serialising = true };
    request_begin(node, &request);
    bool done = driver->truncate(node, size, preallocation, errp);
    node->unflushed = true;
    request_end(node, &request);
    return done;
}

int64_t coroutine_fn block_allocated(BlockNode *node)
{
    const BlockDriver *driver = block_node_driver(node);
    if (driver->allocated) {
        return driver->allocated(node);
    }
    int64_t sum = 0;
    for (unsigned i = 0; i < node->children->len; i++) {
        BlockChild *edge = node->children->pdata[i];
        if (edge == node->backing) {
            continue;
        }
        int64_t bytes = block_allocated(edge->node);
        if (bytes < 0) {
            return bytes;
        }
        sum += bytes;
    }
    return sum;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one guest access to the accesses a handler takes: sizes, alignment, byte order, lock, and
 * the guard against a device that reaches itself.
 */
#include "memory/region_internal.h"

#include <inttypes.h>

#include "util/log.h"
#include "util/machine_lock.h"

/* The owners whose handlers are active in this thread, innermost first. */
typedef struct Engaged {
    const Object *owner;
    const struct Engaged *outer;
} Engaged;

static __thread const Engaged *engaged;

typedef struct {
    unsigned min, max, impl_min, impl_max; /* bytes */
} AccessSizes;

static AccessSizes access_sizes(const MemoryOps *ops)
{
    AccessSizes sizes;

    sizes.min = ops->min_access ? ops->min_access : 1;
    sizes.max = ops->max_access ? ops->max_access : 8;
    sizes.impl_min = ops->impl_min ? ops->impl_min : sizes.min;
    sizes.impl_max = ops->impl_max ? ops->impl_max : sizes.max;
    return sizes;
}

static uint64_t size_mask(unsigned size)
{
    return ~0ull >> (64 - 8 * size);
}

static uint64_t swap_bytes(uint64_t value, unsigned size)
{
    return GUINT64_SWAP_LE_BE(value) >> (64 - 8 * size);
}

unsigned memory_dispatch_size(const MemoryRegion *mr, hwaddr offset, uint64_t length)
{
    AccessSizes sizes = access_sizes(mr->ops);
    unsigned size = sizes.max;

    while (size > 1 && (size > length || (offset & (size - 1)))) {
        size >>= 1;
    }
    return size;
}

static bool is_engaged(const Object *owner)
{
    for (const Engaged *e = engaged; e; e = e->outer) {
        if (e->owner == owner) {
            return true;
        }
    }
    return false;
}

/* Shift of the @size bytes at @offset within the aligned @whole bytes around it, as the device's
 * byte order has it. */
static unsigned lane_shift(const MemoryOps *ops, hwaddr offset, unsigned size, unsigned whole)
{
    unsigned in_whole = offset & (whole - 1);

    return 8 * (ops->endian == ENDIAN_BIG ? whole - size - in_whole : in_whole);
}

static MemTxResult call_read(MemoryRegion *mr, hwaddr offset, unsigned size, uint64_t *value,
                             MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;

    *value = 0;
    if (mr->ops->read_attrs) {
        result = mr->ops->read_attrs(mr->opaque, offset, value, size, attrs);
    } else if (mr->ops->read) {
        *value = mr->ops->read(mr->opaque, offset, size);
    } else {
        result = MEMTX_DECODE_ERROR;
    }
    *value &= size_mask(size);
    TRACE(memory_region_ops_read, "%s offset=%#" PRIx64 " size=%u value=%#" PRIx64, mr->object.name,
          offset, size, *value);
    return result;
}

static MemTxResult call_write(MemoryRegion *mr, hwaddr offset, unsigned size, uint64_t value,
                              MemTxAttrs attrs)
{
    value &= size_mask(size);
    TRACE(memory_region_ops_write, "%s offset=%#" PRIx64 " size=%u value=%#" PRIx64,
          mr->object.name, offset, size, value);
    if (mr->ops->write_attrs) {
        return mr->ops->write_attrs(mr->opaque, offset, value, size, attrs);
    }
    if (mr->ops->write) {
        mr->ops->write(mr->opaque, offset, value, size);
        return MEMTX_OK;
    }
    return MEMTX_DECODE_ERROR;
}

/* Cut [offset, offset + size) into aligned pieces that the handlers understand; *@value in the
 * device's order. */
static MemTxResult access_pieces(MemoryRegion *mr, hwaddr offset, unsigned size, uint64_t *value,
                                 bool write, MemTxAttrs attrs)
{
    AccessSizes sizes = access_sizes(mr->ops);
    uint64_t in = *value, out = 0;
    MemTxResult result = MEMTX_OK;

    for (unsigned done = 0; done < size;) {
        hwaddr at = offset + done;
        unsigned piece = MIN(size - done, sizes.impl_max);
        while ((piece & (piece - 1)) || (at & (piece - 1))) {
            piece = piece & (piece - 1) ? piece & (piece - 1) : piece >> 1;
        }
        unsigned whole = MAX(piece, sizes.impl_min);
        unsigned shift = mr->ops->endian == ENDIAN_BIG ? 8 * (size - done - piece) : 8 * done;
        unsigned lane = lane_shift(mr->ops, at, piece, whole);
        uint64_t part = (in >> shift & size_mask(piece)) << lane;
        MemTxResult r = write ? call_write(mr, at & ~(hwaddr)(whole - 1), whole, part, attrs)
                              : call_read(mr, at & ~(hwaddr)(whole - 1), whole, &part, attrs);
        out |= (part >> lane & size_mask(piece)) << shift;
        result = MAX(result, r);
        done += piece;
    }
    *value = out;
    return result;
}

static MemTxResult refuse(MemoryRegion *mr, hwaddr offset, unsigned size, bool write,
                          MemTxResult result, const char *why)
{
    log_guest_error("%s: %u-byte %s at offset 0x%" G_GINT64_MODIFIER "x %s", mr->label, size,
                    write ? "write" : "read", offset, why);
    return result;
}

static MemTxResult dispatch(MemoryRegion *mr, hwaddr offset, unsigned size, uint64_t *value,
                            bool write, MemTxAttrs attrs)
{
    AccessSizes sizes = access_sizes(mr->ops);
    Engaged frame = { .owner = mr->object.parent, .outer = engaged };
    bool lock = !mr->ops->lockless && !machine_lock_held();
    MemTxResult result;

    if (attrs.debug) {
        return MEMTX_DECODE_ERROR;
    }
    if (attrs.memory_only) {
        return refuse(mr, offset, size, write, MEMTX_ERROR, "must not reach a device");
    }
    if (size < sizes.min || size > sizes.max || (!mr->ops->unaligned && (offset & (size - 1)))) {
        return refuse(mr, offset, size, write, MEMTX_DECODE_ERROR, "is not possible in this size");
    }
    if (frame.owner && is_engaged(frame.owner)) {
        return refuse(mr, offset, size, write, MEMTX_ERROR, "comes from the device itself");
    }
    if (lock) {
        machine_lock();
    }
    engaged = &frame;
    result = access_pieces(mr, offset, size, value, write, attrs);
    engaged = frame.outer;
    if (lock) {
        machine_unlock();
    }
    return result;
}

MemTxResult memory_dispatch_read(MemoryRegion *mr, hwaddr offset, unsigned size, Endian endian,
                                 uint64_t *value, MemTxAttrs attrs)
{
    uint64_t device_value = 0;
    MemTxResult result = dispatch(mr, offset, size, &device_value, false, attrs);

    *value = mr->ops->endian == endian ? device_value : swap_bytes(device_value, size);
    return result;
}

MemTxResult memory_dispatch_write(MemoryRegion *mr, hwaddr offset, unsigned size, Endian endian,
                                  uint64_t value, MemTxAttrs attrs)
{
    uint64_t device_value = mr->ops->endian == endian ? value : swap_bytes(value, size);

    return dispatch(mr, offset, size, &device_value, true, attrs);
}

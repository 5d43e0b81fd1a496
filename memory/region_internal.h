/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of memory/. */
#pragma once

#include "memory/address_space.h"

/* Sizes and addresses with room for 2^64 and for what an alias shifts below 0. */
typedef __int128 Int128;

static inline Int128 memory_region_size128(const MemoryRegion *mr)
{
    return mr->size == UINT64_MAX ? (Int128)1 << 64 : (Int128)mr->size;
}

/** flat_view_render - the view from @root, with references on the owners of what it shows; refcount
 * 1 */
FlatView *flat_view_render(MemoryRegion *root);
/** flat_view_unref - freed when no reader can see it any more */
void flat_view_unref(FlatView *view);
bool flat_view_equal(const FlatView *a, const FlatView *b);
bool flat_range_equal(const FlatRange *a, const FlatRange *b);

/** address_spaces_update - render and publish all of them. Context: machine lock */
void address_spaces_update(void);
/** address_spaces_iommu_changed - tell the listeners that look through IOMMU region @mr */
void address_spaces_iommu_changed(MemoryRegion *mr, hwaddr offset, uint64_t length);

/* One access to a handler; @endian is the byte order of the access, *@value in host order. */
MemTxResult memory_dispatch_read(MemoryRegion *mr, hwaddr offset, unsigned size, Endian endian,
                                 uint64_t *value, MemTxAttrs attrs);
MemTxResult memory_dispatch_write(MemoryRegion *mr, hwaddr offset, unsigned size, Endian endian,
                                  uint64_t value, MemTxAttrs attrs);
/** memory_dispatch_size - largest access (bytes, power of two) that @mr takes at @offset within
 * @length bytes */
unsigned memory_dispatch_size(const MemoryRegion *mr, hwaddr offset, uint64_t length);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address space: a root region seen through its present flat view. All guest memory access goes
 * through one. */
#pragma once

#include "memory/memory.h"
#include "util/rcu.h"

/* One contiguous stretch of the flat view. */
typedef struct {
    hwaddr start;
    hwaddr last; /* inclusive, so that 2^64 - 1 fits */
    MemoryRegion *region;
    hwaddr offset; /* of start within region */
    bool readonly;
    bool romd;
    uint8_t dirty_clients;
} FlatRange;

/* What a tree of regions looks like from its root. Never changes; shared by the address spaces of
 * one root. */
typedef struct FlatView {
    MemoryRegion *root;
    FlatRange *ranges; /* sorted, disjoint */
    Object **owners;   /* one a range: kept alive by the view; may be NULL */
    unsigned count;
    unsigned refcount; /* address spaces that show it; guarded by the machine lock */
    RcuHead rcu;
} FlatView;

typedef struct MemoryListener MemoryListener;

/* Told about each rendered change, in order: begin, del..., add..., commit. Context: machine lock
 * held. */
struct MemoryListener {
    void (*begin)(MemoryListener *listener);
    void (*range_add)(MemoryListener *listener, const FlatRange *range);
    void (*range_del)(MemoryListener *listener, const FlatRange *range);
    void (*commit)(MemoryListener *listener);
    void (*iommu_changed)(MemoryListener *listener, hwaddr address, uint64_t length);
    AddressSpace *as; /* set by address_space_add_listener() */
};

/* Guarded by the machine lock, but for view. */
struct AddressSpace {
    char *name;
    MemoryRegion *root;
    FlatView *view; /* RCU: read with atomic_load_acquire(), pairs with the release in publish() */
    GPtrArray *listeners;
};

/** address_space_init - the owner of @root must outlive @as */
void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name);
void address_space_cleanup(AddressSpace *as);
/* A listener hears of what exists when it is added, and of the end of all that when it is removed.
 */
void address_space_add_listener(AddressSpace *as, MemoryListener *listener);
void address_space_remove_listener(AddressSpace *as, MemoryListener *listener);

/* Any length, any alignment; RAM by memcpy, MMIO split into the sizes a device takes. Context: any
 * thread; takes the machine lock around MMIO unless it is held. A partial failure still does the
 * rest; the worst result is returned. */
MemTxResult address_space_read(AddressSpace *as, hwaddr address, void *buffer, uint64_t length,
                               MemTxAttrs attrs);
MemTxResult address_space_write(AddressSpace *as, hwaddr address, const void *buffer,
                                uint64_t length, MemTxAttrs attrs);
MemTxResult address_space_fill(AddressSpace *as, hwaddr address, uint8_t byte, uint64_t length,
                               MemTxAttrs attrs);

/* One naturally sized access (1, 2, 4, 8 bytes); MMIO sees exactly one access if the device allows.
 * Values in host order. */
MemTxResult address_space_load(AddressSpace *as, hwaddr address, unsigned size, Endian endian,
                               uint64_t *value, MemTxAttrs attrs);
MemTxResult address_space_store(AddressSpace *as, hwaddr address, unsigned size, Endian endian,
                                uint64_t value, MemTxAttrs attrs);

/**
 * address_space_map - host pointer for a stretch of RAM
 * @length: in: wanted, out: contiguous bytes really available (>= 1)
 *
 * NULL when @address is not RAM with that right. Undo with address_space_unmap(), which marks what
 * was written. Context: inside rcu_read_lock(), or the caller holds a reference on the region's
 * owner.
 */
void *address_space_map(AddressSpace *as, hwaddr address, uint64_t *length, bool write,
                        MemTxAttrs attrs);
void address_space_unmap(AddressSpace *as, void *host, uint64_t length, bool write,
                         uint64_t written);

/* What answers at one address, for accelerators that keep their own translations (soft TLB, memory
 * slots). */
typedef struct {
    MemoryRegion *region; /* NULL: nothing */
    hwaddr offset;        /* of the address within region */
    hwaddr length;        /* bytes from address on with the same answer */
    RamBlock *ram;        /* not NULL: ordinary memory, at ram_block_host(ram) + ram_at */
    ram_offset ram_at;
    bool readonly; /* writes must go through address_space_store() */
    uint8_t dirty_clients;
    uint8_t rights; /* as an IOMMU in between allows */
} MemorySection;

/** address_space_find - follow aliases and IOMMUs to the region that answers. Context: inside
 * rcu_read_lock() */
MemorySection address_space_find(AddressSpace *as, hwaddr address, bool write, MemTxAttrs attrs);

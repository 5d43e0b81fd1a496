/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions: the tree that says what answers at which guest physical address. A change renders a new
 * immutable FlatView, published by RCU; readers never lock. See docs/devel/memory.rst.
 */
#pragma once

#include "memory/types.h"
#include "qom/object.h"

typedef struct MemoryRegion MemoryRegion;
typedef struct AddressSpace AddressSpace;
typedef struct RamBlock RamBlock;

/*
 * Access by a guest. Sizes are powers of two, 1 to 8 bytes. Values are in the low bits of a
 * uint64_t. The core splits or widens accesses that are valid but not implemented, and refuses the
 * rest with MEMTX_DECODE_ERROR; handlers only see accesses that are aligned to their size. A narrow
 * write that is widened has zeros in its other bytes. Handlers run under the machine lock unless
 * .lockless, and never while another handler of the same owner is active in the thread: such an
 * access gets MEMTX_ERROR.
 */
typedef struct MemoryOps {
    uint64_t (*read)(void *opaque, hwaddr offset, unsigned size);
    void (*write)(void *opaque, hwaddr offset, uint64_t value, unsigned size);
    /* instead of the above, when the device needs the attributes or reports failures */
    MemTxResult (*read_attrs)(void *opaque, hwaddr offset, uint64_t *value, unsigned size,
                              MemTxAttrs attrs);
    MemTxResult (*write_attrs)(void *opaque, hwaddr offset, uint64_t value, unsigned size,
                               MemTxAttrs attrs);
    uint8_t min_access, max_access; /* what a guest may use, bytes; 0: 1 and 8 */
    uint8_t impl_min, impl_max;     /* what the handlers understand; 0: as above */
    bool unaligned;                 /* a guest may access unaligned offsets */
    bool lockless;
    Endian endian; /* byte order of the device's registers; ENDIAN_LITTLE is 0 */
} MemoryOps;

/* What an IOMMU region answers for one address. */
typedef struct {
    AddressSpace *target;
    hwaddr address; /* translated, page aligned */
    hwaddr mask;    /* page size - 1 */
    uint8_t rights; /* MEMORY_READ | MEMORY_WRITE; 0: fault */
} IommuEntry;

typedef struct IommuOps {
    IommuEntry (*translate)(void *opaque, hwaddr address, bool write, MemTxAttrs attrs);
} IommuOps;

typedef enum {
    MEMORY_KIND_CONTAINER,
    MEMORY_KIND_RAM,
    MEMORY_KIND_ROM,        /* guest writes are ignored (and logged) */
    MEMORY_KIND_ROM_DEVICE, /* reads are RAM while romd is on, else MMIO; writes are MMIO */
    MEMORY_KIND_IO,
    MEMORY_KIND_ALIAS,
    MEMORY_KIND_IOMMU,
} MemoryKind;

/*
 * Fields are private to memory/ and guarded by the machine lock; embed by value, init with one of
 * the functions below. Views that threads may still look at hold a reference on the region's owner;
 * a region without one must be kept until rcu_drain() after it was removed.
 */
struct MemoryRegion {
    Object object;
    MemoryKind kind;
    char *label;   /* name as given, for people */
    uint64_t size; /* bytes; UINT64_MAX means 2^64 */
    const MemoryOps *ops;
    const IommuOps *iommu;
    void *opaque;
    RamBlock *ram;
    bool ram_owned; /* freed with the region */
    MemoryRegion *alias;
    hwaddr alias_offset;
    MemoryRegion *container;
    hwaddr address; /* within container */
    int priority;
    bool enabled, romd, readonly;
    uint8_t dirty_clients; /* bit a DirtyClient that logs this region */
    GPtrArray *subregions; /* highest priority first */
};

extern const ObjectClass memory_region_class;

/* Regions become children of @owner (may be NULL) in the composition tree under "@name[n]"; they
 * end with it. */
void memory_region_init(MemoryRegion *mr, Object *owner, const char *name, uint64_t size);
void memory_region_init_io(MemoryRegion *mr, Object *owner, const MemoryOps *ops, void *opaque,
                           const char *name, uint64_t size);
/** memory_region_init_ram - memfd-backed, zeroed on demand; @size a multiple of 4 KiB. Fails when
 * the host has no memory. */
bool memory_region_init_ram(MemoryRegion *mr, Object *owner, const char *name, uint64_t size,
                            GError **errp);
/** memory_region_init_ram_block - RAM of which @block stays the caller's and must outlive the
 * region */
void memory_region_init_ram_block(MemoryRegion *mr, Object *owner, const char *name,
                                  RamBlock *block);
bool memory_region_init_rom(MemoryRegion *mr, Object *owner, const char *name, uint64_t size,
                            GError **errp);
bool memory_region_init_rom_device(MemoryRegion *mr, Object *owner, const MemoryOps *ops,
                                   void *opaque, const char *name, uint64_t size, GError **errp);
void memory_region_init_alias(MemoryRegion *mr, Object *owner, const char *name, MemoryRegion *of,
                              hwaddr offset, uint64_t size);
void memory_region_init_iommu(MemoryRegion *mr, Object *owner, const IommuOps *ops, void *opaque,
                              const char *name, uint64_t size);

void memory_region_add(MemoryRegion *container, hwaddr address, MemoryRegion *sub);
void memory_region_add_overlap(MemoryRegion *container, hwaddr address, MemoryRegion *sub,
                               int priority);
void memory_region_remove(MemoryRegion *container, MemoryRegion *sub);
void memory_region_set_enabled(MemoryRegion *mr, bool enabled);
void memory_region_set_address(MemoryRegion *mr, hwaddr address);
void memory_region_set_alias_offset(MemoryRegion *mr, hwaddr offset);
void memory_region_set_romd(MemoryRegion *mr, bool romd);
void memory_region_set_readonly(MemoryRegion *mr, bool readonly);
/** memory_transaction_begin - changes until the matching commit are rendered once */
void memory_transaction_begin(void);
void memory_transaction_commit(void);

/** memory_region_ram_block - of a RAM, ROM or ROM device region (also through an alias); NULL for
 * others */
RamBlock *memory_region_ram_block(MemoryRegion *mr);
/** memory_region_ram_pointer - host address of a RAM, ROM or ROM device region; size bytes are
 * valid */
void *memory_region_ram_pointer(MemoryRegion *mr);
/** memory_region_set_dirty - the device or loader wrote to the region behind the guest's back */
void memory_region_set_dirty(MemoryRegion *mr, hwaddr offset, uint64_t length);
/** memory_region_set_dirty_logging - @client wants to know which pages change; pages start dirty */
void memory_region_set_dirty_logging(MemoryRegion *mr, DirtyClient client, bool on);
/** memory_region_iommu_notify - a mapping of [@address, @address + @length) was changed or removed
 */
void memory_region_iommu_notify(MemoryRegion *mr, hwaddr address, uint64_t length);

/** memory_print_tree - "info mtree"; @flat prints the rendered view */
void memory_print_tree(AddressSpace *as, bool flat, GString *out);

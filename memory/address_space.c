/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces: publishing views, telling listeners what changed, finding what answers. */
#include "memory/address_space.h"

#include "memory/ram.h"
#include "memory/region_internal.h"
#include "util/atomic.h"

enum { IOMMU_DEPTH_MAX = 8 }; /* a guest could make two IOMMUs point at each other */

static GPtrArray *all_spaces; /* guarded by the machine lock */

void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name)
{
    *as = (AddressSpace){ .root = root, .name = g_strdup(name) };
    as->listeners = g_ptr_array_new();
    as->view = flat_view_render(root);
    if (!all_spaces) {
        all_spaces = g_ptr_array_new();
    }
    g_ptr_array_add(all_spaces, as);
}

void address_space_cleanup(AddressSpace *as)
{
    while (as->listeners->len > 0) {
        address_space_remove_listener(as, g_ptr_array_index(as->listeners, as->listeners->len - 1));
    }
    g_ptr_array_remove(all_spaces, as);
    if (all_spaces->len == 0) {
        g_clear_pointer(&all_spaces, g_ptr_array_unref);
    }
    g_ptr_array_unref(as->listeners);
    flat_view_unref(as->view);
    g_free(as->name);
    *as = (AddressSpace){ 0 };
}

static void tell(MemoryListener *listener, void (*fn)(MemoryListener *, const FlatRange *),
                 const FlatRange *range)
{
    if (fn) {
        fn(listener, range);
    }
}

/* What is in @before and not in @after, and the other way round: both are sorted. */
static void tell_changes(MemoryListener *listener, const FlatView *before, const FlatView *after)
{
    if (listener->begin) {
        listener->begin(listener);
    }
    for (int pass = 0; pass < 2; pass++) {
        const FlatView *from = pass ? after : before, *other = pass ? before : after;
        for (unsigned i = 0, j = 0; from && i < from->count; i++) {
            while (other && j < other->count && other->ranges[j].start < from->ranges[i].start) {
                j++;
            }
            if (!other || j == other->count ||
                !flat_range_equal(&from->ranges[i], &other->ranges[j])) {
                tell(listener, pass ? listener->range_add : listener->range_del, &from->ranges[i]);
            }
        }
    }
    if (listener->commit) {
        listener->commit(listener);
    }
}

/* Takes over the caller's reference on @view. */
static void publish(AddressSpace *as, FlatView *view)
{
    FlatView *before = as->view;

    if (flat_view_equal(before, view)) {
        flat_view_unref(view);
        return;
    }
    atomic_store_release(&as->view, view); /* pairs with the acquire in address_space_find() */
    for (guint i = 0; i < as->listeners->len; i++) {
        tell_changes(g_ptr_array_index(as->listeners, i), before, view);
    }
    flat_view_unref(before);
}

void address_spaces_update(void)
{
    g_autoptr(GHashTable) rendered = g_hash_table_new(NULL, NULL);

    for (guint i = 0; all_spaces && i < all_spaces->len; i++) {
        AddressSpace *as = g_ptr_array_index(all_spaces, i);
        FlatView *view = g_hash_table_lookup(rendered, as->root);
        if (!view) {
            view = flat_view_render(as->root);
            g_hash_table_insert(rendered, as->root, view);
        }
        view->refcount++;
        publish(as, view);
    }
    GHashTableIter iter;
    gpointer view;
    g_hash_table_iter_init(&iter, rendered);
    while (g_hash_table_iter_next(&iter, NULL, &view)) {
        flat_view_unref(view);
    }
}

void address_space_add_listener(AddressSpace *as, MemoryListener *listener)
{
    listener->as = as;
    g_ptr_array_add(as->listeners, listener);
    tell_changes(listener, NULL, as->view);
}

void address_space_remove_listener(AddressSpace *as, MemoryListener *listener)
{
    tell_changes(listener, as->view, NULL);
    g_ptr_array_remove(as->listeners, listener);
}

/* The part of [@offset, @offset + @length) of @range's region that @range shows, told to the
 * listeners of @as. */
static void tell_iommu(AddressSpace *as, const FlatRange *range, hwaddr offset, uint64_t length)
{
    Int128 start = MAX((Int128)range->offset, (Int128)offset);
    Int128 end =
        MIN((Int128)range->offset + (range->last - range->start) + 1, (Int128)offset + length);

    for (guint i = 0; start < end && i < as->listeners->len; i++) {
        MemoryListener *listener = g_ptr_array_index(as->listeners, i);
        if (listener->iommu_changed) {
            Int128 span = MIN(end - start, (Int128)UINT64_MAX);
            listener->iommu_changed(listener, range->start + (hwaddr)(start - range->offset),
                                    (uint64_t)span);
        }
    }
}

void address_spaces_iommu_changed(MemoryRegion *mr, hwaddr offset, uint64_t length)
{
    for (guint i = 0; all_spaces && i < all_spaces->len; i++) {
        AddressSpace *as = g_ptr_array_index(all_spaces, i);
        for (unsigned j = 0; j < as->view->count; j++) {
            if (as->view->ranges[j].region == mr) {
                tell_iommu(as, &as->view->ranges[j], offset, length);
            }
        }
    }
}

/*
 * Index of the range that holds @address, or of the first one behind it. A thread mostly asks for
 * what it asked for last. A view that was freed and another that came to stand in its place cannot
 * harm: the guess is checked.
 */
static unsigned lookup(const FlatView *view, hwaddr address)
{
    static __thread struct {
        const FlatView *view;
        unsigned index;
    } last;
    unsigned low = 0, high = view->count;

    if (last.view == view && last.index < view->count &&
        address - view->ranges[last.index].start <=
            view->ranges[last.index].last - view->ranges[last.index].start) {
        return last.index;
    }
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (view->ranges[middle].last < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    last.view = view;
    last.index = low;
    return low;
}

/* One address space, no IOMMU followed. */
static MemorySection find_direct(AddressSpace *as, hwaddr address, FlatRange **range)
{
    const FlatView *view = atomic_load_acquire(&as->view); /* pairs with publish() */
    unsigned index = lookup(view, address);
    MemorySection section = { .rights = MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC };
    hwaddr last = UINT64_MAX;

    *range = NULL;
    if (index < view->count) {
        FlatRange *found = &view->ranges[index];
        if (address >= found->start) {
            *range = found;
            section.region = found->region;
            section.offset = found->offset + (address - found->start);
            last = found->last;
        } else {
            last = found->start - 1;
        }
    }
    section.length = last - address == UINT64_MAX ? UINT64_MAX : last - address + 1;
    return section;
}

static void describe(MemorySection *section, const FlatRange *range)
{
    switch (range->region->kind) {
    case MEMORY_KIND_RAM:
    case MEMORY_KIND_ROM:
        section->ram = range->region->ram;
        section->readonly = range->readonly;
        break;
    case MEMORY_KIND_ROM_DEVICE:
        section->ram = range->romd ? range->region->ram : NULL;
        section->readonly = true;
        break;
    default: break;
    }
    if (section->ram) {
        section->ram_at = section->offset;
        section->dirty_clients = range->dirty_clients | ram_dirty_clients(section->ram);
    }
}

MemorySection address_space_find(AddressSpace *as, hwaddr address, bool write, MemTxAttrs attrs)
{
    uint64_t length = UINT64_MAX;
    uint8_t rights = MEMORY_READ | MEMORY_WRITE | MEMORY_EXEC;
    uint8_t wanted = write ? MEMORY_WRITE : MEMORY_READ;
    FlatRange *range;

    for (int depth = 0; depth < IOMMU_DEPTH_MAX; depth++) {
        MemorySection section = find_direct(as, address, &range);
        length = section.length = MIN(section.length, length);
        section.rights = rights;
        if (!range) {
            return section;
        }
        if (range->region->kind != MEMORY_KIND_IOMMU) {
            describe(&section, range);
            return section;
        }
        IommuEntry entry =
            range->region->iommu->translate(range->region->opaque, section.offset, write, attrs);
        hwaddr in_page = section.offset & entry.mask;
        length =
            MIN(length, entry.mask - in_page == UINT64_MAX ? UINT64_MAX : entry.mask - in_page + 1);
        rights &= entry.rights | (entry.rights & MEMORY_READ ? MEMORY_EXEC : 0);
        if (!(rights & wanted) || !entry.target) {
            break;
        }
        as = entry.target;
        address = (entry.address & ~entry.mask) | in_page;
    }
    return (MemorySection){ .length = MAX(length, 1) };
}

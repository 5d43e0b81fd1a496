/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flat views: what a tree of regions looks like from its root, as a sorted array of disjoint
 * ranges. */
#include <string.h>

#include "memory/region_internal.h"
#include "util/machine_lock.h"

/* Half-open. */
typedef struct {
    Int128 start, end;
} Span;

static bool range_merges(const FlatRange *a, const FlatRange *b)
{
    return a->last != UINT64_MAX && a->last + 1 == b->start && a->region == b->region &&
           a->offset + (b->start - a->start) == b->offset && a->readonly == b->readonly &&
           a->romd == b->romd && a->dirty_clients == b->dirty_clients;
}

static FlatRange make_range(const MemoryRegion *mr, Int128 base, Span part, bool readonly)
{
    return (FlatRange){
        .start = (hwaddr)part.start,
        .last = (hwaddr)(part.end - 1),
        .region = (MemoryRegion *)mr,
        .offset = (hwaddr)(part.start - base),
        .readonly = readonly || mr->kind == MEMORY_KIND_ROM,
        .romd = mr->kind == MEMORY_KIND_ROM_DEVICE && mr->romd,
        .dirty_clients = mr->dirty_clients,
    };
}

/* Show @mr wherever nothing of higher priority already does. */
static void fill_gaps(GArray *ranges, const MemoryRegion *mr, Int128 base, Span clip, bool readonly)
{
    guint low = 0, high = ranges->len;

    while (low < high) { /* first range that ends at or behind clip.start */
        guint middle = low + (high - low) / 2;
        if (g_array_index(ranges, FlatRange, middle).last < (Int128)clip.start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (guint i = low; clip.start < clip.end; i++) {
        Int128 next_start = clip.end;
        if (i < ranges->len) {
            next_start = MIN((Int128)g_array_index(ranges, FlatRange, i).start, clip.end);
        }
        if (clip.start < next_start) {
            FlatRange range = make_range(mr, base, (Span){ clip.start, next_start }, readonly);
            g_array_insert_val(ranges, i, range);
            clip.start = next_start;
            continue;
        }
        if (i >= ranges->len) {
            break;
        }
        clip.start = (Int128)g_array_index(ranges, FlatRange, i).last + 1;
    }
}

/* @base: address at which offset 0 of @mr stands; may be negative below an alias. */
static void render(GArray *ranges, const MemoryRegion *mr, Int128 base, Span clip, bool readonly)
{
    if (!mr->enabled) {
        return;
    }
    clip.start = MAX(clip.start, base);
    clip.end = MIN(clip.end, base + memory_region_size128(mr));
    if (clip.start >= clip.end) {
        return;
    }
    readonly |= mr->readonly;
    if (mr->kind == MEMORY_KIND_ALIAS) {
        render(ranges, mr->alias, base - mr->alias_offset, clip, readonly);
        return;
    }
    for (guint i = 0; mr->subregions && i < mr->subregions->len; i++) {
        const MemoryRegion *sub = g_ptr_array_index(mr->subregions, i);
        render(ranges, sub, base + sub->address, clip, readonly);
    }
    if (mr->kind != MEMORY_KIND_CONTAINER) {
        fill_gaps(ranges, mr, base, clip, readonly);
    }
}

static void merge(GArray *ranges)
{
    guint kept = 0;

    for (guint i = 1; i < ranges->len; i++) {
        FlatRange *last = &g_array_index(ranges, FlatRange, kept);
        FlatRange *range = &g_array_index(ranges, FlatRange, i);
        if (range_merges(last, range)) {
            last->last = range->last;
        } else {
            g_array_index(ranges, FlatRange, ++kept) = *range;
        }
    }
    g_array_set_size(ranges, ranges->len ? kept + 1 : 0);
}

/*
 * Who must outlive the readers of a view. The owner of the root outlives the address space anyway;
 * counting it would be a circle.
 */
static Object *held_owner(const FlatView *view, const FlatRange *range)
{
    Object *owner = range->region->object.parent;

    return owner == view->root->object.parent ? NULL : owner;
}

FlatView *flat_view_render(MemoryRegion *root)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(FlatRange));
    FlatView *view = g_new0(FlatView, 1);

    render(ranges, root, 0, (Span){ 0, (Int128)1 << 64 }, false);
    merge(ranges);
    view->root = root;
    view->refcount = 1;
    view->count = ranges->len;
    view->ranges = (FlatRange *)(void *)g_array_free(ranges, FALSE);
    view->owners = g_new0(Object *, MAX(view->count, 1));
    for (unsigned i = 0; i < view->count; i++) {
        view->owners[i] = object_ref(held_owner(view, &view->ranges[i]));
    }
    return view;
}

/* Owners may end here, which is a matter of devices. */
static void free_view(RcuHead *head)
{
    FlatView *view = container_of(head, FlatView, rcu);

    machine_lock();
    for (unsigned i = 0; i < view->count; i++) {
        object_unref(view->owners[i]);
    }
    machine_unlock();
    g_free(view->owners);
    g_free(view->ranges);
    g_free(view);
}

void flat_view_unref(FlatView *view)
{
    if (view && --view->refcount == 0) {
        rcu_call(&view->rcu, free_view);
    }
}

bool flat_range_equal(const FlatRange *a, const FlatRange *b)
{
    return a->start == b->start && a->last == b->last && a->region == b->region &&
           a->offset == b->offset && a->readonly == b->readonly && a->romd == b->romd &&
           a->dirty_clients == b->dirty_clients;
}

bool flat_view_equal(const FlatView *a, const FlatView *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (unsigned i = 0; i < a->count; i++) {
        if (!flat_range_equal(&a->ranges[i], &b->ranges[i])) {
            return false;
        }
    }
    return true;
}

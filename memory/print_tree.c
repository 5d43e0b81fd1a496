/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "info mtree". */
#include "memory/ram.h"
#include "memory/region_internal.h"

#define ADDRESS_FORMAT "%016" G_GINT64_MODIFIER "x"

static const char *kind_name(const MemoryRegion *mr, bool readonly, bool romd)
{
    if (!mr->ram) {
        return mr->kind == MEMORY_KIND_ALIAS && mr->alias ? kind_name(mr->alias, readonly, romd)
                                                          : "i/o";
    }
    if (mr->kind == MEMORY_KIND_ROM_DEVICE) {
        return romd ? "romd" : "i/o";
    }
    return readonly || mr->kind == MEMORY_KIND_ROM ? "rom" : "ram";
}

static hwaddr last_of(const MemoryRegion *mr, hwaddr start)
{
    return start + (hwaddr)(memory_region_size128(mr) - 1);
}

/* Regions that aliases look into and that are not below what is being printed come afterwards. */
static void note_alias(GPtrArray *others, MemoryRegion *mr)
{
    while (mr->container) {
        mr = mr->container;
    }
    if (!g_ptr_array_find(others, mr, NULL)) {
        g_ptr_array_add(others, mr);
    }
}

static void print_region(const MemoryRegion *mr, hwaddr base, unsigned level, GPtrArray *others,
                         GString *out)
{
    hwaddr start = base + mr->address;

    g_string_append_printf(
        out, "%*s" ADDRESS_FORMAT "-" ADDRESS_FORMAT " (prio %d, %s): ", (int)level * 2, "", start,
        last_of(mr, start), mr->priority, kind_name(mr, mr->readonly, mr->romd));
    if (mr->kind == MEMORY_KIND_ALIAS) {
        g_string_append_printf(out, "alias %s @%s " ADDRESS_FORMAT "-" ADDRESS_FORMAT, mr->label,
                               mr->alias->label, mr->alias_offset, last_of(mr, mr->alias_offset));
        note_alias(others, mr->alias);
    } else {
        g_string_append(out, mr->label);
    }
    g_string_append(out, mr->enabled ? "\n" : " [disabled]\n");
    /* In order of address, as people look for them. */
    g_autoptr(GPtrArray) subs = g_ptr_array_new();
    for (guint i = 0; mr->subregions && i < mr->subregions->len; i++) {
        MemoryRegion *sub = g_ptr_array_index(mr->subregions, i);
        guint at = 0;
        while (at < subs->len &&
               ((MemoryRegion *)g_ptr_array_index(subs, at))->address <= sub->address) {
            at++;
        }
        g_ptr_array_insert(subs, (int)at, sub);
    }
    for (guint i = 0; i < subs->len; i++) {
        print_region(g_ptr_array_index(subs, i), start, level + 1, others, out);
    }
}

static void print_flat(const AddressSpace *as, GString *out)
{
    const FlatView *view = as->view;

    g_string_append_printf(out, "FlatView #0\n AS \"%s\", root: %s\n Root memory region: %s\n",
                           as->name, as->root->label, as->root->label);
    if (view->count == 0) {
        g_string_append(out, "  No rendered FlatView\n");
    }
    for (unsigned i = 0; i < view->count; i++) {
        const FlatRange *range = &view->ranges[i];
        const MemoryRegion *mr = range->region;
        g_string_append_printf(out, "  " ADDRESS_FORMAT "-" ADDRESS_FORMAT " (prio %d, %s): %s",
                               range->start, range->last, mr->priority,
                               kind_name(mr, range->readonly, range->romd), mr->label);
        if (range->offset) {
            g_string_append_printf(out, " @" ADDRESS_FORMAT, range->offset);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
}

void memory_print_tree(AddressSpace *as, bool flat, GString *out)
{
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    if (flat) {
        print_flat(as, out);
        return;
    }
    g_ptr_array_add(others, as->root);
    g_string_append_printf(out, "address-space: %s\n", as->name);
    print_region(as->root, 0, 1, others, out);
    g_string_append_c(out, '\n');
    for (guint i = 1; i < others->len; i++) { /* grows while it is walked */
        const MemoryRegion *mr = g_ptr_array_index(others, i);
        g_string_append_printf(out, "memory-region: %s\n", mr->label);
        print_region(mr, 0, 1, others, out);
        g_string_append_c(out, '\n');
    }
}

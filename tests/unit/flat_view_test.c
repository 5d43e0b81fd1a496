/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random trees of regions against a model that looks at every byte; views changed under readers. */
#include <string.h>

#include "memory/address_space.h"
#include "memory/ram.h"
#include "util/atomic.h"
#include "util/machine_lock.h"

enum { SPACE_BYTES = 256, REGIONS = 12, ROUNDS = 400, CHANGES = 12 };

static const MemoryOps silent_ops;

typedef struct {
    MemoryRegion root, regions[REGIONS];
    AddressSpace as;
    unsigned changes_begun, changes_committed;
    MemoryListener listener;
    uint16_t seen[SPACE_BYTES]; /* 1 + region index, as the listener was told */
} World;

/* The highest priority wins, the newest among equals: the order of the subregions. */
static const MemoryRegion *model_find(const MemoryRegion *mr, int64_t at, bool *readonly)
{
    bool below = *readonly || mr->readonly;

    if (!mr->enabled || at < 0 || (mr->size != UINT64_MAX && at >= (int64_t)mr->size)) {
        return NULL;
    }
    if (mr->kind == MEMORY_KIND_ALIAS) {
        *readonly = below;
        return model_find(mr->alias, at + (int64_t)mr->alias_offset, readonly);
    }
    for (guint i = 0; mr->subregions && i < mr->subregions->len; i++) {
        const MemoryRegion *sub = g_ptr_array_index(mr->subregions, i);
        bool sub_readonly = below;
        const MemoryRegion *found = model_find(sub, at - (int64_t)sub->address, &sub_readonly);
        if (found) {
            *readonly = sub_readonly;
            return found;
        }
    }
    *readonly = below || mr->kind == MEMORY_KIND_ROM;
    return mr->kind == MEMORY_KIND_CONTAINER ? NULL : mr;
}

static uint16_t number_of(const World *w, const MemoryRegion *mr)
{
    return mr ? (uint16_t)(1 + (mr - w->regions)) : 0;
}

static void check_view(World *w)
{
    const FlatView *view = w->as.view;

    for (unsigned i = 0; i < view->count; i++) {
        g_assert_cmpuint(view->ranges[i].start, <=, view->ranges[i].last);
        g_assert_true(i == 0 || view->ranges[i - 1].last < view->ranges[i].start);
    }
    rcu_read_lock();
    for (unsigned at = 0; at < SPACE_BYTES; at++) {
        bool readonly = false;
        const MemoryRegion *expected = model_find(&w->root, at, &readonly);
        MemorySection section = address_space_find(&w->as, at, false, (MemTxAttrs){ 0 });
        g_assert_true(section.region == expected);
        g_assert_cmpuint(section.length, >, 0);
        g_assert_cmpuint(w->seen[at], ==, number_of(w, expected));
        if (section.ram) {
            g_assert_cmpint(section.readonly, ==, readonly);
        }
    }
    rcu_read_unlock();
}

static void on_begin(MemoryListener *listener)
{
    container_of(listener, World, listener)->changes_begun++;
}

static void on_commit(MemoryListener *listener)
{
    World *w = container_of(listener, World, listener);

    g_assert_cmpuint(w->changes_begun, ==, ++w->changes_committed);
}

static void on_add(MemoryListener *listener, const FlatRange *range)
{
    World *w = container_of(listener, World, listener);

    for (hwaddr at = range->start; at <= MIN(range->last, SPACE_BYTES - 1); at++) {
        g_assert_cmpuint(w->seen[at], ==, 0); /* what was there is deleted first */
        w->seen[at] = number_of(w, range->region);
    }
}

static void on_del(MemoryListener *listener, const FlatRange *range)
{
    World *w = container_of(listener, World, listener);

    for (hwaddr at = range->start; at <= MIN(range->last, SPACE_BYTES - 1); at++) {
        g_assert_cmpuint(w->seen[at], ==, number_of(w, range->region));
        w->seen[at] = 0;
    }
}

/* Aliases look at regions of a lower index and containers hold lower ones, so that there is no
 * circle. */
static void make_region(World *w, unsigned i)
{
    MemoryRegion *mr = &w->regions[i];
    uint64_t size = g_test_rand_int_range(1, 100);

    switch (g_test_rand_int_range(0, 4)) {
    case 0: memory_region_init(mr, NULL, "container", g_test_rand_bit() ? size : UINT64_MAX); break;
    case 1:
        if (i > 0) {
            memory_region_init_alias(mr, NULL, "alias",
                                     &w->regions[g_test_rand_int_range(0, (int)i)],
                                     (hwaddr)g_test_rand_int_range(0, 50), size);
            break;
        }
        /* fall through */
    case 2: memory_region_init_io(mr, NULL, &silent_ops, NULL, "io", size); break;
    default:
        g_assert_true(g_test_rand_bit()
                          ? memory_region_init_ram(mr, NULL, "ram", RAM_PAGE_BYTES, NULL)
                          : memory_region_init_rom(mr, NULL, "rom", RAM_PAGE_BYTES, NULL));
        break;
    }
}

static MemoryRegion *random_container(World *w, unsigned above)
{
    for (unsigned tries = 0; tries < 4 && above + 1 < REGIONS; tries++) {
        MemoryRegion *mr = &w->regions[g_test_rand_int_range((int)above + 1, REGIONS)];
        if (mr->kind == MEMORY_KIND_CONTAINER || mr->kind == MEMORY_KIND_IO) {
            return mr;
        }
    }
    return &w->root;
}

static void change(World *w)
{
    unsigned i = (unsigned)g_test_rand_int_range(0, REGIONS);
    MemoryRegion *mr = &w->regions[i];
    hwaddr address = (hwaddr)g_test_rand_int_range(0, 200);

    switch (g_test_rand_int_range(0, 5)) {
    case 0: memory_region_set_enabled(mr, !mr->enabled); break;
    case 1: memory_region_set_address(mr, address); break;
    case 2: memory_region_set_readonly(mr, !mr->readonly); break;
    case 3:
        if (mr->kind == MEMORY_KIND_ALIAS) {
            memory_region_set_alias_offset(mr, address / 4);
        }
        break;
    default:
        if (mr->container) {
            memory_region_remove(mr->container, mr);
        } else {
            memory_region_add_overlap(random_container(w, i), address, mr,
                                      g_test_rand_int_range(-2, 3));
        }
        break;
    }
}

static void test_random_trees_agree_with_the_model(void)
{
    World *worlds = g_new0(World, ROUNDS);

    for (unsigned round = 0; round < ROUNDS; round++) {
        World *w = &worlds[round];
        machine_lock();
        memory_region_init(&w->root, NULL, "root", UINT64_MAX);
        address_space_init(&w->as, &w->root, "test");
        w->listener = (MemoryListener){
            .begin = on_begin, .range_add = on_add, .range_del = on_del, .commit = on_commit
        };
        address_space_add_listener(&w->as, &w->listener);
        for (unsigned i = 0; i < REGIONS; i++) {
            make_region(w, i);
        }
        for (unsigned i = 0; i < REGIONS; i++) {
            memory_region_add_overlap(random_container(w, i), (hwaddr)g_test_rand_int_range(0, 200),
                                      &w->regions[i], g_test_rand_int_range(-2, 3));
        }
        check_view(w);
        for (unsigned i = 0; i < CHANGES; i++) {
            memory_transaction_begin();
            change(w);
            change(w);
            memory_transaction_commit();
            check_view(w);
        }
        address_space_cleanup(&w->as);
        for (unsigned at = 0; at < SPACE_BYTES; at++) {
            g_assert_cmpuint(w->seen[at], ==, 0);
        }
        for (unsigned i = REGIONS; i-- > 0;) {
            object_unref(&w->regions[i].object);
        }
        object_unref(&w->root.object);
        machine_unlock();
    }
    rcu_drain();
    g_free(worlds);
}

static void test_two_regions_can_cover_everything(void)
{
    static MemoryRegion root, all, top;
    AddressSpace as;

    machine_lock();
    memory_region_init(&root, NULL, "root", UINT64_MAX);
    memory_region_init_io(&all, NULL, &silent_ops, NULL, "all", UINT64_MAX);
    memory_region_init_io(&top, NULL, &silent_ops, NULL, "top", 0x1000);
    memory_region_add_overlap(&root, 0, &all, -1);
    memory_region_add(&root, -(hwaddr)0x1000, &top);
    address_space_init(&as, &root, "all");
    g_assert_cmpuint(as.view->count, ==, 2);
    g_assert_cmphex(as.view->ranges[0].last, ==, -(hwaddr)0x1001);
    g_assert_cmphex(as.view->ranges[1].last, ==, UINT64_MAX);
    memory_region_set_enabled(&top, false);
    rcu_read_lock();
    MemorySection section = address_space_find(&as, 0, false, (MemTxAttrs){ 0 });
    rcu_read_unlock();
    g_assert_cmphex(section.length, ==, UINT64_MAX);
    g_autoptr(GString) text = g_string_new(NULL);
    memory_print_tree(&as, false, text);
    g_assert_cmpstr(text->str, ==,
                    "address-space: all\n"
                    "  0000000000000000-ffffffffffffffff (prio 0, i/o): root\n"
                    "    0000000000000000-ffffffffffffffff (prio -1, i/o): all\n"
                    "    fffffffffffff000-ffffffffffffffff (prio 0, i/o): top [disabled]\n\n");
    address_space_cleanup(&as);
    object_unref(&all.object);
    object_unref(&top.object);
    object_unref(&root.object);
    machine_unlock();
    rcu_drain();
}

/* Readers hold views while a writer moves memory around and both mark dirty pages. */
typedef struct {
    MemoryRegion root, ram, window;
    AddressSpace as;
    bool stop;
} Race;

enum { RACE_BYTES = 64 * RAM_PAGE_BYTES };

static gpointer read_and_write(gpointer data)
{
    Race *race = data;
    unsigned seen = 0;

    while (!atomic_read(&race->stop)) {
        uint64_t value;
        MemTxResult result =
            address_space_load(&race->as, 0x100000, 8, ENDIAN_LITTLE, &value, (MemTxAttrs){ 0 });
        g_assert_true(result == MEMTX_DECODE_ERROR || value == 0 || value == 0x1122334455667788);
        address_space_store(&race->as, (seen % 64) * RAM_PAGE_BYTES + 8, 8, ENDIAN_LITTLE, 1,
                            (MemTxAttrs){ 0 });
        seen++;
    }
    return NULL;
}

static void test_views_change_under_readers(void)
{
    Race race = { 0 };
    GThread *threads[2];
    unsigned dirty = 0;

    machine_lock();
    memory_region_init(&race.root, NULL, "root", UINT64_MAX);
    g_assert_true(memory_region_init_ram(&race.ram, NULL, "ram", RACE_BYTES, NULL));
    memory_region_init_alias(&race.window, NULL, "window", &race.ram, 0, RAM_PAGE_BYTES);
    memory_region_add(&race.root, 0, &race.ram);
    memory_region_add(&race.root, 0x100000, &race.window);
    address_space_init(&race.as, &race.root, "race");
    memory_region_set_dirty_logging(&race.ram, DIRTY_MIGRATION, true);
    machine_unlock();
    address_space_store(&race.as, 0, 8, ENDIAN_LITTLE, 0x1122334455667788, (MemTxAttrs){ 0 });
    for (int i = 0; i < 2; i++) {
        threads[i] = g_thread_new("reader", read_and_write, &race);
    }
    for (unsigned i = 0; i < 2000; i++) {
        machine_lock();
        memory_region_set_enabled(&race.window, i & 1);
        memory_region_set_alias_offset(&race.window, (i / 2 % 2) * 16 * RAM_PAGE_BYTES);
        machine_unlock();
        dirty += ram_test_and_clear_dirty(race.ram.ram, DIRTY_MIGRATION, 0, RACE_BYTES);
    }
    atomic_set(&race.stop, true);
    for (int i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpuint(dirty, >, 0);
    machine_lock();
    memory_region_set_dirty_logging(&race.ram, DIRTY_MIGRATION, false);
    address_space_cleanup(&race.as);
    object_unref(&race.window.object);
    object_unref(&race.ram.object);
    object_unref(&race.root.object);
    machine_unlock();
    rcu_drain();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flat-view/random", test_random_trees_agree_with_the_model);
    g_test_add_func("/flat-view/everything", test_two_regions_can_cover_everything);
    g_test_add_func("/flat-view/readers", test_views_change_under_readers);
    return g_test_run();
}

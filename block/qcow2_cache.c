/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of a qcow2 image held in memory. */
#include "block/qcow2_cache.h"

#include <errno.h>

#include "block/request.h"

enum { SECTOR = 512, LEAST_TABLES = 4 };

static void table_free(void *opaque)
{
    Qcow2Table *table = opaque;
    g_free(table->bytes);
    g_free(table);
}

void qcow2_cache_init(Qcow2Cache *cache, BlockChild *file, uint32_t table_bytes,
                      uint64_t limit_bytes)
{
    cache->file = file;
    cache->table_bytes = table_bytes;
    cache->limit = MAX(limit_bytes / table_bytes, LEAST_TABLES);
    cache->tables = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, table_free);
    g_queue_init(&cache->order);
}

void qcow2_cache_cleanup(Qcow2Cache *cache)
{
    g_queue_init(&cache->order); /* its links are parts of the tables */
    g_clear_pointer(&cache->tables, g_hash_table_destroy);
}

static bool is_dirty(const Qcow2Table *table)
{
    return table->dirty_from < table->dirty_to;
}

static void use(Qcow2Cache *cache, Qcow2Table *table)
{
    g_queue_unlink(&cache->order, &table->link);
    g_queue_push_tail_link(&cache->order, &table->link);
}

Qcow2Table *qcow2_cache_peek(Qcow2Cache *cache, uint64_t offset)
{
    Qcow2Table *table = g_hash_table_lookup(cache->tables, &offset);
    if (table) {
        use(cache, table);
    }
    return table;
}

static int coroutine_fn write_table(Qcow2Cache *cache, Qcow2Table *table)
{
    uint32_t from = table->dirty_from / SECTOR * SECTOR;
    uint32_t to = MIN((table->dirty_to + SECTOR - 1) / SECTOR * SECTOR, cache->table_bytes);
    table->pins++;
    int result =
        block_write_buffer(cache->file, table->offset + from, table->bytes + from, to - from);
    table->pins--;
    if (result == 0) {
        table->dirty_from = table->dirty_to = 0;
    }
    return result;
}

static void forget(Qcow2Cache *cache, Qcow2Table *table)
{
    g_queue_unlink(&cache->order, &table->link);
    g_hash_table_remove(cache->tables, &table->offset);
}

/* The least recently used table that can go; clean ones first. */
static Qcow2Table *find_victim(Qcow2Cache *cache, bool dirty_too)
{
    for (GList *link = cache->order.head; link; link = link->next) {
        Qcow2Table *table = link->data;
        if (table->pins == 0 && (dirty_too || !is_dirty(table))) {
            return table;
        }
    }
    return NULL;
}

static int coroutine_fn make_room(Qcow2Cache *cache)
{
    if (g_hash_table_size(cache->tables) < cache->limit) {
        return 0;
    }
    Qcow2Table *victim = find_victim(cache, cache->any_order);
    if (!victim && !cache->any_order) {
        int result = cache->clean(cache->opaque);
        if (result < 0) {
            return result;
        }
        victim = find_victim(cache, false);
    }
    if (!victim) {
        return 0; /* all are pinned: grow by one */
    }
    int result = is_dirty(victim) ? write_table(cache, victim) : 0;
    if (result == 0) {
        forget(cache, victim);
    }
    return result;
}

static Qcow2Table *add_table(Qcow2Cache *cache, uint64_t offset, uint8_t *bytes)
{
    Qcow2Table *table = g_new0(Qcow2Table, 1);
    table->offset = offset;
    table->bytes = bytes;
    table->pins = 1;
    table->link.data = table;
    g_hash_table_insert(cache->tables, &table->offset, table);
    g_queue_push_tail_link(&cache->order, &table->link);
    return table;
}

int coroutine_fn qcow2_cache_get(Qcow2Cache *cache, uint64_t offset, Qcow2Table **table)
{
    *table = qcow2_cache_peek(cache, offset);
    if (*table) {
        (*table)->pins++;
        return 0;
    }
    int result = make_room(cache);
    if (result < 0) {
        return result;
    }
    uint8_t *bytes = g_malloc(cache->table_bytes);
    result = block_read_buffer(cache->file, offset, bytes, cache->table_bytes);
    if (result < 0) {
        g_free(bytes);
        return result;
    }
    *table = add_table(cache, offset, bytes);
    return 0;
}

int coroutine_fn qcow2_cache_get_new(Qcow2Cache *cache, uint64_t offset, Qcow2Table **table)
{
    Qcow2Table *old = g_hash_table_lookup(cache->tables, &offset);
    if (old && old->pins > 0) {
        return -EIO; /* a damaged image: a table in use lies in a cluster that counts as free */
    }
    qcow2_cache_drop(cache, offset);
    int result = make_room(cache);
    if (result < 0) {
        return result;
    }
    *table = add_table(cache, offset, g_malloc0(cache->table_bytes));
    (*table)->fresh = true;
    qcow2_cache_dirty(*table, 0, cache->table_bytes);
    return 0;
}

void qcow2_cache_put(Qcow2Table *table)
{
    g_assert(table->pins > 0);
    table->pins--;
}

void qcow2_cache_dirty(Qcow2Table *table, uint32_t from, uint32_t bytes)
{
    if (!is_dirty(table)) {
        table->dirty_from = from;
        table->dirty_to = from + bytes;
    } else {
        table->dirty_from = MIN(table->dirty_from, from);
        table->dirty_to = MAX(table->dirty_to, from + bytes);
    }
}

static int by_offset(const void *a, const void *b)
{
    const Qcow2Table *const *first = a, *const *second = b;
    return (*first)->offset < (*second)->offset ? -1 : (*first)->offset > (*second)->offset;
}

int coroutine_fn qcow2_cache_write(Qcow2Cache *cache, bool only_fresh)
{
    g_autoptr(GPtrArray) dirty = g_ptr_array_new();
    for (GList *link = cache->order.head; link; link = link->next) {
        Qcow2Table *table = link->data;
        if (is_dirty(table) && (table->fresh || !only_fresh)) {
            g_ptr_array_add(dirty, table);
        }
    }
    g_ptr_array_sort(dirty, by_offset);
    int result = 0;
    for (unsigned i = 0; i < dirty->len && result == 0; i++) {
        result = write_table(cache, dirty->pdata[i]);
    }
    return result;
}

bool qcow2_cache_is_dirty(const Qcow2Cache *cache)
{
    for (GList *link = cache->order.head; link; link = link->next) {
        if (is_dirty(link->data)) {
            return true;
        }
    }
    return false;
}

void qcow2_cache_settle(Qcow2Cache *cache)
{
    for (GList *link = cache->order.head; link; link = link->next) {
        ((Qcow2Table *)link->data)->fresh = false;
    }
}

void qcow2_cache_drop(Qcow2Cache *cache, uint64_t offset)
{
    Qcow2Table *table = g_hash_table_lookup(cache->tables, &offset);
    if (table && table->pins == 0) {
        forget(cache, table);
    }
}

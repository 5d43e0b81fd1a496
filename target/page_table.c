/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/page_table.h"

#include <string.h>

#include "memory/address_space.h"

enum { PAGE_BITS = 12, MAX_TABLES = 1 << 16, MAX_PAGES = 1 << 22, MAX_TABLE_BYTES = 4096 };

const Interface page_table_interface = { "page-tables" };

typedef struct {
    Cpu *cpu;
    const PageTable *table;
    GuestPageFn *fn;
    void *opaque;
    unsigned tables, pages; /* looked at so far */
    bool ended;
} Walk;

static uint64_t entry_at(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = size; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Bits of an address below what @level indexes. */
static unsigned shift_of(const PageTable *table, unsigned level)
{
    unsigned shift = PAGE_BITS;
    for (unsigned i = 0; i < level; i++) {
        shift += table->bits[i];
    }
    return shift;
}

static uint64_t extend(const PageTable *table, uint64_t address)
{
    unsigned unused = 64 - table->address_bits;
    return (uint64_t)((int64_t)(address << unused) >> unused);
}

static void restrict_to(GuestPage *page, const GuestPage *above)
{
    page->readable &= above->readable;
    page->writable &= above->writable;
    page->executable &= above->executable;
    page->user &= above->user;
}

static void walk_level(Walk *walk, hwaddr at, unsigned level, const GuestPage *above)
{
    const PageTable *table = walk->table;
    unsigned count = 1u << table->bits[level], shift = shift_of(table, level);
    uint8_t entries[MAX_TABLE_BYTES];
    MemTxAttrs attrs = { .debug = 1 };
    if (walk->tables++ >= MAX_TABLES || (size_t)count * table->entry_bytes > sizeof(entries) ||
        address_space_read(walk->cpu->memory, at, entries, (uint64_t)count * table->entry_bytes,
                           attrs) != MEMTX_OK) {
        walk->ended |= walk->tables > MAX_TABLES;
        return;
    }
    for (unsigned i = 0; i < count && !walk->ended; i++) {
        GuestPage page = { 0 };
        uint64_t entry = entry_at(entries + (size_t)i * table->entry_bytes, table->entry_bytes);
        PageEntryKind kind = table->decode(table, entry, level, &page);
        page.address = above->address | (uint64_t)i << shift;
        restrict_to(&page, above);
        if (kind == PAGE_ENTRY_TABLE && level > 0) {
            walk_level(walk, page.physical, level - 1, &page);
        } else if (kind == PAGE_ENTRY_PAGE) {
            page.address = extend(table, page.address);
            page.bytes = 1ull << shift;
            walk->ended = walk->pages++ >= MAX_PAGES || !walk->fn(&page, walk->opaque);
        }
    }
}

bool page_table_walk(Cpu *cpu, const PageTable *table, GuestPageFn *fn, void *opaque)
{
    Walk walk = { cpu, table, fn, opaque, 0, 0, false };
    const GuestPage all = { .readable = true, .writable = true, .executable = true, .user = true };
    walk_level(&walk, table->root, table->levels - 1u, &all);
    return !walk.ended;
}

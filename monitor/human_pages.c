/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where addresses lead: single ones, and the page tables as a whole. */
#include <string.h>

#include "memory/ram.h"
#include "monitor/human_internal.h"
#include "schema/commands.h"
#include "target/page_table.h"
#include "util/error.h"
#include "util/rcu.h"

enum { MAX_LINES = 1 << 16 };

#define ADDRESS "%016" G_GINT64_MODIFIER "x"

typedef struct {
    uint64_t address;
    hwaddr physical;
    bool mapped;
} Translation;

static void translate(Cpu *cpu, void *data)
{
    Translation *translation = data;
    MemTxAttrs attrs;
    __auto_type method = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, debug_translate);
    translation->mapped =
        method && method(cpu, translation->address, &translation->physical, &attrs);
}

bool human_gva2gpa(HumanCall *call, GError **errp)
{
    Translation translation = { 0 };
    Cpu *cpu = human_cpu(call, errp);
    if (!cpu || !human_number(call, call->rest, &translation.address, errp)) {
        return false;
    }
    cpu_run_on_sync(cpu, translate, &translation);
    if (translation.mapped) {
        human_text(call, "gpa: 0x%" G_GINT64_MODIFIER "x\n", translation.physical);
    } else {
        human_text(call, "Unmapped\n");
    }
    return true;
}

bool human_gpa2hva(HumanCall *call, GError **errp)
{
    uint64_t address;
    if (!human_number(call, call->rest, &address, errp)) {
        return false;
    }
    rcu_read_lock();
    MemorySection section = address_space_find(&call->context.machine->memory, address, false,
                                               (MemTxAttrs){ .debug = 1 });
    uint8_t *host = section.ram ? ram_block_host(section.ram) + section.ram_at : NULL;
    const char *name = section.ram ? ram_block_name(section.ram) : NULL;
    if (host) {
        human_text(call, "Host virtual address for 0x%" G_GINT64_MODIFIER "x (%s) is %p\n", address,
                   name, (void *)host);
    }
    rcu_read_unlock();
    if (!host) {
        error_set(errp, "there is no memory at physical address 0x%" G_GINT64_MODIFIER "x",
                  address);
    }
    return host != NULL;
}

typedef struct {
    HumanCall *call;
    GuestPageFn *fn;
    unsigned lines;
    GuestPage run; /* pages that follow each other with the same rights; .bytes 0: none */
    bool translated, whole;
} Listing;

static void walk(Cpu *cpu, void *data)
{
    Listing *listing = data;
    PageTable table;
    const PageTableOps *ops = object_interface(&cpu->device.object, &page_table_interface);
    listing->translated = ops && ops->describe(cpu, &table);
    if (listing->translated) {
        listing->whole = page_table_walk(cpu, &table, listing->fn, listing);
    }
}

static bool print_page(const GuestPage *page, void *opaque)
{
    Listing *listing = opaque;
    const char *units = page->bytes >= 1 << 30 ? "G" : page->bytes >= 1 << 20 ? "M" : "K";
    unsigned shift = *units == 'G' ? 30 : *units == 'M' ? 20 : 10;
    human_text(listing->call, ADDRESS ": " ADDRESS " %4u%s %c%c%c%c%c%c%c\n", page->address,
               page->physical, (unsigned)(page->bytes >> shift), units, page->user ? 'u' : '-',
               page->readable ? 'r' : '-', page->writable ? 'w' : '-', page->executable ? 'x' : '-',
               page->global ? 'g' : '-', page->accessed ? 'a' : '-', page->dirty ? 'd' : '-');
    return ++listing->lines < MAX_LINES;
}

static void print_run(Listing *listing)
{
    const GuestPage *run = &listing->run;
    if (run->bytes) {
        human_text(listing->call, ADDRESS "-" ADDRESS " " ADDRESS " %c%c%c%c\n", run->address,
                   run->address + run->bytes, run->bytes, run->user ? 'u' : '-',
                   run->readable ? 'r' : '-', run->writable ? 'w' : '-',
                   run->executable ? 'x' : '-');
        listing->lines++;
    }
}

static bool collect_run(const GuestPage *page, void *opaque)
{
    Listing *listing = opaque;
    GuestPage *run = &listing->run;
    if (run->bytes && run->address + run->bytes == page->address && run->user == page->user &&
        run->readable == page->readable && run->writable == page->writable &&
        run->executable == page->executable) {
        run->bytes += page->bytes;
        return true;
    }
    print_run(listing);
    *run = *page;
    return listing->lines < MAX_LINES;
}

static bool list_pages(HumanCall *call, GuestPageFn *fn, GError **errp)
{
    Listing listing = { call, fn };
    Cpu *cpu = human_cpu(call, errp);
    if (!cpu) {
        return false;
    }
    cpu_run_on_sync(cpu, walk, &listing);
    if (!listing.translated) {
        human_text(call, "addresses are not translated\n");
        return true;
    }
    print_run(&listing);
    if (!listing.whole) {
        human_text(call, "... and more\n");
    }
    return true;
}

bool human_info_tlb(HumanCall *call, GError **errp)
{
    return list_pages(call, print_page, errp);
}

bool human_info_mem(HumanCall *call, GError **errp)
{
    return list_pages(call, collect_run, errp);
}

static void print_block(RamBlock *block, void *opaque)
{
    HumanCall *call = opaque;
    human_text(call, "%-24s %12" G_GUINT64_FORMAT " bytes at %p\n",
               ram_block_name(block) ? ram_block_name(block) : "", ram_block_size(block),
               (void *)ram_block_host(block));
}

bool human_info_ramblock(HumanCall *call, GError **errp)
{
    ram_block_foreach(print_block, call);
    return true;
}

/* What firmware and boards put into the address space for reading only. */
bool human_info_roms(HumanCall *call, GError **errp)
{
    rcu_read_lock();
    const FlatView *view = call->context.machine->memory.view;
    for (unsigned i = 0; view && i < view->count; i++) {
        const FlatRange *range = &view->ranges[i];
        RamBlock *block = memory_region_ram_block(range->region);
        if (block && (range->readonly || range->romd)) {
            human_text(call,
                       "addr=" ADDRESS " size=0x%06" G_GINT64_MODIFIER "x mem=rom name=\"%s\"\n",
                       range->start, range->last - range->start + 1,
                       ram_block_name(block) ? ram_block_name(block) : "");
        }
    }
    rcu_read_unlock();
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of guest memory: host mappings, and who wants to know what was written to them. */
#include "memory/ram.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "util/atomic.h"
#include "util/error.h"
#include "util/rcu.h"

enum { WORD_BITS = 64, HUGE_ALIGN = 2 << 20 };

struct RamBlock {
    char *name;
    uint8_t *host;
    uint64_t size;
    uint64_t reserved_bytes; /* of address space from reserved on, with alignment and guard */
    void *reserved;
    int fd;
    unsigned logging[DIRTY_CLIENT_COUNT]; /* users; guarded by list_lock */
    uint8_t clients;                      /* bit a client with users; atomic */
    uint64_t *dirty[DIRTY_CLIENT_COUNT];  /* bit a page; atomic */
    uint64_t *code;                       /* bit a page; atomic */
    RcuHead rcu;
};

/* All blocks, replaced as a whole and read under RCU. */
typedef struct {
    RcuHead rcu;
    unsigned count;
    RamBlock *blocks[];
} BlockList;

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static BlockList *block_list;
static const RamCodeOps *code_ops;

static uint64_t page_of(ram_offset at)
{
    return at >> RAM_PAGE_BITS;
}

static uint64_t *bitmap_new(uint64_t pages)
{
    return g_new0(uint64_t, (pages + WORD_BITS - 1) / WORD_BITS);
}

/* Bits of one word that belong to pages first..last (inclusive), where @word_page is the word's
 * first page. */
static uint64_t word_mask(uint64_t word_page, uint64_t first, uint64_t last)
{
    uint64_t mask = ~0ull;

    if (first > word_page) {
        mask &= ~0ull << (first - word_page);
    }
    if (last < word_page + WORD_BITS - 1) {
        mask &= ~0ull >> (word_page + WORD_BITS - 1 - last);
    }
    return mask;
}

static void bitmap_set(uint64_t *map, uint64_t first, uint64_t last)
{
    for (uint64_t page = first & ~(uint64_t)(WORD_BITS - 1); page <= last; page += WORD_BITS) {
        uint64_t mask = word_mask(page, first, last);
        if ((atomic_read(&map[page / WORD_BITS]) & mask) != mask) {
            atomic_fetch_or(&map[page / WORD_BITS], mask);
        }
    }
}

static bool bitmap_test(const uint64_t *map, uint64_t first, uint64_t last)
{
    for (uint64_t page = first & ~(uint64_t)(WORD_BITS - 1); page <= last; page += WORD_BITS) {
        if (atomic_read(&map[page / WORD_BITS]) & word_mask(page, first, last)) {
            return true;
        }
    }
    return false;
}

static bool bitmap_test_and_clear(uint64_t *map, uint64_t first, uint64_t last)
{
    bool any = false;

    for (uint64_t page = first & ~(uint64_t)(WORD_BITS - 1); page <= last; page += WORD_BITS) {
        uint64_t mask = word_mask(page, first, last);
        if (atomic_read(&map[page / WORD_BITS]) & mask) {
            any |= (atomic_fetch_and(&map[page / WORD_BITS], ~mask) & mask) != 0;
        }
    }
    return any;
}

/* list_lock held. @add or @remove is NULL. */
static void list_replace(RamBlock *add, RamBlock *remove)
{
    BlockList *before = block_list;
    unsigned count = before ? before->count : 0;
    BlockList *after = g_malloc0(sizeof(*after) + (count + 1) * sizeof(after->blocks[0]));

    for (unsigned i = 0; i < count; i++) {
        if (before->blocks[i] != remove) {
            after->blocks[after->count++] = before->blocks[i];
        }
    }
    if (add) {
        after->blocks[after->count++] = add;
    }
    atomic_store_release(&block_list, after); /* pairs with the acquire in ram_block_from_host() */
    if (before) {
        rcu_call(&before->rcu, (void (*)(RcuHead *))g_free);
    }
}

/*
 * A memfd is not counted against the overcommit limit, so that an absurd size would only show
 * later, as SIGBUS. Ask the same question that the kernel's default policy asks of private memory.
 */
static bool host_can_hold(uint64_t size, uint64_t *host_bytes)
{
    g_autofree char *policy = NULL;
    struct sysinfo info;

    if (g_file_get_contents("/proc/sys/vm/overcommit_memory", &policy, NULL, NULL) &&
        policy[0] == '1') {
        return true;
    }
    if (sysinfo(&info) < 0) {
        return true;
    }
    *host_bytes = ((uint64_t)info.totalram + info.totalswap) * info.mem_unit;
    return size <= *host_bytes;
}

static bool open_memory(RamBlock *block, const RamBacking *backing, GError **errp)
{
    unsigned flags = MFD_CLOEXEC;
    uint64_t host_bytes;
    struct stat st;

    if (backing->huge_page_bits) {
        flags |= MFD_HUGETLB | backing->huge_page_bits
                                   << MAP_HUGE_SHIFT; /* MFD_HUGE_SHIFT is the same */
    }
    if (backing->fd < 0) {
        if (!host_can_hold(block->size, &host_bytes)) {
            error_set(errp,
                      "cannot allocate %" G_GUINT64_FORMAT " MiB for guest memory '%s': "
                      "the host has only %" G_GUINT64_FORMAT " MiB",
                      block->size >> 20, block->name, host_bytes >> 20);
            return false;
        }
        block->fd = memfd_create(block->name, flags);
        if (block->fd < 0) {
            error_set_errno(errp, errno, "cannot create guest memory '%s'", block->name);
            return false;
        }
    }
    if (backing->exact_size && fstat(block->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        if ((uint64_t)st.st_size < backing->at ||
            (uint64_t)st.st_size - backing->at < block->size) {
            error_set(errp,
                      "guest memory '%s': the file has %" G_GINT64_FORMAT
                      " bytes, fewer than the %" G_GUINT64_FORMAT " that are needed",
                      block->name, (int64_t)st.st_size, backing->at + block->size);
            return false;
        }
    } else if (!backing->exact_size &&
               ftruncate(block->fd, (off_t)(backing->at + block->size)) < 0) {
        error_set_errno(errp, errno,
                        "cannot allocate %" G_GUINT64_FORMAT " MiB for guest memory '%s'",
                        block->size >> 20, block->name);
        return false;
    }
    return true;
}

/* Aligned so that the host can use huge pages, with an inaccessible page behind. */
static bool map_memory(RamBlock *block, const RamBacking *backing, GError **errp)
{
    uint64_t align = MAX((uint64_t)HUGE_ALIGN, 1ull << backing->huge_page_bits);
    int flags = (backing->private ? MAP_PRIVATE : MAP_SHARED) | MAP_NORESERVE | MAP_FIXED;
    bool fits =
        !__builtin_add_overflow(block->size, align + RAM_PAGE_BYTES, &block->reserved_bytes);

    block->reserved = fits ? mmap(NULL, block->reserved_bytes, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                           : MAP_FAILED;
    if (block->reserved == MAP_FAILED) {
        goto fail;
    }
    block->host = (uint8_t *)(((uintptr_t)block->reserved + align - 1) & ~(uintptr_t)(align - 1));
    if (mmap(block->host, block->size, PROT_READ | PROT_WRITE, flags, block->fd,
             (off_t)backing->at) == MAP_FAILED) {
        goto fail;
    }
    madvise(block->host, block->size, MADV_HUGEPAGE); /* advice: a host without them is fine */
    if (backing->prealloc && madvise(block->host, block->size, MADV_POPULATE_WRITE) < 0) {
        goto fail;
    }
    return true;

fail:
    error_set_errno(errp, fits ? errno : ENOMEM,
                    "cannot allocate %" G_GUINT64_FORMAT " MiB for guest memory '%s'",
                    block->size >> 20, block->name);
    return false;
}

static void destroy(RamBlock *block)
{
    if (block->reserved && block->reserved != MAP_FAILED) {
        munmap(block->reserved, block->reserved_bytes);
    }
    if (block->fd >= 0) {
        close(block->fd);
    }
    for (unsigned i = 0; i < DIRTY_CLIENT_COUNT; i++) {
        g_free(block->dirty[i]);
    }
    g_free(block->code);
    g_free(block->name);
    g_free(block);
}

RamBlock *ram_block_new_backed(const char *name, uint64_t size, const RamBacking *backing,
                               GError **errp)
{
    RamBlock *block = g_new0(RamBlock, 1);

    block->name = g_strdup(name);
    block->size = size;
    block->fd = backing->fd;
    if (size == 0 || size % RAM_PAGE_BYTES) {
        error_set(errp, "guest memory '%s': %" G_GUINT64_FORMAT " bytes is not a multiple of 4 KiB",
                  name, size);
        destroy(block);
        return NULL;
    }
    if (size > (uint64_t)INT64_MAX - backing->at) {
        error_set(errp,
                  "guest memory '%s': %" G_GUINT64_FORMAT " MiB is more than a host can address",
                  name, size >> 20);
        destroy(block);
        return NULL;
    }
    if (!open_memory(block, backing, errp) || !map_memory(block, backing, errp)) {
        destroy(block);
        return NULL;
    }
    for (unsigned i = 0; i < DIRTY_CLIENT_COUNT; i++) {
        block->dirty[i] = bitmap_new(page_of(size));
    }
    block->code = bitmap_new(page_of(size));
    pthread_mutex_lock(&list_lock);
    list_replace(block, NULL);
    pthread_mutex_unlock(&list_lock);
    return block;
}

RamBlock *ram_block_new(const char *name, uint64_t size, GError **errp)
{
    return ram_block_new_backed(name, size, &(RamBacking){ .fd = -1 }, errp);
}

static void destroy_rcu(RcuHead *head)
{
    destroy(container_of(head, RamBlock, rcu));
}

void ram_block_free(RamBlock *block)
{
    if (block) {
        pthread_mutex_lock(&list_lock);
        list_replace(NULL, block);
        pthread_mutex_unlock(&list_lock);
        rcu_call(&block->rcu, destroy_rcu);
    }
}

uint8_t *ram_block_host(RamBlock *block)
{
    return block->host;
}

uint64_t ram_block_size(const RamBlock *block)
{
    return block->size;
}

const char *ram_block_name(const RamBlock *block)
{
    return block->name;
}

int ram_block_fd(const RamBlock *block)
{
    return block->fd;
}

RamBlock *ram_block_from_host(const void *host, ram_offset *at)
{
    RamBlock *found = NULL;

    rcu_read_lock();
    const BlockList *list = atomic_load_acquire(&block_list); /* pairs with list_replace() */
    for (unsigned i = 0; list && i < list->count; i++) {
        uint64_t offset = (uintptr_t)host - (uintptr_t)list->blocks[i]->host;
        if (offset < list->blocks[i]->size) {
            found = list->blocks[i];
            *at = offset;
            break;
        }
    }
    rcu_read_unlock();
    return found;
}

void ram_block_foreach(void (*fn)(RamBlock *block, void *opaque), void *opaque)
{
    rcu_read_lock();
    const BlockList *list = atomic_load_acquire(&block_list); /* pairs with list_replace() */
    for (unsigned i = 0; list && i < list->count; i++) {
        fn(list->blocks[i], opaque);
    }
    rcu_read_unlock();
}

void ram_set_code_ops(const RamCodeOps *ops)
{
    atomic_store_release(&code_ops, ops);
}

void ram_page_set_code(RamBlock *block, ram_offset at, bool on)
{
    uint64_t page = page_of(at), bit = 1ull << (page % WORD_BITS);

    g_assert(at < block->size);
    if (on) {
        atomic_fetch_or(&block->code[page / WORD_BITS], bit);
    } else {
        atomic_fetch_and(&block->code[page / WORD_BITS], ~bit);
    }
}

bool ram_page_has_code(const RamBlock *block, ram_offset at)
{
    g_assert(at < block->size);
    return bitmap_test(block->code, page_of(at), page_of(at));
}

void ram_written(RamBlock *block, ram_offset at, uint64_t length)
{
    uint8_t clients = atomic_read(&block->clients);

    if (length == 0) {
        return;
    }
    g_assert(at < block->size && length <= block->size - at);
    uint64_t first = page_of(at), last = page_of(at + length - 1);
    for (unsigned i = 0; i < DIRTY_CLIENT_COUNT; i++) {
        if (clients & (1u << i)) {
            bitmap_set(block->dirty[i], first, last);
        }
    }
    /* Between the write and the look at the code bit; pairs with the atomic or in
     * ram_page_set_code(). */
    atomic_fence();
    if (bitmap_test(block->code, first, last)) {
        const RamCodeOps *ops = atomic_load_acquire(&code_ops);
        if (ops) {
            ops->written(ops->opaque, block, at, length);
        }
    }
}

bool ram_is_dirty(const RamBlock *block, DirtyClient client, ram_offset at)
{
    g_assert(at < block->size);
    return bitmap_test(block->dirty[client], page_of(at), page_of(at));
}

static void tell_cleaned(RamBlock *block, ram_offset at, uint64_t length)
{
    const RamCodeOps *ops = atomic_load_acquire(&code_ops);

    if (ops && ops->cleaned) {
        ops->cleaned(ops->opaque, block, at, length);
    }
}

bool ram_test_and_clear_dirty(RamBlock *block, DirtyClient client, ram_offset at, uint64_t length)
{
    if (length == 0) {
        return false;
    }
    g_assert(at < block->size && length <= block->size - at);
    bool dirty = bitmap_test_and_clear(block->dirty[client], page_of(at), page_of(at + length - 1));
    if (dirty) {
        tell_cleaned(block, at, length);
    }
    return dirty;
}

void ram_set_dirty_logging(RamBlock *block, DirtyClient client, bool on)
{
    bool begin = false;

    pthread_mutex_lock(&list_lock);
    if (on) {
        begin = block->logging[client]++ == 0;
        if (begin) {
            bitmap_set(block->dirty[client], 0, page_of(block->size) - 1);
            atomic_fetch_or(&block->clients, (uint8_t)(1u << client));
        }
    } else {
        g_assert(block->logging[client] > 0);
        if (--block->logging[client] == 0) {
            atomic_fetch_and(&block->clients, (uint8_t) ~(1u << client));
        }
    }
    pthread_mutex_unlock(&list_lock);
    if (begin) {
        tell_cleaned(block, 0, block->size);
    }
}

uint8_t ram_dirty_clients(const RamBlock *block)
{
    return atomic_read(&block->clients);
}

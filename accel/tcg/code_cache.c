/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code cache: one reservation, mapped once to write and once to execute, cut in chunks. A
 * thread adds to a chunk of its own; when none is free, or enough are in use (working_set.h), the
 * chunk that was not used for longest is emptied once every vCPU has left it.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/lazy_memory.h"
#include "accel/tcg/loop_internal.h"
#include "util/error.h"

#define MIB (1024ull * 1024)

enum {
    STUB_BYTES = 128 * 1024,
    SLAB_BYTES = 64 * 1024,
    READY_BYTES = 64 * 1024, /* made ready for use at once: one fault a page would cost more */
    CHUNK_MIN = 64 * 1024,
    CHUNK_MAX = 1024 * 1024,
    RAM_SHARE =
        24, /* of the guest's memory, so much code is kept even if it may be used only once */
    NOTE_BYTES = sizeof(TcgBlock) + TCG_MAX_SITES * sizeof(TcgLink) + TCG_MAX_UNWIND +
                 sizeof(TcgBlockMore) + 2048 /* guest's bytes */, /* at most */
};

static void choose_sizes(TcgBlocks *blocks)
{
    const TcgOptions *options = &blocks->accel->options;
    const Machine *machine = blocks->accel->accel.machine;
    unsigned vcpus = MAX(machine->topology.max_cpus, 1);
    size_t bytes = options->tb_size_mib * MIB;
    size_t chunk = options->chunk_kib * 1024ull;
    size_t limit = bytes ? bytes : machine->ram_bytes / RAM_SHARE;

    if (!bytes) {
        bytes = CLAMP(machine->ram_bytes / 4, 64 * MIB, 512 * MIB);
    }
    if (!chunk) {
        chunk = CLAMP(bytes / (8 * vcpus), CHUNK_MIN, CHUNK_MAX);
    }
    chunk = MAX(chunk & -(size_t)CHUNK_MIN, CHUNK_MIN);
    bytes = MAX(bytes / chunk, 2 * vcpus) * chunk;
    blocks->chunk_bytes = chunk;
    blocks->bytes = bytes + STUB_BYTES;
    blocks->chunk_count = bytes / chunk;
    tcg_working_set_init(&blocks->working_set, MAX(limit / chunk, 3 * vcpus), blocks->chunk_count);
}

static void reset_chunk(TcgBlocks *blocks, TcgChunk *chunk)
{
    chunk->space = (TcgSpace){ .write = blocks->write + chunk->start,
                               .exec = blocks->exec + chunk->start,
                               .hot = 0,
                               .cold_end = blocks->chunk_bytes };
    g_clear_pointer(&chunk->slabs, g_ptr_array_unref);
    chunk->slab_left = 0;
    chunk->slab_bytes = 0;
    chunk->count = chunk->flushed = chunk->returned = 0;
    chunk->notes = blocks->notes + chunk->start;
    chunk->notes_used = REF_BYTES; /* no note has reference 0 */
    chunk->used = false;
}

/* Memory is about to be used: have the host map a piece of it now. Older hosts cannot; then each
 * page is mapped when it is touched. (What was written is mapped to execute by one fault for
 * several pages anyhow.) */
static void make_ready(uint8_t *memory)
{
#ifdef MADV_POPULATE_WRITE
    madvise(memory, READY_BYTES, MADV_POPULATE_WRITE);
#endif
}

/* What was used once stays mapped when the chunk is emptied. */
static void make_chunk_ready(TcgBlocks *blocks, TcgChunk *chunk)
{
    const TcgSpace *space = &chunk->space;

    while (space->hot + NOTE_BYTES > chunk->ready_hot && chunk->ready_hot < chunk->ready_cold) {
        make_ready(space->write + chunk->ready_hot);
        chunk->ready_hot += READY_BYTES;
    }
    while (space->cold_end < chunk->ready_cold + NOTE_BYTES &&
           chunk->ready_cold > chunk->ready_hot) {
        chunk->ready_cold -= READY_BYTES;
        make_ready(space->write + chunk->ready_cold);
    }
    if (chunk->notes_used + NOTE_BYTES > chunk->ready_notes &&
        chunk->ready_notes < blocks->chunk_bytes) {
        make_ready(chunk->notes + chunk->ready_notes);
        chunk->ready_notes += READY_BYTES;
    }
}

/* Large host pages need both mappings to begin at one. NULL: not to be had. */
static void *map_code(const TcgBlocks *blocks, int protection)
{
    void *at = lazy_memory_reserve(blocks->bytes);
    void *memory;

    if (!at) {
        return NULL;
    }
    memory =
        mmap(at, blocks->bytes, protection, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, blocks->fd, 0);
    if (memory == MAP_FAILED) {
        int why = errno;
        lazy_memory_unmap(at, blocks->bytes);
        errno = why;
        return NULL;
    }
    madvise(memory, blocks->bytes, MADV_HUGEPAGE);
    return memory;
}

bool tcg_cache_init(TcgBlocks *blocks, GError **errp)
{
    choose_sizes(blocks);
    blocks->fd = memfd_create("rhea-code", MFD_CLOEXEC);
    if (blocks->fd < 0 || ftruncate(blocks->fd, blocks->bytes) < 0) {
        error_set_errno(errp, errno, "tcg: cannot make a code cache of %zu MiB",
                        (size_t)(blocks->bytes / MIB));
        return false;
    }
    blocks->write = map_code(blocks, PROT_READ | PROT_WRITE);
    blocks->exec = map_code(blocks, PROT_READ | PROT_EXEC);
    if (!blocks->write || !blocks->exec) {
        error_set_errno(errp, errno, "tcg: cannot map the code cache (try -accel tcg,interp=on)");
        return false;
    }
    size_t stubs = blocks->bytes - STUB_BYTES;
    blocks->stubs = (TcgSpace){ .write = blocks->write + stubs,
                                .exec = blocks->exec + stubs,
                                .cold_end = STUB_BYTES };
    blocks->notes = lazy_memory_map(blocks->chunk_count * blocks->chunk_bytes, false);
    blocks->chunks = g_new0(TcgChunk, blocks->chunk_count);
    for (unsigned i = 0; i < blocks->chunk_count; i++) {
        blocks->chunks[i].start = i * blocks->chunk_bytes;
        blocks->chunks[i].ready_cold = blocks->chunk_bytes;
        reset_chunk(blocks, &blocks->chunks[i]);
    }
    return true;
}

void tcg_cache_cleanup(TcgBlocks *blocks)
{
    for (unsigned i = 0; blocks->chunks && i < blocks->chunk_count; i++) {
        g_clear_pointer(&blocks->chunks[i].slabs, g_ptr_array_unref);
    }
    g_free(blocks->chunks);
    lazy_memory_unmap(blocks->notes, blocks->chunk_count * blocks->chunk_bytes);
    if (blocks->write) {
        munmap(blocks->write, blocks->bytes);
    }
    if (blocks->exec) {
        munmap((void *)blocks->exec, blocks->bytes);
    }
    if (blocks->fd >= 0) {
        close(blocks->fd);
    }
}

void *tcg_chunk_alloc(TcgChunk *chunk, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if (bytes > chunk->slab_left) {
        size_t slab = MAX(bytes, SLAB_BYTES);
        chunk->slab_at = g_malloc(slab);
        chunk->slab_left = slab;
        chunk->slab_bytes += slab;
        if (!chunk->slabs) {
            chunk->slabs = g_ptr_array_new_with_free_func(g_free);
        }
        g_ptr_array_add(chunk->slabs, chunk->slab_at);
    }
    void *memory = chunk->slab_at;
    chunk->slab_at += bytes;
    chunk->slab_left -= bytes;
    return memset(memory, 0, bytes);
}

/* The list grows down from the end of the notes. */
static TcgRef *list_entry(const TcgBlocks *blocks, const TcgChunk *chunk, uint32_t i)
{
    return (TcgRef *)(chunk->notes + blocks->chunk_bytes) - 1 - i;
}

bool tcg_chunk_is_full(const TcgBlocks *blocks, const TcgChunk *chunk)
{
    return chunk->notes_used + NOTE_BYTES + (chunk->count + 1) * sizeof(TcgRef) >
               blocks->chunk_bytes ||
           chunk->slab_bytes > 2 * blocks->chunk_bytes;
}

void *tcg_chunk_note(TcgBlocks *blocks, TcgChunk *chunk, size_t bytes)
{
    void *note = tcg_chunk_next_note(chunk);

    chunk->notes_used += (bytes + REF_BYTES - 1) & -(size_t)REF_BYTES;
    g_assert(chunk->notes_used + chunk->count * sizeof(TcgRef) <= blocks->chunk_bytes);
    return note;
}

void tcg_chunk_add(TcgBlocks *blocks, TcgChunk *chunk, TcgBlock *block)
{
    chunk->returned += tcg_working_set_returns(&blocks->working_set, block->pc, block->key);
    *list_entry(blocks, chunk, chunk->count) = tcg_ref_to(blocks, block);
    atomic_store_release(&chunk->count, chunk->count + 1); /* pairs with tcg_cache_block_at() */
    make_chunk_ready(blocks, chunk);
}

TcgBlock *tcg_chunk_block(const TcgBlocks *blocks, const TcgChunk *chunk, uint32_t i)
{
    return (TcgBlock *)tcg_ref_at(blocks, *list_entry(blocks, chunk, i));
}

TcgBlock *tcg_cache_block_at(TcgBlocks *blocks, const void *host)
{
    size_t at = (const uint8_t *)host - blocks->exec;
    TcgBlock *block;

    if ((const uint8_t *)host < blocks->exec || at >= blocks->bytes - STUB_BYTES) {
        return NULL;
    }
    const TcgChunk *chunk = &blocks->chunks[at / blocks->chunk_bytes];
    uint32_t count = atomic_load_acquire(&chunk->count);
    uint32_t low = 0, high = count;

    while (low < high) { /* the last whose hot part starts at or before host */
        uint32_t middle = (low + high) / 2;
        if (tcg_chunk_block(blocks, chunk, middle)->code <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    block = low > 0 ? tcg_chunk_block(blocks, chunk, low - 1) : NULL;
    if (block && at <= block->code + block->hot_bytes) {
        return block;
    }
    for (low = 0, high = count; low < high;) { /* the first whose cold part starts before host */
        uint32_t middle = (low + high) / 2;
        if (tcg_chunk_block(blocks, chunk, middle)->cold > at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    block = low < count ? tcg_chunk_block(blocks, chunk, low) : NULL;
    return block && at <= block->cold + block->cold_bytes ? block : NULL;
}

/* An empty chunk, unless there are as many others as the working set is worth. */
static TcgChunk *find_empty_locked(TcgBlocks *blocks)
{
    TcgChunk *empty = NULL;
    unsigned in_use = 0;

    for (unsigned i = 0; i < blocks->chunk_count; i++) {
        TcgChunk *chunk = &blocks->chunks[i];
        if (chunk->owner || chunk->count) {
            in_use++;
        } else if (!empty) {
            empty = chunk;
        }
    }
    return in_use < blocks->working_set.limit ? empty : NULL;
}

/* The least recently used chunk that nobody adds to, or an empty one. */
static TcgChunk *choose_victim_locked(TcgBlocks *blocks)
{
    TcgChunk *empty = find_empty_locked(blocks);

    for (unsigned i = 0; !empty && i < 2 * blocks->chunk_count; i++) {
        TcgChunk *chunk = &blocks->chunks[blocks->hand++ % blocks->chunk_count];
        if (!chunk->owner && chunk->count && !atomic_exchange(&chunk->used, false)) {
            return chunk;
        }
    }
    for (unsigned i = 0; !empty && i < blocks->chunk_count; i++) {
        empty = blocks->chunks[i].owner ? NULL : &blocks->chunks[i];
    }
    g_assert(empty); /* there are more chunks than vCPUs */
    return empty;
}

static void evict_locked(TcgBlocks *blocks, TcgChunk *chunk)
{
    GPtrArray *cpus = blocks->accel->accel.machine->cpus;

    for (unsigned i = chunk->count; i-- > 0;) { /* pages list the newest first */
        TcgBlock *block = tcg_chunk_block(blocks, chunk, i);
        if (!block->invalid) {
            tcg_working_set_evict(&blocks->working_set, block->pc, block->key);
        }
        tcg_block_invalidate_locked(blocks, block);
    }
    for (unsigned i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        if (cpu->tcg) {
            atomic_fetch_or(&cpu->tcg->requests, TCG_REQUEST_JUMP_FLUSH);
        }
    }
    blocks->evictions++;
}

TcgChunk *tcg_cache_chunk(TcgBlocks *blocks, Cpu *cpu, bool next)
{
    TcgChunk *old = cpu->tcg->chunk;

    if (old && !next) {
        return old;
    }
    g_mutex_lock(&blocks->lock);
    if (old) {
        old->owner = NULL;
        atomic_set(&old->used, true);
        tcg_working_set_filled(&blocks->working_set, old->count, old->returned);
    }
    TcgChunk *chunk = choose_victim_locked(blocks);
    bool evict = chunk->count > 0;
    chunk->owner = cpu;
    cpu->tcg->chunk = chunk;
    if (evict) {
        evict_locked(blocks, chunk);
    }
    g_mutex_unlock(&blocks->lock);
    if (evict) {
        uint64_t epoch = tcg_epoch_begin(blocks->accel, cpu);
        tcg_leave(cpu);
        tcg_epoch_wait(blocks->accel, epoch, cpu);
        g_mutex_lock(&blocks->lock); /* tcg_blocks_flush() looks at every chunk's list */
        reset_chunk(blocks, chunk);
        g_mutex_unlock(&blocks->lock);
        tcg_enter(cpu);
    }
    make_chunk_ready(blocks, chunk);
    return chunk;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of guest memory: memfd-backed host mappings with one dirty bitmap a client (4 KiB pages).
 */
#pragma once

#include "memory/memory.h"

enum { RAM_PAGE_BITS = 12, RAM_PAGE_BYTES = 1 << RAM_PAGE_BITS };

/**
 * RamCodeOps - an accelerator's interest in writes to pages that hold translated code
 *
 * A page whose code bit is set reports every write made outside generated code (DMA, loaders,
 * debuggers). @cleaned (may be NULL) says that dirty bits were cleared or that logging began: the
 * accelerator must forget what lets it write these pages without calling ram_written().
 */
typedef struct {
    void (*written)(void *opaque, RamBlock *block, ram_offset at, uint64_t length);
    void (*cleaned)(void *opaque, RamBlock *block, ram_offset at, uint64_t length);
    void *opaque;
} RamCodeOps;

/** ram_block_new - anonymous memory; @size a multiple of 4 KiB */
RamBlock *ram_block_new(const char *name, uint64_t size, GError **errp);

/* Where a block's bytes come from. */
typedef struct {
    int fd;                  /* -1: a new memfd; else taken over, also on failure */
    uint64_t at;             /* offset in fd, a multiple of the page size */
    bool private;            /* writes stay in this process */
    bool prealloc;           /* touch every page now */
    bool exact_size;         /* fd is a file that must already be long enough */
    unsigned huge_page_bits; /* memfd of huge pages of this size; 0: ordinary */
} RamBacking;

RamBlock *ram_block_new_backed(const char *name, uint64_t size, const RamBacking *backing,
                               GError **errp);
/** ram_block_free - once all readers of now have left. Context: no region shows it any more */
void ram_block_free(RamBlock *block);
uint8_t *ram_block_host(RamBlock *block);
uint64_t ram_block_size(const RamBlock *block);
const char *ram_block_name(const RamBlock *block);
int ram_block_fd(const RamBlock *block);
/** ram_block_from_host - block and offset of a host pointer; NULL if it is no guest memory */
RamBlock *ram_block_from_host(const void *host, ram_offset *at);

/** ram_set_code_ops - per process is enough: an accelerator that translates sets it once, before
 * vCPUs run */
void ram_set_code_ops(const RamCodeOps *ops);
/** ram_page_set_code - the page holds (or no longer holds) translated code; any thread, atomic */
void ram_page_set_code(RamBlock *block, ram_offset at, bool on);
bool ram_page_has_code(const RamBlock *block, ram_offset at);

/** ram_written - memory changed: sets the dirty bits of all clients and reports code pages; any
 * thread */
void ram_written(RamBlock *block, ram_offset at, uint64_t length);
bool ram_is_dirty(const RamBlock *block, DirtyClient client, ram_offset at);
/** ram_test_and_clear_dirty - true if any page of the range was dirty; clears them */
bool ram_test_and_clear_dirty(RamBlock *block, DirtyClient client, ram_offset at, uint64_t length);
/** ram_set_dirty_logging - counted: stays on until each user switched it off; pages start dirty */
void ram_set_dirty_logging(RamBlock *block, DirtyClient client, bool on);
/** ram_dirty_clients - bit a DirtyClient that logs the block */
uint8_t ram_dirty_clients(const RamBlock *block);
/** ram_block_foreach - every block, oldest first. Context: machine lock */
void ram_block_foreach(void (*fn)(RamBlock *block, void *opaque), void *opaque);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of guest memory: memfd-backed host mappings with one dirty bitmap a client (4 KiB pages). */
#pragma once

#include "memory/memory.h"

enum { RAM_PAGE_BITS = 12, RAM_PAGE_BYTES = 1 << RAM_PAGE_BITS };

/**
 * RamCodeOps - an accelerator's interest in writes to pages that hold translated code
 *
 * A page whose code bit is set reports every write made outside generated code (DMA, loaders, debuggers).
 */
typedef struct {
    void (*written)(void *opaque, RamBlock *block, ram_offset at, uint64_t length);
    void *opaque;
} RamCodeOps;

RamBlock *ram_block_new(const char *name, uint64_t size, GError **errp);
void ram_block_free(RamBlock *block);
uint8_t *ram_block_host(RamBlock *block);
uint64_t ram_block_size(const RamBlock *block);
const char *ram_block_name(const RamBlock *block);
int ram_block_fd(const RamBlock *block);
/** ram_block_from_host - block and offset of a host pointer; NULL if it is no guest memory */
RamBlock *ram_block_from_host(const void *host, ram_offset *at);

/** ram_set_code_ops - per process is enough: an accelerator that translates sets it once, before vCPUs run */
void ram_set_code_ops(const RamCodeOps *ops);
/** ram_page_set_code - the page holds (or no longer holds) translated code; any thread, atomic */
void ram_page_set_code(RamBlock *block, ram_offset at, bool on);
bool ram_page_has_code(const RamBlock *block, ram_offset at);

/** ram_written - memory changed: sets the dirty bits of all clients and reports code pages; any thread */
void ram_written(RamBlock *block, ram_offset at, uint64_t length);
bool ram_is_dirty(const RamBlock *block, DirtyClient client, ram_offset at);
/** ram_test_and_clear_dirty - true if any page of the range was dirty; clears them */
bool ram_test_and_clear_dirty(RamBlock *block, DirtyClient client, ram_offset at, uint64_t length);
void ram_set_dirty_logging(RamBlock *block, DirtyClient client, bool on);

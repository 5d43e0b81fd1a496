/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/tcg/lazy_memory.h"

#include <glib.h>
#include <stdint.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 * 1024 * 1024 };

void *lazy_memory_reserve(size_t bytes)
{
    size_t all = bytes + LARGE_PAGE; /* both are multiples of the small page */
    uint8_t *start = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (start == MAP_FAILED) {
        return NULL;
    }
    uint8_t *aligned = start + (-(uintptr_t)start & (LARGE_PAGE - 1));
    if (aligned > start) {
        munmap(start, aligned - start);
    }
    size_t rest = start + all - (aligned + bytes);
    if (rest > 0) {
        munmap(aligned + bytes, rest);
    }
    return aligned;
}

void *lazy_memory_map(size_t bytes, bool large)
{
    void *memory;

    if (large) {
        memory = lazy_memory_reserve(bytes);
        if (memory && mprotect(memory, bytes, PROT_READ | PROT_WRITE) == 0) {
            madvise(memory, bytes, MADV_HUGEPAGE);
            return memory;
        }
    }
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    if (memory == MAP_FAILED) {
        g_error("no memory for the translator's tables");
    }
    return memory;
}

void lazy_memory_unmap(void *memory, size_t bytes)
{
    if (memory) {
        munmap(memory, bytes);
    }
}

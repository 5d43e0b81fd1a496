/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of tables and caches: the host kernel provides it when it is touched. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * lazy_memory_map - @bytes of zeroes; ends the process when there is no address space
 * @large: lookups are scattered all over it: on large host pages where the host allows them
 */
void *lazy_memory_map(size_t bytes, bool large);
void lazy_memory_unmap(void *memory, size_t bytes);

/** lazy_memory_reserve - address space for @bytes, aligned to large host pages, for MAP_FIXED;
 * NULL: none */
void *lazy_memory_reserve(size_t bytes);

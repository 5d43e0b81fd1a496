/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of physical memory, in the form that the BIOS call 15h/E820h gives it. Spec: ACPI 6.5,
 * chapter 15. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum {
    E820_RAM = 1,
    E820_RESERVED = 2,
    E820_ACPI = 3,
    E820_NVS = 4,
} E820Type;

/* Little endian and without gaps, as firmware and kernels read it. */
typedef struct {
    uint64_t base, bytes;
    uint32_t type;
} __attribute__((packed)) E820Entry;

typedef struct {
    GArray *entries; /* E820Entry, in the order added */
} E820Map;

void e820_init(E820Map *map);
void e820_cleanup(E820Map *map);
/** e820_add - an empty range is left out */
void e820_add(E820Map *map, uint64_t base, uint64_t bytes, E820Type type);
static inline unsigned e820_count(const E820Map *map)
{
    return map->entries->len;
}
static inline const E820Entry *e820_entry(const E820Map *map, unsigned index)
{
    return &g_array_index(map->entries, E820Entry, index);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/x86/e820.h"

#include <stdbool.h>

void e820_init(E820Map *map)
{
    map->entries = g_array_new(false, false, sizeof(E820Entry));
}

void e820_cleanup(E820Map *map)
{
    g_clear_pointer(&map->entries, g_array_unref);
}

void e820_add(E820Map *map, uint64_t base, uint64_t bytes, E820Type type)
{
    E820Entry entry = { GUINT64_TO_LE(base), GUINT64_TO_LE(bytes), GUINT32_TO_LE(type) };
    if (bytes) {
        g_array_append_val(map->entries, entry);
    }
}

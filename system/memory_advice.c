/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/memory_advice.h"

#include <sys/mman.h>

#include "memory/ram.h"

/* Only advice: a kernel that does not take it changes nothing for the guest. */
static void advise(RamBlock *block, void *opaque)
{
    const ConfigMachine *config = opaque;
    if (config->hide_memory) {
        madvise(ram_block_host(block), ram_block_size(block), MADV_DONTDUMP);
    }
    if (config->merge_memory) {
        madvise(ram_block_host(block), ram_block_size(block), MADV_MERGEABLE);
    }
}

void memory_advice_give(const ConfigMachine *config)
{
    if (config->hide_memory || config->merge_memory) {
        ram_block_foreach(advise, (void *)config);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often each cluster of a file is referred to. */
#include "block/qcow2_counts.h"

void qcow2_counts_init(Qcow2Counts *counts)
{
    *counts = (Qcow2Counts){ .last_key = UINT64_MAX };
    counts->chunks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

void qcow2_counts_cleanup(Qcow2Counts *counts)
{
    g_clear_pointer(&counts->chunks, g_hash_table_destroy);
}

static uint32_t *find_chunk(Qcow2Counts *counts, uint64_t key)
{
    if (key != counts->last_key) {
        uint32_t *chunk = g_hash_table_lookup(counts->chunks, &key);
        if (!chunk) {
            return NULL;
        }
        counts->last_key = key;
        counts->last = chunk;
    }
    return counts->last;
}

uint32_t qcow2_counts_get(Qcow2Counts *counts, uint64_t cluster)
{
    uint32_t *chunk = find_chunk(counts, cluster / QCOW2_COUNTS_CHUNK);
    return chunk ? chunk[cluster % QCOW2_COUNTS_CHUNK] : 0;
}

void qcow2_counts_add(Qcow2Counts *counts, uint64_t cluster, uint64_t clusters, uint32_t times)
{
    counts->highest = MAX(counts->highest, cluster + clusters);
    for (; clusters > 0; cluster++, clusters--) {
        uint64_t key = cluster / QCOW2_COUNTS_CHUNK;
        uint32_t *chunk = find_chunk(counts, key);
        if (!chunk) {
            chunk = g_new0(uint32_t, QCOW2_COUNTS_CHUNK);
            g_hash_table_insert(counts->chunks, g_memdup2(&key, sizeof(key)), chunk);
        }
        uint32_t *count = &chunk[cluster % QCOW2_COUNTS_CHUNK];
        *count = *count > UINT32_MAX - times ? UINT32_MAX : *count + times;
    }
}

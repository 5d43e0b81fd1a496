/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often each cluster of a file is referred to; sparse, as the file may be. */
#pragma once

#include <glib.h>
#include <stdint.h>

enum { QCOW2_COUNTS_CHUNK = 64 };

typedef struct {
    GHashTable *chunks; /* cluster / QCOW2_COUNTS_CHUNK -> uint32_t[QCOW2_COUNTS_CHUNK] */
    uint64_t last_key;  /* the chunk used last */
    uint32_t *last;
    uint64_t highest; /* cluster + 1 */
} Qcow2Counts;

void qcow2_counts_init(Qcow2Counts *counts);
void qcow2_counts_cleanup(Qcow2Counts *counts);
uint32_t qcow2_counts_get(Qcow2Counts *counts, uint64_t cluster);
void qcow2_counts_add(Qcow2Counts *counts, uint64_t cluster, uint64_t clusters, uint32_t times);

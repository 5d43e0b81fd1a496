/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table over 64 MiB, filled and asked at random. */
#include <stdlib.h>

#include "work.h"

enum { SLOTS = 1 << 22 }; /* of 16 bytes */

typedef struct {
    uint64_t key, value;
} Slot;

static Slot *find(Slot *slots, uint64_t key)
{
    uint64_t at = key * 0x9e3779b97f4a7c15u >> 42;

    while (slots[at].key && slots[at].key != key) {
        at = (at + 1) % SLOTS;
    }
    return &slots[at];
}

uint64_t bench_hash(void)
{
    Slot *slots = calloc(SLOTS, sizeof(Slot));
    uint64_t x = 88172645463325252u, sum = 0;

    if (!slots) {
        return 0;
    }
    for (int i = 0; i < 2000000; i++) {
        uint64_t key = work_random(&x) % 3000000 + 1;
        Slot *slot = find(slots, key);
        slot->key = key;
        slot->value += (uint64_t)i;
    }
    for (int i = 0; i < 3000000; i++) {
        sum += find(slots, work_random(&x) % 3000000 + 1)->value;
    }
    free(slots);
    return sum;
}

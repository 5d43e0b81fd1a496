/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page faults: fresh memory, touched once a page and given back. */
#include <sys/mman.h>

#include "work.h"

enum { PAGES = 4096, PAGE_BYTES = 4096 };

uint64_t bench_fault(void)
{
    uint64_t sum = 0;

    for (int round = 0; round < 12; round++) {
        uint8_t *memory = mmap(NULL, (size_t)PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            return 0;
        }
        madvise(memory, (size_t)PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
        for (int page = 0; page < PAGES; page++) {
            memory[(size_t)page * PAGE_BYTES] = (uint8_t)page;
        }
        for (int page = 0; page < PAGES; page += 16) {
            sum += memory[(size_t)page * PAGE_BYTES];
        }
        munmap(memory, (size_t)PAGES * PAGE_BYTES);
    }
    return sum;
}

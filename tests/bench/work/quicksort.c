/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorts two million integers. */
#include "work.h"

enum { N = 2000000 };
static uint32_t numbers[N];

static void sort(uint32_t *low, uint32_t *high)
{
    while (low < high) {
        uint32_t pivot = low[(high - low) / 2], *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot) {
                i++;
            }
            while (*j > pivot) {
                j--;
            }
            if (i <= j) {
                uint32_t swap = *i;
                *i++ = *j;
                *j-- = swap;
            }
        }
        if (j - low < high - i) {
            sort(low, j);
            low = i;
        } else {
            sort(i, high);
            high = j;
        }
    }
}

uint64_t bench_quicksort(void)
{
    uint64_t x = 88172645463325252u, sum = 0;

    for (int i = 0; i < N; i++) {
        numbers[i] = (uint32_t)work_random(&x);
    }
    sort(numbers, numbers + N - 1);
    for (int i = 0; i < N; i++) {
        sum += (uint64_t)numbers[i] * (uint32_t)i;
    }
    return sum;
}

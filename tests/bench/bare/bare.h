/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a benchmark on bare metal has: a console, a clock, and nothing else. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** bare_time_ns - time since start; the clock of machine virt ticks at 10 MHz */
static inline uint64_t bare_time_ns(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
    return ticks * 100;
}

/** bare_result - print the line that run.py reads */
void bare_result(const char *name, uint64_t ns, uint64_t digest);

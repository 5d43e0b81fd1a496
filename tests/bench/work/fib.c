/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls and returns. */
#include "work.h"

static uint64_t fib(uint64_t n)
{
    return n < 2 ? n
                 : work_keep(fib(n - 1)) + work_keep(fib(n - 2)); /* no loop instead of a call */
}

uint64_t bench_fib(void)
{
    return fib(work_keep(34));
}

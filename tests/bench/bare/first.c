/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls 20000 functions once, and once more. */
#include "bare.h"

enum { FUNCTIONS = 20000, FUNCTION_BYTES = 32 };
extern char first_functions[];

static uint64_t call_all(void)
{
    register uint64_t a0 __asm__("a0") = 1;
    register uint64_t a2 __asm__("a2") = 1;

    for (size_t i = 0; i < FUNCTIONS; i++) {
        const char *function = first_functions + i * FUNCTION_BYTES;
        __asm__ volatile("jalr %1" : "+r"(a0) : "r"(function), "r"(a2) : "ra", "a1", "memory");
    }
    return a0;
}

int main(void)
{
    static const char *const names[] = { "first-pass", "second-pass", "third-pass" };

    for (int pass = 0; pass < 3; pass++) {
        uint64_t start = bare_time_ns();
        uint64_t digest = call_all();
        uint64_t took = bare_time_ns() - start;
        bare_result(names[pass], took, digest);
    }
    return 0;
}

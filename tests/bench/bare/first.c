/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls 20000 functions once, and once more. */
#include "bare.h"

enum { FUNCTIONS = 20000, FUNCTION_BYTES = 32 };
extern char first_functions[];

static uint64_t call_all(void)
{
    uint64_t value = 1;

    for (size_t i = 0; i < FUNCTIONS; i++) {
        value = machine_call(first_functions + i * FUNCTION_BYTES, value);
    }
    return value;
}

int bare_main(void)
{
    static const char *const names[] = { "first-pass", "second-pass", "third-pass" };

    for (int pass = 0; pass < 3; pass++) {
        uint64_t start = machine_time_ns();
        uint64_t digest = call_all();
        uint64_t took = machine_time_ns() - start;
        bare_result(names[pass], took, digest);
    }
    return 0;
}

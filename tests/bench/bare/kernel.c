/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the piece of work KERNEL on bare metal. */
#include "bare.h"
#include "work.h"

#define TEXT_OF(name)     #name
#define NAME_OF(name)     TEXT_OF(name)
#define FUNCTION_OF(name) bench_##name
#define WORK_OF(name)     FUNCTION_OF(name)

int bare_main(void)
{
    uint64_t start = machine_time_ns();
    uint64_t digest = WORK_OF(KERNEL)();

    bare_result(NAME_OF(KERNEL), machine_time_ns() - start, digest);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a benchmark on bare metal has: a console, a clock (machine.h), and nothing else. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "machine.h"

/** bare_result - print the line that run.py reads */
void bare_result(const char *name, uint64_t ns, uint64_t digest);

/** bare_main - what the program does; returns 0 when all is well */
int bare_main(void);

/** BareEvent - something that is timed @count times in a row */
typedef struct {
    const char *name;
    void (*run)(void);
    unsigned count;
} BareEvent;

/** bare_events - time each of the @count @events */
void bare_events(const BareEvent *events, size_t count);

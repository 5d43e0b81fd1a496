/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frequencies that devices hand on to each other. (The clocks one reads are in util/timer.h.) */
#pragma once

#include "hw/core/device.h"

typedef struct Clock Clock;
typedef void ClockFn(void *opaque);

/* Embedded by its device. Guarded by the machine lock. */
struct Clock {
    Object object;
    uint64_t period; /* in 2^-32 ns; 0: stopped */
    uint32_t multiplier, divider;
    Clock *source;    /* NULL: driven by its device or the board */
    GPtrArray *sinks; /* Clock *, not owned */
    ClockFn *changed;
    void *opaque;
};

extern const ObjectClass clock_class;

/**
 * clock_init - an input or output of @dev, child @name
 * @changed: called after the period changed; NULL for outputs
 */
void clock_init(Clock *clock, Device *dev, const char *name, ClockFn *changed, void *opaque);

/** clock_connect - @sink follows @source: its frequency times multiplier over divider */
void clock_connect(Clock *sink, Clock *source);
/** clock_set_ratio - of a sink to its source; neither is 0. Takes effect at once */
void clock_set_ratio(Clock *sink, uint32_t multiplier, uint32_t divider);

/** clock_drive_hz - set an unconnected clock and all that follow it; 0 stops them */
void clock_drive_hz(Clock *clock, uint64_t hz);
/** clock_drive_period - likewise, in 2^-32 ns */
void clock_drive_period(Clock *clock, uint64_t period);

/** clock_hz - rounded to the nearest; 0 when stopped */
uint64_t clock_hz(const Clock *clock);
/** clock_ticks_to_ns - how long @ticks take, rounded down, at most INT64_MAX; INT64_MAX when
 * stopped */
int64_t clock_ticks_to_ns(const Clock *clock, uint64_t ticks);
/** clock_ns_to_ticks - whole ticks in @ns; 0 when stopped */
uint64_t clock_ns_to_ticks(const Clock *clock, int64_t ns);

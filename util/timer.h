/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks and timers. A ClockSet belongs to one machine; its timers fire in the main thread with the
 * machine lock held. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    CLOCK_KIND_REALTIME,   /* host monotonic time, always runs */
    CLOCK_KIND_HOST,       /* host wall clock, ns since 1970 */
    CLOCK_KIND_VIRTUAL,    /* guest time: stops with the machine; instruction count under -icount */
    CLOCK_KIND_VIRTUAL_RT, /* like VIRTUAL, but host-paced under -icount */
    CLOCK_KIND_COUNT,
} ClockKind;

typedef struct ClockSet ClockSet;
typedef void TimerFn(void *opaque);

/* Embedded by its owner; fields are private to timer.c and guarded by the set's lock. */
typedef struct Timer {
    ClockSet *clocks;
    ClockKind kind;
    int64_t expire_ns; /* -1 when not pending */
    TimerFn *fn;
    void *opaque;
    struct Timer *next;
} Timer;

/** clock_set_new - a stopped set (virtual clock at 0); @context is the loop that runs the timers,
 * NULL for the default */
ClockSet *clock_set_new(GMainContext *context);
void clock_set_free(ClockSet *clocks);

/** clock_ns - present time of a clock, ns; any thread */
int64_t clock_ns(ClockSet *clocks, ClockKind kind);

/** clock_set_enable_virtual - start or stop guest time; timers keep their distance to it */
void clock_set_enable_virtual(ClockSet *clocks, bool on);

/**
 * clock_set_virtual_source - replace guest time by @source (instruction count, test-stepped time)
 * @source: returns ns, monotonic; called with no lock held
 */
void clock_set_virtual_source(ClockSet *clocks, int64_t (*source)(void *opaque), void *opaque);

/** clock_set_virtual_ns - jump guest time (test stepping, load of a saved state) without firing
 * what lies between */
void clock_set_virtual_ns(ClockSet *clocks, int64_t ns);

/** clock_deadline_ns - ns until the first pending timer of @kind; -1 when none */
int64_t clock_deadline_ns(ClockSet *clocks, ClockKind kind);

/** clock_run - fire what has expired on @kind; returns whether any fired. Context: main thread,
 * machine lock held */
bool clock_run(ClockSet *clocks, ClockKind kind);

/** clock_set_notify - @fn is called (any thread) when the nearest deadline of @kind moved earlier
 */
void clock_set_notify(ClockSet *clocks, ClockKind kind, TimerFn *fn, void *opaque);

void timer_init(Timer *timer, ClockSet *clocks, ClockKind kind, TimerFn *fn, void *opaque);
/** timer_set_ns - (re)arm for absolute time @expire_ns of its clock; may be in the past; any thread
 */
void timer_set_ns(Timer *timer, int64_t expire_ns);
void timer_cancel(Timer *timer);
bool timer_is_pending(const Timer *timer);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frequencies that devices hand on to each other. */
#include "hw/core/clock.h"

#include "qom/property.h"

/* One second in units of period. */
static const unsigned __int128 second = (unsigned __int128)1000000000 << 32;

static void clock_object_init(Object *obj)
{
    Clock *clock = container_of(obj, Clock, object);

    clock->multiplier = clock->divider = 1;
    clock->sinks = g_ptr_array_new();
}

static void clock_finalize(Object *obj)
{
    Clock *clock = container_of(obj, Clock, object);

    if (clock->source) {
        g_ptr_array_remove(clock->source->sinks, clock);
    }
    for (guint i = 0; i < clock->sinks->len; i++) {
        ((Clock *)g_ptr_array_index(clock->sinks, i))->source = NULL;
    }
    g_ptr_array_unref(clock->sinks);
}

static char *get_hz(Object *obj)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, clock_hz(container_of(obj, Clock, object)));
}

static const Property clock_properties[] = {
    PROPERTY_TEXT("hz", get_hz, NULL, .help = "frequency"),
    {},
};

const ObjectClass clock_class = {
    .name = "clock",
    .instance_size = sizeof(Clock),
    .properties = clock_properties,
    .init = clock_object_init,
    .finalize = clock_finalize,
};
CLASS_REGISTER(clock_class);

void clock_init(Clock *clock, Device *dev, const char *name, ClockFn *changed, void *opaque)
{
    object_init_child(&dev->object, name, &clock->object, &clock_class);
    clock->changed = changed;
    clock->opaque = opaque;
}

/* The period shrinks as the frequency grows: multiplier and divider change places. */
static uint64_t scaled_period(const Clock *sink)
{
    unsigned __int128 period = (unsigned __int128)sink->source->period * sink->divider;

    period /= sink->multiplier;
    return period > UINT64_MAX ? UINT64_MAX : (uint64_t)period;
}

static void set_period(Clock *clock, uint64_t period)
{
    if (clock->period == period) {
        return;
    }
    clock->period = period;
    if (clock->changed) {
        clock->changed(clock->opaque);
    }
    for (guint i = 0; i < clock->sinks->len; i++) {
        Clock *sink = g_ptr_array_index(clock->sinks, i);
        set_period(sink, scaled_period(sink));
    }
}

void clock_connect(Clock *sink, Clock *source)
{
    g_assert(!sink->source);
    for (const Clock *c = source; c; c = c->source) {
        g_assert(c != sink); /* no circles */
    }
    sink->source = source;
    g_ptr_array_add(source->sinks, sink);
    set_period(sink, scaled_period(sink));
}

void clock_set_ratio(Clock *sink, uint32_t multiplier, uint32_t divider)
{
    g_assert(multiplier > 0 && divider > 0);
    sink->multiplier = multiplier;
    sink->divider = divider;
    if (sink->source) {
        set_period(sink, scaled_period(sink));
    }
}

void clock_drive_period(Clock *clock, uint64_t period)
{
    g_assert(!clock->source);
    set_period(clock, period);
}

void clock_drive_hz(Clock *clock, uint64_t hz)
{
    clock_drive_period(clock, hz ? (uint64_t)MIN(second / hz, (unsigned __int128)UINT64_MAX) : 0);
}

uint64_t clock_hz(const Clock *clock)
{
    return clock->period ? (uint64_t)((second + clock->period / 2) / clock->period) : 0;
}

int64_t clock_ticks_to_ns(const Clock *clock, uint64_t ticks)
{
    unsigned __int128 ns = ((unsigned __int128)ticks * clock->period) >> 32;

    return !clock->period || ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

uint64_t clock_ns_to_ticks(const Clock *clock, int64_t ns)
{
    if (!clock->period || ns <= 0) {
        return 0;
    }
    return (uint64_t)(((unsigned __int128)ns << 32) / clock->period);
}

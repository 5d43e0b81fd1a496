/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log (-d, -D, -dfilter) and trace points (-trace). Off by default; one predictable branch each
 * when off. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* One bit an item of -d; the table of names and help texts stands in log.c. */
typedef enum {
    LOG_IN_ASM = 1u << 0,
    LOG_OP = 1u << 1,
    LOG_OP_OPT = 1u << 2,
    LOG_OUT_ASM = 1u << 3,
    LOG_INT = 1u << 4,
    LOG_EXEC = 1u << 5,
    LOG_CPU = 1u << 6,
    LOG_MMU = 1u << 7,
    LOG_GUEST_ERROR = 1u << 8,
    LOG_UNIMPLEMENTED = 1u << 9,
    LOG_NOCHAIN = 1u << 10,
    LOG_PAGE = 1u << 11,
    LOG_RESET = 1u << 12,
    LOG_TRACE = 1u << 13,
} LogItem;

extern uint32_t log_mask;

static inline bool log_enabled(uint32_t items)
{
    return __builtin_expect((log_mask & items) != 0, 0);
}

/** log_printf - write to the log if any of @items is enabled; @items 0 writes always */
void log_printf(uint32_t items, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** log_set_items - parse a comma separated -d list ("help" or "?" is the caller's business) */
bool log_set_items(const char *list, GError **errp);

/** log_set_file - send the log to @path ("%d" becomes the process id); NULL is stderr */
bool log_set_file(const char *path, GError **errp);

/** log_set_filter - parse -dfilter ("start..end,start+size,start-size"); log_in_filter() then
 * consults it */
bool log_set_filter(const char *ranges, GError **errp);
bool log_in_filter(uint64_t guest_pc);

/** log_help - the lines of "-d help" */
char *log_help(void);

/* A guest did something its hardware manual forbids; rate-limited, off by default. */
#define log_guest_error(...)                           \
    do {                                               \
        if (log_enabled(LOG_GUEST_ERROR)) {            \
            log_limited(LOG_GUEST_ERROR, __VA_ARGS__); \
        }                                              \
    } while (0)
#define log_unimplemented(...)                           \
    do {                                                 \
        if (log_enabled(LOG_UNIMPLEMENTED)) {            \
            log_limited(LOG_UNIMPLEMENTED, __VA_ARGS__); \
        }                                                \
    } while (0)
void log_limited(uint32_t items, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A trace point is a static record in a linker section, found by name (globs allowed) by -trace. */
typedef struct TracePoint {
    const char *name;
    bool enabled;
} TracePoint;

#define TRACE(point, format, ...)                                                 \
    do {                                                                          \
        static TracePoint trace_point_##point = { #point, false };                \
        static TracePoint *const trace_entry_##point                              \
            __attribute__((used, section("rhea_traces"))) = &trace_point_##point; \
        if (__builtin_expect(trace_point_##point.enabled, 0)) {                   \
            log_trace(&trace_point_##point, format, ##__VA_ARGS__);               \
        }                                                                         \
    } while (0)
void log_trace(const TracePoint *point, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** log_trace_enable - switch the points that match glob @pattern; false if none does */
bool log_trace_enable(const char *pattern, bool on);

/** log_trace_foreach - every point that matches glob @pattern, by name; a name may stand for
 * several places */
void log_trace_foreach(const char *pattern, void (*fn)(const TracePoint *point, void *opaque),
                       void *opaque);

/** log_trace_list - names of all points, one a line */
char *log_trace_list(void);

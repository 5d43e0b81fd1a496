/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding trace points by name. They are gathered from every object file by the linker. */
#include "util/atomic.h"
#include "util/log.h"

/* Weak: a program without any trace point has no such section. */
extern TracePoint *const __start_rhea_traces[] __attribute__((weak));
extern TracePoint *const __stop_rhea_traces[] __attribute__((weak));

static int compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

bool log_trace_enable(const char *pattern, bool on)
{
    bool found = false;

    for (TracePoint *const *p = __start_rhea_traces; p != __stop_rhea_traces; p++) {
        if (g_pattern_match_simple(pattern, (*p)->name)) {
            atomic_set(&(*p)->enabled, on);
            found = true;
        }
    }
    return found;
}

char *log_trace_list(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GString *out = g_string_new(NULL);

    for (TracePoint *const *p = __start_rhea_traces; p != __stop_rhea_traces; p++) {
        g_ptr_array_add(names, (char *)(*p)->name);
    }
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (i == 0 || !g_str_equal(name, g_ptr_array_index(names, i - 1))) {
            g_string_append_printf(out, "%s\n", name);
        }
    }
    return g_string_free(out, FALSE);
}

static int compare_points(gconstpointer a, gconstpointer b)
{
    return g_strcmp0((*(TracePoint *const *)a)->name, (*(TracePoint *const *)b)->name);
}

void log_trace_foreach(const char *pattern, void (*fn)(const TracePoint *point, void *opaque),
                       void *opaque)
{
    g_autoptr(GPtrArray) points = g_ptr_array_new();

    for (TracePoint *const *p = __start_rhea_traces; p != __stop_rhea_traces; p++) {
        if (g_pattern_match_simple(pattern, (*p)->name)) {
            g_ptr_array_add(points, *p);
        }
    }
    g_ptr_array_sort(points, compare_points);
    for (guint i = 0; i < points->len; i++) {
        fn(g_ptr_array_index(points, i), opaque);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about trace points. */
#include <string.h>

#include "schema/commands.h"
#include "util/error.h"
#include "util/log.h"

static void add_point(const TracePoint *point, void *opaque)
{
    GPtrArray *list = opaque;
    QmpTraceEventInfo *last = list->len ? g_ptr_array_index(list, list->len - 1) : NULL;
    if (last && strcmp(last->name, point->name) == 0) {
        return; /* one point may stand in several places */
    }
    QmpTraceEventInfo *info = qmp_trace_event_info_new();
    info->name = g_strdup(point->name);
    info->state = point->enabled ? QMP_TRACE_EVENT_STATE_ENABLED : QMP_TRACE_EVENT_STATE_DISABLED;
    g_ptr_array_add(list, info);
}

static bool none_match(const char *name, GError **errp)
{
    error_set(errp, "no trace point matches '%s'; trace-event-get-state '*' lists all", name);
    return false;
}

GPtrArray *qmp_trace_event_get_state(CommandContext *context, const QmpTraceEventGetStateArgs *args,
                                     GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    log_trace_foreach(args->name, add_point, list);
    if (list->len == 0 && !strpbrk(args->name, "*?")) {
        g_ptr_array_unref(list);
        none_match(args->name, errp);
        return NULL;
    }
    return list;
}

bool qmp_trace_event_set_state(CommandContext *context, const QmpTraceEventSetStateArgs *args,
                               GError **errp)
{
    bool lenient = args->has_ignore_unavailable && args->ignore_unavailable;
    return log_trace_enable(args->name, args->enable) || lenient || none_match(args->name, errp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about commands. */
#include "hw/core/machine.h"
#include "monitor/human.h"
#include "schema/commands.h"
#include "util/error.h"

GPtrArray *qmp_query_commands(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    for (const SchemaCommand *command = schema_commands; command->name; command++) {
        QmpCommandInfo *info = qmp_command_info_new();
        info->name = g_strdup(command->name);
        g_ptr_array_add(list, info);
    }
    return list;
}

GPtrArray *qmp_query_events(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    for (const SchemaEvent *event = schema_events; event->name; event++) {
        QmpEventInfo *info = qmp_event_info_new();
        info->name = g_strdup(event->name);
        g_ptr_array_add(list, info);
    }
    return list;
}

JsonNode *qmp_query_qmp_schema(CommandContext *context, GError **errp)
{
    return schema_introspect();
}

char *qmp_human_monitor_command(CommandContext *context, const QmpHumanMonitorCommandArgs *args,
                                GError **errp)
{
    int64_t index = args->has_cpu_index ? args->cpu_index : 0;
    if (index < 0 || (args->has_cpu_index && index >= context->machine->cpus->len)) {
        error_set(errp, "parameter 'cpu-index': there is no processor %" G_GINT64_FORMAT, index);
        return NULL;
    }
    return human_run(context, args->command_line, (unsigned)index);
}

/* The x-query commands: texts of the human monitor */

static QmpHumanReadableText *topic(CommandContext *context, const char *name, GError **errp)
{
    char *text = human_topic(context, name, errp);
    QmpHumanReadableText *answer = text ? qmp_human_readable_text_new() : NULL;
    if (answer) {
        answer->human_readable_text = text;
    }
    return answer;
}

QmpHumanReadableText *qmp_x_query_irq(CommandContext *context, GError **errp)
{
    return topic(context, "irq", errp);
}

QmpHumanReadableText *qmp_x_query_jit(CommandContext *context, GError **errp)
{
    return topic(context, "jit", errp);
}

QmpHumanReadableText *qmp_x_query_profile(CommandContext *context, GError **errp)
{
    return topic(context, "sync-profile", errp);
}

QmpHumanReadableText *qmp_x_query_ramblock(CommandContext *context, GError **errp)
{
    return topic(context, "ramblock", errp);
}

QmpHumanReadableText *qmp_x_query_roms(CommandContext *context, GError **errp)
{
    return topic(context, "roms", errp);
}

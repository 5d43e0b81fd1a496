/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Human commands about drives. */
#include <string.h>

#include "monitor/human_internal.h"
#include "schema/commands.h"
#include "util/error.h"

static const char *cache_mode(const QmpBlockdevCacheInfo *cache)
{
    if (cache->no_flush) {
        return "writeback, ignore flushes";
    }
    return cache->direct ? (cache->writeback ? "writeback, direct" : "writethrough, direct")
                         : (cache->writeback ? "writeback" : "writethrough");
}

static void show_drive(HumanCall *call, const QmpBlockInfo *info)
{
    const QmpBlockDeviceInfo *medium = info->inserted;

    human_text(call, "%s: ", info->device);
    if (medium) {
        human_text(call, "%s (%s%s)\n", medium->file, medium->drv, medium->ro ? ", read-only" : "");
    } else {
        human_text(call, "[not inserted]\n");
    }
    if (info->qdev) {
        human_text(call, "    Attached to:      %s\n", info->qdev);
    }
    if (info->has_io_status && info->io_status != QMP_BLOCK_DEVICE_IO_STATUS_OK) {
        human_text(call, "    I/O status:       %s\n",
                   qmp_block_device_io_status_names[info->io_status]);
    }
    if (info->removable) {
        human_text(call, "    Removable device: %slocked, tray %s\n", info->locked ? "" : "not ",
                   info->tray_open ? "open" : "closed");
    }
    if (medium) {
        human_text(call, "    Cache mode:       %s\n", cache_mode(medium->cache));
    }
    if (medium && medium->backing_file) {
        human_text(call, "    Backing file:     %s (chain depth: %d)\n", medium->backing_file,
                   (int)medium->backing_file_depth);
    }
}

bool human_info_block(HumanCall *call, GError **errp)
{
    GPtrArray *list = qmp_query_block(&call->context, errp);
    const char *wanted = call->count ? call->args[0] : NULL;
    bool found = !wanted;

    for (guint i = 0; i < list->len; i++) {
        QmpBlockInfo *info = g_ptr_array_index(list, i);
        if (!wanted || strcmp(wanted, info->device) == 0) {
            human_text(call, "%s", found && i && !wanted ? "\n" : "");
            show_drive(call, info);
            found = true;
        }
        qmp_block_info_free(info);
    }
    g_ptr_array_unref(list);
    if (!found) {
        error_set(errp, "there is no drive '%s'", wanted);
    }
    return found;
}

bool human_info_blockstats(HumanCall *call, GError **errp)
{
    GPtrArray *list = qmp_query_blockstats(&call->context, errp);

    for (guint i = 0; i < list->len; i++) {
        QmpBlockStats *entry = g_ptr_array_index(list, i);
        const QmpBlockDeviceStats *s = entry->stats;
        human_text(
            call,
            "%s: rd_bytes=%" G_GINT64_FORMAT " wr_bytes=%" G_GINT64_FORMAT
            " rd_operations=%" G_GINT64_FORMAT " wr_operations=%" G_GINT64_FORMAT
            " flush_operations=%" G_GINT64_FORMAT " wr_total_time_ns=%" G_GINT64_FORMAT
            " rd_total_time_ns=%" G_GINT64_FORMAT " flush_total_time_ns=%" G_GINT64_FORMAT "\n",
            entry->device, s->rd_bytes, s->wr_bytes, s->rd_operations, s->wr_operations,
            s->flush_operations, s->wr_total_time_ns, s->rd_total_time_ns, s->flush_total_time_ns);
        qmp_block_stats_free(entry);
    }
    g_ptr_array_unref(list);
    return true;
}

bool human_eject(HumanCall *call, GError **errp)
{
    bool force = call->count > 1 && strcmp(call->args[0], "-f") == 0;
    QmpEjectArgs args = { .device = call->args[force ? 1 : 0], .has_force = true, .force = force };

    return qmp_eject(&call->context, &args, errp);
}

bool human_change(HumanCall *call, GError **errp)
{
    QmpBlockdevChangeMediumArgs args = { .device = call->args[0],
                                         .filename = call->args[1],
                                         .format = call->count > 2 ? call->args[2] : NULL };

    return qmp_blockdev_change_medium(&call->context, &args, errp);
}

bool human_block_resize(HumanCall *call, GError **errp)
{
    QmpBlockResizeArgs args = { .device = call->args[0] };
    uint64_t bytes;

    if (!keyval_parse_size(call->args[1], 1 << 20, &bytes) || bytes > INT64_MAX) {
        error_set(errp, "'%s' is no size", call->args[1]);
        return false;
    }
    args.size = (int64_t)bytes;
    return qmp_block_resize(&call->context, &args, errp);
}

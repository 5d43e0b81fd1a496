/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about drives and what lies in them. */
#include <errno.h>
#include <string.h>

#include "block/backend.h"
#include "block/driver.h"
#include "hw/core/machine.h"
#include "monitor/block_names.h"
#include "schema/commands.h"
#include "util/error.h"

static void for_each(Object *root, void (*fn)(BlockBackend *backend, GPtrArray *list),
                     GPtrArray *list)
{
    const GPtrArray *drives = object_child(root, "drives")->children;

    for (guint i = 0; drives && i < drives->len; i++) {
        BlockBackend *backend = object_cast(g_ptr_array_index(drives, i), &block_backend_class);
        if (backend) {
            fn(backend, list);
        }
    }
}

char *block_user_name(const BlockBackend *backend)
{
    const Device *dev = backend->user ? object_cast(backend->user, &device_class.object) : NULL;

    return !backend->user ? NULL : dev && dev->id ? g_strdup(dev->id) : object_path(backend->user);
}

/* query-block */

static QmpImageInfo *image_info(const BlockNode *node)
{
    QmpImageInfo *info = qmp_image_info_new();

    info->filename = g_strdup(node->filename);
    info->format = g_strdup(block_node_driver(node)->name);
    info->virtual_size = (int64_t)node->size;
    if (node->backing) {
        info->backing_filename = g_strdup(node->backing->node->filename);
        info->backing_image = image_info(node->backing->node);
    }
    return info;
}

static QmpBlockDeviceInfo *medium_info(const BlockBackend *backend)
{
    const BlockNode *node = backend->root->node;
    QmpBlockDeviceInfo *info = qmp_block_device_info_new();

    info->file = g_strdup(node->filename);
    info->node_name = g_strdup(node->node_name);
    info->ro = !backend->writable;
    info->drv = g_strdup(block_node_driver(node)->name);
    info->backing_file = node->backing ? g_strdup(node->backing->node->filename) : NULL;
    for (const BlockNode *n = node; n->backing; n = n->backing->node) {
        info->backing_file_depth++;
    }
    info->cache = qmp_blockdev_cache_info_new();
    info->cache->writeback = !backend->write_through;
    info->cache->direct = node->flags & BLOCK_OPEN_DIRECT;
    info->cache->no_flush = node->flags & BLOCK_OPEN_NO_FLUSH;
    info->image = image_info(node);
    return info;
}

static void add_info(BlockBackend *backend, GPtrArray *list)
{
    QmpBlockInfo *info = qmp_block_info_new();
    const BlockUserOps *ops = backend->user ? backend->user_ops : NULL;

    info->device = g_strdup(backend->id);
    info->qdev = block_user_name(backend);
    info->type = g_strdup("unknown");
    info->removable = ops ? ops->removable : backend->is_cdrom;
    info->locked = ops && ops->tray_is_locked && ops->tray_is_locked(backend->user_opaque);
    info->inserted = backend->root ? medium_info(backend) : NULL;
    info->has_tray_open = ops && ops->tray_is_open;
    info->tray_open = info->has_tray_open && ops->tray_is_open(backend->user_opaque);
    info->has_io_status = ops != NULL;
    info->io_status = !backend->error             ? QMP_BLOCK_DEVICE_IO_STATUS_OK
                      : backend->error == -ENOSPC ? QMP_BLOCK_DEVICE_IO_STATUS_NOSPACE
                                                  : QMP_BLOCK_DEVICE_IO_STATUS_FAILED;
    g_ptr_array_add(list, info);
}

GPtrArray *qmp_query_block(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();

    for_each(context->root, add_info, list);
    return list;
}

static void add_statistics(BlockBackend *backend, GPtrArray *list)
{
    enum { NS_IN_US = 1000 };
    const BlockStatistics *s = &backend->statistics;
    QmpBlockStats *entry = qmp_block_stats_new();
    QmpBlockDeviceStats *stats = qmp_block_device_stats_new();

    entry->device = g_strdup(backend->id);
    entry->qdev = block_user_name(backend);
    entry->stats = stats;
    stats->rd_bytes = s->bytes[BLOCK_IO_READ];
    stats->wr_bytes = s->bytes[BLOCK_IO_WRITE] + s->bytes[BLOCK_IO_WRITE_ZEROES];
    stats->unmap_bytes = s->bytes[BLOCK_IO_DISCARD];
    stats->rd_operations = s->count[BLOCK_IO_READ];
    stats->wr_operations = s->count[BLOCK_IO_WRITE] + s->count[BLOCK_IO_WRITE_ZEROES];
    stats->flush_operations = s->count[BLOCK_IO_FLUSH];
    stats->unmap_operations = s->count[BLOCK_IO_DISCARD];
    stats->rd_total_time_ns = s->total_us[BLOCK_IO_READ] * NS_IN_US;
    stats->wr_total_time_ns =
        (s->total_us[BLOCK_IO_WRITE] + s->total_us[BLOCK_IO_WRITE_ZEROES]) * NS_IN_US;
    stats->flush_total_time_ns = s->total_us[BLOCK_IO_FLUSH] * NS_IN_US;
    stats->unmap_total_time_ns = s->total_us[BLOCK_IO_DISCARD] * NS_IN_US;
    stats->wr_highest_offset = s->highest_written;
    stats->failed_rd_operations = s->failed[BLOCK_IO_READ];
    stats->failed_wr_operations = s->failed[BLOCK_IO_WRITE] + s->failed[BLOCK_IO_WRITE_ZEROES];
    stats->failed_flush_operations = s->failed[BLOCK_IO_FLUSH];
    stats->failed_unmap_operations = s->failed[BLOCK_IO_DISCARD];
    g_ptr_array_add(list, entry);
}

GPtrArray *qmp_query_blockstats(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();

    for_each(context->root, add_statistics, list);
    return list;
}

/* Changing media */

/* A drive by its own name, or by that of its device. */
static BlockBackend *find(CommandContext *context, const char *device, const char *id,
                          GError **errp)
{
    const GPtrArray *drives = object_child(context->root, "drives")->children;

    if (!device == !id) {
        error_set(errp, "one of 'device' and 'id' is needed");
        return NULL;
    }
    for (guint i = 0; drives && i < drives->len; i++) {
        BlockBackend *backend = object_cast(g_ptr_array_index(drives, i), &block_backend_class);
        g_autofree char *user = backend ? block_user_name(backend) : NULL;
        g_autofree char *path = user ? object_path(backend->user) : NULL;
        if (backend && (device ? strcmp(backend->id, device) == 0
                               : strcmp(backend->id, id) == 0 || g_strcmp0(user, id) == 0 ||
                                     g_strcmp0(path, id) == 0)) {
            return backend;
        }
    }
    error_set_class(errp, ERROR_DEVICE_NOT_FOUND, "there is no drive '%s'", device ? device : id);
    return NULL;
}

static bool check_removable(const BlockBackend *backend, GError **errp)
{
    if (!backend->user || !backend->user_ops->removable) {
        error_set(errp, "drive '%s' has no tray", backend->id);
        return false;
    }
    return true;
}

/* Without a tray, as if it was always open. */
static bool is_open(const BlockBackend *backend)
{
    const BlockUserOps *ops = backend->user_ops;

    return !ops->tray_is_open || ops->tray_is_open(backend->user_opaque);
}

static bool open_tray(BlockBackend *backend, bool force, GError **errp)
{
    const BlockUserOps *ops = backend->user_ops;
    bool locked;

    if (!check_removable(backend, errp)) {
        return false;
    }
    ops = backend->user_ops;
    if (is_open(backend)) {
        return true;
    }
    locked = ops->tray_is_locked && ops->tray_is_locked(backend->user_opaque);
    if (locked && !force) {
        ops->press_button(backend->user_opaque);
        error_set(errp, "the guest has locked the tray of drive '%s'; it was asked to open it",
                  backend->id);
        return false;
    }
    ops->move_tray(backend->user_opaque, true);
    return true;
}

static void close_tray(BlockBackend *backend)
{
    if (backend->user_ops->move_tray) {
        backend->user_ops->move_tray(backend->user_opaque, false);
    }
}

static void remove_medium(BlockBackend *backend)
{
    if (backend->root) {
        block_backend_remove(backend);
        backend->user_ops->medium_changed(backend->user_opaque);
    }
}

bool qmp_eject(CommandContext *context, const QmpEjectArgs *args, GError **errp)
{
    BlockBackend *backend = find(context, args->device, args->id, errp);

    if (!backend || !open_tray(backend, args->has_force && args->force, errp)) {
        return false;
    }
    remove_medium(backend);
    return true;
}

bool qmp_blockdev_open_tray(CommandContext *context, const QmpBlockdevOpenTrayArgs *args,
                            GError **errp)
{
    BlockBackend *backend = find(context, args->device, args->id, errp);
    g_autoptr(GError) error = NULL;

    if (!backend || !check_removable(backend, errp)) {
        return false;
    }
    /* a locked tray is no failure of this command: the guest was asked */
    open_tray(backend, args->has_force && args->force, &error);
    return true;
}

bool qmp_blockdev_close_tray(CommandContext *context, const QmpBlockdevCloseTrayArgs *args,
                             GError **errp)
{
    BlockBackend *backend = find(context, args->device, args->id, errp);

    if (!backend || !check_removable(backend, errp)) {
        return false;
    }
    close_tray(backend);
    return true;
}

bool qmp_blockdev_remove_medium(CommandContext *context, const QmpBlockdevRemoveMediumArgs *args,
                                GError **errp)
{
    BlockBackend *backend = find(context, NULL, args->id, errp);

    if (!backend || !check_removable(backend, errp)) {
        return false;
    }
    if (!is_open(backend)) {
        error_set(errp, "the tray of drive '%s' is not open", backend->id);
        return false;
    }
    remove_medium(backend);
    return true;
}

static bool may_write(const BlockBackend *backend, const QmpBlockdevChangeMediumArgs *args)
{
    switch (args->has_read_only_mode ? args->read_only_mode
                                     : QMP_BLOCKDEV_CHANGE_READ_ONLY_MODE_RETAIN) {
    case QMP_BLOCKDEV_CHANGE_READ_ONLY_MODE_READ_ONLY: return false;
    case QMP_BLOCKDEV_CHANGE_READ_ONLY_MODE_READ_WRITE: return !backend->is_cdrom;
    default: return backend->writable && !backend->is_cdrom;
    }
}

/* The new image is opened before the old one goes: when it cannot be, nothing has changed. */
static bool try_image(CommandContext *context, const char *filename, const BlockOpen *how,
                      GError **errp)
{
    BlockOpen read_only = *how;
    read_only.flags = BLOCK_OPEN_FORCE_SHARE;
    BlockBackend *trial = block_backend_open(object_child(context->root, "drives"), "new-medium",
                                             filename, &read_only, errp);

    if (trial) {
        object_unparent(&trial->object);
    }
    return trial != NULL;
}

bool qmp_blockdev_change_medium(CommandContext *context, const QmpBlockdevChangeMediumArgs *args,
                                GError **errp)
{
    BlockBackend *backend = find(context, args->device, args->id, errp);
    BlockOpen how = { .format = args->format };

    if (!backend || !check_removable(backend, errp) ||
        (how.format && !block_driver_find(how.format, errp)) ||
        !try_image(context, args->filename, &how, errp) ||
        !open_tray(backend, args->has_force && args->force, errp)) {
        return false;
    }
    how.flags = may_write(backend, args) ? BLOCK_OPEN_WRITABLE : 0;
    remove_medium(backend);
    if (!block_backend_insert(backend, args->filename, &how, errp)) {
        return false;
    }
    backend->user_ops->medium_changed(backend->user_opaque);
    close_tray(backend);
    return true;
}

bool qmp_block_resize(CommandContext *context, const QmpBlockResizeArgs *args, GError **errp)
{
    enum { SECTOR = 512 };
    BlockBackend *backend = find(context, args->device, args->id, errp);

    if (backend && (args->size < 0 || args->size % SECTOR)) {
        error_set(errp, "the size must be a multiple of %d", SECTOR);
        return false;
    }
    return backend && block_backend_resize(backend, (uint64_t)args->size, errp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about descriptors that clients pass. */
#include <unistd.h>

#include "monitor/monitor_internal.h"
#include "schema/commands.h"
#include "util/error.h"
#include "util/fdset.h"

bool qmp_getfd(CommandContext *context, const QmpGetfdArgs *args, GError **errp)
{
    GHashTable *names = monitor_fd_names(context->monitor, errp);
    if (!names) {
        return false;
    }
    if (!*args->fdname || g_ascii_isdigit(*args->fdname)) {
        error_set(errp, "parameter 'fdname' must be a name that does not begin with a digit");
        return false;
    }
    int fd = monitor_take_fd(context->monitor, errp);
    if (fd >= 0) {
        g_hash_table_replace(names, g_strdup(args->fdname), GINT_TO_POINTER(fd + 1));
    }
    return fd >= 0;
}

bool qmp_closefd(CommandContext *context, const QmpClosefdArgs *args, GError **errp)
{
    int fd = monitors_take_fd(context->monitor, args->fdname, errp);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

QmpAddFdInfo *qmp_add_fd(CommandContext *context, const QmpAddFdArgs *args, GError **errp)
{
    if (args->has_fdset_id && args->fdset_id < 0) {
        error_set(errp, "parameter 'fdset-id' must not be negative");
        return NULL;
    }
    int fd = monitor_take_fd(context->monitor, errp);
    if (fd < 0) {
        return NULL;
    }
    int64_t set =
        fdset_add(args->has_fdset_id ? args->fdset_id : FDSET_NEW, fd, args->opaque, errp);
    if (set < 0) {
        close(fd);
        return NULL;
    }
    QmpAddFdInfo *info = qmp_add_fd_info_new();
    *info = (QmpAddFdInfo){ .fdset_id = set, .fd = fd };
    return info;
}

bool qmp_remove_fd(CommandContext *context, const QmpRemoveFdArgs *args, GError **errp)
{
    if (args->has_fd && args->fd < 0) {
        error_set(errp, "parameter 'fd' must not be negative");
        return false;
    }
    return fdset_remove(args->fdset_id, args->has_fd ? (int)args->fd : -1, errp);
}

static void add_fd(int64_t set, int fd, const char *opaque, void *data)
{
    GPtrArray *list = data;
    QmpFdsetInfo *info = list->len ? g_ptr_array_index(list, list->len - 1) : NULL;
    if (!info || info->fdset_id != set) {
        info = qmp_fdset_info_new();
        info->fdset_id = set;
        info->fds = g_ptr_array_new();
        g_ptr_array_add(list, info);
    }
    QmpFdsetFdInfo *one = qmp_fdset_fd_info_new();
    one->fd = fd;
    one->opaque = g_strdup(opaque);
    g_ptr_array_add(info->fds, one);
}

GPtrArray *qmp_query_fdsets(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    fdset_foreach(add_fd, list);
    return list;
}

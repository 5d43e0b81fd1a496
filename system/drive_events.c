/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to drives: told to monitors, and the machine stopped where a policy says so. */
#include <errno.h>

#include "block/backend.h"
#include "monitor/block_names.h"
#include "schema/events.h"
#include "system/drives.h"

static void io_error(void *opaque, BlockBackend *backend, const BlockIo *io, int result,
                     BlockOnError action)
{
    static const QmpBlockErrorAction actions[] = {
        [BLOCK_ON_ERROR_REPORT] = QMP_BLOCK_ERROR_ACTION_REPORT,
        [BLOCK_ON_ERROR_IGNORE] = QMP_BLOCK_ERROR_ACTION_IGNORE,
        [BLOCK_ON_ERROR_ENOSPC] = QMP_BLOCK_ERROR_ACTION_REPORT,
        [BLOCK_ON_ERROR_STOP] = QMP_BLOCK_ERROR_ACTION_STOP,
    };
    Vm *vm = opaque;
    g_autofree char *path = backend->user ? object_path(backend->user) : NULL;
    QmpBlockIoErrorEvent event = {
        .qom_path = path,
        .device = backend->id,
        .operation = io->kind == BLOCK_IO_READ ? QMP_IO_OPERATION_READ : QMP_IO_OPERATION_WRITE,
        .action = actions[action],
        .has_nospace = true,
        .nospace = result == -ENOSPC,
        .reason = (char *)g_strerror(-result),
    };

    qmp_event_block_io_error(vm_events(vm), &event);
    if (action == BLOCK_ON_ERROR_STOP) {
        vm_request_io_stop(vm);
    }
}

static void tray_moved(void *opaque, BlockBackend *backend, bool open)
{
    g_autofree char *user = block_user_name(backend);
    QmpDeviceTrayMovedEvent event = { .device = backend->id,
                                      .id = user ? user : backend->id,
                                      .tray_open = open };

    qmp_event_device_tray_moved(vm_events(opaque), &event);
}

static const BlockEvents events = { .io_error = io_error, .tray_moved = tray_moved };

void drives_listen(Vm *vm)
{
    BlockDrives *drives = container_of(vm->drives, BlockDrives, object);

    drives->events = &events;
    drives->opaque = vm;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes between a drive, the device that has it, and whoever looks after the machine's
 * drives.
 */
#pragma once

#include "qom/object.h"

typedef struct BlockBackend BlockBackend;
typedef struct BlockIo BlockIo;

/* What a request that failed does. */
typedef enum {
    BLOCK_ON_ERROR_REPORT, /* the guest is told */
    BLOCK_ON_ERROR_IGNORE, /* the guest is told that it went well */
    BLOCK_ON_ERROR_ENOSPC, /* the host is full: stop; else report */
    BLOCK_ON_ERROR_STOP,   /* the machine stops; the request is tried again when it goes on */
} BlockOnError;
/* NULL-terminated; of a device's property, with "auto" first: as the drive says. */
extern const char *const block_on_error_names[], *const block_policy_names[];

/* What a drive asks of the device that has it. Empty slots: a disk that stays. */
typedef struct {
    bool removable;
    void (*medium_changed)(void *opaque); /* another medium, or none */
    void (*resized)(void *opaque);
    bool (*tray_is_open)(void *opaque);
    bool (*tray_is_locked)(void *opaque);
    void (*move_tray)(void *opaque, bool open);
    void (*press_button)(void *opaque); /* the tray is locked: ask the guest */
} BlockUserOps;

/* What happens to drives, for whoever made them. */
typedef struct {
    /* BLOCK_ON_ERROR_STOP: the machine is to stop */
    void (*io_error)(void *opaque, BlockBackend *backend, const BlockIo *io, int result,
                     BlockOnError action);
    void (*tray_moved)(void *opaque, BlockBackend *backend, bool open);
} BlockEvents;

/* "/drives". Where drives stand elsewhere, nobody listens, and nothing stops for an error. */
typedef struct {
    Object object;
    const BlockEvents *events; /* NULL: nobody listens */
    void *opaque;
} BlockDrives;

extern const ObjectClass block_drives_class;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -drive and its short forms: images, and the devices that come with them. */
#pragma once

#include "system/vm.h"

typedef struct BlockBackend BlockBackend;

/* Where a drive stands among those of its interface. */
typedef struct {
    const OptionUse *use;  /* NULL: nobody asked for it */
    const char *interface; /* "ide" */
    unsigned bus, unit;
    bool cdrom;
    const char *serial; /* NULL: the device's own */
    const char *file;   /* of a floppy disk, which has no back end */
    bool readonly;
    BlockBackend *backend;
} DrivePlace;

/** drives_listen - events of vm->drives go to the monitors */
void drives_listen(Vm *vm);
/** drives_open - every image of the command line */
bool drives_open(Vm *vm, GError **errp);
/** drives_add_onboard - drives at the board's own controllers: after the board, before -device */
bool drives_add_onboard(Vm *vm, GError **errp);
/** drives_add_devices - the others' devices; after all of -device were added */
bool drives_add_devices(Vm *vm, GError **errp);

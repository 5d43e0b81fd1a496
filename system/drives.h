/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -drive, -hda to -hdd and -cdrom: images, and the devices that some of them ask for. */
#pragma once

#include "system/vm.h"

/** drives_open - every image that the options name, below vm->drives */
bool drives_open(Vm *vm, GError **errp);
/** drives_add_devices - a disk for each drive whose interface says so */
bool drives_add_devices(Vm *vm, GError **errp);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line on which test programs say how they ended: "3q" ends the emulator with exit status 7. */
#pragma once

#include "chardev/mux.h"

extern const ChardevClass chardev_testdev_class;

/** chardev_testdev_connect - whom to tell; false with error when @ops cannot end the machine */
bool chardev_testdev_connect(Chardev *chardev, const ChardevMuxOps *ops, void *opaque,
                             GError **errp);

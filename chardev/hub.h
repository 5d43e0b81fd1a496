/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One front end on several back ends. */
#pragma once

#include "chardev/chardev.h"

extern const ChardevClass chardev_hub_class;

/** chardev_hub_connect - attach to the back ends, children of @parent, that its properties name */
bool chardev_hub_connect(Chardev *chardev, Object *parent, GError **errp);

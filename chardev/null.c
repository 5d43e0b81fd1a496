/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes every byte and never sends one. */
#include "chardev/chardev.h"

static bool null_open(Chardev *chardev, GError **errp)
{
    chardev_set_connected(chardev, true);
    return true;
}

static size_t null_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    return length;
}

static const ChardevClass chardev_null_class = {
    .object = { .name = "chardev-null", .parent = &chardev_class.object },
    .summary = "takes everything, sends nothing",
    .open = null_open,
    .write = null_write,
};
CLASS_REGISTER(chardev_null_class);

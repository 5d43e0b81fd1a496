/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the newest output in memory, for whoever asks later. */
#pragma once

#include "chardev/chardev.h"

/** chardev_ringbuf_read - take up to @length of the oldest bytes kept; returns how many, -1 if
 * @chardev is no ringbuf */
ssize_t chardev_ringbuf_read(Chardev *chardev, uint8_t *bytes, size_t length);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several front ends on one back end, switched by keys after Ctrl-A. */
#pragma once

#include "chardev/chardev.h"

enum { CHARDEV_MUX_ESCAPE = 1 }; /* Ctrl-A */

extern const ChardevClass chardev_mux_class;

/* What the keys ask of the layer above; set once by the owner. */
typedef struct {
    void (*quit)(void *opaque);             /* Ctrl-A x */
    void (*exit)(void *opaque, int status); /* testdev */
    void (*save)(void *opaque); /* Ctrl-A s: write disk changes back; NULL: there are no disks */
} ChardevMuxOps;

/**
 * chardev_mux_new - share @base between front ends
 *
 * The first front end that attaches gets the input until Ctrl-A c moves it on; all write.
 */
Chardev *chardev_mux_new(Object *parent, const char *label, Chardev *base, const ChardevMuxOps *ops,
                         void *opaque, GError **errp);

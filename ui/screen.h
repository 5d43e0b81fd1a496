/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that show something: display devices have this interface. */
#pragma once

#include "qom/object.h"
#include "ui/surface.h"

typedef struct {
    /* what the screen shows now; resizes @surface. Context: machine lock */
    void (*render)(Object *screen, Surface *surface);
} ScreenOps;

extern const Interface screen_interface;

/** screen_find - first object at or below @root that is a screen; NULL: none */
Object *screen_find(Object *root);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures of guest screens. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { SURFACE_MAX_SIDE = 16384 };

/* Rows from the top without gaps; a pixel is 0x00rrggbb. */
typedef struct {
    unsigned width, height;
    uint32_t *pixels;
} Surface;

/** surface_resize - @width and @height up to SURFACE_MAX_SIDE; pixels become black when that
 * changes the size */
void surface_resize(Surface *surface, unsigned width, unsigned height);
void surface_cleanup(Surface *surface);
/** surface_to_ppm - portable pixmap, P6 with 8 bits a colour */
GByteArray *surface_to_ppm(const Surface *surface);
/** surface_to_png - 8 bits a colour, no alpha.  Spec: ISO/IEC 15948 */
GByteArray *surface_to_png(const Surface *surface);

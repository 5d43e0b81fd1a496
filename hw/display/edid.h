/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a monitor tells of itself. Spec: VESA E-EDID Standard, release A2 (EDID 1.4). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { EDID_BYTES = 128, EDID_MAX_PIXELS = 4095 };

/** edid_make - of a screen that prefers @width by @height pixels, up to EDID_MAX_PIXELS each */
void edid_make(uint8_t edid[EDID_BYTES], unsigned width, unsigned height);

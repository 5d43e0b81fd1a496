/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/* What an 8042 in its PC/AT mode makes of a byte of scan code set 2; the release prefix is its own
 * business. */
uint8_t ps2_translate(uint8_t code);

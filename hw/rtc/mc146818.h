/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real-time clock and CMOS memory of PCs ("mc146818rtc"). Unnamed output 0 drives ISA line 8 until
 * the board connects it elsewhere. */
#pragma once

#include "hw/isa/isa.h"

enum { MC146818_BYTES = 128, MC146818_CENTURY = 0x32 };

extern const IsaDeviceClass mc146818_class;

/** mc146818_set_cmos - what firmware finds at @address, 0x0e to 0x7f; kept across resets */
void mc146818_set_cmos(Device *dev, uint8_t address, uint8_t value);
uint8_t mc146818_cmos(Device *dev, uint8_t address);

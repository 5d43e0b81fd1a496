/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 8254 programmable interval timer ("isa-pit"). Unnamed output 0 is that of counter 0; it drives
 * ISA line 0 until the board connects it elsewhere. */
#pragma once

#include "hw/isa/isa.h"

enum { I8254_HZ = 1193182 };

extern const IsaDeviceClass i8254_class;

/** i8254_set_gate - of counter 2; those of the others are tied up */
void i8254_set_gate(Device *dev, bool up);
bool i8254_gate(Device *dev);
/** i8254_output - level of counter 2's output pin now */
bool i8254_output(Device *dev);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floppy disk controller of PCs ("isa-fdc") with two drives. */
#pragma once

#include "hw/isa/isa.h"

enum { FDC_DRIVES = 2 };

extern const IsaDeviceClass fdc_class;

/** fdc_cmos_type - of drive @unit as CMOS byte 10h has it: 0 none, 4 1.44 MB, 5 2.88 MB... */
uint8_t fdc_cmos_type(Device *dev, unsigned unit);

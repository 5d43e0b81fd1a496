/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/scsi/sense.h"

#include <string.h>

void sense_put(uint8_t bytes[SENSE_BYTES], Sense sense)
{
    enum { CURRENT_FIXED = 0x70 };

    memset(bytes, 0, SENSE_BYTES);
    bytes[0] = CURRENT_FIXED;
    bytes[2] = sense.key;
    bytes[7] = SENSE_BYTES - 8;
    bytes[12] = sense.code;
    bytes[13] = sense.qualifier;
}

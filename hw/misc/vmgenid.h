/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "vmgenid": a number that is another one whenever the guest may not be the only one of its past.
 */
#pragma once

#include "hw/core/machine.h"

#define VMGENID_ADDRESS_FILE "etc/vmgenid_addr"
enum { VMGENID_BYTES = 16, VMGENID_GPE = 5 };

/** vmgenid_find - the machine's; NULL: it has none */
Device *vmgenid_find(Machine *machine);
/** vmgenid_bytes - the number as it lies in memory */
void vmgenid_bytes(Device *dev, uint8_t bytes[VMGENID_BYTES]);
/** vmgenid_text - as a UUID; caller frees */
char *vmgenid_text(Device *dev);
/** vmgenid_placed - the board or firmware put it at @address; 0: nowhere */
void vmgenid_placed(Device *dev, hwaddr address);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I/O APIC ("ioapic"): 24 inputs that become messages to local APICs. */
#pragma once

#include "hw/core/device.h"
#include "memory/types.h"

enum { IOAPIC_BASE = 0xfec00000, IOAPIC_PINS = 24 };

extern const DeviceClass ioapic_class;

/**
 * ioapic_set_target - who takes the messages, in the form of MSIs; before the machine runs
 *
 * Without one they are written to memory, as a bridge does.
 */
void ioapic_set_target(Device *dev, void (*send)(void *opaque, hwaddr address, uint32_t data),
                       void *opaque);
/** ioapic_eoi - a processor ended level-triggered interrupt @vector; @opaque is the ioapic's
 * Device. Context: machine lock held */
void ioapic_eoi(void *opaque, uint8_t vector);

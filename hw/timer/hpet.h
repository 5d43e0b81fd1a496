/* SPDX-License-Identifier: GPL-2.0-or-later */
/* High precision event timers ("hpet"). The board connects unnamed output n to I/O APIC input n,
 * and its lines of interval timer and clock to the inputs below: in legacy mode these lines are the
 * HPET's own. Named outputs "legacy": line 0 and line 8 as they go on to the interrupt controller.
 */
#pragma once

#include "hw/core/device.h"

enum { HPET_BASE = 0xfed00000, HPET_INPUTS = 32 };
/* Unnamed inputs and "legacy" outputs */
enum { HPET_LEGACY_PIT, HPET_LEGACY_RTC, HPET_LEGACY_COUNT };

extern const DeviceClass hpet_class;

/** hpet_event_timer_block_id - for the ACPI table: the low half of the capabilities register */
uint32_t hpet_event_timer_block_id(Device *dev);

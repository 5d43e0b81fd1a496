/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "acpi-ged": what a machine of the hardware-reduced kind has instead of PM1 and GPE blocks:
 * events, sleep and reset registers, and a PM timer so that there is a known clock.
 * Regions: 0 event selector, 1 sleep and reset, 2 timer (ports). Line 0 out: events; input
 * "power-button". Spec: ACPI 6.5, 4.8.3.7 and 5.6.9; QEMU docs/specs/acpi_hw_reduced_hotplug.rst.
 */
#pragma once

#include "hw/core/device.h"

enum {
    ACPI_GED_EVENT_BYTES = 4,
    ACPI_GED_SLEEP_CONTROL = 0, /* offsets in region 1 */
    ACPI_GED_SLEEP_STATUS = 1,
    ACPI_GED_RESET = 2,
    ACPI_GED_REGISTER_BYTES = 3,
    ACPI_GED_RESET_VALUE = 0x42,
    ACPI_GED_POWER_BUTTON = 1 << 1, /* in the event selector */
    ACPI_GED_S5 = 5,                /* sleep type */
};

extern const DeviceClass acpi_ged_class;

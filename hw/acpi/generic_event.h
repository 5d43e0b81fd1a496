/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "acpi-ged": generic event device with sleep and reset registers, and the fixed PM1 and timer
 * registers, which kernels want to see before they look for clocks of PCs.
 * Regions: 0 event selector, 1 sleep and reset, 2 ports. Lines out: 0 events, 1 SCI; input
 * "power-button". Spec: ACPI 6.5, 4.8.3 and 5.6.9; QEMU docs/specs/acpi_hw_reduced_hotplug.rst.
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
    ACPI_GED_PORT_BYTES = 16,       /* PM1 events at 0, control at 4, timer at 8 */
    ACPI_GED_GPE_BYTES = 2,
};

extern const DeviceClass acpi_ged_class;

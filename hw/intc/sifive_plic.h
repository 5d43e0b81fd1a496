/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Platform-level interrupt controller: unnamed inputs are the sources (0 unused), unnamed outputs
 * the contexts. */
#pragma once

#include "hw/core/device.h"

enum {
    SIFIVE_PLIC_MAX_SOURCES = 1023,
    SIFIVE_PLIC_MAX_CONTEXTS = 15872,
    SIFIVE_PLIC_MAX_PRIORITY = 7
};

extern const DeviceClass sifive_plic_class;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/irq_info.h"

const Interface irq_info_interface = { "interrupt-controller" };

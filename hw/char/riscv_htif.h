/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host-target interface of bare-metal RISC-V programs. A board may use it without a chardev; it
 * then prints nowhere. */
#pragma once

#include "hw/core/sysbus.h"

extern const DeviceClass riscv_htif_class;

/**
 * riscv_htif_place - put tohost and fromhost (8 bytes each) over what lies at these addresses of
 * the machine's memory
 *
 * Context: device realized. May be called again, at each reset.
 */
void riscv_htif_place(Device *dev, hwaddr tohost, hwaddr fromhost);

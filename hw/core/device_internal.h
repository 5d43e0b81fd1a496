/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between device.c and gpio.c. */
#pragma once

#include "hw/core/device.h"

void device_gpio_init(Device *dev);
void device_gpio_cleanup(Device *dev);

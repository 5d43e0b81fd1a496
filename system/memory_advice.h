/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "system/config.h"

/** memory_advice_give - tell the host what -machine says of guest memory, all of which exists now
 */
void memory_advice_give(const ConfigMachine *config);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "target/debug.h"

extern const CpuDebug riscv_debug;

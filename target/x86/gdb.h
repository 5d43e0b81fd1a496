/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A processor as a debugger sees it. */
#pragma once

#include "target/debug.h"

extern const CpuDebug x86_debug_description;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -object memory-backend-ram, memory-backend-memfd, memory-backend-file. */
#pragma once

#include "memory/ram.h"

/** memory_backend_block - the memory of @backend; NULL if it is no memory backend. Stays the
 * backend's */
RamBlock *memory_backend_block(Object *backend);

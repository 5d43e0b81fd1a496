/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How clients name drives. */
#pragma once

#include "block/backend.h"

/** block_user_name - id of the device that has the drive, or its path; NULL: nobody has it. Caller
 * frees */
char *block_user_name(const BlockBackend *backend);

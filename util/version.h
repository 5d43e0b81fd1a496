/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The release that this program was built from. */
#pragma once

/** version_string - the release number, such as "0.1.0" */
const char *version_string(void);

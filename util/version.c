/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The release that this program was built from. */
#include "util/version.h"

#include "util/version_number.h"

const char *version_string(void)
{
    return VERSION_NUMBER;
}

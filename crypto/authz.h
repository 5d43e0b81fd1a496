/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may connect: -object authz-simple, authz-list-file. */
#pragma once

#include "qom/object.h"

/** authz_allows - the object @id of /objects lets @identity in (a certificate's distinguished name,
 * a user of pre-shared keys); false with error */
bool authz_allows(Object *from, const char *id, const char *identity, GError **errp);

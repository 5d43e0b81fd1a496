/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passwords and keys that stand on no command line: -object secret. */
#pragma once

#include "qom/object.h"

/** secret_lookup - what the secret @id of the same container as @from, or of /objects, holds:
 * zero-terminated, caller frees with secret_free(); NULL with error */
uint8_t *secret_lookup(Object *from, const char *id, size_t *length, GError **errp);
/** secret_free - wipes it first */
void secret_free(uint8_t *bytes, size_t length);
/** crypto_find_object - an object of /objects by id; NULL with error */
Object *crypto_find_object(Object *from, const char *id, const ObjectClass *class, const char *what,
                           GError **errp);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of classes and objects as types and values of the wire. */
#pragma once

#include "qom/property.h"
#include "schema/schema.h"
#include "util/keyval.h"

/** qom_types_value - a property's value as JSON; NULL with error */
JsonNode *qom_types_value(Object *obj, const Property *property, GError **errp);
/** qom_types_default - what it is when not set; NULL when that is nothing */
JsonNode *qom_types_default(const Property *property);
/** qom_types_text - JSON as property_set() takes it; NULL with error for objects and arrays. Caller
 * frees */
char *qom_types_text(const char *name, JsonNode *value, GError **errp);
/** qom_types_set - set every member of @values but those in @skip (NULL-terminated) */
bool qom_types_set(Object *obj, JsonObject *values, const char *const *skip, GError **errp);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the object life cycle and the tree need of properties. */
#pragma once

#include "qom/property.h"

void property_set_defaults(Object *obj);
/** property_free_values - strings and references held by links */
void property_free_values(Object *obj);
/** property_link_value - what link @name of @obj points to; NULL when there is no such link or it
 * is empty */
Object *property_link_value(Object *obj, const char *name);

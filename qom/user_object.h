/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that people make with -object: back ends that devices are given by id. */
#pragma once

#include "qom/property.h"

typedef struct {
    ObjectClass object;
    const char *summary;
    /* all properties were set: acquire what the object stands for */
    bool (*complete)(Object *obj, GError **errp);
} UserObjectClass;

extern const UserObjectClass user_object_class;

/**
 * user_object_complete - run the complete() methods of @obj's class, then freeze its properties
 *
 * On failure the object is as good as never made: the caller drops it.
 */
bool user_object_complete(Object *obj, GError **errp);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root of a composition tree, with values that objects of a class get when they join it. */
#pragma once

#include "qom/object.h"

extern const ObjectClass object_root_class;

/**
 * object_root_add_global - give property @name of every @class_name that joins the tree of @root
 * from now on the value @text
 *
 * It takes the place of the default: who sets the property afterwards wins. Of several such values
 * the last one holds. A class that does not exist is nobody's mistake: a configuration may be
 * written for several machines. Fails when the class has no such property.
 */
bool object_root_add_global(Object *root, const char *class_name, const char *name,
                            const char *text, GError **errp);
/** object_root_apply_globals - @obj and what is below it has joined the tree that it is in; without
 * @errp, object_root_check() will tell what was refused */
bool object_root_apply_globals(Object *obj, GError **errp);
/** object_root_check - no value was refused by an object whose maker could not be told */
bool object_root_check(Object *root, GError **errp);

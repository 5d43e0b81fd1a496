/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that people make with -object. */
#include "qom/user_object.h"

const UserObjectClass user_object_class = {
    .object = { .name = "user-creatable", .abstract = true, .instance_size = sizeof(Object) },
};
CLASS_REGISTER(user_object_class);

bool user_object_complete(Object *obj, GError **errp)
{
    bool (*complete)(Object *, GError **) =
        CLASS_METHOD(obj, user_object_class, UserObjectClass, complete);

    if (complete && !complete(obj, errp)) {
        return false;
    }
    obj->frozen = true;
    return true;
}

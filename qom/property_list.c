/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several properties at once, as "key=value" lists set them. */
#include <string.h>

#include "qom/property.h"

bool property_set_all(Object *obj, const Keyval *keys, const char *const *skip, GError **errp)
{
    for (unsigned i = 0; i < keyval_count(keys); i++) {
        const KeyvalEntry *entry = keyval_entry(keys, i);
        const char *key = entry->key, *value = entry->value ? entry->value : "on";
        if (skip && g_strv_contains(skip, key)) {
            continue;
        }
        if (!entry->value && g_str_has_prefix(key, "no") && !property_find(obj->class, key) &&
            property_find(obj->class, key + 2)) {
            key += 2;
            value = "off";
        }
        if (!property_set(obj, key, value, errp)) {
            return false;
        }
    }
    return true;
}

bool property_set_list(Object *obj, const char *text, GError **errp)
{
    g_autoptr(Keyval) keys = text ? keyval_parse(text, NULL, errp) : keyval_new();

    return keys && property_set_all(obj, keys, NULL, errp);
}

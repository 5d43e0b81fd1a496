/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/screen.h"

const Interface screen_interface = { "screen" };

Object *screen_find(Object *root)
{
    if (object_interface(root, &screen_interface)) {
        return root;
    }
    for (guint i = 0; root->children && i < root->children->len; i++) {
        Object *found = screen_find(g_ptr_array_index(root->children, i));
        if (found) {
            return found;
        }
    }
    return NULL;
}

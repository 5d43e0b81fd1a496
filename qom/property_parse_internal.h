/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between text and the numbers that properties hold. */
#pragma once

#include "qom/property.h"

/** property_parse_number - @text as a value of a bool, integer, size or enum property, in range */
bool property_parse_number(Object *obj, const Property *property, const char *text, uint64_t *value,
                           GError **errp);
/** property_format_number - the text that property_parse_number() takes; caller frees */
char *property_format_number(const Property *property, uint64_t value);

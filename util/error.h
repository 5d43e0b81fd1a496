/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors travel as GError; the codes of our one domain are the QMP error classes. */
#pragma once

#include <glib.h>

#define RHEA_ERROR (error_quark())

typedef enum {
    ERROR_GENERIC,
    ERROR_COMMAND_NOT_FOUND,
    ERROR_DEVICE_NOT_FOUND,
    ERROR_DEVICE_NOT_ACTIVE,
    ERROR_KVM_MISSING_CAP,
} ErrorClass;

GQuark error_quark(void);

/** error_set - store a new error of class ERROR_GENERIC; lower case, no full stop, names the object
 * and value */
void error_set(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** error_set_class - like error_set() with an explicit QMP class */
void error_set_class(GError **errp, ErrorClass class, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** error_set_errno - like error_set(), then ": " and the text of @err (a positive errno value) */
void error_set_errno(GError **errp, int err, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** error_prefix - put text in front of the message of *@errp; nothing when errp or *errp is NULL */
void error_prefix(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

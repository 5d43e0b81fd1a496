/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors travel as GError; the codes of our one domain are the QMP error classes. */
#include "util/error.h"

G_DEFINE_QUARK(rhea - error, error)

void error_set(GError **errp, const char *format, ...)
{
    va_list args;

    if (!errp) {
        return;
    }
    va_start(args, format);
    g_propagate_error(errp, g_error_new_valist(RHEA_ERROR, ERROR_GENERIC, format, args));
    va_end(args);
}

void error_set_class(GError **errp, ErrorClass class, const char *format, ...)
{
    va_list args;

    if (!errp) {
        return;
    }
    va_start(args, format);
    g_propagate_error(errp, g_error_new_valist(RHEA_ERROR, (int)class, format, args));
    va_end(args);
}

void error_set_errno(GError **errp, int err, const char *format, ...)
{
    va_list args;

    if (!errp) {
        return;
    }
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(errp, RHEA_ERROR, ERROR_GENERIC, "%s: %s", text, g_strerror(err));
}

void error_prefix(GError **errp, const char *format, ...)
{
    va_list args;

    if (!errp || !*errp) {
        return;
    }
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_prefix_error(errp, "%s", text);
}

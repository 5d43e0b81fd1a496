/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that writes to the user. A process has one stderr, so the format is the process's
 * too. */
#include "system/message.h"

#include <stdio.h>

static struct {
    const char *program;
    bool timestamp, guest_name;
    char *guest;
} format = { .program = "rhea" };

void message_set_program(const char *program)
{
    format.program = program;
}

void message_set_format(bool timestamp, bool guest_name)
{
    format.timestamp = timestamp;
    format.guest_name = guest_name;
}

void message_set_guest(const char *name)
{
    g_free(format.guest);
    format.guest = g_strdup(name);
}

/* Whatever a file name or a guest put into the text, it stays one line. */
static void append_clean(GString *line, const char *text)
{
    for (; *text; text++) {
        g_string_append_c(line, (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
    }
}

void message_error(const GError *error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    if (format.timestamp) {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autofree char *text = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
        g_string_append_printf(line, "%s ", text);
    }
    if (format.guest_name && format.guest) {
        g_string_append_printf(line, "%s ", format.guest);
    }
    g_string_append_printf(line, "%s: ", format.program);
    append_clean(line, error->message);
    g_string_append_c(line, '\n');
    fflush(stdout);
    fputs(line->str, stderr);
}

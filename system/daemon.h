/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going to the background, and the file that says which process did. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/**
 * daemon_fork - continue in a background process; the foreground one waits for daemon_ready()
 *
 * Returns in the background process only. The foreground one exits with status 0 once that is
 * ready, or 1 when it ended before. Context: no threads yet.
 */
bool daemon_fork(GError **errp);
/** daemon_ready - let go of terminal and working folder, and let the foreground process exit */
bool daemon_ready(GError **errp);

/** daemon_write_pidfile - create and lock @path; fails while another process holds it */
bool daemon_write_pidfile(const char *path, GError **errp);

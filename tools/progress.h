/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a long command is: a bar on a terminal, lines of text or of JSON for other programs. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { PROGRESS_NONE, PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_JSON } ProgressKind;

typedef struct {
    ProgressKind kind;
    uint64_t done, total; /* bytes */
    int64_t started_us, printed_us;
} Progress;

/**
 * progress_start - begin to report
 * @how: "plain", "json", "none", or NULL: a bar if standard error is a terminal
 * @wanted: -p was given: lines of text even if it is none
 */
bool progress_start(Progress *progress, const char *how, bool wanted, GError **errp);
/** progress_add - @bytes more are done; prints a few times a second at most */
void progress_add(Progress *progress, uint64_t bytes);
void progress_end(Progress *progress);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Editing of one line over a character stream, with history, search and completion. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct LineEdit LineEdit;

typedef struct {
    void (*write)(void *opaque, const char *text); /* to the terminal; lines end in "\n" */
    /* words that could stand at the end of @start (which ends at the cursor); the result owns its
     * strings. @*offset: where the word begins within @start */
    GPtrArray *(*complete)(void *opaque, const char *start, size_t *offset);
} LineEditOps;

enum { LINE_EDIT_MAX_BYTES = 4095 };

LineEdit *line_edit_new(const char *prompt, const LineEditOps *ops, void *opaque);
void line_edit_free(LineEdit *edit);
/** line_edit_show - prompt and what was typed so far, on a fresh line */
void line_edit_show(LineEdit *edit);
/** line_edit_reset - forget what was typed; the history stays */
void line_edit_reset(LineEdit *edit);
/**
 * line_edit_key - take in one byte from the terminal
 *
 * Returns the line when that ended it (caller frees), else NULL.
 */
char *line_edit_key(LineEdit *edit, char key);

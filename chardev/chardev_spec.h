/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices as written on the command line. */
#pragma once

#include "chardev/mux.h"
#include "util/keyval.h"

/* Short forms that stand for no back end of their own. */
typedef enum {
    CHARDEV_SPEC_BACKEND,  /* described by the returned keys */
    CHARDEV_SPEC_NONE,     /* "none" */
    CHARDEV_SPEC_EXISTING, /* "chardev:ID": the returned keys hold "id" only */
} ChardevSpecKind;

/**
 * chardev_spec_parse - "stdio", "mon:stdio", "file:PATH", "tcp:HOST:PORT,server,nowait"... as
 * -serial takes them
 * @label: id of the back end that is going to be made
 * @kind:  out: what the text means
 *
 * The result is what the long form, -chardev BACKEND,id=ID,..., would be parsed to.
 */
Keyval *chardev_spec_parse(const char *text, const char *label, ChardevSpecKind *kind,
                           GError **errp);

/**
 * chardev_spec_create - open the back end that @keys describe
 * @keys: "backend", "id" (required), "mux", and properties of the back end; consumed
 * @ops:  for a mux
 *
 * With mux=on the result is a mux called ID over a back end called ID-base.
 */
Chardev *chardev_spec_create(Object *parent, Keyval *keys, const ChardevMuxOps *ops,
                             void *ops_opaque, GError **errp);

/** chardev_spec_help - the lines of "-chardev help"; caller frees */
char *chardev_spec_help(void);

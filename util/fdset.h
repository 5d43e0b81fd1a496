/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of descriptors that somebody else opened and passed on (-add-fd, add-fd): wherever a file is
 * named, "/dev/fdset/N" means the one of set N that was opened as it is needed. Any thread.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { FDSET_NEW = -1 };

/** fdset_add - take over @fd; @set: its number, or FDSET_NEW. Returns the set's number; -1 with
 * error, and @fd is still the caller's */
int64_t fdset_add(int64_t set, int fd, const char *opaque, GError **errp);
/** fdset_remove - close @fd (-1: all) of a set; what was opened from it stays open */
bool fdset_remove(int64_t set, int fd, GError **errp);
/** fdset_foreach - each descriptor, by set and in the order added */
void fdset_foreach(void (*fn)(int64_t set, int fd, const char *opaque, void *data), void *data);
/** fdset_check - @fd is open, and not one of a set already */
bool fdset_check(int fd, GError **errp);

/** fdset_open - open(), which also knows /dev/fdset/N: -1 and errno ENOENT when there is no such
 * set, EACCES when none of it was opened in this way */
int fdset_open(const char *path, int flags, unsigned mode);
/** fdset_fopen - fopen() likewise; @mode is "r", "w" or "a" */
FILE *fdset_fopen(const char *path, const char *mode);
/** fdset_write_file - make or empty the file and write all of @bytes */
bool fdset_write_file(const char *path, const void *bytes, size_t length, GError **errp);
/** fdset_read_file - g_file_get_contents() likewise */
bool fdset_read_file(const char *path, char **contents, size_t *length, GError **errp);

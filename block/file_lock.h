/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks that keep two programs from using one image in ways that do not go together. One byte of
 * the file stands for each permission: at 100 + n, locked by who does it, and at 200 + n, locked by
 * who does not share it. QEMU uses the same bytes, so that it and Rhea respect each other.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int fd;
    uint32_t perm;     /* locked at 100 + n */
    uint32_t unshared; /* locked at 200 + n */
} FileLock;

/**
 * file_lock_set - hold exactly the locks for @perm and @unshared (bit masks of BlockPerm)
 *
 * On failure nothing has changed, and the error names the process that holds what conflicts.
 */
bool file_lock_set(FileLock *lock, const char *filename, uint32_t perm, uint32_t unshared,
                   GError **errp);
/** file_lock_works - whether the file system has such locks */
bool file_lock_works(int fd);

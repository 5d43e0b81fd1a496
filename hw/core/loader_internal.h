/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loaders share: files with checked reads, and ranges of RAM with checked claims. */
#pragma once

#include "hw/core/loader.h"

typedef struct {
    int fd;
    uint64_t bytes;
    const char *role, *path;
} LoaderFile;

/** loader_open - open a regular file; close with loader_close(), which accepts a failed one too */
bool loader_open(LoaderFile *file, const char *role, const char *path, GError **errp);
void loader_close(LoaderFile *file);
/** loader_error - "could not load ROLE 'PATH': ..." */
void loader_error(const LoaderFile *file, GError **errp, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/** loader_read - exactly @length bytes at @offset; a file that is too short is an error */
bool loader_read(LoaderFile *file, uint64_t offset, void *buffer, size_t length, GError **errp);
/** loader_claim - reserve guest memory: inside RAM and touching nothing claimed before */
bool loader_claim(Loader *loader, const LoaderFile *file, hwaddr start, uint64_t bytes,
                  GError **errp);
/** loader_copy - file contents straight into claimed guest RAM */
bool loader_copy(Loader *loader, LoaderFile *file, uint64_t offset, uint64_t length, hwaddr address,
                 GError **errp);
/** loader_room - bytes of RAM from @address up to the end or to what was claimed before; 0 when
 * none */
uint64_t loader_room(const Loader *loader, hwaddr address);
bool loader_elf(Loader *loader, LoaderFile *file, LoadedImage *image, GError **errp);

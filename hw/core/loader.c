/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/core/loader_internal.h"
#include "util/error.h"
#include "util/fdset.h"

typedef struct {
    hwaddr start, end;
    char *role;
} LoaderRange;

static void range_clear(void *range)
{
    g_free(((LoaderRange *)range)->role);
}

void loader_init(Loader *loader, AddressSpace *memory, hwaddr ram_start, uint64_t ram_bytes)
{
    *loader =
        (Loader){ .memory = memory, .ram_start = ram_start, .ram_end = ram_start + ram_bytes };
    loader->ranges = g_array_new(false, false, sizeof(LoaderRange));
    g_array_set_clear_func(loader->ranges, range_clear);
}

void loader_cleanup(Loader *loader)
{
    g_clear_pointer(&loader->ranges, g_array_unref);
}

void loader_error(const LoaderFile *file, GError **errp, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    error_set(errp, "could not load %s '%s': %s", file->role, file->path, text);
}

/* O_NONBLOCK: a FIFO must not hold us up before we can refuse it. */
bool loader_open(LoaderFile *file, const char *role, const char *path, GError **errp)
{
    struct stat status;
    *file = (LoaderFile){ .role = role, .path = path };
    file->fd = fdset_open(path, O_RDONLY | O_NONBLOCK, 0);
    if (file->fd < 0 || fstat(file->fd, &status) < 0) {
        loader_error(file, errp, "%s", g_strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        loader_error(file, errp, "it is a directory");
    } else if (!S_ISREG(status.st_mode)) {
        loader_error(file, errp, "it is not a regular file");
    } else if (status.st_size == 0) {
        loader_error(file, errp, "the file is empty");
    } else {
        file->bytes = status.st_size;
        return true;
    }
    loader_close(file);
    return false;
}

void loader_close(LoaderFile *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    file->fd = -1;
}

bool loader_read(LoaderFile *file, uint64_t offset, void *buffer, size_t length, GError **errp)
{
    if (offset > file->bytes || length > file->bytes - offset) {
        loader_error(file, errp,
                     "the file is truncated (%" PRIu64 " bytes, contents up to %" PRIu64 ")",
                     file->bytes, offset + length);
        return false;
    }
    for (size_t done = 0; done < length;) {
        ssize_t got = pread(file->fd, (char *)buffer + done, length - done, offset + done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            loader_error(file, errp, "%s",
                         got < 0 ? g_strerror(errno) : "the file shrank while it was read");
            return false;
        }
        done += got;
    }
    return true;
}

uint64_t loader_room(const Loader *loader, hwaddr address)
{
    if (address < loader->ram_start || address >= loader->ram_end) {
        return 0;
    }
    hwaddr end = loader->ram_end;
    for (guint i = 0; i < loader->ranges->len; i++) {
        const LoaderRange *range = &g_array_index(loader->ranges, LoaderRange, i);
        if (range->end > address) {
            end = MIN(end, MAX(range->start, address));
        }
    }
    return end - address;
}

bool loader_claim(Loader *loader, const LoaderFile *file, hwaddr start, uint64_t bytes,
                  GError **errp)
{
    if (start < loader->ram_start || start > loader->ram_end || bytes > loader->ram_end - start) {
        loader_error(file, errp,
                     "%" PRIu64 " bytes at %#" PRIx64 " do not fit in RAM (%#" PRIx64
                     " to %#" PRIx64 "); more memory may help (-m)",
                     bytes, start, loader->ram_start, loader->ram_end - 1);
        return false;
    }
    for (guint i = 0; i < loader->ranges->len; i++) {
        const LoaderRange *range = &g_array_index(loader->ranges, LoaderRange, i);
        if (start < range->end && range->start < start + bytes) {
            loader_error(file, errp,
                         "%#" PRIx64 " to %#" PRIx64 " overlaps the %s at %#" PRIx64
                         " to %#" PRIx64,
                         start, start + bytes - 1, range->role, range->start, range->end - 1);
            return false;
        }
    }
    if (bytes) {
        LoaderRange range = { start, start + bytes, g_strdup(file->role) };
        g_array_append_val(loader->ranges, range);
    }
    return true;
}

bool loader_copy(Loader *loader, LoaderFile *file, uint64_t offset, uint64_t length, hwaddr address,
                 GError **errp)
{
    while (length) {
        uint64_t part = length;
        uint8_t *host = address_space_map(loader->memory, address, &part, true, (MemTxAttrs){});
        if (!host) {
            loader_error(file, errp, "there is no RAM at %#" PRIx64, address);
            return false;
        }
        part = MIN(part, length);
        bool read = loader_read(file, offset, host, part, errp);
        address_space_unmap(loader->memory, host, part, true, part);
        if (!read) {
            return false;
        }
        offset += part;
        address += part;
        length -= part;
    }
    return true;
}

bool loader_load_raw(Loader *loader, const char *role, const char *path, hwaddr address,
                     LoadedImage *image, GError **errp)
{
    LoaderFile file;
    if (!loader_open(&file, role, path, errp)) {
        return false;
    }
    *image = (LoadedImage){ .start = address, .end = address + file.bytes, .entry = address };
    bool loaded = loader_claim(loader, &file, address, file.bytes, errp) &&
                  loader_copy(loader, &file, 0, file.bytes, address, errp);
    loader_close(&file);
    return loaded;
}

bool loader_load_part(Loader *loader, const char *role, const char *path, const LoaderPart *part,
                      hwaddr address, GError **errp)
{
    LoaderFile file;
    if (!loader_open(&file, role, path, errp)) {
        return false;
    }
    bool loaded = loader_claim(loader, &file, address, part->memory_bytes, errp) &&
                  loader_copy(loader, &file, part->offset, part->bytes, address, errp);
    loader_close(&file);
    return loaded;
}

bool loader_load_bytes(Loader *loader, const char *role, const void *bytes, size_t length,
                       hwaddr address, GError **errp)
{
    LoaderFile file = { .fd = -1, .role = role, .path = "built in" };
    bool in_ram = address >= loader->ram_start && address < loader->ram_end;
    if (in_ram && !loader_claim(loader, &file, address, length, errp)) {
        return false;
    }
    MemTxAttrs attrs = { .debug = 1 }; /* ROM too */
    if (address_space_write(loader->memory, address, bytes, length, attrs) != MEMTX_OK) {
        loader_error(&file, errp, "there is no memory at %#" PRIx64, address);
        return false;
    }
    return true;
}

bool loader_file_bytes(const char *role, const char *path, uint64_t *bytes, GError **errp)
{
    LoaderFile file;
    if (!loader_open(&file, role, path, errp)) {
        return false;
    }
    *bytes = file.bytes;
    loader_close(&file);
    return true;
}

bool loader_read_head(const char *role, const char *path, void *head, size_t max, size_t *length,
                      GError **errp)
{
    LoaderFile file;
    if (!loader_open(&file, role, path, errp)) {
        return false;
    }
    *length = MIN(max, file.bytes);
    bool done = loader_read(&file, 0, head, *length, errp);
    loader_close(&file);
    return done;
}

void *loader_read_file(const char *role, const char *path, uint64_t max, size_t *length,
                       GError **errp)
{
    LoaderFile file;
    g_autofree void *contents = NULL;
    if (!loader_open(&file, role, path, errp)) {
        return NULL;
    }
    if (file.bytes > max) {
        loader_error(&file, errp,
                     "%" PRIu64 " bytes are more than the %" PRIu64 " that are allowed", file.bytes,
                     max);
    } else {
        contents = g_malloc(file.bytes);
        *length = file.bytes;
        if (!loader_read(&file, 0, contents, file.bytes, errp)) {
            g_clear_pointer(&contents, g_free);
        }
    }
    loader_close(&file);
    return g_steal_pointer(&contents);
}

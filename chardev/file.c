/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output into a file. */
#include <errno.h>
#include <fcntl.h>

#include "chardev/fd_stream.h"
#include "util/error.h"
#include "util/fdset.h"
#include "util/log.h"

typedef struct {
    Chardev chardev;
    FdStream stream;
    char *path;  /* property */
    bool append; /* property */
} FileChardev;

static void file_ended(Chardev *chardev, int err)
{
    log_printf(0, "chardev '%s': %s; its output goes nowhere from here on\n", chardev->label,
               g_strerror(err));
    chardev_set_connected(chardev, false);
}

static bool file_open(Chardev *chardev, GError **errp)
{
    FileChardev *file = container_of(chardev, FileChardev, chardev);
    if (!file->path) {
        error_set(errp, "chardev '%s': path= is missing", chardev->label);
        return false;
    }
    int flags = O_WRONLY | O_CREAT | (file->append ? O_APPEND : O_TRUNC);
    int fd = fdset_open(file->path, flags, 0666);
    if (fd < 0) {
        error_set_errno(errp, errno, "chardev '%s': '%s' cannot be opened", chardev->label,
                        file->path);
        return false;
    }
    fd_stream_open(&file->stream, -1, fd);
    chardev_set_connected(chardev, true);
    return true;
}

static void file_close(Chardev *chardev)
{
    fd_stream_close(&container_of(chardev, FileChardev, chardev)->stream);
}

static size_t file_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    return fd_stream_write(&container_of(chardev, FileChardev, chardev)->stream, bytes, length);
}

static void file_init(Object *obj)
{
    FileChardev *file = container_of(obj, FileChardev, chardev.object);
    fd_stream_init(&file->stream, &file->chardev, file_ended);
}

static const Property file_properties[] = {
    PROPERTY_STRING("path", FileChardev, path, NULL, .help = "file to write"),
    PROPERTY_BOOL("append", FileChardev, append, false,
                  .help = "add to the file instead of emptying it"),
    {},
};

static const ChardevClass chardev_file_class = {
    .object = { .name = "chardev-file",
                .parent = &chardev_class.object,
                .instance_size = sizeof(FileChardev),
                .properties = file_properties,
                .init = file_init },
    .summary = "output into a file",
    .open = file_open,
    .close = file_close,
    .write = file_write,
};
CLASS_REGISTER(chardev_file_class);

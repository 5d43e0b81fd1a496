/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named pipes: PATH.in and PATH.out if they exist, else one PATH for both directions. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "chardev/fd_stream.h"
#include "util/error.h"

typedef struct {
    Chardev chardev;
    FdStream stream;
    char *path; /* property */
} PipeChardev;

static void pipe_ended(Chardev *chardev, int err)
{
    chardev_set_connected(chardev, false);
}

/* Open for both directions, so that it neither waits for a peer nor ends when one goes. */
static int open_end(const char *path)
{
    return open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool pipe_open(Chardev *chardev, GError **errp)
{
    PipeChardev *pipe = container_of(chardev, PipeChardev, chardev);
    if (!pipe->path) {
        error_set(errp, "chardev '%s': path= is missing", chardev->label);
        return false;
    }
    g_autofree char *in_path = g_strconcat(pipe->path, ".in", NULL);
    g_autofree char *out_path = g_strconcat(pipe->path, ".out", NULL);
    int in = open_end(in_path), out = open_end(out_path);
    if (in < 0 || out < 0) {
        if (in >= 0) {
            close(in);
        }
        if (out >= 0) {
            close(out);
        }
        in = out = open_end(pipe->path);
    }
    if (in < 0) {
        error_set_errno(errp, errno, "chardev '%s': pipe '%s' cannot be opened", chardev->label,
                        pipe->path);
        return false;
    }
    fd_stream_open(&pipe->stream, in, out);
    chardev_set_connected(chardev, true);
    return true;
}

static void pipe_close(Chardev *chardev)
{
    fd_stream_close(&container_of(chardev, PipeChardev, chardev)->stream);
}

static size_t pipe_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    return fd_stream_write(&container_of(chardev, PipeChardev, chardev)->stream, bytes, length);
}

static void pipe_accept_input(Chardev *chardev)
{
    fd_stream_accept_input(&container_of(chardev, PipeChardev, chardev)->stream);
}

static void pipe_init(Object *obj)
{
    PipeChardev *pipe = container_of(obj, PipeChardev, chardev.object);
    fd_stream_init(&pipe->stream, &pipe->chardev, pipe_ended);
}

static const Property pipe_properties[] = {
    PROPERTY_STRING("path", PipeChardev, path, NULL,
                    .help = "the pipe, or what .in and .out are added to"),
    {},
};

static const ChardevClass chardev_pipe_class = {
    .object = { .name = "chardev-pipe",
                .parent = &chardev_class.object,
                .instance_size = sizeof(PipeChardev),
                .properties = pipe_properties,
                .init = pipe_init },
    .summary = "named pipes",
    .open = pipe_open,
    .close = pipe_close,
    .write = pipe_write,
    .accept_input = pipe_accept_input,
};
CLASS_REGISTER(chardev_pipe_class);

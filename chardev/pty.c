/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pseudo terminal that other programs open.
 *
 * Its master side reports a hang-up, without pause, while nobody has the slave side open; inotify
 * tells when somebody opens it again, so that an idle line costs nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/fd_stream.h"
#include "util/error.h"

enum { PATH_BYTES = 128, POLL_MS = 500 };

typedef struct {
    Chardev chardev;
    FdStream stream;
    int master;      /* -1: closed. Belongs to the stream while somebody is connected */
    int inotify;     /* -1: none to be had, the slave is looked at now and then */
    GSource *opened; /* watches inotify, or the clock */
    char slave[PATH_BYTES];
} PtyChardev;

static bool somebody_there(const PtyChardev *pty)
{
    struct pollfd fd = { .fd = pty->master, .events = POLLIN };
    return poll(&fd, 1, 0) >= 0 && !(fd.revents & POLLHUP);
}

static void connect_slave(PtyChardev *pty)
{
    if (!pty->chardev.connected && somebody_there(pty)) {
        fd_stream_open(&pty->stream, dup(pty->master), dup(pty->master));
        chardev_set_connected(&pty->chardev, true);
        fd_stream_accept_input(&pty->stream);
    }
}

static void pty_ended(Chardev *chardev, int err)
{
    PtyChardev *pty = container_of(chardev, PtyChardev, chardev);
    fd_stream_close(&pty->stream);
    chardev_set_connected(chardev, false);
}

static gboolean on_inotify(int fd, GIOCondition condition, gpointer opaque)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    while (read(fd, events, sizeof(events)) > 0) {
        /* what happened is asked of the terminal itself */
    }
    connect_slave(opaque);
    return G_SOURCE_CONTINUE;
}

static gboolean on_clock(gpointer opaque)
{
    connect_slave(opaque);
    return G_SOURCE_CONTINUE;
}

static void watch_slave(PtyChardev *pty)
{
    pty->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (pty->inotify >= 0 && inotify_add_watch(pty->inotify, pty->slave, IN_OPEN) < 0) {
        close(pty->inotify);
        pty->inotify = -1;
    }
    if (pty->inotify >= 0) {
        pty->opened = g_unix_fd_source_new(pty->inotify, G_IO_IN);
        g_source_set_callback(pty->opened, G_SOURCE_FUNC(on_inotify), pty, NULL);
    } else {
        pty->opened = g_timeout_source_new(POLL_MS);
        g_source_set_callback(pty->opened, on_clock, pty, NULL);
    }
    g_source_attach(pty->opened, NULL);
}

/* No echo and no line editing, whoever opens it first; closing it leaves the hang-up that means
 * "nobody". */
static bool make_raw(const char *slave)
{
    struct termios modes;
    int fd = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
    bool ok = fd >= 0 && tcgetattr(fd, &modes) == 0;
    if (ok) {
        cfmakeraw(&modes);
        ok = tcsetattr(fd, TCSANOW, &modes) == 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool pty_open(Chardev *chardev, GError **errp)
{
    PtyChardev *pty = container_of(chardev, PtyChardev, chardev);
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty->master < 0 || grantpt(pty->master) < 0 || unlockpt(pty->master) < 0 ||
        ptsname_r(pty->master, pty->slave, sizeof(pty->slave)) != 0 || !make_raw(pty->slave)) {
        error_set_errno(errp, errno, "chardev '%s': no pseudo terminal to be had", chardev->label);
        return false;
    }
    watch_slave(pty);
    return true;
}

static void pty_close(Chardev *chardev)
{
    PtyChardev *pty = container_of(chardev, PtyChardev, chardev);
    fd_stream_close(&pty->stream);
    if (pty->opened) {
        g_source_destroy(pty->opened);
        g_clear_pointer(&pty->opened, g_source_unref);
    }
    if (pty->inotify >= 0) {
        close(pty->inotify);
        pty->inotify = -1;
    }
    if (pty->master >= 0) {
        close(pty->master);
        pty->master = -1;
    }
}

static size_t pty_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    return fd_stream_write(&container_of(chardev, PtyChardev, chardev)->stream, bytes, length);
}

static void pty_accept_input(Chardev *chardev)
{
    fd_stream_accept_input(&container_of(chardev, PtyChardev, chardev)->stream);
}

static char *pty_describe(Chardev *chardev)
{
    return g_strconcat("pty:", container_of(chardev, PtyChardev, chardev)->slave, NULL);
}

static void pty_init(Object *obj)
{
    PtyChardev *pty = container_of(obj, PtyChardev, chardev.object);
    pty->master = pty->inotify = -1;
    fd_stream_init(&pty->stream, &pty->chardev, pty_ended);
}

static const ChardevClass chardev_pty_class = {
    .object = { .name = "chardev-pty",
                .parent = &chardev_class.object,
                .instance_size = sizeof(PtyChardev),
                .init = pty_init },
    .summary = "a new pseudo terminal, whose name is printed",
    .open = pty_open,
    .close = pty_close,
    .write = pty_write,
    .accept_input = pty_accept_input,
    .describe = pty_describe,
};
CLASS_REGISTER(chardev_pty_class);

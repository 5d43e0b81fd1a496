/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part that back ends over file descriptors share. */
#include "chardev/fd_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"

enum {
    READ_BYTES = 4096,
    MAX_PASSED_FDS = 16, /* that wait to be taken; further ones are closed */
    POLLED_WRITE_BYTES =
        256, /* what a terminal or pipe that polls writable takes without blocking */
};

void fd_stream_init(FdStream *stream, Chardev *chardev, void (*ended)(Chardev *chardev, int err))
{
    *stream = (FdStream){ .chardev = chardev, .ended = ended, .in = -1, .out = -1 };
}

static void drop_watch(GSource **watch)
{
    if (*watch) {
        g_source_destroy(*watch);
        g_source_unref(*watch);
        *watch = NULL;
    }
}

static GSource *add_watch(int fd, GIOCondition condition, GUnixFDSourceFunc fn, FdStream *stream)
{
    GSource *watch = g_unix_fd_source_new(fd, condition);
    g_source_set_callback(watch, G_SOURCE_FUNC(fn), stream, NULL);
    g_source_attach(watch, NULL);
    return watch;
}

static void end(FdStream *stream, int err)
{
    drop_watch(&stream->in_watch);
    if (err) {
        drop_watch(&stream->out_watch);
    }
    stream->ended(stream->chardev, err);
}

static void keep_fds(FdStream *stream, struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const uint8_t *at = CMSG_DATA(part), *end_of_part = (uint8_t *)part + part->cmsg_len;
        for (int fd; at + sizeof(fd) <= end_of_part; at += sizeof(fd)) {
            memcpy(&fd, at, sizeof(fd));
            if (stream->passed->len < MAX_PASSED_FDS) {
                g_array_append_val(stream->passed, fd);
            } else {
                close(fd);
            }
        }
    }
}

/* read(), which also takes descriptors that are sent along. */
static ssize_t read_some(FdStream *stream, int fd, uint8_t *bytes, size_t length)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(MAX_PASSED_FDS * sizeof(int))];
    struct iovec part = { bytes, length };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    if (!stream->passed) {
        return read(fd, bytes, length);
    }
    ssize_t done = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (done >= 0) {
        keep_fds(stream, &message);
    }
    return done;
}

static ssize_t write_some(FdStream *stream, const uint8_t *bytes, size_t length)
{
    struct pollfd poll_fd = { .fd = stream->out, .events = POLLOUT };
    switch (stream->out_mode) {
    case FD_STREAM_SOCKET: return send(stream->out, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    case FD_STREAM_POLLED:
        if (poll(&poll_fd, 1, 0) <= 0) {
            errno = EAGAIN;
            return -1;
        }
        return write(stream->out, bytes, MIN(length, POLLED_WRITE_BYTES));
    case FD_STREAM_NONBLOCKING: break;
    }
    return write(stream->out, bytes, length);
}

static gboolean on_writable(int fd, GIOCondition condition, gpointer opaque);

static size_t write_plain(FdStream *stream, const uint8_t *bytes, size_t length)
{
    size_t total = 0;
    while (total < length) {
        ssize_t done = write_some(stream, bytes + total, length - total);
        if (done > 0) {
            total += done;
        } else if (done < 0 && errno == EINTR) {
            continue;
        } else if (done < 0 && errno != EAGAIN) {
            end(stream, errno);
            return total;
        } else {
            break;
        }
    }
    if (total < length && !stream->out_watch) {
        stream->out_watch = add_watch(stream->out, G_IO_OUT, on_writable, stream);
    }
    return total;
}

/* What the codecs made goes to the host; true: all of it has. The stream may have ended. */
static bool flush_wire(FdStream *stream)
{
    CodecStack *codecs = stream->codecs;
    size_t done = 0;

    if (!codecs) {
        return true;
    }
    if (codecs->wire->len) {
        g_autofree uint8_t *bytes = g_memdup2(codecs->wire->data, codecs->wire->len);
        done = write_plain(stream, bytes, codecs->wire->len);
    }
    if (stream->codecs != codecs) {
        return true; /* the peer has gone, and they with it */
    }
    if (done) {
        g_byte_array_remove_range(codecs->wire, 0, done);
    }
    return codecs->wire->len == 0;
}

/* False: the front end does not take all of it now. */
static bool deliver_payload(FdStream *stream)
{
    while (stream->codecs && stream->codecs->payload->len) {
        GByteArray *payload = stream->codecs->payload;
        size_t length = MIN(payload->len, chardev_can_receive(stream->chardev));
        if (!length) {
            return false;
        }
        g_autofree uint8_t *bytes = g_memdup2(payload->data, length);
        g_byte_array_remove_range(payload, 0, length);
        chardev_receive(stream->chardev, bytes, length); /* may end it all */
    }
    return true;
}

static void decode(FdStream *stream, const uint8_t *bytes, size_t length)
{
    g_autoptr(GError) error = NULL;
    bool was_ready = codec_stack_is_ready(stream->codecs);
    bool goes_on = codec_stack_receive(stream->codecs, bytes, length, &error);

    flush_wire(stream);
    if (stream->codecs && !was_ready && codec_stack_is_ready(stream->codecs)) {
        stream->ready(stream->chardev);
    }
    deliver_payload(stream);
    if (error) {
        log_printf(0, "chardev '%s': %s\n", stream->chardev->label, error->message);
    }
    if (!goes_on && stream->codecs) {
        end(stream, 0);
    }
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer opaque)
{
    FdStream *stream = opaque;
    uint8_t bytes[READ_BYTES];
    bool coded = stream->codecs;
    bool agreeing = coded && !codec_stack_is_ready(stream->codecs);
    size_t room = agreeing                  ? sizeof(bytes)
                  : deliver_payload(stream) ? chardev_can_receive(stream->chardev)
                                            : 0;
    if (room == 0) {
        drop_watch(&stream->in_watch);
        return G_SOURCE_REMOVE;
    }
    if (coded) {
        room = sizeof(bytes);
    }
    ssize_t length = read_some(stream, fd, bytes, MIN(room, sizeof(bytes)));
    if (length > 0 && coded) {
        decode(stream, bytes, length);
    } else if (length > 0) {
        chardev_receive(stream->chardev, bytes, length);
    } else if (length == 0) {
        end(stream, 0);
    } else if (errno != EAGAIN && errno != EINTR) {
        end(stream, errno);
    }
    /* The callbacks may have replaced the watch; what was dropped is destroyed already. */
    return G_SOURCE_CONTINUE;
}

static gboolean on_writable(int fd, GIOCondition condition, gpointer opaque)
{
    FdStream *stream = opaque;
    if (flush_wire(stream) && chardev_flush(stream->chardev)) {
        drop_watch(&stream->out_watch);
    }
    return G_SOURCE_CONTINUE;
}

void fd_stream_open(FdStream *stream, int in, int out)
{
    g_assert(stream->in < 0 && stream->out < 0);
    if (in >= 0) {
        g_unix_set_fd_nonblocking(in, TRUE, NULL);
    }
    if (out >= 0) {
        g_unix_set_fd_nonblocking(out, TRUE, NULL);
    }
    stream->in = in;
    stream->out = out;
    stream->out_mode = FD_STREAM_NONBLOCKING;
}

/* A second open file description of what @fd is; -1 when that would be something else or is not
 * allowed. */
static int reopen(int fd, const struct stat *st)
{
    unsigned pty_number;
    bool pty_master =
        ioctl(fd, TIOCGPTN, &pty_number) == 0; /* opening that again makes another terminal */
    if (pty_master || !(S_ISFIFO(st->st_mode) || S_ISCHR(st->st_mode))) {
        return -1;
    }
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void fd_stream_open_inherited(FdStream *stream, int in, int out)
{
    struct stat st = { 0 };
    g_assert(stream->in < 0 && stream->out < 0);
    stream->in = in >= 0 ? fcntl(in, F_DUPFD_CLOEXEC, 3) : -1;
    if (out < 0 || fstat(out, &st) < 0) {
        return;
    }
    stream->out = reopen(out, &st);
    stream->out_mode = FD_STREAM_NONBLOCKING;
    if (stream->out < 0) {
        stream->out = fcntl(out, F_DUPFD_CLOEXEC, 3);
        stream->out_mode = S_ISSOCK(st.st_mode)  ? FD_STREAM_SOCKET
                           : S_ISREG(st.st_mode) ? FD_STREAM_NONBLOCKING
                                                 : FD_STREAM_POLLED;
    }
}

void fd_stream_close(FdStream *stream)
{
    drop_watch(&stream->in_watch);
    drop_watch(&stream->out_watch);
    if (stream->in >= 0) {
        close(stream->in);
    }
    if (stream->out >= 0 && stream->out != stream->in) {
        close(stream->out);
    }
    stream->in = stream->out = -1;
    g_clear_pointer(&stream->codecs, codec_stack_free);
    if (stream->passed) {
        for (guint i = 0; i < stream->passed->len; i++) {
            close(g_array_index(stream->passed, int, i));
        }
        g_clear_pointer(&stream->passed, g_array_unref);
    }
}

GArray *fd_stream_passed(FdStream *stream)
{
    if (!stream->passed && stream->in >= 0) {
        stream->passed = g_array_new(FALSE, FALSE, sizeof(int));
    }
    return stream->passed;
}

size_t fd_stream_write(FdStream *stream, const uint8_t *bytes, size_t length)
{
    size_t total = 0;
    if (stream->out < 0) {
        return length;
    }
    if (!stream->codecs) {
        return write_plain(stream, bytes, length);
    }
    while (total < length && flush_wire(stream) && stream->codecs) {
        size_t chunk = MIN(length - total, CODEC_CHUNK_BYTES);
        codec_stack_send(stream->codecs, bytes + total, chunk);
        total += chunk;
    }
    if (stream->codecs) {
        flush_wire(stream);
    }
    return total;
}

bool fd_stream_flush(FdStream *stream)
{
    return flush_wire(stream);
}

void fd_stream_start(FdStream *stream, CodecStack *codecs, void (*ready)(Chardev *chardev))
{
    stream->codecs = codecs;
    stream->ready = ready;
    if (codecs) {
        codec_stack_start(codecs);
        flush_wire(stream);
    }
    if (!stream->codecs || codec_stack_is_ready(stream->codecs)) {
        ready(stream->chardev);
    } else if (!stream->in_watch) {
        stream->in_watch =
            add_watch(stream->in, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, stream);
    }
}

void fd_stream_serve(FdStream *stream)
{
    if (stream->in >= 0) {
        on_readable(stream->in, G_IO_IN, stream);
    }
}

void fd_stream_accept_input(FdStream *stream)
{
    if (stream->in >= 0 && deliver_payload(stream) && stream->in >= 0 && !stream->in_watch &&
        chardev_can_receive(stream->chardev) > 0) {
        stream->in_watch =
            add_watch(stream->in, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, stream);
    }
}

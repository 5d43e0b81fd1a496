/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part that back ends over file descriptors share: watch for input while somebody takes it,
 * write without waiting. */
#pragma once

#include "chardev/chardev.h"
#include "chardev/codec.h"

typedef enum {
    FD_STREAM_NONBLOCKING, /* O_NONBLOCK is ours to set, or the descriptor never blocks */
    FD_STREAM_SOCKET,      /* shared with others: MSG_DONTWAIT */
    FD_STREAM_POLLED,      /* shared with others: ask first, then write a little */
} FdStreamMode;

/* Embedded in a back end; zeroed it must be initialised before anything else. */
typedef struct {
    Chardev *chardev;
    void (*ended)(Chardev *chardev, int err); /* end of input (0) or a failure (errno) */
    int in, out;                              /* -1: none */
    FdStreamMode out_mode;
    GSource *in_watch, *out_watch;
    CodecStack *codecs;              /* between line and descriptor; NULL: none */
    void (*ready)(Chardev *chardev); /* the codecs have agreed with the peer */
    GArray *passed; /* int: descriptors that came along; NULL: they are not wanted */
} FdStream;

void fd_stream_init(FdStream *stream, Chardev *chardev, void (*ended)(Chardev *chardev, int err));
/** fd_stream_open - take over these descriptors (-1: none, may be the same); both become
 * non-blocking */
void fd_stream_open(FdStream *stream, int in, int out);
/**
 * fd_stream_open_inherited - use duplicates of descriptors that other processes share, without
 * changing their modes
 *
 * Terminals and pipes are opened a second time, so that O_NONBLOCK is ours alone.
 */
void fd_stream_open_inherited(FdStream *stream, int in, int out);
/** fd_stream_start - with @codecs (taken over; NULL: none): @ready is called once they have agreed,
 * maybe at once */
void fd_stream_start(FdStream *stream, CodecStack *codecs, void (*ready)(Chardev *chardev));
/** fd_stream_flush - as ChardevClass.flush */
bool fd_stream_flush(FdStream *stream);
/** fd_stream_serve - read what is there now, out of the main loop */
void fd_stream_serve(FdStream *stream);
/** fd_stream_close - stop watching and close; may be repeated */
void fd_stream_close(FdStream *stream);
/** fd_stream_write - as ChardevClass.write */
size_t fd_stream_write(FdStream *stream, const uint8_t *bytes, size_t length);
/** fd_stream_passed - as ChardevClass.passed_fds: from the first call on they are kept */
GArray *fd_stream_passed(FdStream *stream);
/** fd_stream_accept_input - as ChardevClass.accept_input */
void fd_stream_accept_input(FdStream *stream);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character devices: the host side of serial lines, consoles and monitors. A back end (a
 * ChardevClass) moves bytes to and from the host in the GLib main loop; a front end (a UART, a
 * monitor) holds a ChardevPort on it.
 *
 * Nothing here blocks: what the host does not take at once waits in a bounded buffer, and a front
 * end that writes more is told how much was taken. Bytes are never dropped while the back end is
 * connected; while it is not (a socket with no peer, a pty nobody opened) they are taken and go
 * nowhere, as on a serial line without a cable. All functions and callbacks run with the machine
 * lock held.
 */
#pragma once

#include "chardev/copies.h"
#include "qom/object.h"
#include "qom/property.h"

typedef struct Chardev Chardev;
typedef struct ChardevClass ChardevClass;
typedef struct ChardevPort ChardevPort;

enum { CHARDEV_OUTPUT_BYTES = 64 * 1024 };

typedef enum {
    CHARDEV_EVENT_OPENED,    /* somebody is at the other end; also sent on attach if so already */
    CHARDEV_EVENT_CLOSED,    /* nobody is there any more */
    CHARDEV_EVENT_BREAK,     /* line break received */
    CHARDEV_EVENT_FOCUS_IN,  /* a mux sends its input here from now on */
    CHARDEV_EVENT_FOCUS_OUT, /* ... to somebody else */
} ChardevEvent;

/* What a front end does; any may be NULL. Without can_receive no input is delivered. */
typedef struct {
    size_t (*can_receive)(void *opaque); /* bytes it would take now; when that grows it calls
                                            chardev_accept_input() */
    void (*receive)(void *opaque, const uint8_t *bytes,
                    size_t length); /* length <= can_receive() */
    void (*event)(void *opaque, ChardevEvent event);
    void (*writable)(void *opaque); /* after a short chardev_write(): there is room again */
} ChardevHandlers;

/* A front end's end of the line, embedded in it. Zeroed, it is connected to nothing and takes every
 * byte. */
struct ChardevPort {
    Chardev *chardev;
    const ChardevHandlers *handlers;
    void *opaque;
    bool wants_room; /* its last write was short */
};

typedef void ChardevAnnounceFn(Chardev *chardev);
/* @caller: a back end of its own, child of the one that was called; whoever gets it drops it */
typedef void ChardevCallerFn(void *opaque, Chardev *caller);
typedef bool ChardevWaitFn(Chardev *chardev, ChardevAnnounceFn *announce, GError **errp);

struct ChardevClass {
    ObjectClass object; /* named "chardev-BACKEND" */
    const char *summary;
    bool (*open)(Chardev *chardev, GError **errp);
    void (*close)(Chardev *chardev); /* also after a failed open */
    ChardevWaitFn *wait;             /* NULL: it never waits */
    /* hand bytes to the host without waiting; returns how many it took, fewer means "call
     * chardev_flush() later" */
    size_t (*write)(Chardev *chardev, const uint8_t *bytes, size_t length);
    /* hand over what the back end itself still holds of that; false: some is left. NULL: nothing */
    bool (*flush)(Chardev *chardev);
    void (*accept_input)(Chardev *chardev); /* a front end can receive again */
    /* callers after the first get a line each; NULL, or false: it has one peer at most */
    bool (*take_callers)(Chardev *chardev, ChardevCallerFn *fn, void *opaque);
    /* descriptors that peers send along with bytes, in the order sent; NULL: none can */
    GArray *(*passed_fds)(Chardev *chardev);
    bool shared;                             /* any number of front ends */
    void (*ports_changed)(Chardev *chardev); /* a front end came or went */
    char *(*describe)(
        Chardev *chardev); /* "pty:/dev/pts/3"; NULL: the back end's name. Caller frees */
};

struct Chardev {
    Object object;
    char *label;        /* the id; never NULL once made */
    GPtrArray *ports;   /* ChardevPort *: the front ends */
    ChardevPort *port;  /* the one that gets the input; NULL */
    GByteArray *output; /* taken, but not yet with the host; at most CHARDEV_OUTPUT_BYTES */
    ChardevLog log;
    ChardevHistory history;
    bool connected; /* somebody is at the other end */
};

extern const ChardevClass chardev_class;

/* For the front end */
/** chardev_attach - connect @port to @chardev (NULL: to nothing); fails when the back end is taken
 * already */
bool chardev_attach(ChardevPort *port, Chardev *chardev, const ChardevHandlers *handlers,
                    void *opaque, GError **errp);
void chardev_detach(ChardevPort *port);
/** chardev_write - returns how many bytes were taken; if fewer than @length, .writable is called
 * when there is room */
size_t chardev_write(ChardevPort *port, const void *bytes, size_t length);
/** chardev_take_callers - from now on @fn gets each further caller of a server; false: it is none
 */
bool chardev_take_callers(Chardev *chardev, ChardevCallerFn *fn, void *opaque);
/** chardev_keep_fds - descriptors that the peer sends are kept for chardev_take_fd(), not closed */
void chardev_keep_fds(Chardev *chardev);
/** chardev_take_fd - the oldest descriptor that was sent, now the caller's; -1: there is none */
int chardev_take_fd(Chardev *chardev);
/** chardev_accept_input - can_receive() may answer more than last time */
void chardev_accept_input(ChardevPort *port);

/* For owners */
/**
 * chardev_new - create, set up and open a back end
 * @parent:  becomes owner of the object, under the name @label
 * @options: pairs of property names and values, NULL-terminated; may be NULL
 *
 * Returns NULL with one line that names what is wrong. The reference belongs to @parent.
 */
Chardev *chardev_new(Object *parent, const char *label, const ChardevClass *class,
                     const char *const *options, GError **errp);
/**
 * chardev_wait - a back end that was asked to waits here until somebody is at the other end
 * @announce: called first, when it is going to wait
 */
bool chardev_wait(Chardev *chardev, ChardevAnnounceFn *announce, GError **errp);
/** chardev_replace - @made takes over the front ends of @old, which is closed */
void chardev_replace(Chardev *old, Chardev *made);
/** chardev_close - flush for a bounded time, then close; the object stays, connected to nothing */
void chardev_close(Chardev *chardev);
/** chardev_drain - wait at most @timeout_ms for buffered output to reach the host */
void chardev_drain(Chardev *chardev, int timeout_ms);
/** chardev_describe - as "info chardev" shows it; caller frees */
char *chardev_describe(Chardev *chardev);

/* For back ends */
size_t chardev_can_receive(Chardev *chardev);
/** chardev_receive - hand at most chardev_can_receive() bytes to the front end */
void chardev_receive(Chardev *chardev, const uint8_t *bytes, size_t length);
/** chardev_set_connected - tell the front end that a peer came or went; buffered output dies with
 * the peer */
void chardev_set_connected(Chardev *chardev, bool connected);
void chardev_send_event(Chardev *chardev, ChardevEvent event);
/** chardev_flush - the host takes bytes again: hand over what is buffered; false while some is left
 */
bool chardev_flush(Chardev *chardev);

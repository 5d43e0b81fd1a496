/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every character device does: front ends come and go, output waits in a bounded buffer, a log
 * copies it. */
#include "chardev/chardev.h"

#include <poll.h>
#include <string.h>

#include "util/error.h"

enum {
    CLOSE_DRAIN_MS = 3000,
    DRAIN_STEP_MS = 5,
    LOW_WATER_BYTES = CHARDEV_OUTPUT_BYTES / 2, /* front ends hear of room in large pieces */
};

#define METHOD(chardev, slot) CLASS_METHOD(&(chardev)->object, chardev_class, ChardevClass, slot)

static void ports_changed(Chardev *chardev)
{
    void (*changed)(Chardev *) = METHOD(chardev, ports_changed);
    if (changed) {
        changed(chardev);
    } else {
        chardev->port = chardev->ports->len ? g_ptr_array_index(chardev->ports, 0) : NULL;
    }
}

bool chardev_attach(ChardevPort *port, Chardev *chardev, const ChardevHandlers *handlers,
                    void *opaque, GError **errp)
{
    g_assert(!port->chardev);
    if (chardev && chardev->ports->len && !((const ChardevClass *)chardev->object.class)->shared) {
        error_set(errp, "chardev '%s' is in use already; mux=on lets several share it",
                  chardev->label);
        return false;
    }
    *port = (ChardevPort){ .chardev = chardev, .handlers = handlers, .opaque = opaque };
    if (chardev) {
        g_ptr_array_add(chardev->ports, port);
        ports_changed(chardev);
        if (chardev->connected && handlers->event) {
            handlers->event(opaque, CHARDEV_EVENT_OPENED);
        }
        chardev_accept_input(port);
    }
    return true;
}

void chardev_detach(ChardevPort *port)
{
    Chardev *chardev = port->chardev;
    *port = (ChardevPort){ 0 };
    if (chardev) {
        g_ptr_array_remove(chardev->ports, port);
        ports_changed(chardev);
    }
}

size_t chardev_write(ChardevPort *port, const void *bytes, size_t length)
{
    Chardev *chardev = port->chardev;
    if (!chardev) {
        return length;
    }
    size_t taken = length;
    if (chardev->connected) {
        size_t direct = 0;
        if (chardev->output->len == 0) {
            direct = METHOD(chardev, write)(chardev, bytes, length);
        }
        /* The write may have found the peer gone; what it did not take then goes nowhere. */
        if (chardev->connected) {
            size_t room = MAX(CHARDEV_OUTPUT_BYTES, chardev->output->len) - chardev->output->len;
            size_t buffered = MIN(length - direct, room);
            g_byte_array_append(chardev->output, (const uint8_t *)bytes + direct, buffered);
            taken = direct + buffered;
        }
    }
    chardev_log_write(chardev, bytes, taken);
    chardev_history_write(&chardev->history, bytes, taken);
    port->wants_room = taken < length;
    return taken;
}

void chardev_accept_input(ChardevPort *port)
{
    Chardev *chardev = port->chardev;
    if (chardev) {
        void (*accept_input)(Chardev *) = METHOD(chardev, accept_input);
        if (accept_input) {
            accept_input(chardev);
        }
    }
}

bool chardev_take_callers(Chardev *chardev, ChardevCallerFn *fn, void *opaque)
{
    __typeof__(chardev_class.take_callers) take = METHOD(chardev, take_callers);
    return take && take(chardev, fn, opaque);
}

void chardev_keep_fds(Chardev *chardev)
{
    __typeof__(chardev_class.passed_fds) passed = METHOD(chardev, passed_fds);
    if (passed) {
        passed(chardev);
    }
}

int chardev_take_fd(Chardev *chardev)
{
    __typeof__(chardev_class.passed_fds) passed = METHOD(chardev, passed_fds);
    GArray *fds = passed ? passed(chardev) : NULL;
    if (!fds || fds->len == 0) {
        return -1;
    }
    int fd = g_array_index(fds, int, 0);
    g_array_remove_index(fds, 0);
    return fd;
}

size_t chardev_can_receive(Chardev *chardev)
{
    ChardevPort *port = chardev->port;
    if (!port || !port->handlers->can_receive || !port->handlers->receive) {
        return 0;
    }
    return port->handlers->can_receive(port->opaque);
}

void chardev_receive(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    ChardevPort *port = chardev->port;
    if (port && port->handlers->receive) {
        port->handlers->receive(port->opaque, bytes, length);
    }
}

void chardev_send_event(Chardev *chardev, ChardevEvent event)
{
    for (guint i = 0; i < chardev->ports->len; i++) {
        ChardevPort *port = g_ptr_array_index(chardev->ports, i);
        if (port->handlers->event) {
            port->handlers->event(port->opaque, event);
        }
    }
}

static void report_room(Chardev *chardev)
{
    for (guint i = 0; i < chardev->ports->len && chardev->output->len <= LOW_WATER_BYTES; i++) {
        ChardevPort *port = g_ptr_array_index(chardev->ports, i);
        if (port->wants_room) {
            port->wants_room = false;
            if (port->handlers->writable) {
                port->handlers->writable(port->opaque);
            }
        }
    }
}

void chardev_set_connected(Chardev *chardev, bool connected)
{
    if (chardev->connected == connected) {
        return;
    }
    chardev->connected = connected;
    g_byte_array_set_size(chardev->output, 0);
    if (connected) {
        chardev_history_replay(&chardev->history, chardev->output);
        if (chardev->output->len) {
            chardev_flush(chardev);
        }
    }
    if (chardev->connected != connected) {
        return; /* it has gone again */
    }
    chardev_send_event(chardev, connected ? CHARDEV_EVENT_OPENED : CHARDEV_EVENT_CLOSED);
    report_room(chardev);
}

bool chardev_flush(Chardev *chardev)
{
    if (chardev->output->len > 0) {
        size_t done = METHOD(chardev, write)(chardev, chardev->output->data, chardev->output->len);
        /* A peer that went away emptied the buffer. */
        if (done > 0 && done <= chardev->output->len) {
            g_byte_array_remove_range(chardev->output, 0, done);
        }
    }
    report_room(chardev); /* which may fill it again */
    bool (*flush)(Chardev *) = METHOD(chardev, flush);
    return chardev->output->len == 0 && (!flush || flush(chardev));
}

void chardev_drain(Chardev *chardev, int timeout_ms)
{
    int64_t end_us = g_get_monotonic_time() + timeout_ms * 1000LL;
    while (chardev->connected && !chardev_flush(chardev) && g_get_monotonic_time() < end_us) {
        poll(NULL, 0, DRAIN_STEP_MS);
    }
}

bool chardev_wait(Chardev *chardev, ChardevAnnounceFn *announce, GError **errp)
{
    ChardevWaitFn *wait = METHOD(chardev, wait);
    return !wait || wait(chardev, announce, errp);
}

void chardev_close(Chardev *chardev)
{
    chardev_drain(chardev, CLOSE_DRAIN_MS);
    void (*close_backend)(Chardev *) = METHOD(chardev, close);
    if (close_backend) {
        close_backend(chardev);
    }
    chardev_set_connected(chardev, false);
}

void chardev_replace(Chardev *old, Chardev *made)
{
    chardev_close(old); /* whoever is there hears that the peer has gone */
    while (old->ports->len) {
        ChardevPort *port = g_ptr_array_index(old->ports, 0), was = *port;
        chardev_detach(port);
        chardev_attach(port, made, was.handlers, was.opaque, NULL);
    }
}

char *chardev_describe(Chardev *chardev)
{
    __typeof__(chardev_class.describe) describe = METHOD(chardev, describe);
    return describe ? describe(chardev)
                    : g_strdup(chardev->object.class->name + strlen("chardev-"));
}

Chardev *chardev_new(Object *parent, const char *label, const ChardevClass *class,
                     const char *const *options, GError **errp)
{
    Object *obj = object_new(&class->object);
    Chardev *chardev = object_cast(obj, &chardev_class.object);
    chardev->label = g_strdup(label);
    for (; options && options[0]; options += 2) {
        if (!property_set(obj, options[0], options[1], errp)) {
            object_unref(obj);
            return NULL;
        }
    }
    bool added = object_add_child(parent, label, obj, errp);
    bool ok = added && chardev_log_open(chardev, errp) && METHOD(chardev, open)(chardev, errp);
    if (added && !ok) {
        object_unparent(obj);
    }
    object_unref(obj); /* the tree holds it, if it is to stay */
    return ok ? chardev : NULL;
}

static void chardev_init(Object *obj)
{
    Chardev *chardev = container_of(obj, Chardev, object);
    chardev->output = g_byte_array_new();
    chardev->ports = g_ptr_array_new();
    chardev->log.fd = -1;
}

static void chardev_finalize(Object *obj)
{
    Chardev *chardev = container_of(obj, Chardev, object);
    void (*close_backend)(Chardev *) = METHOD(chardev, close);
    if (close_backend) {
        close_backend(chardev);
    }
    chardev_log_close(&chardev->log);
    chardev_history_cleanup(&chardev->history);
    while (chardev->ports->len) { /* a front end may outlive its line */
        *(ChardevPort *)g_ptr_array_steal_index(chardev->ports, 0) = (ChardevPort){ 0 };
    }
    g_ptr_array_unref(chardev->ports);
    g_byte_array_unref(chardev->output);
    g_free(chardev->label);
}

static const Property chardev_properties[] = {
    PROPERTY_STRING("logfile", Chardev, log.path, NULL,
                    .help = "file that gets a copy of all output"),
    PROPERTY_BOOL("logappend", Chardev, log.append, false,
                  .help = "add to the log file instead of emptying it"),
    PROPERTY_SIZE("logsize", Chardev, log.max_bytes, 0,
                  .help = "bytes at which a new log file is begun; 0: never"),
    PROPERTY_U32("logkeep", Chardev, log.keep, CHARDEV_LOG_KEEP, .min = 1, .max = 1000,
                 .help = "old log files that are kept, as LOGFILE.1, LOGFILE.2..."),
    PROPERTY_SIZE("history", Chardev, history.size, 0, .max = CHARDEV_HISTORY_MAX_BYTES,
                  .help = "bytes of output that whoever connects gets to see first"),
    {},
};

const ChardevClass chardev_class = {
    .object = { .name = "chardev",
                .abstract = true,
                .instance_size = sizeof(Chardev),
                .properties = chardev_properties,
                .init = chardev_init,
                .finalize = chardev_finalize },
    .summary = "character device",
};
CLASS_REGISTER(chardev_class);

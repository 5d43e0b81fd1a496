/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several front ends on one back end, switched by keys after Ctrl-A.
 *
 * Input for a front end that takes none waits in a queue of its own, so that the keys work while a
 * guest is stuck.
 */
#include "chardev/mux.h"

#include <string.h>

#include "util/error.h"

enum {
    QUEUE_BYTES = 64 * 1024, /* a front end; when full, the back end is not read */
    STAMP_BYTES = 32,
    SAYING_BYTES = 4096, /* of our own words that wait for room; more than that is not said */
};

typedef struct {
    ChardevPort *port;
    GByteArray *input;
} MuxQueue;

typedef struct {
    Chardev chardev;
    ChardevPort base;
    const ChardevMuxOps *ops;
    void *ops_opaque;
    GArray *queues;  /* of MuxQueue, as chardev.ports */
    GString *saying; /* our own words, which the line has not taken yet */
    uint8_t escape;  /* property */
    bool escaped;    /* the escape key was the last one */
    bool timestamps, line_start;
    int64_t timestamps_since_us;
} MuxChardev;

static MuxQueue *focused_queue(MuxChardev *mux)
{
    for (guint i = 0; i < mux->queues->len; i++) {
        MuxQueue *queue = &g_array_index(mux->queues, MuxQueue, i);
        if (queue->port == mux->chardev.port) {
            return queue;
        }
    }
    return NULL;
}

static size_t port_room(const ChardevPort *port)
{
    return port->handlers->can_receive && port->handlers->receive
               ? port->handlers->can_receive(port->opaque)
               : 0;
}

/* Returns whether anything was handed over; the queues may be others afterwards. */
static bool deliver_some(MuxChardev *mux)
{
    for (guint i = 0; i < mux->queues->len; i++) {
        MuxQueue *queue = &g_array_index(mux->queues, MuxQueue, i);
        size_t length = queue->input->len ? MIN(port_room(queue->port), queue->input->len) : 0;
        if (length) {
            g_autofree uint8_t *bytes = g_memdup2(queue->input->data, length);
            g_byte_array_remove_range(queue->input, 0, length);
            queue->port->handlers->receive(queue->port->opaque, bytes, length);
            return true;
        }
    }
    return false;
}

static void deliver(MuxChardev *mux)
{
    while (deliver_some(mux)) {
    }
}

/* False: some of it still waits. A guest that fills the line cannot keep us from answering a key.
 */
static bool say_waiting(MuxChardev *mux)
{
    if (mux->saying->len) {
        g_string_erase(mux->saying, 0,
                       chardev_write(&mux->base, mux->saying->str, mux->saying->len));
    }
    return mux->saying->len == 0;
}

static void say(MuxChardev *mux, const char *text)
{
    if (mux->saying->len + strlen(text) <= SAYING_BYTES) {
        g_string_append(mux->saying, text);
    }
    say_waiting(mux);
}

static void say_help(MuxChardev *mux)
{
    g_autofree char *key = mux->escape && mux->escape <= 26
                               ? g_strdup_printf("Ctrl-%c", mux->escape + 'A' - 1)
                               : g_strdup_printf("key %u", mux->escape);
    g_autofree char *text = g_strdup_printf(
        "\r\n%s h    this help\r\n%s x    leave the emulator\r\n%s s    write changes back to the "
        "disk images\r\n"
        "%s t    time stamps in front of lines, on or off\r\n%s b    send a break\r\n"
        "%s c    next one on this terminal: console, monitor\r\n%s %s  send %s\r\n",
        key, key, key, key, key, key, key, key, key);
    say(mux, text);
}

static void send_event(ChardevPort *port, ChardevEvent event)
{
    if (port && port->handlers->event) {
        port->handlers->event(port->opaque, event);
    }
}

static void focus(MuxChardev *mux, ChardevPort *port)
{
    if (mux->chardev.port != port) {
        send_event(mux->chardev.port, CHARDEV_EVENT_FOCUS_OUT);
        mux->chardev.port = port;
        send_event(port, CHARDEV_EVENT_FOCUS_IN);
    }
}

static void focus_next(MuxChardev *mux)
{
    GPtrArray *ports = mux->chardev.ports;
    guint index;
    if (ports->len < 2) {
        say(mux, "\r\nThere is only one console on this terminal, and no monitor.\r\n");
    } else if (g_ptr_array_find(ports, mux->chardev.port, &index)) {
        focus(mux, g_ptr_array_index(ports, (index + 1) % ports->len));
    }
}

static void save(MuxChardev *mux)
{
    if (mux->ops && mux->ops->save) {
        mux->ops->save(mux->ops_opaque);
    } else {
        say(mux, "\r\nThere are no disk images to write back to.\r\n");
    }
}

/* The key after the escape key. */
static void command(MuxChardev *mux, uint8_t key)
{
    switch (key) {
    case '?':
    case 'h': say_help(mux); break;
    case 'x':
        if (mux->ops && mux->ops->quit) {
            say(mux, "\r\nLeaving the emulator.\r\n");
            mux->ops->quit(mux->ops_opaque);
        }
        break;
    case 's': save(mux); break;
    case 'b': send_event(mux->chardev.port, CHARDEV_EVENT_BREAK); break;
    case 'c': focus_next(mux); break;
    case 't':
        mux->timestamps = !mux->timestamps;
        mux->timestamps_since_us = g_get_monotonic_time();
        mux->line_start = false;
        break;
    default: break; /* not a command: nothing happens */
    }
}

static size_t mux_base_can_receive(void *opaque)
{
    MuxChardev *mux = opaque;
    MuxQueue *queue = focused_queue(mux);
    return queue ? QUEUE_BYTES - queue->input->len : QUEUE_BYTES;
}

static void mux_base_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    MuxChardev *mux = opaque;
    for (size_t i = 0; i < length; i++) {
        bool literal = bytes[i] != mux->escape || mux->escaped;
        if (mux->escaped && (bytes[i] != mux->escape)) {
            mux->escaped = false;
            command(mux, bytes[i]);
            continue;
        }
        mux->escaped = !literal;
        MuxQueue *queue = focused_queue(mux);
        if (literal && queue && queue->input->len < QUEUE_BYTES) {
            g_byte_array_append(queue->input, &bytes[i], 1);
        }
    }
    deliver(mux);
}

static void mux_base_event(void *opaque, ChardevEvent event)
{
    MuxChardev *mux = opaque;
    switch (event) {
    case CHARDEV_EVENT_OPENED: chardev_set_connected(&mux->chardev, true); break;
    case CHARDEV_EVENT_CLOSED: chardev_set_connected(&mux->chardev, false); break;
    case CHARDEV_EVENT_BREAK: send_event(mux->chardev.port, event); break;
    case CHARDEV_EVENT_FOCUS_IN:
    case CHARDEV_EVENT_FOCUS_OUT: break; /* a mux upon a mux: its front ends keep their own focus */
    }
}

static void mux_base_writable(void *opaque)
{
    MuxChardev *mux = opaque;
    if (say_waiting(mux)) {
        chardev_flush(&mux->chardev);
    }
}

static const ChardevHandlers mux_base_handlers = {
    .can_receive = mux_base_can_receive,
    .receive = mux_base_receive,
    .event = mux_base_event,
    .writable = mux_base_writable,
};

/* A stamp is written whole or not at all. */
static bool write_stamp(MuxChardev *mux)
{
    char stamp[STAMP_BYTES];
    int64_t ms = (g_get_monotonic_time() - mux->timestamps_since_us) / 1000;
    int length = g_snprintf(stamp, sizeof(stamp), "[%02d:%02d:%02d.%03d] ", (int)(ms / 3600000),
                            (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
    if (CHARDEV_OUTPUT_BYTES - mux->base.chardev->output->len < STAMP_BYTES) {
        mux->base.wants_room = true;
        return false;
    }
    chardev_write(&mux->base, stamp, length);
    return true;
}

static size_t mux_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    MuxChardev *mux = container_of(chardev, MuxChardev, chardev);
    if (!say_waiting(mux)) {
        return 0;
    }
    if (!mux->timestamps) {
        return chardev_write(&mux->base, bytes, length);
    }
    size_t total = 0;
    while (total < length) {
        if (mux->line_start && !write_stamp(mux)) {
            break;
        }
        mux->line_start = false;
        const uint8_t *newline = memchr(bytes + total, '\n', length - total);
        size_t line = newline ? (size_t)(newline + 1 - (bytes + total)) : length - total;
        size_t taken = chardev_write(&mux->base, bytes + total, line);
        total += taken;
        if (taken < line) {
            break;
        }
        mux->line_start = newline != NULL;
    }
    return total;
}

static void mux_accept_input(Chardev *chardev)
{
    MuxChardev *mux = container_of(chardev, MuxChardev, chardev);
    deliver(mux);
    chardev_accept_input(&mux->base);
}

static void queue_clear(gpointer data)
{
    g_byte_array_unref(((MuxQueue *)data)->input);
}

static void mux_ports_changed(Chardev *chardev)
{
    MuxChardev *mux = container_of(chardev, MuxChardev, chardev);
    for (guint i = mux->queues->len; i-- > 0;) {
        if (!g_ptr_array_find(chardev->ports, g_array_index(mux->queues, MuxQueue, i).port, NULL)) {
            g_array_remove_index(mux->queues, i);
        }
    }
    for (guint i = mux->queues->len; i < chardev->ports->len; i++) {
        MuxQueue queue = { g_ptr_array_index(chardev->ports, i), g_byte_array_new() };
        g_array_append_val(mux->queues, queue);
    }
    if (!focused_queue(mux)) {
        chardev->port = NULL;
        focus(mux, chardev->ports->len ? g_ptr_array_index(chardev->ports, 0) : NULL);
    }
}

static bool mux_open(Chardev *chardev, GError **errp)
{
    return true; /* chardev_mux_new() connects it */
}

static void mux_close(Chardev *chardev)
{
    chardev_detach(&container_of(chardev, MuxChardev, chardev)->base);
}

static bool mux_wait(Chardev *chardev, ChardevAnnounceFn *announce, GError **errp)
{
    return chardev_wait(container_of(chardev, MuxChardev, chardev)->base.chardev, announce, errp);
}

static char *mux_describe(Chardev *chardev)
{
    MuxChardev *mux = container_of(chardev, MuxChardev, chardev);
    return mux->base.chardev ? chardev_describe(mux->base.chardev) : g_strdup("mux");
}

Chardev *chardev_mux_new(Object *parent, const char *label, Chardev *base, const ChardevMuxOps *ops,
                         void *opaque, GError **errp)
{
    Chardev *chardev = chardev_new(parent, label, &chardev_mux_class, NULL, errp);
    if (!chardev) {
        return NULL;
    }
    MuxChardev *mux = container_of(chardev, MuxChardev, chardev);
    mux->ops = ops;
    mux->ops_opaque = opaque;
    if (!chardev_attach(&mux->base, base, &mux_base_handlers, mux, errp)) {
        object_unparent(&chardev->object);
        return NULL;
    }
    return chardev;
}

static void mux_init(Object *obj)
{
    MuxChardev *mux = container_of(obj, MuxChardev, chardev.object);
    mux->saying = g_string_new(NULL);
    mux->queues = g_array_new(FALSE, FALSE, sizeof(MuxQueue));
    g_array_set_clear_func(mux->queues, queue_clear);
}

static void mux_finalize(Object *obj)
{
    MuxChardev *mux = container_of(obj, MuxChardev, chardev.object);
    chardev_detach(&mux->base);
    g_array_unref(mux->queues);
    g_string_free(mux->saying, TRUE);
}

static const Property mux_properties[] = {
    PROPERTY_U8("escape", MuxChardev, escape, CHARDEV_MUX_ESCAPE,
                .help = "code of the key that starts a command", .live = true),
    {},
};

const ChardevClass chardev_mux_class = {
    .object = { .name = "chardev-mux",
                .parent = &chardev_class.object,
                .instance_size = sizeof(MuxChardev),
                .properties = mux_properties,
                .init = mux_init,
                .finalize = mux_finalize },
    .summary = "several front ends on one back end",
    .shared = true,
    .open = mux_open,
    .close = mux_close,
    .wait = mux_wait,
    .write = mux_write,
    .accept_input = mux_accept_input,
    .ports_changed = mux_ports_changed,
    .describe = mux_describe,
};
CLASS_REGISTER(chardev_mux_class);

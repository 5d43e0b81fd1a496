/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitors on their lines. Input is taken apart as it arrives, but acted upon later, in the main
 * loop: so a command may close the very line that it came from. A client that does not read what it
 * is told is not listened to either.
 */
#include "monitor/monitor.h"

#include "monitor/monitor_internal.h"

#include "util/error.h"

enum {
    RECEIVE_BYTES = 64 * 1024,
    QUIET_BYTES = 1 << 20, /* this much unread output: no more input */
    DEAF_BYTES = 16 << 20, /* ... and no more events */
    DRAIN_MS = 500,
    LIMIT_MS = 1000, /* between events of a limited kind */
};

struct Monitors {
    CommandContext context;
    EventSink events;
    GPtrArray *list;    /* Monitor * */
    GHashTable *limits; /* what limited events are about -> Limit */
};

/* A limited event was sent a short while ago. */
typedef struct {
    Monitors *monitors;
    char *key;
    JsonNode *pending; /* the last that came since; NULL */
    GSource *timer;
} Limit;

static void flush(Monitor *monitor)
{
    while (monitor->output->len > 0) {
        size_t done = chardev_write(&monitor->port, monitor->output->data, monitor->output->len);
        if (done == 0) {
            return;
        }
        if (monitor->output->len) { /* the line may have closed meanwhile */
            g_byte_array_remove_range(monitor->output, 0, MIN(done, monitor->output->len));
        }
    }
}

void monitor_write(Monitor *monitor, const char *bytes, size_t length)
{
    g_byte_array_append(monitor->output, (const uint8_t *)bytes, length);
    flush(monitor);
}

static gboolean on_work(gpointer opaque)
{
    Monitor *monitor = opaque;
    if (monitor->ops->work(monitor)) {
        return G_SOURCE_CONTINUE;
    }
    g_clear_pointer(&monitor->worker, g_source_unref);
    chardev_accept_input(&monitor->port);
    return G_SOURCE_REMOVE;
}

void monitor_wake(Monitor *monitor)
{
    if (!monitor->worker) {
        monitor->worker = g_idle_source_new();
        g_source_set_priority(monitor->worker, G_PRIORITY_DEFAULT);
        g_source_set_callback(monitor->worker, on_work, monitor, NULL);
        g_source_attach(monitor->worker, NULL);
    }
}

static size_t monitor_can_receive(void *opaque)
{
    Monitor *monitor = opaque;
    bool busy = monitor->worker && !(monitor->ops->eager && monitor->ops->eager(monitor));
    return busy || monitor->output->len > QUIET_BYTES ? 0 : RECEIVE_BYTES;
}

static void monitor_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    Monitor *monitor = opaque;
    monitor->ops->receive(monitor, bytes, length);
}

static void drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static void forget(Monitor *monitor)
{
    g_byte_array_set_size(monitor->output, 0);
    drop_source(&monitor->worker);
}

/* The connection of a further caller is over: it may be in the middle of a function of ours. */
static gboolean on_leave(gpointer opaque)
{
    Monitor *monitor = opaque;
    Chardev *chardev = monitor->port.chardev;
    g_ptr_array_remove(monitor->monitors->list, monitor);
    object_unparent(&chardev->object);
    return G_SOURCE_REMOVE;
}

static void leave(Monitor *monitor)
{
    if (monitor->caller && !monitor->leaving) {
        monitor->leaving = g_idle_source_new();
        g_source_set_callback(monitor->leaving, on_leave, monitor, NULL);
        g_source_attach(monitor->leaving, NULL);
    }
}

static void monitor_event(void *opaque, ChardevEvent event)
{
    Monitor *monitor = opaque;
    switch (event) {
    case CHARDEV_EVENT_OPENED: monitor->ops->opened(monitor); break;
    case CHARDEV_EVENT_CLOSED:
        forget(monitor);
        monitor->ops->closed(monitor);
        leave(monitor);
        break;
    case CHARDEV_EVENT_FOCUS_IN:
        if (monitor->ops->focus) {
            monitor->ops->focus(monitor);
        }
        break;
    case CHARDEV_EVENT_FOCUS_OUT:
    case CHARDEV_EVENT_BREAK: break;
    }
}

static void monitor_writable(void *opaque)
{
    Monitor *monitor = opaque;
    flush(monitor);
    if (monitor->output->len <= QUIET_BYTES) {
        chardev_accept_input(&monitor->port);
    }
}

static const ChardevHandlers monitor_handlers = {
    .can_receive = monitor_can_receive,
    .receive = monitor_receive,
    .event = monitor_event,
    .writable = monitor_writable,
};

static JsonNode *make_event(const SchemaEvent *event, JsonNode *data)
{
    int64_t now_us = g_get_real_time();
    JsonObject *object = json_object_new(), *timestamp = json_object_new();
    json_object_set_int_member(timestamp, "seconds", now_us / G_USEC_PER_SEC);
    json_object_set_int_member(timestamp, "microseconds", now_us % G_USEC_PER_SEC);
    json_object_set_object_member(object, "timestamp", timestamp);
    json_object_set_string_member(object, "event", event->name);
    if (data) {
        json_object_set_member(object, "data", data);
    }
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

static void send_event(Monitors *monitors, JsonNode *node)
{
    for (guint i = 0; i < monitors->list->len; i++) {
        Monitor *monitor = g_ptr_array_index(monitors->list, i);
        if (monitor->ops->event && monitor->output->len <= DEAF_BYTES) {
            monitor->ops->event(monitor, node);
        }
    }
}

static void limit_free(gpointer data)
{
    Limit *limit = data;
    drop_source(&limit->timer);
    g_clear_pointer(&limit->pending, json_node_unref);
    g_free(limit->key);
    g_free(limit);
}

static gboolean on_limit_over(gpointer opaque)
{
    Limit *limit = opaque;
    if (!limit->pending) {
        g_hash_table_remove(limit->monitors->limits, limit->key);
        return G_SOURCE_REMOVE;
    }
    g_autoptr(JsonNode) node = g_steal_pointer(&limit->pending);
    send_event(limit->monitors, node);
    return G_SOURCE_CONTINUE;
}

static void start_limit(Monitors *monitors, char *key)
{
    Limit *limit = g_new0(Limit, 1);
    *limit = (Limit){ monitors, key, NULL, g_timeout_source_new(LIMIT_MS) };
    g_source_set_callback(limit->timer, on_limit_over, limit, NULL);
    g_source_attach(limit->timer, NULL);
    g_hash_table_insert(monitors->limits, limit->key, limit);
}

/* What an event of a limited kind is about. */
static char *limit_key(const SchemaEvent *event, JsonNode *data)
{
    JsonObject *object = data ? json_node_get_object(data) : NULL;
    bool told = event->limit_key && object && json_object_has_member(object, event->limit_key);
    g_autofree char *what =
        told ? json_to_string(json_object_get_member(object, event->limit_key), FALSE) : NULL;
    return g_strconcat(event->name, ":", what, NULL);
}

static void monitors_emit(EventSink *sink, const SchemaEvent *event, JsonNode *data)
{
    Monitors *monitors = container_of(sink, Monitors, events);
    g_autofree char *key = event->limited ? limit_key(event, data) : NULL;
    g_autoptr(JsonNode) node = make_event(event, data);
    Limit *limit = key ? g_hash_table_lookup(monitors->limits, key) : NULL;
    if (limit) {
        g_clear_pointer(&limit->pending, json_node_unref);
        limit->pending = g_steal_pointer(&node);
        return;
    }
    if (key) {
        start_limit(monitors, g_steal_pointer(&key));
    }
    send_event(monitors, node);
}

static void monitor_free(gpointer data)
{
    Monitor *monitor = data;
    drop_source(&monitor->leaving);
    if (monitor->port.chardev) {
        chardev_drain(monitor->port.chardev, DRAIN_MS);
    }
    chardev_detach(&monitor->port);
    forget(monitor);
    monitor->ops->cleanup(monitor);
    g_byte_array_unref(monitor->output);
    g_free(monitor);
}

Monitors *monitors_new(const CommandContext *context)
{
    Monitors *monitors = g_new0(Monitors, 1);
    monitors->context = *context;
    monitors->context.events = &monitors->events;
    monitors->events.emit = monitors_emit;
    monitors->list = g_ptr_array_new_with_free_func(monitor_free);
    monitors->limits = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, limit_free);
    return monitors;
}

void monitors_free(Monitors *monitors)
{
    if (monitors) {
        g_ptr_array_unref(monitors->list);
        g_hash_table_unref(monitors->limits);
        g_free(monitors);
    }
}

EventSink *monitors_events(Monitors *monitors)
{
    return &monitors->events;
}

static Monitor *add(Monitors *monitors, Chardev *chardev, MonitorKind kind, GError **errp)
{
    const MonitorOps *ops = kind == MONITOR_HUMAN ? &monitor_human_ops : &monitor_qmp_ops;
    Monitor *monitor = g_malloc0(ops->size);
    monitor->ops = ops;
    monitor->kind = kind;
    monitor->monitors = monitors;
    monitor->context = monitors->context;
    monitor->context.monitor = monitor;
    monitor->output = g_byte_array_new();
    ops->init(monitor);
    if (!chardev_attach(&monitor->port, chardev, &monitor_handlers, monitor, errp)) {
        monitor_free(monitor);
        return NULL;
    }
    g_ptr_array_add(monitors->list, monitor);
    return monitor;
}

static void on_caller(void *opaque, Chardev *chardev)
{
    const Monitor *first = opaque;
    Monitor *monitor = add(first->monitors, chardev, first->kind, NULL);
    if (monitor) {
        monitor->caller = true;
    }
}

bool monitors_add(Monitors *monitors, Chardev *chardev, MonitorKind kind, GError **errp)
{
    Monitor *monitor = add(monitors, chardev, kind, errp);
    if (monitor) {
        chardev_take_callers(chardev, on_caller, monitor);
    }
    return monitor != NULL;
}

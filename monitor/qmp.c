/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine protocol: JSON in, JSON out, one line each. */
#include "monitor/monitor_internal.h"

#include <string.h>

#include <errno.h>
#include <unistd.h>

#include "monitor/json_stream.h"
#include "schema/commands.h"
#include "util/error.h"
#include "util/version.h"

enum { WIRE_MAJOR = 7, WIRE_MINOR = 2, WIRE_MICRO = 0 }; /* the QEMU release that is spoken */

enum { MAX_WAITING = 8 }; /* requests of a client that can overtake itself */

typedef struct {
    JsonNode *node; /* NULL: there is an error instead */
    GError *error;
    GArray *fds; /* int: came with it */
    bool oob;
} Message;

typedef struct {
    Monitor monitor;
    JsonStream stream;
    GQueue messages;        /* Message *: arrived, not answered; those out of band first */
    const Message *current; /* being answered; NULL */
    GHashTable *fds;        /* of getfd: name -> descriptor plus one */
    bool negotiated, oob;   /* capabilities: at all, and to execute out of band */
} QmpMonitor;

static QmpMonitor *qmp_monitor(Monitor *monitor)
{
    return container_of(monitor, QmpMonitor, monitor);
}

static void message_free(gpointer data)
{
    Message *message = data;
    if (message) {
        g_clear_pointer(&message->node, json_node_unref);
        g_clear_error(&message->error);
        for (guint i = 0; i < message->fds->len; i++) {
            close(g_array_index(message->fds, int, i));
        }
        g_array_unref(message->fds);
        g_free(message);
    }
}

static void send(Monitor *monitor, JsonNode *node)
{
    bool pretty = monitor->kind == MONITOR_QMP_PRETTY;
    g_autofree char *text = json_to_string(node, pretty);
    g_autofree char *line = g_strconcat(text, "\r\n", NULL);
    monitor_write(monitor, line, strlen(line));
}

static JsonNode *object_node(JsonObject *object)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

static const char *error_class_name(const GError *error)
{
    static const char *const names[] = {
        [ERROR_GENERIC] = "GenericError",
        [ERROR_COMMAND_NOT_FOUND] = "CommandNotFound",
        [ERROR_DEVICE_NOT_FOUND] = "DeviceNotFound",
        [ERROR_DEVICE_NOT_ACTIVE] = "DeviceNotActive",
        [ERROR_KVM_MISSING_CAP] = "KVMMissingCap",
    };
    bool ours =
        error->domain == RHEA_ERROR && error->code >= 0 && error->code < (int)G_N_ELEMENTS(names);
    return names[ours ? error->code : ERROR_GENERIC];
}

static void add_error(JsonObject *reply, const GError *error)
{
    JsonObject *object = json_object_new();
    g_autofree char *text = g_utf8_make_valid(error->message, -1);
    json_object_set_string_member(object, "class", error_class_name(error));
    json_object_set_string_member(object, "desc", text);
    json_object_set_object_member(reply, "error", object);
}

static QmpVersionInfo *version_info(void)
{
    QmpVersionInfo *info = qmp_version_info_new();
    info->qemu = qmp_version_triple_new();
    *info->qemu =
        (QmpVersionTriple){ .major = WIRE_MAJOR, .minor = WIRE_MINOR, .micro = WIRE_MICRO };
    info->package = g_strdup_printf("Rhea %s", version_string());
    return info;
}

static void qmp_opened(Monitor *monitor)
{
    g_autoptr(QmpVersionInfo) version = version_info();
    JsonObject *greeting = json_object_new(), *inner = json_object_new();
    json_object_set_member(inner, "version", schema_build(&qmp_version_info_type, version));
    JsonArray *capabilities = json_array_new();
    json_array_add_string_element(capabilities, qmp_qmp_capability_names[QMP_QMP_CAPABILITY_OOB]);
    json_object_set_array_member(inner, "capabilities", capabilities);
    chardev_keep_fds(monitor->port.chardev);
    json_object_set_object_member(greeting, "QMP", inner);
    g_autoptr(JsonNode) node = object_node(greeting);
    send(monitor, node);
}

static void qmp_closed(Monitor *monitor)
{
    QmpMonitor *qmp = qmp_monitor(monitor);
    qmp->negotiated = qmp->oob = false;
    g_hash_table_remove_all(qmp->fds);
    json_stream_reset(&qmp->stream);
    g_queue_clear_full(&qmp->messages, message_free);
}

static void take_message(QmpMonitor *qmp)
{
    Message *message = g_new0(Message, 1);
    message->fds = g_array_new(FALSE, FALSE, sizeof(int));
    message->node = json_stream_take(&qmp->stream, &message->error);
    for (int fd; (fd = chardev_take_fd(qmp->monitor.port.chardev)) >= 0;) {
        g_array_append_val(message->fds, fd);
    }
    message->oob = qmp->oob && message->node && JSON_NODE_HOLDS_OBJECT(message->node) &&
                   json_object_has_member(json_node_get_object(message->node), "exec-oob");
    GList *before = qmp->messages.head;
    while (before && ((Message *)before->data)->oob >= message->oob) {
        before = before->next;
    }
    g_queue_insert_before(&qmp->messages, before, message);
}

static bool qmp_eager(Monitor *monitor)
{
    QmpMonitor *qmp = qmp_monitor(monitor);
    return qmp->oob && g_queue_get_length(&qmp->messages) < MAX_WAITING;
}

static void qmp_receive(Monitor *monitor, const uint8_t *bytes, size_t length)
{
    QmpMonitor *qmp = qmp_monitor(monitor);
    for (size_t i = 0; i < length; i++) {
        if (json_stream_feed(&qmp->stream, (char)bytes[i])) {
            take_message(qmp);
            monitor_wake(monitor);
        }
    }
}

/* What a request may hold; false with error. @verb: "execute" or "exec-oob" */
static bool check_request(JsonObject *request, const char *verb, GError **errp)
{
    const char *const known[] = { verb, "arguments", "id", NULL };
    g_autoptr(GList) members = json_object_get_members(request);
    JsonNode *name = json_object_get_member(request, verb);
    JsonNode *arguments = json_object_get_member(request, "arguments");
    for (GList *item = members; item; item = item->next) {
        if (strcmp(item->data, "exec-oob") == 0 && strcmp(verb, "exec-oob") != 0) {
            error_set(errp, "'exec-oob' needs the capability 'oob'; use 'execute'");
            return false;
        }
        if (!g_strv_contains(known, item->data)) {
            error_set(errp, "member '%s' is unexpected; a request has 'execute', 'arguments', 'id'",
                      (char *)item->data);
            return false;
        }
    }
    if (!name) {
        error_set(errp, "member 'execute' is missing; it names the command");
    } else if (json_node_get_value_type(name) != G_TYPE_STRING) {
        error_set(errp, "member '%s' must be a string, the name of a command", verb);
    } else if (arguments && !JSON_NODE_HOLDS_OBJECT(arguments)) {
        error_set(errp, "member 'arguments' must be an object");
    } else {
        return true;
    }
    return false;
}

static JsonNode *execute(QmpMonitor *qmp, JsonObject *request, bool oob, GError **errp)
{
    const char *verb = oob ? "exec-oob" : "execute";
    if (!check_request(request, verb, errp)) {
        return NULL;
    }
    const char *name = json_object_get_string_member(request, verb);
    JsonObject *arguments = json_object_has_member(request, "arguments")
                                ? json_object_get_object_member(request, "arguments")
                                : NULL;
    if (!qmp->negotiated && strcmp(name, "qmp_capabilities") != 0) {
        error_set_class(errp, ERROR_COMMAND_NOT_FOUND,
                        "the first command must be 'qmp_capabilities'; '%s' comes after it", name);
        return NULL;
    }
    const SchemaCommand *command = schema_command_find(name, errp);
    if (command && oob && !command->oob) {
        error_set(errp, "command '%s' cannot be executed out of band; use 'execute'", name);
        return NULL;
    }
    return command ? schema_command_run(command, &qmp->monitor.context, arguments, errp) : NULL;
}

static JsonNode *answer(QmpMonitor *qmp, Message *message)
{
    JsonObject *reply = json_object_new();
    GError *error = g_steal_pointer(&message->error);
    JsonNode *result = NULL, *id = NULL;
    if (message->node && JSON_NODE_HOLDS_OBJECT(message->node)) {
        JsonObject *request = json_node_get_object(message->node);
        id = json_object_get_member(request, "id");
        qmp->current = message;
        result = execute(qmp, request, message->oob, &error);
        qmp->current = NULL;
    } else if (!error) {
        error_set(&error, "a request must be a JSON object");
    }
    if (result) {
        json_object_set_member(reply, "return", result);
    } else {
        add_error(reply, error);
        g_error_free(error);
    }
    if (id) {
        json_object_set_member(reply, "id", json_node_copy(id));
    }
    return object_node(reply);
}

static bool qmp_work(Monitor *monitor)
{
    QmpMonitor *qmp = qmp_monitor(monitor);
    Message *message = g_queue_pop_head(&qmp->messages);
    if (message) {
        g_autoptr(JsonNode) reply = answer(qmp, message);
        message_free(message);
        send(monitor, reply);
    }
    return !g_queue_is_empty(&qmp->messages);
}

static void qmp_event(Monitor *monitor, JsonNode *event)
{
    if (qmp_monitor(monitor)->negotiated) {
        send(monitor, event);
    }
}

static void close_fd_value(gpointer value)
{
    close(GPOINTER_TO_INT(value) - 1);
}

static void qmp_init(Monitor *monitor)
{
    json_stream_init(&qmp_monitor(monitor)->stream);
    g_queue_init(&qmp_monitor(monitor)->messages);
    qmp_monitor(monitor)->fds =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_fd_value);
}

static void qmp_cleanup(Monitor *monitor)
{
    g_queue_clear_full(&qmp_monitor(monitor)->messages, message_free);
    json_stream_cleanup(&qmp_monitor(monitor)->stream);
    g_hash_table_unref(qmp_monitor(monitor)->fds);
}

const MonitorOps monitor_qmp_ops = {
    .size = sizeof(QmpMonitor),
    .init = qmp_init,
    .cleanup = qmp_cleanup,
    .opened = qmp_opened,
    .closed = qmp_closed,
    .receive = qmp_receive,
    .work = qmp_work,
    .eager = qmp_eager,
    .event = qmp_event,
};

GHashTable *monitor_fd_names(Monitor *monitor, GError **errp)
{
    if (!monitor || monitor->ops != &monitor_qmp_ops) {
        error_set(errp, "only QMP connections carry descriptors");
        return NULL;
    }
    return qmp_monitor(monitor)->fds;
}

int monitor_take_fd(Monitor *monitor, GError **errp)
{
    QmpMonitor *qmp = monitor_fd_names(monitor, errp) ? qmp_monitor(monitor) : NULL;
    GArray *fds = qmp && qmp->current ? qmp->current->fds : NULL;
    if (!qmp) {
        return -1;
    }
    if (!fds || fds->len == 0) {
        error_set(errp, "no descriptor came with the command; it is sent along as SCM_RIGHTS");
        return -1;
    }
    int fd = g_array_index(fds, int, 0);
    g_array_remove_index(fds, 0);
    return fd;
}

int monitors_take_fd(Monitor *monitor, const char *name, GError **errp)
{
    GHashTable *names = monitor_fd_names(monitor, errp);
    gpointer key, value;
    if (!names) {
        return -1;
    }
    if (!g_hash_table_steal_extended(names, name, &key, &value)) {
        error_set(errp, "there is no descriptor '%s'; getfd names one", name);
        return -1;
    }
    g_free(key);
    return GPOINTER_TO_INT(value) - 1;
}

bool qmp_qmp_capabilities(CommandContext *context, const QmpQmpCapabilitiesArgs *args,
                          GError **errp)
{
    if (!context->monitor || context->monitor->ops != &monitor_qmp_ops) {
        error_set(errp, "only QMP connections have capabilities");
        return false;
    }
    QmpMonitor *qmp = qmp_monitor(context->monitor);
    if (qmp->negotiated) {
        error_set_class(errp, ERROR_COMMAND_NOT_FOUND, "capabilities were negotiated already");
        return false;
    }
    qmp->oob = args->enable && args->enable->len > 0; /* there is no other capability */
    qmp->negotiated = true;
    return true;
}

QmpVersionInfo *qmp_query_version(CommandContext *context, GError **errp)
{
    return version_info();
}

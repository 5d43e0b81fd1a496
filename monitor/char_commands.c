/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about character devices. */
#include <string.h>

#include "chardev/chardev_spec.h"
#include "chardev/ringbuf.h"
#include "monitor/human_internal.h"
#include "monitor/monitor.h"
#include "schema/commands.h"
#include "util/error.h"

enum { MAX_READ_BYTES = 256 << 20 };

static Object *chardevs(CommandContext *context)
{
    return object_child(context->root, "chardevs");
}

static Chardev *find(CommandContext *context, const char *id, GError **errp)
{
    Object *obj = *id ? object_child(chardevs(context), id) : NULL;
    if (!obj) {
        error_set_class(errp, ERROR_DEVICE_NOT_FOUND, "there is no chardev '%s'", id);
    }
    return object_cast(obj, &chardev_class.object);
}

GPtrArray *qmp_query_chardev(CommandContext *context, GError **errp)
{
    const GPtrArray *children = chardevs(context)->children;
    GPtrArray *list = g_ptr_array_new();
    for (guint i = 0; children && i < children->len; i++) {
        Chardev *chardev = object_cast(g_ptr_array_index(children, i), &chardev_class.object);
        QmpChardevInfo *info = qmp_chardev_info_new();
        info->label = g_strdup(chardev->label);
        info->filename = chardev_describe(chardev);
        info->frontend_open = chardev->ports->len > 0;
        g_ptr_array_add(list, info);
    }
    return list;
}

static void add_backend(const ObjectClass *class, void *opaque)
{
    if (!class->abstract && class != &chardev_mux_class.object) {
        QmpChardevBackendInfo *info = qmp_chardev_backend_info_new();
        info->name = g_strdup(class->name + strlen("chardev-"));
        g_ptr_array_add(opaque, info);
    }
}

GPtrArray *qmp_query_chardev_backends(CommandContext *context, GError **errp)
{
    GPtrArray *list = g_ptr_array_new();
    object_class_foreach(&chardev_class.object, add_backend, list);
    return list;
}

static void add_flag(Keyval *keys, const char *key, bool has, bool value)
{
    if (has) {
        keyval_add(keys, key, value ? "on" : "off");
    }
}

static void add_number(Keyval *keys, const char *key, bool has, int64_t value)
{
    if (has) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
        keyval_add(keys, key, text);
    }
}

static void add_common(Keyval *keys, const QmpChardevCommon *common)
{
    if (common->logfile) {
        keyval_add(keys, "logfile", common->logfile);
    }
    add_flag(keys, "logappend", common->has_logappend, common->logappend);
    add_number(keys, "logsize", common->has_logsize, common->logsize);
    add_number(keys, "logkeep", common->has_logkeep, common->logkeep);
    add_number(keys, "history", common->has_history, common->history);
}

static void add_address(Keyval *keys, const QmpSocketAddressLegacy *address)
{
    switch (address->type) {
    case QMP_SOCKET_ADDRESS_TYPE_INET: {
        const QmpInetSocketAddress *inet = address->u.inet->data;
        keyval_add(keys, "host", inet->host);
        keyval_add(keys, "port", inet->port);
        add_flag(keys, "ipv4", inet->has_ipv4, inet->ipv4);
        add_flag(keys, "ipv6", inet->has_ipv6, inet->ipv6);
        break;
    }
    case QMP_SOCKET_ADDRESS_TYPE_UNIX:
        keyval_add(keys, "path", address->u.unix_->data->path);
        break;
    case QMP_SOCKET_ADDRESS_TYPE_FD: keyval_add(keys, "fd", address->u.fd->data->str); break;
    default: g_assert_not_reached();
    }
}

static void add_socket(Keyval *keys, const QmpChardevSocket *socket)
{
    bool server = !socket->has_server || socket->server;
    add_address(keys, socket->addr);
    add_flag(keys, "server", true, server);
    add_flag(keys, "wait", server, false);
    add_flag(keys, "nodelay", socket->has_nodelay, socket->nodelay);
    add_flag(keys, "telnet", socket->has_telnet, socket->telnet);
    add_flag(keys, "websocket", socket->has_websocket, socket->websocket);
    if (socket->tls_creds) {
        keyval_add(keys, "tls-creds", socket->tls_creds);
    }
    if (socket->tls_authz) {
        keyval_add(keys, "tls-authz", socket->tls_authz);
    }
    add_number(keys, "reconnect", socket->has_reconnect, socket->reconnect);
}

/* False: not two TCP-like addresses. */
static bool add_udp(Keyval *keys, const QmpChardevUdp *udp, GError **errp)
{
    const QmpSocketAddressLegacy *local = udp->local;
    if (udp->remote->type != QMP_SOCKET_ADDRESS_TYPE_INET ||
        (local && local->type != QMP_SOCKET_ADDRESS_TYPE_INET)) {
        error_set(errp, "addresses of datagrams must be of type 'inet'");
        return false;
    }
    add_address(keys, udp->remote);
    if (local) {
        keyval_add(keys, "localaddr", local->u.inet->data->host);
        keyval_add(keys, "localport", local->u.inet->data->port);
    }
    return true;
}

static void add_hub(Keyval *keys, const QmpChardevHub *hub)
{
    for (guint i = 0; i < hub->chardevs->len; i++) {
        g_autofree char *key = g_strdup_printf("chardevs.%u", i);
        keyval_add(keys, key, g_ptr_array_index(hub->chardevs, i));
    }
}

/* What is special to each kind. Its struct begins with that of what all have in common. */
static const QmpChardevCommon *add_special(Keyval *keys, const QmpChardevBackend *backend,
                                           GError **errp)
{
    switch (backend->type) {
    case QMP_CHARDEV_BACKEND_KIND_FILE: {
        const QmpChardevFile *file = backend->u.file->data;
        keyval_add(keys, "path", file->out);
        add_flag(keys, "append", file->has_append, file->append);
        return (const QmpChardevCommon *)file;
    }
    case QMP_CHARDEV_BACKEND_KIND_SERIAL:
    case QMP_CHARDEV_BACKEND_KIND_PARALLEL:
    case QMP_CHARDEV_BACKEND_KIND_PIPE: {
        const QmpChardevHostdevWrapper *wrapper =
            backend->type == QMP_CHARDEV_BACKEND_KIND_SERIAL     ? backend->u.serial
            : backend->type == QMP_CHARDEV_BACKEND_KIND_PARALLEL ? backend->u.parallel
                                                                 : backend->u.pipe;
        keyval_add(keys, "path", wrapper->data->device);
        return (const QmpChardevCommon *)wrapper->data;
    }
    case QMP_CHARDEV_BACKEND_KIND_SOCKET:
        add_socket(keys, backend->u.socket->data);
        return (const QmpChardevCommon *)backend->u.socket->data;
    case QMP_CHARDEV_BACKEND_KIND_UDP:
        return add_udp(keys, backend->u.udp->data, errp)
                   ? (const QmpChardevCommon *)backend->u.udp->data
                   : NULL;
    case QMP_CHARDEV_BACKEND_KIND_HUB:
        add_hub(keys, backend->u.hub->data);
        return (const QmpChardevCommon *)backend->u.hub->data;
    case QMP_CHARDEV_BACKEND_KIND_RINGBUF:
        add_number(keys, "size", backend->u.ringbuf->data->has_size,
                   backend->u.ringbuf->data->size);
        return (const QmpChardevCommon *)backend->u.ringbuf->data;
    case QMP_CHARDEV_BACKEND_KIND_PTY: return backend->u.pty->data;
    case QMP_CHARDEV_BACKEND_KIND_NULL: return backend->u.null->data;
    default: g_assert_not_reached();
    }
}

/* The keys that -chardev would have been given; NULL with error. */
static Keyval *backend_keys(const char *id, const QmpChardevBackend *backend, GError **errp)
{
    g_autoptr(Keyval) keys = keyval_new();
    keyval_add(keys, "backend", qmp_chardev_backend_kind_names[backend->type]);
    keyval_add(keys, "id", id);
    const QmpChardevCommon *common = add_special(keys, backend, errp);
    if (!common) {
        return NULL;
    }
    add_common(keys, common);
    return g_steal_pointer(&keys);
}

/* fd= may be what getfd named instead of a number. */
static bool resolve_fd(CommandContext *context, Keyval *keys, GError **errp)
{
    const char *name = keyval_get(keys, "fd");
    if (!name || g_ascii_isdigit(*name)) {
        return true;
    }
    int fd = monitors_take_fd(context->monitor, name, errp);
    g_free(keyval_take(keys, "fd"));
    add_number(keys, "fd", true, fd);
    return fd >= 0;
}

/* Makes a back end of @keys; consumed. */
static Chardev *create(CommandContext *context, Object *parent, Keyval *keys, GError **errp)
{
    if (!keys || !resolve_fd(context, keys, errp)) {
        return NULL;
    }
    return chardev_spec_create(parent, keys, NULL, NULL, errp);
}

static QmpChardevReturn *describe(Chardev *chardev)
{
    QmpChardevReturn *made = qmp_chardev_return_new();
    g_autofree char *text = chardev_describe(chardev);
    if (g_str_has_prefix(text, "pty:")) {
        made->pty = g_strdup(text + strlen("pty:"));
    }
    return made;
}

QmpChardevReturn *qmp_chardev_add(CommandContext *context, const QmpChardevAddArgs *args,
                                  GError **errp)
{
    g_autoptr(Keyval) keys = backend_keys(args->id, args->backend, errp);
    Chardev *chardev = create(context, chardevs(context), keys, errp);
    return chardev ? describe(chardev) : NULL;
}

/* A back end of @keys, whose id is that of @old, takes its place. */
static Chardev *change(CommandContext *context, Chardev *old, Keyval *keys, GError **errp)
{
    if (object_cast(&old->object, &chardev_mux_class.object)) {
        error_set(errp, "chardev '%s' is shared (mux=on), which cannot be changed", old->label);
        return NULL;
    }
    if (keys && g_strcmp0(keyval_get(keys, "backend"), "hub") == 0) {
        error_set(errp, "a hub cannot take the place of chardev '%s'; make one and use it",
                  old->label);
        return NULL;
    }
    Object *apart = object_new(&container_class);                   /* the id is not free yet */
    object_add_child(context->root, "chardev-change", apart, NULL); /* it may look for /objects */
    Chardev *made = create(context, apart, keys, errp);
    if (made) {
        object_ref(&made->object);
        object_unparent(&made->object);
        chardev_replace(old, made);
        object_unparent(&old->object);
        object_add_child(chardevs(context), made->label, &made->object, NULL);
        object_unref(&made->object);
    }
    object_unparent(apart);
    object_unref(apart);
    return made;
}

QmpChardevReturn *qmp_chardev_change(CommandContext *context, const QmpChardevChangeArgs *args,
                                     GError **errp)
{
    Chardev *old = find(context, args->id, errp);
    g_autoptr(Keyval) keys = old ? backend_keys(args->id, args->backend, errp) : NULL;
    Chardev *made = keys ? change(context, old, keys, errp) : NULL;
    return made ? describe(made) : NULL;
}

static bool tell(HumanCall *call, Chardev *made)
{
    g_autofree char *text = made ? chardev_describe(made) : NULL;
    if (text && g_str_has_prefix(text, "pty:")) {
        human_text(call, "%s is on %s\n", made->label, text + strlen("pty:"));
    }
    return made;
}

bool human_chardev_add(HumanCall *call, GError **errp)
{
    g_autoptr(Keyval) keys = keyval_parse(call->rest, "backend", errp);
    return tell(call, create(&call->context, chardevs(&call->context), keys, errp));
}

bool human_chardev_change(HumanCall *call, GError **errp)
{
    Chardev *old = find(&call->context, call->args[0], errp);
    const char *rest = call->rest + strcspn(call->rest, " ");
    g_autoptr(Keyval) keys = old ? keyval_parse(rest + strspn(rest, " "), "backend", errp) : NULL;
    if (!keys) {
        return false;
    }
    g_free(keyval_take(keys, "id"));
    keyval_add(keys, "id", call->args[0]);
    return tell(call, change(&call->context, old, keys, errp));
}

bool qmp_chardev_remove(CommandContext *context, const QmpChardevRemoveArgs *args, GError **errp)
{
    Chardev *chardev = find(context, args->id, errp);
    if (!chardev) {
        return false;
    }
    if (chardev->ports->len > 0) {
        error_set(errp, "chardev '%s' is in use", args->id);
        return false;
    }
    chardev_close(chardev);
    object_unparent(&chardev->object);
    return true;
}

bool qmp_chardev_send_break(CommandContext *context, const QmpChardevSendBreakArgs *args,
                            GError **errp)
{
    Chardev *chardev = find(context, args->id, errp);
    if (chardev) {
        chardev_send_event(chardev, CHARDEV_EVENT_BREAK);
    }
    return chardev != NULL;
}

static Chardev *find_ringbuf(CommandContext *context, const char *id, GError **errp)
{
    Chardev *chardev = find(context, id, errp);
    if (chardev && chardev_ringbuf_read(chardev, NULL, 0) < 0) {
        error_set(errp, "chardev '%s' is no ringbuf", id);
        return NULL;
    }
    return chardev;
}

/* NULL with error unless @text is what g_base64_encode() makes. */
static guchar *decode(const char *text, gsize *length, GError **errp)
{
    guchar *bytes = g_base64_decode(text, length);
    g_autofree char *again = g_base64_encode(bytes, *length);
    if (strcmp(again, text) != 0) {
        error_set(errp, "parameter 'data' is not base64");
        g_free(bytes);
        return NULL;
    }
    return bytes;
}

bool qmp_ringbuf_write(CommandContext *context, const QmpRingbufWriteArgs *args, GError **errp)
{
    Chardev *chardev = find_ringbuf(context, args->device, errp);
    bool base64 = args->has_format && args->format == QMP_DATA_FORMAT_BASE64;
    gsize length = strlen(args->data);
    if (!chardev) {
        return false;
    }
    g_autofree guchar *bytes =
        base64 ? decode(args->data, &length, errp) : (guchar *)g_strdup(args->data);
    if (bytes) {
        CLASS_METHOD(&chardev->object, chardev_class, ChardevClass, write)(chardev, bytes, length);
    }
    return bytes != NULL;
}

char *qmp_ringbuf_read(CommandContext *context, const QmpRingbufReadArgs *args, GError **errp)
{
    Chardev *chardev = find_ringbuf(context, args->device, errp);
    if (!chardev) {
        return NULL;
    }
    if (args->size <= 0) {
        error_set(errp, "parameter 'size' must be more than zero");
        return NULL;
    }
    GByteArray *bytes = g_byte_array_new();
    uint8_t some[4096];
    int64_t left = MIN(args->size, MAX_READ_BYTES);
    ssize_t got = 1;
    while (left > 0 && got > 0) {
        got = chardev_ringbuf_read(chardev, some, MIN(left, (int64_t)sizeof(some)));
        g_byte_array_append(bytes, some, MAX(got, 0));
        left -= got;
    }
    char *text = args->has_format && args->format == QMP_DATA_FORMAT_BASE64
                     ? g_base64_encode(bytes->data, bytes->len)
                     : g_utf8_make_valid(bytes->len ? (const char *)bytes->data : "", bytes->len);
    g_byte_array_unref(bytes);
    return text;
}

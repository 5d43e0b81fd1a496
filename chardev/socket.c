/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix and TCP sockets, waiting for a peer or calling one. One peer at a time; the next is taken
 * when it has gone. */
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chardev/fd_stream.h"
#include "chardev/socket_address.h"
#include "crypto/tls_creds.h"
#include "util/error.h"
#include "util/log.h"

typedef struct {
    Chardev chardev;
    FdStream stream;
    SocketAddress address; /* properties */
    char *tls_creds, *tls_authz, *tls_host;
    bool server, wait, nodelay, telnet, websocket, tn3270;
    int32_t fd;
    uint32_t reconnect_s;
    bool accepted;           /* property: the peer called, though nobody listens here */
    int listener;            /* -1: none */
    int calling;             /* a connect() under way; -1: none */
    GSource *watch;          /* of the listener, the call, or the clock until the next one */
    bool bound_path;         /* the listener's path is ours to remove */
    ChardevCallerFn *caller; /* gets who calls while there is a peer; NULL: they wait */
    void *caller_opaque;
} SocketChardev;

static void drop_watch(SocketChardev *socket)
{
    if (socket->watch) {
        g_source_destroy(socket->watch);
        g_clear_pointer(&socket->watch, g_source_unref);
    }
}

static void set_watch(SocketChardev *socket, GSource *source, GSourceFunc fn)
{
    drop_watch(socket);
    socket->watch = source;
    g_source_set_callback(source, fn, socket, NULL);
    g_source_attach(source, NULL);
}

static void connected(Chardev *chardev)
{
    SocketChardev *socket = container_of(chardev, SocketChardev, chardev);

    chardev_set_connected(chardev, true);
    fd_stream_accept_input(&socket->stream);
}

/* Whether this end is the one that is called. */
static bool is_called(const SocketChardev *socket)
{
    return socket->server || socket->accepted;
}

static bool add_tls(SocketChardev *socket, CodecStack *codecs, GError **errp)
{
    Object *obj = &socket->chardev.object;
    const char *host = socket->tls_host    ? socket->tls_host
                       : is_called(socket) ? NULL
                                           : socket->address.host;
    TlsCreds *creds = tls_creds_find(obj, socket->tls_creds, is_called(socket), errp);
    Codec *codec =
        creds ? codec_tls_new(&socket->chardev, creds, host, socket->tls_authz, errp) : NULL;
    if (codec) {
        codec_stack_push(codecs, codec);
    }
    return codec;
}

/* *@codecs NULL: bytes go as they are. */
static bool make_codecs(SocketChardev *socket, CodecStack **codecs, GError **errp)
{
    *codecs = NULL;
    if (!socket->telnet && !socket->websocket && !socket->tls_creds) {
        return true;
    }
    *codecs = codec_stack_new();
    if (socket->tls_creds && !add_tls(socket, *codecs, errp)) {
        g_clear_pointer(codecs, codec_stack_free);
        return false;
    }
    if (socket->telnet) {
        codec_stack_push(*codecs, codec_telnet_new(&socket->chardev, is_called(socket)));
    } else if (socket->websocket) {
        codec_stack_push(*codecs, codec_websocket_new(&socket->chardev));
    }
    return true;
}

/* False: it is closed. Credentials may have gone since the line was made. */
static bool use_connection(SocketChardev *socket, int fd, GError **errp)
{
    CodecStack *codecs;
    int on = 1;
    if (!make_codecs(socket, &codecs, errp)) {
        close(fd);
        return false;
    }
    if (socket->nodelay) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
                   sizeof(on)); /* fails on Unix sockets, which have no delay */
    }
    fd_stream_open(&socket->stream, fd, fd);
    fd_stream_start(&socket->stream, codecs, connected);
    return true;
}

static void use_or_tell(SocketChardev *socket, int fd)
{
    g_autoptr(GError) error = NULL;
    if (!use_connection(socket, fd, &error)) {
        log_printf(0, "chardev '%s': %s\n", socket->chardev.label, error->message);
    }
}

/* Somebody is there, though it may not have agreed with us on how to talk. */
static bool has_peer(const SocketChardev *socket)
{
    return socket->stream.in >= 0;
}

/* Another caller than the peer: gets a line of its own. */
static void hand_over(SocketChardev *socket, int peer)
{
    g_autofree char *fd = g_strdup_printf("%d", peer);
    g_autofree char *label = g_strdup_printf("%s-caller[*]", socket->chardev.label);
    const char *const options[] = {
        "fd",
        fd,
        "server",
        "off",
        "telnet",
        socket->telnet ? "on" : "off",
        "websocket",
        socket->websocket ? "on" : "off",
        "accepted",
        "on",
        socket->tls_creds ? "tls-creds" : NULL,
        socket->tls_creds,
        socket->tls_authz ? "tls-authz" : NULL,
        socket->tls_authz,
        NULL,
    };
    const ChardevClass *class = (const ChardevClass *)socket->chardev.object.class;
    Chardev *caller = chardev_new(&socket->chardev.object, label, class, options, NULL);
    if (caller) {
        socket->caller(socket->caller_opaque, caller);
    } else {
        close(peer);
    }
}

static gboolean on_peer(int fd, GIOCondition condition, gpointer opaque)
{
    SocketChardev *socket = opaque;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0) {
        return G_SOURCE_CONTINUE;
    }
    if (has_peer(socket)) {
        hand_over(socket, peer);
        return G_SOURCE_CONTINUE;
    }
    use_or_tell(socket, peer);
    if (!socket->caller && has_peer(socket)) {
        drop_watch(socket); /* others queue until this one has gone */
    }
    return G_SOURCE_CONTINUE;
}

static void await_peer(SocketChardev *socket)
{
    set_watch(socket, g_unix_fd_source_new(socket->listener, G_IO_IN), G_SOURCE_FUNC(on_peer));
}

static void call_later(SocketChardev *socket);

static gboolean on_called(int fd, GIOCondition condition, gpointer opaque)
{
    SocketChardev *socket = opaque;
    int err = 0;
    socklen_t length = sizeof(err);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &length);
    socket->calling = -1;
    drop_watch(socket);
    if (err) {
        close(fd);
        call_later(socket);
    } else {
        use_or_tell(socket, fd);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_time_to_call(gpointer opaque)
{
    SocketChardev *socket = opaque;
    int fd = socket_address_connect(&socket->address, true, NULL);
    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    socket->calling = fd;
    set_watch(socket, g_unix_fd_source_new(fd, G_IO_OUT), G_SOURCE_FUNC(on_called));
    return G_SOURCE_CONTINUE;
}

static void call_later(SocketChardev *socket)
{
    set_watch(socket, g_timeout_source_new_seconds(socket->reconnect_s), on_time_to_call);
}

static void socket_ended(Chardev *chardev, int err)
{
    SocketChardev *socket = container_of(chardev, SocketChardev, chardev);
    fd_stream_close(&socket->stream);
    chardev_set_connected(chardev, false);
    if (socket->listener >= 0) {
        await_peer(socket);
    } else if (socket->reconnect_s) {
        call_later(socket);
    }
}

/* fd=: a socket made by whoever started us. */
static bool open_passed(SocketChardev *socket, GError **errp)
{
    int listening = 0;
    socklen_t length = sizeof(listening);
    if (getsockopt(socket->fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0) {
        error_set_errno(errp, errno, "fd=%d is not a usable socket", socket->fd);
        return false;
    }
    if (!listening == socket->server) {
        error_set(errp, "fd=%d is %s socket, but server=%s was given", socket->fd,
                  listening ? "a listening" : "a connected", socket->server ? "on" : "off");
        return false;
    }
    g_unix_set_fd_nonblocking(socket->fd, listening, NULL);
    if (listening) {
        socket->listener = socket->fd;
        return true;
    }
    return use_connection(socket, socket->fd, errp);
}

static bool open_server(SocketChardev *socket, GError **errp)
{
    if (socket->listener < 0) {
        socket->listener = socket_address_listen(&socket->address, errp);
        socket->bound_path = socket->listener >= 0 && socket->address.path;
    }
    if (socket->listener < 0) {
        return false;
    }
    await_peer(socket);
    return true;
}

static bool open_client(SocketChardev *socket, GError **errp)
{
    int fd = socket_address_connect(&socket->address, false, socket->reconnect_s ? NULL : errp);
    if (fd >= 0) {
        return use_connection(socket, fd, errp);
    }
    if (socket->reconnect_s) {
        call_later(socket);
    }
    return socket->reconnect_s;
}

static bool check_protocol(SocketChardev *socket, GError **errp)
{
    if (socket->tn3270) {
        error_set(errp, "tn3270= is for terminals of mainframes, which no machine here has");
    } else if (socket->telnet && socket->websocket) {
        error_set(errp, "telnet= and websocket= cannot be used together");
    } else if (socket->websocket && !socket->server && !socket->accepted) {
        error_set(errp, "websocket= is for servers: add server=on");
    } else if (!socket->tls_creds && (socket->tls_authz || socket->tls_host)) {
        error_set(errp, "tls-authz= and tls-hostname= need tls-creds=");
    } else {
        return !socket->tls_creds ||
               tls_creds_find(&socket->chardev.object, socket->tls_creds, is_called(socket), errp);
    }
    return false;
}

static bool check_options(SocketChardev *socket, GError **errp)
{
    bool passed = socket->fd >= 0;
    if (passed ? socket->address.path || socket->address.port
               : !socket_address_check(&socket->address, errp)) {
        if (passed) {
            error_set(errp, "fd= and an address cannot be used together");
        }
        return false;
    }
    if (socket->server && socket->reconnect_s) {
        error_set(errp, "reconnect= is for clients, not with server=on");
        return false;
    }
    return check_protocol(socket, errp);
}

static bool socket_open(Chardev *chardev, GError **errp)
{
    SocketChardev *socket = container_of(chardev, SocketChardev, chardev);
    bool ok = check_options(socket, errp) && (socket->fd < 0 || open_passed(socket, errp));
    if (ok && socket->server) {
        ok = open_server(socket, errp);
    } else if (ok && socket->fd < 0) {
        ok = open_client(socket, errp);
    }
    if (!ok) {
        error_prefix(errp, "chardev '%s': ", chardev->label);
    }
    return ok;
}

/* wait=on: the machine does not start before somebody is there. */
static bool socket_wait(Chardev *chardev, ChardevAnnounceFn *announce, GError **errp)
{
    SocketChardev *socket = container_of(chardev, SocketChardev, chardev);
    struct pollfd fd = { .fd = socket->listener, .events = POLLIN };
    if (!socket->server || !socket->wait || chardev->connected) {
        return true;
    }
    announce(chardev);
    while (!chardev->connected) {
        fd.fd = has_peer(socket) ? socket->stream.in : socket->listener;
        if (poll(&fd, 1, -1) < 0 && errno != EINTR) {
            error_set_errno(errp, errno, "chardev '%s': waiting for a connection failed",
                            chardev->label);
            return false;
        }
        if (has_peer(socket)) {
            fd_stream_serve(&socket->stream);
        } else {
            on_peer(socket->listener, G_IO_IN, socket);
        }
    }
    return true;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void socket_close(Chardev *chardev)
{
    SocketChardev *socket = container_of(chardev, SocketChardev, chardev);
    drop_watch(socket);
    fd_stream_close(&socket->stream);
    close_fd(&socket->calling);
    close_fd(&socket->listener);
    if (socket->bound_path) {
        unlink(socket->address.path);
        socket->bound_path = false;
    }
}

static bool socket_take_callers(Chardev *chardev, ChardevCallerFn *fn, void *opaque)
{
    SocketChardev *socket = container_of(chardev, SocketChardev, chardev);
    if (socket->listener < 0) {
        return false;
    }
    socket->caller = fn;
    socket->caller_opaque = opaque;
    await_peer(socket);
    return true;
}

static GArray *socket_passed_fds(Chardev *chardev)
{
    return fd_stream_passed(&container_of(chardev, SocketChardev, chardev)->stream);
}

static size_t socket_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    return fd_stream_write(&container_of(chardev, SocketChardev, chardev)->stream, bytes, length);
}

static void socket_accept_input(Chardev *chardev)
{
    fd_stream_accept_input(&container_of(chardev, SocketChardev, chardev)->stream);
}

static bool socket_flush(Chardev *chardev)
{
    return fd_stream_flush(&container_of(chardev, SocketChardev, chardev)->stream);
}

static char *socket_describe(Chardev *chardev)
{
    SocketChardev *socket = container_of(chardev, SocketChardev, chardev);
    g_autofree char *address = socket->fd >= 0 ? g_strdup_printf("fd:%d", socket->fd)
                                               : socket_address_text(&socket->address);
    const char *colon = socket->fd < 0 && !socket->address.path ? strchr(address, ':') : NULL;
    const char *protocol = socket->telnet ? "telnet" : socket->websocket ? "websocket" : NULL;
    g_autofree char *named =
        protocol && colon ? g_strconcat(protocol, colon, NULL) : g_strdup(address);
    return g_strdup_printf("%s%s%s", chardev->connected ? "" : "disconnected:", named,
                           socket->server ? ",server=on" : "");
}

static void socket_init(Object *obj)
{
    SocketChardev *socket = container_of(obj, SocketChardev, chardev.object);
    socket->listener = socket->calling = -1;
    fd_stream_init(&socket->stream, &socket->chardev, socket_ended);
}

static const Property socket_properties[] = {
    PROPERTY_STRING("path", SocketChardev, address.path, NULL, .help = "of a Unix socket"),
    PROPERTY_STRING("host", SocketChardev, address.host, NULL,
                    .help = "TCP: name or address; empty: any"),
    PROPERTY_STRING("port", SocketChardev, address.port, NULL,
                    .help = "TCP: port number or service"),
    PROPERTY_BOOL("ipv4", SocketChardev, address.ipv4, true, .help = "TCP: IPv4 may be used"),
    PROPERTY_BOOL("ipv6", SocketChardev, address.ipv6, true, .help = "TCP: IPv6 may be used"),
    PROPERTY_I32("fd", SocketChardev, fd, -1, .help = "descriptor of a socket that was passed"),
    PROPERTY_BOOL("server", SocketChardev, server, false, .help = "be called instead of calling"),
    PROPERTY_BOOL("wait", SocketChardev, wait, true,
                  .help = "server: start only when somebody has called"),
    PROPERTY_BOOL("nodelay", SocketChardev, nodelay, false,
                  .help = "TCP: send small packets at once"),
    PROPERTY_BOOL("telnet", SocketChardev, telnet, false, .help = "speak telnet"),
    PROPERTY_BOOL("tn3270", SocketChardev, tn3270, false, .help = "not supported"),
    PROPERTY_BOOL("websocket", SocketChardev, websocket, false,
                  .help = "server: speak the websocket protocol"),
    PROPERTY_BOOL("accepted", SocketChardev, accepted, false,
                  .help = "fd= is of somebody who called"),
    PROPERTY_STRING("tls-creds", SocketChardev, tls_creds, NULL,
                    .help = "id of TLS credentials (-object tls-creds-x509...)"),
    PROPERTY_STRING("tls-authz", SocketChardev, tls_authz, NULL,
                    .help = "server: id of who may connect (-object authz-simple...)"),
    PROPERTY_STRING("tls-hostname", SocketChardev, tls_host, NULL,
                    .help = "client: name that the server's certificate must have"),
    PROPERTY_U32("reconnect", SocketChardev, reconnect_s, 0,
                 .help = "client: seconds until it calls again; 0: never"),
    {},
};

static const ChardevClass chardev_socket_class = {
    .object = { .name = "chardev-socket",
                .parent = &chardev_class.object,
                .instance_size = sizeof(SocketChardev),
                .properties = socket_properties,
                .init = socket_init },
    .summary = "Unix or TCP socket",
    .open = socket_open,
    .close = socket_close,
    .wait = socket_wait,
    .write = socket_write,
    .flush = socket_flush,
    .accept_input = socket_accept_input,
    .describe = socket_describe,
    .take_callers = socket_take_callers,
    .passed_fds = socket_passed_fds,
};
CLASS_REGISTER(chardev_socket_class);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams to a fixed peer. Packets may get lost on the way, as they do. */
#include <errno.h>
#include <glib-unix.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chardev/chardev.h"
#include "chardev/socket_address.h"
#include "util/error.h"

enum { DATAGRAM_BYTES = 65536, SENT_BYTES = 1400 /* in one piece on most networks */ };

typedef struct {
    Chardev chardev;
    char *host, *port, *local_host, *local_port; /* properties */
    bool ipv4, ipv6;
    int fd;
    GSource *in_watch, *out_watch;
    uint8_t *received; /* the datagram that the front end has not taken whole */
    size_t from, to;
} UdpChardev;

static void drop(GSource **watch)
{
    if (*watch) {
        g_source_destroy(*watch);
        g_clear_pointer(watch, g_source_unref);
    }
}

static void deliver(UdpChardev *udp)
{
    while (udp->from < udp->to) {
        size_t length = MIN(udp->to - udp->from, chardev_can_receive(&udp->chardev));
        if (!length) {
            return;
        }
        size_t at = udp->from;
        udp->from += length;
        chardev_receive(&udp->chardev, udp->received + at, length);
    }
}

static gboolean on_datagram(int fd, GIOCondition condition, gpointer opaque)
{
    UdpChardev *udp = opaque;

    deliver(udp);
    if (udp->from < udp->to || !chardev_can_receive(&udp->chardev)) {
        drop(&udp->in_watch);
        return G_SOURCE_REMOVE;
    }
    ssize_t length = recv(fd, udp->received, DATAGRAM_BYTES, MSG_DONTWAIT);
    udp->from = 0;
    udp->to =
        MAX(length, 0); /* an error is the network's word that nobody is there: not for good */
    deliver(udp);
    return G_SOURCE_CONTINUE;
}

static gboolean on_writable(int fd, GIOCondition condition, gpointer opaque)
{
    UdpChardev *udp = opaque;

    drop(&udp->out_watch);
    chardev_flush(&udp->chardev);
    return G_SOURCE_REMOVE;
}

static GSource *watch(int fd, GIOCondition condition, GUnixFDSourceFunc fn, UdpChardev *udp)
{
    GSource *source = g_unix_fd_source_new(fd, condition);

    g_source_set_callback(source, G_SOURCE_FUNC(fn), udp, NULL);
    g_source_attach(source, NULL);
    return source;
}

static size_t udp_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    UdpChardev *udp = container_of(chardev, UdpChardev, chardev);
    size_t total = 0;

    while (total < length) {
        ssize_t done = send(udp->fd, bytes + total, MIN(length - total, SENT_BYTES),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
            if (!udp->out_watch) {
                udp->out_watch = watch(udp->fd, G_IO_OUT, on_writable, udp);
            }
            break;
        }
        total += done < 0 ? MIN(length - total, SENT_BYTES) : (size_t)done; /* lost, if refused */
    }
    return total;
}

static void udp_accept_input(Chardev *chardev)
{
    UdpChardev *udp = container_of(chardev, UdpChardev, chardev);

    deliver(udp);
    if (udp->fd >= 0 && !udp->in_watch && udp->from == udp->to && chardev_can_receive(chardev)) {
        udp->in_watch = watch(udp->fd, G_IO_IN, on_datagram, udp);
    }
}

static struct addrinfo *look_up(const UdpChardev *udp, bool local, int family, GError **errp)
{
    const char *host = local ? udp->local_host : udp->host;
    const char *port = local ? udp->local_port : udp->port;
    struct addrinfo hints = { .ai_flags = (local ? AI_PASSIVE : 0) | AI_ADDRCONFIG,
                              .ai_socktype = SOCK_DGRAM,
                              .ai_family = family };
    struct addrinfo *list = NULL;
    if (port && !socket_address_check_port(port, errp)) {
        return NULL;
    }
    int err = getaddrinfo(host && *host ? host
                          : local       ? NULL
                                        : "localhost",
                          port && *port ? port : "0", &hints, &list);

    if (err) {
        error_set(errp, "%s:%s: %s", host ? host : "", port ? port : "", gai_strerror(err));
    }
    return list;
}

static bool bind_local(UdpChardev *udp, int family, GError **errp)
{
    if (!udp->local_port && !udp->local_host) {
        return true;
    }
    struct addrinfo *at = look_up(udp, true, family, errp);
    bool ok = at && bind(udp->fd, at->ai_addr, at->ai_addrlen) == 0;
    if (at && !ok) {
        error_set_errno(errp, errno, "localaddr=%s,localport=%s cannot be used",
                        udp->local_host ? udp->local_host : "",
                        udp->local_port ? udp->local_port : "0");
    }
    if (at) {
        freeaddrinfo(at);
    }
    return ok;
}

static bool connect_to_peer(UdpChardev *udp, GError **errp)
{
    int family = udp->ipv4 == udp->ipv6 ? AF_UNSPEC : udp->ipv4 ? AF_INET : AF_INET6;

    if (!udp->port || !*udp->port) {
        error_set(errp, "port= is missing");
        return false;
    }
    struct addrinfo *at = look_up(udp, false, family, errp);
    if (!at) {
        return false;
    }
    udp->fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok = udp->fd >= 0 && bind_local(udp, at->ai_family, errp);
    if (ok && connect(udp->fd, at->ai_addr, at->ai_addrlen) < 0) {
        error_set_errno(errp, errno, "cannot send to %s:%s", udp->host ? udp->host : "", udp->port);
        ok = false;
    }
    freeaddrinfo(at);
    return ok;
}

static bool udp_open(Chardev *chardev, GError **errp)
{
    UdpChardev *udp = container_of(chardev, UdpChardev, chardev);

    if (!connect_to_peer(udp, errp)) {
        error_prefix(errp, "chardev '%s': ", chardev->label);
        return false;
    }
    udp->received = g_malloc(DATAGRAM_BYTES);
    chardev_set_connected(chardev, true);
    return true;
}

static void udp_close(Chardev *chardev)
{
    UdpChardev *udp = container_of(chardev, UdpChardev, chardev);

    drop(&udp->in_watch);
    drop(&udp->out_watch);
    if (udp->fd >= 0) {
        close(udp->fd);
        udp->fd = -1;
    }
    udp->from = udp->to = 0;
    g_clear_pointer(&udp->received, g_free);
}

static char *udp_describe(Chardev *chardev)
{
    UdpChardev *udp = container_of(chardev, UdpChardev, chardev);

    return g_strdup_printf("udp:%s:%s", udp->host ? udp->host : "", udp->port);
}

static void udp_init(Object *obj)
{
    container_of(obj, UdpChardev, chardev.object)->fd = -1;
}

static const Property udp_properties[] = {
    PROPERTY_STRING("host", UdpChardev, host, NULL, .help = "peer's name or address"),
    PROPERTY_STRING("port", UdpChardev, port, NULL, .help = "peer's port number or service"),
    PROPERTY_STRING("localaddr", UdpChardev, local_host, NULL, .help = "address to send from"),
    PROPERTY_STRING("localport", UdpChardev, local_port, NULL, .help = "port to send from"),
    PROPERTY_BOOL("ipv4", UdpChardev, ipv4, true, .help = "IPv4 may be used"),
    PROPERTY_BOOL("ipv6", UdpChardev, ipv6, true, .help = "IPv6 may be used"),
    {},
};

static const ChardevClass chardev_udp_class = {
    .object = { .name = "chardev-udp",
                .parent = &chardev_class.object,
                .instance_size = sizeof(UdpChardev),
                .properties = udp_properties,
                .init = udp_init },
    .summary = "datagrams to a fixed peer",
    .open = udp_open,
    .close = udp_close,
    .write = udp_write,
    .accept_input = udp_accept_input,
    .describe = udp_describe,
};
CLASS_REGISTER(chardev_udp_class);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a socket is: a path, or a host and a port. */
#include "chardev/socket_address.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/error.h"

enum { BACKLOG = 1 };

char *socket_address_text(const SocketAddress *address)
{
    if (address->path) {
        return g_strconcat("unix:", address->path, NULL);
    }
    bool v6 = address->host && strchr(address->host, ':');
    return g_strdup_printf("tcp:%s%s%s:%s", v6 ? "[" : "", address->host ? address->host : "",
                           v6 ? "]" : "", address->port);
}

bool socket_address_check(const SocketAddress *address, GError **errp)
{
    struct sockaddr_un unix_address;
    if (address->path && (address->host || address->port)) {
        error_set(errp, "path= and host=, port= cannot be used together");
    } else if (address->path && strlen(address->path) >= sizeof(unix_address.sun_path)) {
        error_set(errp, "path= is longer than the %zu bytes a socket's may have",
                  sizeof(unix_address.sun_path) - 1);
    } else if (address->path ? !*address->path : !address->port || !*address->port) {
        error_set(errp, "path=, or host= and port=, or fd= is missing");
    } else {
        return true;
    }
    return false;
}

static void fill_unix(struct sockaddr_un *to, const SocketAddress *address)
{
    *to = (struct sockaddr_un){ .sun_family = AF_UNIX };
    strncpy(to->sun_path, address->path, sizeof(to->sun_path) - 1);
}

static void fail(const SocketAddress *address, int err, const char *what, GError **errp)
{
    g_autofree char *text = socket_address_text(address);
    error_set_errno(errp, err, "cannot %s %s", what, text);
}

bool socket_address_check_port(const char *port, GError **errp)
{
    bool numeric = strspn(port, "0123456789") == strlen(port);
    if (numeric && *port && !g_ascii_string_to_unsigned(port, 10, 0, 65535, NULL, NULL)) {
        error_set(errp, "port %s: must be at most 65535", port);
        return false;
    }
    return true;
}

static struct addrinfo *look_up(const SocketAddress *address, int flags, GError **errp)
{
    struct addrinfo hints = {
        .ai_flags = flags | AI_ADDRCONFIG,
        .ai_socktype = SOCK_STREAM,
        .ai_family = address->ipv4 == address->ipv6 ? AF_UNSPEC
                     : address->ipv4                ? AF_INET
                                                    : AF_INET6,
    };
    struct addrinfo *list = NULL;
    if (!socket_address_check_port(address->port, errp)) {
        return NULL;
    }
    const char *host = address->host && *address->host ? address->host : NULL;
    int err = getaddrinfo(host, address->port, &hints, &list);
    if (err) {
        g_autofree char *text = socket_address_text(address);
        error_set(errp, "%s: %s", text, gai_strerror(err));
        return NULL;
    }
    return list;
}

/* A socket that a dead server left behind is removed; anything else at that path is not ours. */
static int listen_unix(const SocketAddress *address, GError **errp)
{
    struct sockaddr_un name;
    struct stat st;
    fill_unix(&name, address);
    if (lstat(address->path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(address->path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 || listen(fd, BACKLOG) < 0) {
        fail(address, errno, "listen on", errp);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static int listen_at(const struct addrinfo *at)
{
    int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static int connect_at(const struct addrinfo *at, bool nowait)
{
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | (nowait ? SOCK_NONBLOCK : 0),
                    at->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, at->ai_addr, at->ai_addrlen) < 0 && !(nowait && errno == EINPROGRESS)) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

int socket_address_listen(const SocketAddress *address, GError **errp)
{
    if (address->path) {
        return listen_unix(address, errp);
    }
    struct addrinfo *list = look_up(address, AI_PASSIVE, errp);
    int fd = -1;
    for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = listen_at(at);
    }
    if (list && fd < 0) {
        fail(address, errno, "listen on", errp);
    }
    if (list) {
        freeaddrinfo(list);
    }
    return fd;
}

int socket_address_connect(const SocketAddress *address, bool nowait, GError **errp)
{
    struct sockaddr_un name;
    int fd = -1;
    if (address->path) {
        fill_unix(&name, address);
        struct addrinfo at = {
            .ai_family = AF_UNIX,
            .ai_socktype = SOCK_STREAM,
            .ai_addr = (struct sockaddr *)&name,
            .ai_addrlen = sizeof(name),
        };
        fd = connect_at(&at, nowait);
        if (fd < 0) {
            fail(address, errno, "connect to", errp);
        }
        return fd;
    }
    struct addrinfo *list = look_up(address, 0, errp);
    for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = connect_at(at, nowait);
    }
    if (list && fd < 0) {
        fail(address, errno, "connect to", errp);
    }
    if (list) {
        freeaddrinfo(list);
    }
    return fd;
}

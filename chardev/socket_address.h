/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a socket is: a path, or a host and a port. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *path; /* Unix; NULL: TCP */
    char *host, *port;
    bool ipv4, ipv6;
} SocketAddress;

/** socket_address_check - exactly one kind of address is there, and complete */
bool socket_address_check(const SocketAddress *address, GError **errp);
/** socket_address_check_port - a number must be one of ports; names are looked up later */
bool socket_address_check_port(const char *port, GError **errp);
/** socket_address_listen - a listening, non-blocking socket; -1 with error */
int socket_address_listen(const SocketAddress *address, GError **errp);
/** socket_address_connect - a connected socket, or with @nowait one that becomes writable when it
 * is; -1 with error */
int socket_address_connect(const SocketAddress *address, bool nowait, GError **errp);
/** socket_address_text - "unix:PATH" or "tcp:HOST:PORT"; caller frees */
char *socket_address_text(const SocketAddress *address);

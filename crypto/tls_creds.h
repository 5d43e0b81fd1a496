/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials of TLS: -object tls-creds-anon, tls-creds-psk, tls-creds-x509. */
#pragma once

#include <gnutls/gnutls.h>

#include "qom/object.h"

typedef struct TlsCreds TlsCreds;

/** tls_creds_find - the credentials @id of /objects, for a server or a client; NULL with error */
TlsCreds *tls_creds_find(Object *from, const char *id, bool server, GError **errp);
/** tls_creds_session - a session with these credentials, not yet connected to anything. Holds a
 * reference to @creds until tls_creds_session_free() */
gnutls_session_t tls_creds_session(TlsCreds *creds, GError **errp);
void tls_creds_session_free(TlsCreds *creds, gnutls_session_t session);
/**
 * tls_creds_check_peer - after the handshake: is the peer whom it says it is?
 * @host: clients: name that the server's certificate must have; may be NULL
 * @authz: servers: id of who may connect; NULL: everybody
 */
bool tls_creds_check_peer(TlsCreds *creds, gnutls_session_t session, const char *host,
                          const char *authz, GError **errp);

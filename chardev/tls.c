/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS between a line and its socket, by GnuTLS. */
#include <errno.h>
#include <string.h>

#include "chardev/codec.h"
#include "crypto/tls_creds.h"
#include "util/error.h"

enum { RECORD_BYTES = 16 * 1024 };

typedef struct {
    Codec codec;
    TlsCreds *creds;
    gnutls_session_t session;
    char *host, *authz;
    GByteArray *in;   /* from the wire, not yet looked at */
    GByteArray *wire; /* while GnuTLS runs: where what it sends goes */
} TlsCodec;

static ssize_t push(gnutls_transport_ptr_t opaque, const void *bytes, size_t length)
{
    TlsCodec *tls = opaque;

    if (tls->wire) {
        g_byte_array_append(tls->wire, bytes, length);
    }
    return length;
}

static ssize_t pull(gnutls_transport_ptr_t opaque, void *bytes, size_t length)
{
    TlsCodec *tls = opaque;

    if (tls->in->len == 0) {
        gnutls_transport_set_errno(tls->session, EAGAIN);
        return -1;
    }
    length = MIN(length, tls->in->len);
    memcpy(bytes, tls->in->data, length);
    g_byte_array_remove_range(tls->in, 0, length);
    return length;
}

static bool shake_hands(TlsCodec *tls, GError **errp)
{
    int err;

    do {
        err = gnutls_handshake(tls->session);
    } while (err == GNUTLS_E_INTERRUPTED ||
             (err < 0 && err != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(err)));
    if (err == GNUTLS_E_AGAIN) {
        return true;
    }
    if (err < 0) {
        gnutls_alert_send_appropriate(tls->session, err);
        error_set(errp, "no TLS with this peer: %s", gnutls_strerror(err));
        return false;
    }
    if (!tls_creds_check_peer(tls->creds, tls->session, tls->host, tls->authz, errp)) {
        gnutls_alert_send(tls->session, GNUTLS_AL_FATAL, GNUTLS_A_ACCESS_DENIED);
        return false;
    }
    tls->codec.ready = true;
    return true;
}

static void tls_start(Codec *codec, GByteArray *wire)
{
    TlsCodec *tls = container_of(codec, TlsCodec, codec);

    tls->wire = wire;
    shake_hands(tls, NULL);
    tls->wire = NULL;
}

static bool receive(TlsCodec *tls, GByteArray *payload, GError **errp)
{
    g_autofree uint8_t *bytes = g_malloc(RECORD_BYTES);

    for (;;) {
        guint before = tls->in->len;
        ssize_t done = gnutls_record_recv(tls->session, bytes, RECORD_BYTES);
        if (done > 0) {
            g_byte_array_append(payload, bytes, done);
        } else if (done == GNUTLS_E_AGAIN) {
            if (tls->in->len == before) {
                return true;
            } /* else it was a ticket or the like, and more may stand behind it */
        } else if (done == 0) {
            gnutls_bye(tls->session, GNUTLS_SHUT_WR);
            return false;
        } else if (gnutls_error_is_fatal(done)) {
            error_set(errp, "TLS: %s", gnutls_strerror(done));
            return false;
        } /* else a warning, or a wish that we do not fulfil */
    }
}

static bool tls_decode(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *payload,
                       GByteArray *wire, GError **errp)
{
    TlsCodec *tls = container_of(codec, TlsCodec, codec);
    bool ok = true;

    g_byte_array_append(tls->in, bytes, length);
    tls->wire = wire;
    if (!codec->ready) {
        ok = shake_hands(tls, errp);
    }
    if (codec->ready) {
        ok = receive(tls, payload, errp);
    }
    tls->wire = NULL;
    return ok;
}

static void tls_encode(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *wire)
{
    TlsCodec *tls = container_of(codec, TlsCodec, codec);

    tls->wire = wire;
    while (length) {
        ssize_t done = gnutls_record_send(tls->session, bytes, length);
        if (done < 0 && gnutls_error_is_fatal(done)) {
            break; /* the next read finds out */
        }
        bytes += MAX(done, 0);
        length -= MAX(done, 0);
    }
    tls->wire = NULL;
}

static void tls_free(Codec *codec)
{
    TlsCodec *tls = container_of(codec, TlsCodec, codec);

    tls_creds_session_free(tls->creds, tls->session);
    g_byte_array_unref(tls->in);
    g_free(tls->host);
    g_free(tls->authz);
    g_free(tls);
}

Codec *codec_tls_new(Chardev *chardev, TlsCreds *creds, const char *host, const char *authz,
                     GError **errp)
{
    static const CodecOps ops = { tls_start, tls_decode, tls_encode, tls_free };
    gnutls_session_t session = tls_creds_session(creds, errp);

    if (!session) {
        return NULL;
    }
    TlsCodec *tls = g_new0(TlsCodec, 1);
    tls->codec.ops = &ops;
    tls->codec.chardev = chardev;
    tls->creds = creds;
    tls->session = session;
    tls->host = g_strdup(host);
    tls->authz = g_strdup(authz);
    tls->in = g_byte_array_new();
    if (host) {
        gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, strlen(host));
    }
    gnutls_transport_set_ptr(session, tls);
    gnutls_transport_set_push_function(session, push);
    gnutls_transport_set_pull_function(session, pull);
    return &tls->codec;
}

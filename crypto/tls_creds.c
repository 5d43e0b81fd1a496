/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credentials of TLS. Files have fixed names in dir=: ca-cert.pem, server-cert.pem, server-key.pem,
 * client-cert.pem, client-key.pem, ca-crl.pem; keys.psk.
 */
#include "crypto/tls_creds.h"

#include <gnutls/x509.h>
#include <string.h>

#include "crypto/authz.h"
#include "crypto/secret.h"
#include "qom/property.h"
#include "qom/user_object.h"
#include "util/error.h"

typedef enum { TLS_ANON, TLS_PSK, TLS_X509 } TlsKind;
enum { ENDPOINT_CLIENT, ENDPOINT_SERVER };

struct TlsCreds {
    Object object;
    char *dir, *priority, *username, *passwordid; /* properties */
    int endpoint;
    bool verify_peer, sanity_check;
    union {
        gnutls_anon_server_credentials_t anon_server;
        gnutls_anon_client_credentials_t anon_client;
        gnutls_psk_server_credentials_t psk_server;
        gnutls_psk_client_credentials_t psk_client;
        gnutls_certificate_credentials_t x509;
    };
};

typedef struct {
    UserObjectClass user;
    TlsKind kind;
} TlsCredsClass;

static const TlsCredsClass tls_creds_class;

static TlsKind kind_of(const TlsCreds *creds)
{
    return ((const TlsCredsClass *)creds->object.class)->kind;
}

static bool is_server(const TlsCreds *creds)
{
    return creds->endpoint == ENDPOINT_SERVER;
}

static bool failed(int err, const char *what, GError **errp)
{
    if (err < 0) {
        error_set(errp, "%s: %s", what, gnutls_strerror(err));
    }
    return err < 0;
}

/* NULL with error, or (@optional) without one: no such file. */
static char *file_of(const TlsCreds *creds, const char *name, bool optional, GError **errp)
{
    g_autofree char *path = g_build_filename(creds->dir, name, NULL);

    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return g_steal_pointer(&path);
    }
    if (!optional) {
        error_set(errp, "there is no '%s'", path);
    }
    return NULL;
}

/* Making them ---------------------------------------------------------------------------------- */

static bool make_anon(TlsCreds *creds, GError **errp)
{
    int err = is_server(creds) ? gnutls_anon_allocate_server_credentials(&creds->anon_server)
                               : gnutls_anon_allocate_client_credentials(&creds->anon_client);

    if (is_server(creds) && !err) {
        err = gnutls_anon_set_server_known_dh_params(creds->anon_server, GNUTLS_SEC_PARAM_MEDIUM);
    }
    return !failed(err, "anonymous credentials", errp);
}

/* The key of @user out of lines "USER:HEX". */
static char *find_key(const char *path, const char *user, GError **errp)
{
    g_autofree char *text = NULL;
    GError *error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        error_set(errp, "%s", error->message);
        g_error_free(error);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *colon = strchr(*line, ':');
        if (colon && (size_t)(colon - *line) == strlen(user) &&
            strncmp(*line, user, strlen(user)) == 0) {
            return g_strdup(g_strstrip(colon + 1));
        }
    }
    error_set(errp, "'%s' has no key for user '%s'", path, user);
    return NULL;
}

static bool make_psk(TlsCreds *creds, GError **errp)
{
    g_autofree char *path = file_of(creds, "keys.psk", false, errp);

    if (!path) {
        return false;
    }
    if (is_server(creds)) {
        return !failed(gnutls_psk_allocate_server_credentials(&creds->psk_server), path, errp) &&
               !failed(gnutls_psk_set_server_credentials_file(creds->psk_server, path), path,
                       errp) &&
               !failed(gnutls_psk_set_server_known_dh_params(creds->psk_server,
                                                             GNUTLS_SEC_PARAM_MEDIUM),
                       path, errp);
    }
    const char *user = creds->username ? creds->username : "qemu"; /* what others' servers expect */
    g_autofree char *key = find_key(path, user, errp);
    gnutls_datum_t datum = { (unsigned char *)key, key ? strlen(key) : 0 };
    return key && !failed(gnutls_psk_allocate_client_credentials(&creds->psk_client), path, errp) &&
           !failed(gnutls_psk_set_client_credentials(creds->psk_client, user, &datum,
                                                     GNUTLS_PSK_KEY_HEX),
                   path, errp);
}

static bool add_certificate(TlsCreds *creds, GError **errp)
{
    bool server = is_server(creds);
    g_autofree char *cert =
        file_of(creds, server ? "server-cert.pem" : "client-cert.pem", !server, errp);
    g_autofree char *key =
        cert ? file_of(creds, server ? "server-key.pem" : "client-key.pem", false, errp) : NULL;
    uint8_t *password = NULL;
    size_t length = 0;

    if (!cert || !key) {
        return !cert && !server; /* a client may go without */
    }
    if (creds->passwordid) {
        password = secret_lookup(&creds->object, creds->passwordid, &length, errp);
        if (!password) {
            return false;
        }
    }
    int err = gnutls_certificate_set_x509_key_file2(creds->x509, cert, key, GNUTLS_X509_FMT_PEM,
                                                    (const char *)password, 0);
    secret_free(password, length);
    return !failed(err, key, errp);
}

static bool make_x509(TlsCreds *creds, GError **errp)
{
    g_autofree char *ca = file_of(creds, "ca-cert.pem", false, errp);
    g_autofree char *crl = file_of(creds, "ca-crl.pem", true, NULL);

    if (!ca || failed(gnutls_certificate_allocate_credentials(&creds->x509), ca, errp) ||
        failed(gnutls_certificate_set_x509_trust_file(creds->x509, ca, GNUTLS_X509_FMT_PEM), ca,
               errp) ||
        !add_certificate(creds, errp)) {
        return false;
    }
    if (crl && failed(gnutls_certificate_set_x509_crl_file(creds->x509, crl, GNUTLS_X509_FMT_PEM),
                      crl, errp)) {
        return false;
    }
    return !is_server(creds) ||
           !failed(gnutls_certificate_set_known_dh_params(creds->x509, GNUTLS_SEC_PARAM_MEDIUM), ca,
                   errp);
}

static bool tls_creds_complete(Object *obj, GError **errp)
{
    TlsCreds *creds = container_of(obj, TlsCreds, object);
    bool ok;

    if (!creds->dir && kind_of(creds) != TLS_ANON) {
        error_set(errp, "dir= is missing: the folder of keys and certificates");
        ok = false;
    } else {
        ok = kind_of(creds) == TLS_ANON  ? make_anon(creds, errp)
             : kind_of(creds) == TLS_PSK ? make_psk(creds, errp)
                                         : make_x509(creds, errp);
    }
    if (!ok) {
        error_prefix(errp, "%s '%s': ", obj->class->name, obj->name);
    }
    return ok;
}

static void tls_creds_finalize(Object *obj)
{
    TlsCreds *creds = container_of(obj, TlsCreds, object);
    bool server = is_server(creds);

    if (!creds->x509) { /* any of the union */
        return;
    }
    switch (kind_of(creds)) {
    case TLS_X509: gnutls_certificate_free_credentials(creds->x509); break;
    case TLS_ANON:
        if (server) {
            gnutls_anon_free_server_credentials(creds->anon_server);
        } else {
            gnutls_anon_free_client_credentials(creds->anon_client);
        }
        break;
    case TLS_PSK:
        if (server) {
            gnutls_psk_free_server_credentials(creds->psk_server);
        } else {
            gnutls_psk_free_client_credentials(creds->psk_client);
        }
        break;
    }
}

/* Using them ----------------------------------------------------------------------------------- */

TlsCreds *tls_creds_find(Object *from, const char *id, bool server, GError **errp)
{
    TlsCreds *creds = (TlsCreds *)crypto_find_object(from, id, &tls_creds_class.user.object,
                                                     "tls-creds-x509 or the like", errp);

    if (creds && is_server(creds) != server) {
        error_set(errp, "'%s' has endpoint=%s, but this is a %s", id, server ? "client" : "server",
                  server ? "server" : "client");
        return NULL;
    }
    return creds;
}

static int set_credentials(TlsCreds *creds, gnutls_session_t session)
{
    static const gnutls_credentials_type_t types[] = { GNUTLS_CRD_ANON, GNUTLS_CRD_PSK,
                                                       GNUTLS_CRD_CERTIFICATE };

    return gnutls_credentials_set(session, types[kind_of(creds)], creds->x509);
}

gnutls_session_t tls_creds_session(TlsCreds *creds, GError **errp)
{
    static const char *const added[] = { ":+ANON-ECDH:+ANON-DH", ":+ECDHE-PSK:+DHE-PSK:+PSK", "" };
    g_autofree char *priority =
        g_strconcat(creds->priority ? creds->priority : "NORMAL", added[kind_of(creds)], NULL);
    gnutls_session_t session;
    const char *wrong = NULL;

    if (failed(gnutls_init(&session, (is_server(creds) ? GNUTLS_SERVER : GNUTLS_CLIENT) |
                                         GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL),
               "TLS", errp)) {
        return NULL;
    }
    int err = gnutls_priority_set_direct(session, priority, &wrong);
    if (err < 0) {
        error_set(errp, "priority=%s: %s", wrong ? wrong : priority, gnutls_strerror(err));
    } else {
        err = set_credentials(creds, session);
        failed(err, "credentials", errp);
    }
    if (err < 0) {
        gnutls_deinit(session);
        return NULL;
    }
    if (kind_of(creds) == TLS_X509 && is_server(creds)) {
        gnutls_certificate_server_set_request(session, creds->verify_peer ? GNUTLS_CERT_REQUIRE
                                                                          : GNUTLS_CERT_IGNORE);
    }
    object_ref(&creds->object);
    return session;
}

void tls_creds_session_free(TlsCreds *creds, gnutls_session_t session)
{
    gnutls_deinit(session);
    object_unref(&creds->object);
}

/* The distinguished name of the peer's certificate; caller frees; NULL: none. */
static char *peer_name(gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);
    gnutls_datum_t text = { NULL, 0 };
    gnutls_x509_crt_t certificate;
    char *name = NULL;

    if (!list || !count || gnutls_x509_crt_init(&certificate) < 0) {
        return NULL;
    }
    if (gnutls_x509_crt_import(certificate, list, GNUTLS_X509_FMT_DER) >= 0 &&
        gnutls_x509_crt_get_dn2(certificate, &text) >= 0) {
        name = g_strndup((const char *)text.data, text.size);
        gnutls_free(text.data);
    }
    gnutls_x509_crt_deinit(certificate);
    return name;
}

static bool check_certificate(gnutls_session_t session, const char *host, GError **errp)
{
    unsigned status = 0;
    gnutls_datum_t why = { NULL, 0 };
    int err = gnutls_certificate_verify_peers3(session, host, &status);

    if (failed(err, "the peer's certificate", errp)) {
        return false;
    }
    if (!status) {
        return true;
    }
    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &why, 0);
    error_set(errp, "the peer's certificate: %s", why.data ? (char *)why.data : "not trusted");
    gnutls_free(why.data);
    return false;
}

bool tls_creds_check_peer(TlsCreds *creds, gnutls_session_t session, const char *host,
                          const char *authz, GError **errp)
{
    g_autofree char *name = NULL;

    if (kind_of(creds) == TLS_X509 && creds->verify_peer) {
        if (!check_certificate(session, is_server(creds) ? NULL : host, errp)) {
            return false;
        }
        name = peer_name(session);
    } else if (kind_of(creds) == TLS_PSK && is_server(creds)) {
        name = g_strdup(gnutls_psk_server_get_username(session));
    }
    if (!authz) {
        return true;
    }
    if (!name) {
        error_set(errp, "tls-authz= has nobody to ask about: the peer is anonymous");
        return false;
    }
    return authz_allows(&creds->object, authz, name, errp);
}

static const char *const endpoints[] = { "client", "server", NULL };
static const Property tls_creds_properties[] = {
    PROPERTY_STRING("dir", TlsCreds, dir, NULL, .help = "folder of keys and certificates"),
    PROPERTY_ENUM("endpoint", TlsCreds, endpoint, endpoints, ENDPOINT_CLIENT,
                  .help = "which side of connections they are for"),
    PROPERTY_BOOL("verify-peer", TlsCreds, verify_peer, true,
                  .help = "the peer must have a certificate that the authority signed"),
    PROPERTY_STRING("priority", TlsCreds, priority, NULL,
                    .help = "algorithms, as GnuTLS writes them"),
    {},
};
static const Property psk_properties[] = {
    PROPERTY_STRING("username", TlsCreds, username, NULL, .help = "clients: whose key to use"),
    {},
};
static const Property x509_properties[] = {
    PROPERTY_STRING("passwordid", TlsCreds, passwordid, NULL,
                    .help = "id of the secret that unlocks the key"),
    PROPERTY_BOOL("sanity-check", TlsCreds, sanity_check, true,
                  .help = "accepted; keys and certificates are checked always"),
    {},
};

static const TlsCredsClass tls_creds_class = {
    .user = { .object = { .name = "tls-creds",
                          .parent = &user_object_class.object,
                          .abstract = true,
                          .instance_size = sizeof(TlsCreds),
                          .properties = tls_creds_properties,
                          .finalize = tls_creds_finalize },
              .complete = tls_creds_complete },
};
CLASS_REGISTER(tls_creds_class);

static const TlsCredsClass tls_creds_anon_class = {
    .user = { .object = { .name = "tls-creds-anon", .parent = &tls_creds_class.user.object },
              .summary = "TLS without identities: nobody listens in, anybody may connect" },
    .kind = TLS_ANON,
};
CLASS_REGISTER(tls_creds_anon_class);

static const TlsCredsClass tls_creds_psk_class = {
    .user = { .object = { .name = "tls-creds-psk",
                          .parent = &tls_creds_class.user.object,
                          .properties = psk_properties },
              .summary = "TLS with keys that both sides have" },
    .kind = TLS_PSK,
};
CLASS_REGISTER(tls_creds_psk_class);

static const TlsCredsClass tls_creds_x509_class = {
    .user = { .object = { .name = "tls-creds-x509",
                          .parent = &tls_creds_class.user.object,
                          .properties = x509_properties },
              .summary = "TLS with certificates" },
    .kind = TLS_X509,
};
CLASS_REGISTER(tls_creds_x509_class);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets: given as text or as a file, plain or in base64, and encrypted by another secret if
 * wanted: AES-256-CBC with padding of PKCS #7 (RFC 5652, 6.3), key and data in base64.
 */
#include "crypto/secret.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "qom/property.h"
#include "qom/user_object.h"
#include "util/error.h"
#include "util/fdset.h"

enum { KEY_BYTES = 32, BLOCK_BYTES = 16, MAX_BYTES = 1 << 20 };
enum { FORMAT_RAW, FORMAT_BASE64 };

typedef struct {
    Object object;
    char *data, *file, *keyid, *iv; /* properties */
    int format;
    uint8_t *bytes;
    size_t length;
} Secret;

static const UserObjectClass secret_class;

void secret_free(uint8_t *bytes, size_t length)
{
    if (bytes) {
        gnutls_memset(bytes, 0, length);
        g_free(bytes);
    }
}

Object *crypto_find_object(Object *from, const char *id, const ObjectClass *class, const char *what,
                           GError **errp)
{
    Object *objects = object_child(object_root(from), "objects");
    Object *found = objects ? object_child(objects, id) : NULL;

    if (!found || !object_cast(found, class)) {
        error_set(errp, found ? "object '%s' is no %s" : "there is no object '%s' (%s)", id, what);
        return NULL;
    }
    return found;
}

uint8_t *secret_lookup(Object *from, const char *id, size_t *length, GError **errp)
{
    Secret *secret = (Secret *)crypto_find_object(from, id, &secret_class.object, "a secret", errp);

    if (!secret) {
        return NULL;
    }
    uint8_t *copy = g_malloc0(secret->length + 1);
    memcpy(copy, secret->bytes, secret->length);
    *length = secret->length;
    return copy;
}

/* In place; false: @text is not base64. */
static bool decode(uint8_t **bytes, size_t *length, const char *what, GError **errp)
{
    g_autofree char *text = g_strndup((const char *)*bytes, *length);
    gsize count;

    g_strstrip(text);
    guchar *decoded = g_base64_decode(text, &count);
    g_autofree char *again = g_base64_encode(decoded, count);
    bool same = strcmp(again, text) == 0;
    secret_free(*bytes, *length);
    gnutls_memset(text, 0, strlen(text));
    *bytes = decoded;
    *length = count;
    if (!same) {
        error_set(errp, "%s is not base64", what);
    }
    return same;
}

static uint8_t *decode_text(const char *text, const char *what, size_t *length, GError **errp)
{
    uint8_t *bytes = (uint8_t *)g_strdup(text);

    *length = strlen(text);
    if (!decode(&bytes, length, what, errp)) {
        secret_free(bytes, *length);
        return NULL;
    }
    return bytes;
}

/* The padding says how many bytes of the last block are padding: 1 to 16, each with that number. */
static bool strip_padding(Secret *secret)
{
    uint8_t count = secret->length ? secret->bytes[secret->length - 1] : 0;

    if (count == 0 || count > BLOCK_BYTES || count > secret->length) {
        return false;
    }
    for (size_t i = secret->length - count; i < secret->length; i++) {
        if (secret->bytes[i] != count) {
            return false;
        }
    }
    secret->length -= count;
    return true;
}

static bool decrypt_with(Secret *secret, uint8_t *key, uint8_t *iv, GError **errp)
{
    gnutls_datum_t key_datum = { key, KEY_BYTES }, iv_datum = { iv, BLOCK_BYTES };
    gnutls_cipher_hd_t cipher;

    if (!secret->length || secret->length % BLOCK_BYTES) {
        error_set(errp, "the encrypted data are not whole blocks of %d bytes", BLOCK_BYTES);
        return false;
    }
    int err = gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_CBC, &key_datum, &iv_datum);
    if (!err) {
        err = gnutls_cipher_decrypt(cipher, secret->bytes, secret->length);
        gnutls_cipher_deinit(cipher);
    }
    if (err) {
        error_set(errp, "AES: %s", gnutls_strerror(err));
    } else if (!strip_padding(secret)) {
        error_set(errp, "it does not decrypt with keyid=%s and this iv=", secret->keyid);
        err = -1;
    }
    return !err;
}

static bool decrypt(Secret *secret, GError **errp)
{
    size_t key_length = 0, iv_length = 0;
    uint8_t *key = NULL, *iv = NULL;
    bool ok = false;

    if (!secret->iv) {
        error_set(errp, "keyid= needs iv=, 16 bytes in base64");
        return false;
    }
    key = secret_lookup(&secret->object, secret->keyid, &key_length, errp);
    iv = key ? decode_text(secret->iv, "iv=", &iv_length, errp) : NULL;
    if (key && iv && (key_length != KEY_BYTES || iv_length != BLOCK_BYTES)) {
        error_set(errp, "%s has %zu bytes and must have %d",
                  key_length != KEY_BYTES ? "the key" : "iv=",
                  key_length != KEY_BYTES ? key_length : iv_length,
                  key_length != KEY_BYTES ? KEY_BYTES : BLOCK_BYTES);
    } else if (key && iv) {
        /* encrypted data given on a command line can only be base64 */
        ok = (secret->format == FORMAT_RAW ||
              decode(&secret->bytes, &secret->length, "the data", errp)) &&
             decrypt_with(secret, key, iv, errp);
    }
    secret_free(key, key_length);
    secret_free(iv, iv_length);
    return ok;
}

static bool load(Secret *secret, GError **errp)
{
    gsize length;

    if (!secret->data == !secret->file) {
        error_set(errp, "either data= or file= must be given");
        return false;
    }
    if (secret->data) {
        secret->bytes = (uint8_t *)g_strdup(secret->data);
        secret->length = strlen(secret->data);
    } else if (fdset_read_file(secret->file, (char **)&secret->bytes, &length, errp)) {
        secret->length = length;
    } else {
        return false;
    }
    if (secret->length > MAX_BYTES) {
        error_set(errp, "it is longer than %d bytes", MAX_BYTES);
        return false;
    }
    return true;
}

static bool secret_complete(Object *obj, GError **errp)
{
    Secret *secret = container_of(obj, Secret, object);
    bool ok = load(secret, errp) &&
              (secret->keyid ? decrypt(secret, errp)
                             : secret->format == FORMAT_RAW ||
                                   decode(&secret->bytes, &secret->length, "the data", errp));

    if (!ok) {
        error_prefix(errp, "secret '%s': ", obj->name);
    }
    return ok;
}

static void secret_finalize(Object *obj)
{
    Secret *secret = container_of(obj, Secret, object);

    secret_free(secret->bytes, secret->length);
    secret_free((uint8_t *)secret->data, secret->data ? strlen(secret->data) : 0);
}

/* Written once, never told. */
static bool set_data(Object *obj, const char *text, GError **errp)
{
    Secret *secret = container_of(obj, Secret, object);

    g_free(secret->data);
    secret->data = g_strdup(text);
    return true;
}

static const char *const formats[] = { "raw", "base64", NULL };
static const Property secret_properties[] = {
    PROPERTY_TEXT("data", NULL, set_data,
                  .help = "the secret itself; others can see command lines"),
    PROPERTY_STRING("file", Secret, file, NULL, .help = "file that holds it"),
    PROPERTY_ENUM("format", Secret, format, formats, FORMAT_RAW, .help = "how it is written"),
    PROPERTY_STRING("keyid", Secret, keyid, NULL,
                    .help = "id of the secret that it is encrypted with (AES-256-CBC)"),
    PROPERTY_STRING("iv", Secret, iv, NULL, .help = "initialisation vector, in base64"),
    {},
};

static const UserObjectClass secret_class = {
    .object = { .name = "secret",
                .parent = &user_object_class.object,
                .instance_size = sizeof(Secret),
                .properties = secret_properties,
                .finalize = secret_finalize },
    .summary = "Password or key for others to refer to",
    .complete = secret_complete,
};
CLASS_REGISTER(secret_class);

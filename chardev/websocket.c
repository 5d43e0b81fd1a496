/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's side of a websocket: an HTTP request, then frames. Spec: RFC 6455. */
#include <string.h>

#include "chardev/codec.h"
#include "util/error.h"

enum { REQUEST_BYTES = 8192, SHA1_BYTES = 20, MASK_BYTES = 4, CONTROL_BYTES = 125 };
enum { FIN = 0x80, MASKED = 0x80, LENGTH_16 = 126, LENGTH_64 = 127, HEADER_BYTES = 14 };
enum {
    OPCODE_CONTINUE = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10
};

typedef struct {
    Codec codec;
    GString *request;
    uint8_t header[HEADER_BYTES]; /* of the frame that is coming in */
    unsigned header_count;
    bool in_frame;
    uint64_t left; /* of its payload */
    unsigned mask_at;
    uint8_t opcode, mask[MASK_BYTES];
    GByteArray *control; /* payload of a control frame */
} WebsocketCodec;

/* The handshake: section 4.2 ------------------------------------------------------------------- */

/* The value of header @name; caller frees; NULL: none. */
static char *header(char **lines, const char *name)
{
    for (char **line = lines + 1; *line; line++) {
        char *colon = strchr(*line, ':');
        if (colon && (size_t)(colon - *line) == strlen(name) &&
            g_ascii_strncasecmp(*line, name, strlen(name)) == 0) {
            return g_strstrip(g_strdup(colon + 1));
        }
    }
    return NULL;
}

static bool has_token(const char *list, const char *token)
{
    g_auto(GStrv) words = g_strsplit(list ? list : "", ",", -1);

    for (char **word = words; *word; word++) {
        if (g_ascii_strcasecmp(g_strstrip(*word), token) == 0) {
            return true;
        }
    }
    return false;
}

static char *accept_of(const char *key)
{
    g_autofree char *text = g_strconcat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", NULL);
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA1);
    uint8_t digest[SHA1_BYTES];
    gsize length = sizeof(digest);

    g_checksum_update(checksum, (const guchar *)text, -1);
    g_checksum_get_digest(checksum, digest, &length);
    g_checksum_free(checksum);
    return g_base64_encode(digest, length);
}

static void say(GByteArray *wire, const char *text)
{
    g_byte_array_append(wire, (const uint8_t *)text, strlen(text));
}

static bool refuse(GByteArray *wire, const char *status, const char *why, GError **errp)
{
    g_autofree char *text =
        g_strdup_printf("HTTP/1.1 %s\r\nConnection: close\r\n"
                        "Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n",
                        status);

    say(wire, text);
    error_set(errp, "%s", why);
    return false;
}

static bool answer_request(WebsocketCodec *web, GByteArray *wire, GError **errp)
{
    g_auto(GStrv) lines = g_strsplit(web->request->str, "\r\n", -1);
    g_autofree char *upgrade = header(lines, "Upgrade"), *connection = header(lines, "Connection");
    g_autofree char *key = header(lines, "Sec-WebSocket-Key");
    g_autofree char *version = header(lines, "Sec-WebSocket-Version");
    g_autofree char *protocols = header(lines, "Sec-WebSocket-Protocol");

    if (!g_str_has_prefix(lines[0], "GET ") || !g_str_has_suffix(lines[0], " HTTP/1.1")) {
        return refuse(wire, "400 Bad Request", "the peer does not speak HTTP/1.1", errp);
    }
    if (!has_token(upgrade, "websocket") || !has_token(connection, "Upgrade") || !key) {
        return refuse(wire, "426 Upgrade Required", "the peer asked for a page, not a websocket",
                      errp);
    }
    if (g_strcmp0(version, "13") != 0) {
        return refuse(wire, "426 Upgrade Required", "the peer speaks another version of websockets",
                      errp);
    }
    g_autofree char *accept = accept_of(key);
    g_autofree char *text = g_strdup_printf(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
        accept, has_token(protocols, "binary") ? "Sec-WebSocket-Protocol: binary\r\n" : "");
    say(wire, text);
    web->codec.ready = true;
    return true;
}

/* Frames: section 5 ---------------------------------------------------------------------------- */

static void frame(GByteArray *wire, uint8_t opcode, const uint8_t *bytes, size_t length)
{
    uint8_t first = FIN | opcode;

    g_byte_array_append(wire, &first, 1);
    if (length < LENGTH_16) {
        g_byte_array_append(wire, (const uint8_t[]){ length }, 1);
    } else if (length <= UINT16_MAX) {
        g_byte_array_append(wire, (const uint8_t[]){ LENGTH_16, length >> 8, length }, 3);
    } else {
        uint64_t big = GUINT64_TO_BE((uint64_t)length);
        g_byte_array_append(wire, (const uint8_t[]){ LENGTH_64 }, 1);
        g_byte_array_append(wire, (const uint8_t *)&big, sizeof(big));
    }
    g_byte_array_append(wire, bytes, length);
}

/* How many bytes the header has, as far as it is known. */
static unsigned header_bytes(const WebsocketCodec *web)
{
    unsigned length = web->header_count > 1 ? web->header[1] & ~MASKED : 0;
    unsigned more = length == LENGTH_64 ? 8 : length == LENGTH_16 ? 2 : 0;

    if (web->header_count < 2 || !(web->header[1] & MASKED)) {
        return 2; /* without a mask it is refused, whatever follows */
    }
    return 2 + more + MASK_BYTES;
}

static bool begin_frame(WebsocketCodec *web, GError **errp)
{
    const uint8_t *at = web->header + 2;
    uint8_t length = web->header[1] & ~MASKED;
    bool control;

    web->opcode = web->header[0] & 15;
    web->left = length;
    if (length >= LENGTH_16) {
        unsigned bytes = length == LENGTH_64 ? 8 : 2;
        web->left = 0;
        for (unsigned i = 0; i < bytes; i++) {
            web->left = web->left << 8 | *at++;
        }
    }
    memcpy(web->mask, at, MASK_BYTES);
    control = web->opcode >= OPCODE_CLOSE;
    if (!(web->header[1] & MASKED) || web->header[0] & 0x70 || web->left >> 63 ||
        (web->opcode > OPCODE_BINARY && !control) || web->opcode > OPCODE_PONG ||
        (control && (web->left > CONTROL_BYTES || !(web->header[0] & FIN)))) {
        error_set(errp, "the peer sent a websocket frame that is not allowed");
        return false;
    }
    g_byte_array_set_size(web->control, 0);
    web->mask_at = 0;
    web->in_frame = true;
    return true;
}

/* False: the peer closes. */
static bool end_frame(WebsocketCodec *web, GByteArray *wire)
{
    web->in_frame = false;
    web->header_count = 0;
    if (web->opcode == OPCODE_PING) {
        frame(wire, OPCODE_PONG, web->control->data, web->control->len);
    } else if (web->opcode == OPCODE_CLOSE) {
        frame(wire, OPCODE_CLOSE, web->control->data, MIN(web->control->len, 2));
    }
    return web->opcode != OPCODE_CLOSE;
}

/* Takes at least a byte of a header, or what there is of a payload. Returns how many; 0: it ends.
 */
static size_t take(WebsocketCodec *web, const uint8_t *bytes, size_t length, GByteArray *payload,
                   GByteArray *wire, GError **errp)
{
    if (!web->in_frame) {
        web->header[web->header_count++] = *bytes;
        if (web->header_count == header_bytes(web) &&
            (!begin_frame(web, errp) || (web->left == 0 && !end_frame(web, wire)))) {
            return 0;
        }
        return 1;
    }
    size_t count = MIN(length, web->left);
    GByteArray *to = web->opcode >= OPCODE_CLOSE ? web->control : payload;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = bytes[i] ^ web->mask[web->mask_at++ % MASK_BYTES];
        g_byte_array_append(to, &byte, 1);
    }
    web->left -= count;
    return web->left || end_frame(web, wire) ? count : 0;
}

static bool websocket_decode(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *payload,
                             GByteArray *wire, GError **errp)
{
    WebsocketCodec *web = container_of(codec, WebsocketCodec, codec);

    while (length && !codec->ready) {
        g_string_append_c(web->request, *bytes++);
        length--;
        if (g_str_has_suffix(web->request->str, "\r\n\r\n")) {
            if (!answer_request(web, wire, errp)) {
                return false;
            }
        } else if (web->request->len >= REQUEST_BYTES || !bytes[-1]) {
            return refuse(wire, "400 Bad Request", "the peer does not speak HTTP", errp);
        }
    }
    while (length) {
        size_t count = take(web, bytes, length, payload, wire, errp);
        if (!count) {
            return false;
        }
        bytes += count;
        length -= count;
    }
    return true;
}

static void websocket_encode(Codec *codec, const uint8_t *bytes, size_t length, GByteArray *wire)
{
    frame(wire, OPCODE_BINARY, bytes, length);
}

static void websocket_free(Codec *codec)
{
    WebsocketCodec *web = container_of(codec, WebsocketCodec, codec);

    g_string_free(web->request, TRUE);
    g_byte_array_unref(web->control);
    g_free(web);
}

Codec *codec_websocket_new(Chardev *chardev)
{
    static const CodecOps ops = { NULL, websocket_decode, websocket_encode, websocket_free };
    WebsocketCodec *web = g_new0(WebsocketCodec, 1);

    web->codec.ops = &ops;
    web->codec.chardev = chardev;
    web->request = g_string_new(NULL);
    web->control = g_byte_array_new();
    return &web->codec;
}

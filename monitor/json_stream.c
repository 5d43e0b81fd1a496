/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the JSON texts in a stream. A text ends with the bracket that closes its first one;
 * anything else ends with its line. What cannot become JSON any more ends at once, so that one
 * mistake costs one message.
 */
#include "monitor/json_stream.h"

#include <errno.h>
#include <string.h>

#include "util/error.h"

enum { RESET_BYTE = 0xff }; /* not part of UTF-8: clients send it to begin anew */

void json_stream_init(JsonStream *stream)
{
    *stream = (JsonStream){ .text = g_string_new(NULL), .open = g_string_new(NULL) };
}

void json_stream_cleanup(JsonStream *stream)
{
    g_string_free(stream->text, TRUE);
    g_string_free(stream->open, TRUE);
}

void json_stream_reset(JsonStream *stream)
{
    g_string_set_size(stream->text, 0);
    g_string_set_size(stream->open, 0);
    stream->in_string = stream->escaped = false;
    stream->problem = NULL;
}

/* Within quotes. */
static void feed_string(JsonStream *stream, char byte)
{
    if ((unsigned char)byte < ' ') {
        stream->problem = "a string contains a control character";
    } else if (stream->escaped) {
        stream->escaped = false;
    } else if (byte == '\\') {
        stream->escaped = true;
    } else if (byte == '"') {
        stream->in_string = false;
    }
}

static void open_bracket(JsonStream *stream, char byte)
{
    g_string_append_c(stream->open, byte);
    if (stream->open->len > JSON_STREAM_MAX_DEPTH) {
        stream->problem = "it is nested too deeply";
    }
}

/* True when that was the first one. */
static bool close_bracket(JsonStream *stream, char byte)
{
    char wanted = byte == '}' ? '{' : '[';
    gsize depth = stream->open->len;
    if (depth == 0 || stream->open->str[depth - 1] != wanted) {
        stream->problem = "a bracket is closed that is not open";
        return false;
    }
    g_string_truncate(stream->open, depth - 1);
    return depth == 1;
}

/* Outside of quotes. True at the end of the text. */
static bool feed_plain(JsonStream *stream, char byte)
{
    switch (byte) {
    case '"': stream->in_string = true; return false;
    case '{':
    case '[': open_bracket(stream, byte); return false;
    case '}':
    case ']': return close_bracket(stream, byte);
    case '\n': return stream->open->len == 0;
    default: return false;
    }
}

bool json_stream_feed(JsonStream *stream, char byte)
{
    bool done = false;
    if ((unsigned char)byte == RESET_BYTE) {
        json_stream_reset(stream);
        return false;
    }
    if (stream->text->len == 0 && g_ascii_isspace(byte)) {
        return false;
    }
    g_string_append_c(stream->text, byte);
    if (stream->text->len > JSON_STREAM_MAX_BYTES) {
        stream->problem = "it is too long";
    } else if (stream->in_string) {
        feed_string(stream, byte);
    } else {
        done = feed_plain(stream, byte);
    }
    return done || stream->problem;
}

/* Integers that the parser would silently cut off. Strings were found to be closed. */
static bool check_numbers(const char *text, GError **errp)
{
    bool in_string = false;
    for (const char *at = text; *at; at++) {
        if (in_string && *at == '\\') {
            at++;
        } else if (*at == '"') {
            in_string = !in_string;
        } else if (!in_string && g_ascii_isdigit(*at)) {
            gsize length = strspn(at, "0123456789+-.eE");
            char *end;
            errno = 0;
            g_ascii_strtoull(at, &end, 10);
            if (errno == ERANGE && end == at + length) {
                error_set(errp, "the message is not JSON: %.*s is too large a number",
                          (int)MIN(length, 40), at);
                return false;
            }
            at += length - 1;
        }
    }
    return true;
}

static JsonNode *parse(const char *text, gsize length, GError **errp)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) error = NULL;
    if (!g_utf8_validate(text, length, NULL)) {
        error_set(errp, "the message is not JSON: it is not UTF-8");
        return NULL;
    }
    if (!check_numbers(text, errp)) {
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, length, &error)) {
        error_set(errp, "the message is not JSON: %s", g_strdelimit(error->message, "\r\n", ' '));
        return NULL;
    }
    JsonNode *node = json_parser_steal_root(parser);
    if (!node) {
        error_set(errp, "the message is not JSON: it is empty");
    }
    return node;
}

JsonNode *json_stream_take(JsonStream *stream, GError **errp)
{
    JsonNode *node = NULL;
    if (stream->problem) {
        error_set(errp, "the message is not JSON: %s", stream->problem);
    } else {
        node = parse(stream->text->str, stream->text->len, errp);
    }
    json_stream_reset(stream);
    return node;
}

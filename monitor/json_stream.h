/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the JSON texts in a stream of bytes that arrive in pieces of any size. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    JSON_STREAM_MAX_DEPTH = 1024,
    JSON_STREAM_MAX_BYTES = 64 << 20, /* one text */
};

typedef struct {
    GString *text; /* what has arrived of the present text */
    GString *open; /* the brackets that are open */
    bool in_string, escaped;
    const char *problem; /* the text cannot be right, and why */
} JsonStream;

void json_stream_init(JsonStream *stream);
void json_stream_cleanup(JsonStream *stream);
/** json_stream_reset - forget what has arrived */
void json_stream_reset(JsonStream *stream);
/**
 * json_stream_feed - take in one byte
 *
 * Returns true when it ends a text; json_stream_take() must follow.
 */
bool json_stream_feed(JsonStream *stream, char byte);
/** json_stream_take - the text, as JSON; NULL with a sentence about what is wrong with it */
JsonNode *json_stream_take(JsonStream *stream, GError **errp);

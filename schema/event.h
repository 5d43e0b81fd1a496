/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: what is told to everybody who listens. events.h, made by scripts/schema.py, has one
 * function for each. */
#pragma once

#include "schema/schema.h"

typedef struct {
    const char *name;
    const SchemaType *data; /* NULL: none */
    bool limited;           /* clients hear of it once a second at most: the last of each */
    const char *limit_key;  /* member of data that says of what; NULL: there is one only */
} SchemaEvent;

extern const SchemaEvent schema_events[]; /* sorted by name; ends with {} */

/* Whoever passes events on: embedded in it. */
typedef struct EventSink EventSink;
struct EventSink {
    void (*emit)(EventSink *sink, const SchemaEvent *event, JsonNode *data); /* takes @data */
};

/** event_send - @data is a struct as event->data describes, or NULL; nothing happens without a sink
 */
void event_send(EventSink *sink, const SchemaEvent *event, const void *data);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both kinds of monitors are. */
#pragma once

#include "monitor/monitor.h"

typedef struct {
    size_t size; /* of the struct that begins with a Monitor */
    void (*init)(Monitor *monitor);
    void (*cleanup)(Monitor *monitor);
    void (*opened)(Monitor *monitor); /* somebody is there: greet */
    void (*closed)(Monitor *monitor); /* forget all that was between us */
    void (*focus)(Monitor *monitor);  /* a shared terminal shows it from now on; NULL */
    void (*receive)(Monitor *monitor, const uint8_t *bytes, size_t length);
    /* do one thing that was asked for; false: nothing left. Not called from within receive() */
    bool (*work)(Monitor *monitor);
    /* takes more input although there is work; NULL: never */
    bool (*eager)(Monitor *monitor);
    /* pass an event on; NULL */
    void (*event)(Monitor *monitor, JsonNode *event);
} MonitorOps;

struct Monitor {
    const MonitorOps *ops;
    MonitorKind kind;
    Monitors *monitors;
    CommandContext context;
    ChardevPort port;
    GByteArray *output; /* what the line did not take yet */
    GSource *worker;    /* runs work(); NULL: nothing to do */
    GSource *leaving;   /* takes the monitor of a further caller away; NULL */
    bool caller;        /* it lives as long as the connection */
    unsigned cpu_index; /* human: the processor that commands are about */
};

extern const MonitorOps monitor_qmp_ops, monitor_human_ops;

/** monitor_write - queue bytes for whoever is there */
void monitor_write(Monitor *monitor, const char *bytes, size_t length);
/** monitor_wake - there is work() */
void monitor_wake(Monitor *monitor);

/* A client that sends descriptors: qmp.c. */
/** monitor_take_fd - the one that came with the command that is running; -1 with error: none did */
int monitor_take_fd(Monitor *monitor, GError **errp);
/** monitor_fd_names - name to descriptor (plus one, as a pointer), of getfd; closed when dropped */
GHashTable *monitor_fd_names(Monitor *monitor, GError **errp);

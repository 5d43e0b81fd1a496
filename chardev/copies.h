/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of a line's output: its log file, and what late comers get to see. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Chardev Chardev;

enum { CHARDEV_LOG_KEEP = 1, CHARDEV_HISTORY_MAX_BYTES = 16 << 20 };

/* A file that gets a copy of all output. */
typedef struct {
    char *path; /* properties */
    bool append;
    uint64_t max_bytes; /* 0: no bound */
    uint32_t keep;      /* old ones, as PATH.1, PATH.2... */
    int fd;
    uint64_t bytes;
} ChardevLog;

/* The newest output, for whoever connects late. */
typedef struct {
    uint64_t size; /* property; 0: none is kept */
    GByteArray *ring;
    uint64_t written; /* in all */
} ChardevHistory;

bool chardev_log_open(Chardev *chardev, GError **errp);
/** chardev_log_write - a log that cannot be written (disk full) ends; the line goes on */
void chardev_log_write(Chardev *chardev, const uint8_t *bytes, size_t length);
void chardev_log_close(ChardevLog *log);

void chardev_history_write(ChardevHistory *history, const uint8_t *bytes, size_t length);
/** chardev_history_replay - append what is kept to @out */
void chardev_history_replay(const ChardevHistory *history, GByteArray *out);
void chardev_history_cleanup(ChardevHistory *history);

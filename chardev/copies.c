/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of a line's output: its log file, and what late comers get to see. */
#include "chardev/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chardev/chardev.h"
#include "util/error.h"
#include "util/fdset.h"
#include "util/log.h"

/* The log -------------------------------------------------------------------------------------- */

void chardev_log_close(ChardevLog *log)
{
    if (log->fd >= 0) {
        close(log->fd);
        log->fd = -1;
    }
}

bool chardev_log_open(Chardev *chardev, GError **errp)
{
    ChardevLog *log = &chardev->log;
    struct stat st;

    if (!log->path) {
        if (log->append || log->max_bytes) {
            error_set(errp, "chardev '%s': logappend= and logsize= need logfile=", chardev->label);
            return false;
        }
        return true;
    }
    if (log->max_bytes && g_str_has_prefix(log->path, "/dev/")) {
        error_set(errp, "chardev '%s': logsize= needs a log file that can be renamed, not '%s'",
                  chardev->label, log->path);
        return false;
    }
    log->fd = fdset_open(log->path, O_WRONLY | O_CREAT | (log->append ? O_APPEND : O_TRUNC), 0666);
    if (log->fd < 0) {
        error_set_errno(errp, errno, "log file '%s' cannot be opened", log->path);
        return false;
    }
    log->bytes = fstat(log->fd, &st) == 0 ? st.st_size : 0;
    return true;
}

static char *old_log(const ChardevLog *log, unsigned number)
{
    return number ? g_strdup_printf("%s.%u", log->path, number) : g_strdup(log->path);
}

/* PATH becomes PATH.1, PATH.1 becomes PATH.2, and so on; the oldest goes. */
static void rotate(Chardev *chardev)
{
    ChardevLog *log = &chardev->log;

    chardev_log_close(log);
    for (unsigned i = log->keep; i-- > 0;) {
        g_autofree char *from = old_log(log, i), *to = old_log(log, i + 1);
        rename(from, to); /* those in the middle need not be there yet */
    }
    log->bytes = 0;
    log->fd = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (log->fd < 0) {
        log_printf(0, "chardev '%s': log file '%s': %s; nothing is logged from here on\n",
                   chardev->label, log->path, g_strerror(errno));
    }
}

static void write_all(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    ChardevLog *log = &chardev->log;

    log->bytes += length;
    while (length > 0 && log->fd >= 0) {
        ssize_t done = write(log->fd, bytes, length);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            log_printf(0, "chardev '%s': log file '%s': %s; nothing is logged from here on\n",
                       chardev->label, log->path, g_strerror(errno));
            chardev_log_close(log);
            return;
        }
        bytes += done;
        length -= done;
    }
}

void chardev_log_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    ChardevLog *log = &chardev->log;

    while (length && log->fd >= 0) {
        uint64_t room = log->max_bytes ? log->max_bytes - MIN(log->bytes, log->max_bytes) : length;
        if (room == 0) {
            rotate(chardev);
            continue;
        }
        size_t part = MIN(length, room);
        write_all(chardev, bytes, part);
        bytes += part;
        length -= part;
    }
}

/* History -------------------------------------------------------------------------------------- */

void chardev_history_write(ChardevHistory *history, const uint8_t *bytes, size_t length)
{
    if (!history->size) {
        return;
    }
    if (!history->ring) {
        history->ring = g_byte_array_new();
        g_byte_array_set_size(history->ring, history->size);
    }
    if (length > history->size) {
        history->written += length - history->size;
        bytes += length - history->size;
        length = history->size;
    }
    while (length) {
        uint64_t at = history->written % history->size;
        size_t part = MIN(length, history->size - at);
        memcpy(history->ring->data + at, bytes, part);
        history->written += part;
        bytes += part;
        length -= part;
    }
}

void chardev_history_replay(const ChardevHistory *history, GByteArray *out)
{
    if (!history->ring) {
        return;
    }
    uint64_t at = history->written % history->size;
    if (history->written >= history->size) {
        g_byte_array_append(out, history->ring->data + at, history->size - at);
    }
    g_byte_array_append(out, history->ring->data, at);
}

void chardev_history_cleanup(ChardevHistory *history)
{
    g_clear_pointer(&history->ring, g_byte_array_unref);
}

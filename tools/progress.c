/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a long command is. */
#include "tools/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"

enum { BAR_CELLS = 40, BAR_INTERVAL_US = 100000, LINE_INTERVAL_US = 1000000 };

bool progress_start(Progress *progress, const char *how, bool wanted, GError **errp)
{
    static const char *const names[] = { "none", "bar", "plain", "json" };
    bool terminal = isatty(STDERR_FILENO);
    progress->done = 0;
    progress->started_us = progress->printed_us = g_get_monotonic_time();
    progress->kind = terminal ? PROGRESS_BAR : wanted ? PROGRESS_PLAIN : PROGRESS_NONE;
    for (unsigned i = 0; how && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(how, names[i]) == 0) {
            progress->kind = i;
            return true;
        }
    }
    if (how) {
        error_set(errp, "--progress=%s: there are none, bar, plain and json", how);
    }
    return !how;
}

static void print_bar(const Progress *progress, double part, double rate)
{
    char cells[BAR_CELLS + 1];
    unsigned full = part * BAR_CELLS;
    memset(cells, ' ', BAR_CELLS);
    memset(cells, '#', MIN(full, BAR_CELLS));
    cells[BAR_CELLS] = '\0';
    fprintf(stderr, "\r[%s] %5.1f %%  %.0f MiB/s ", cells, part * 100, rate / 1048576);
}

static void print(const Progress *progress, int64_t now)
{
    double seconds = MAX(now - progress->started_us, 1) / 1e6;
    double rate = progress->done / seconds;
    double part = progress->total ? MIN((double)progress->done / progress->total, 1) : 1;
    switch (progress->kind) {
    case PROGRESS_BAR: print_bar(progress, part, rate); break;
    case PROGRESS_PLAIN: fprintf(stderr, "    (%.2f/100%%)\n", part * 100); break;
    case PROGRESS_JSON:
        fprintf(stderr,
                "{\"done\": %" PRIu64 ", \"total\": %" PRIu64 ", \"rate\": %.0f, \"eta\": %.1f}\n",
                progress->done, progress->total, rate,
                rate > 0 && progress->total > progress->done
                    ? (progress->total - progress->done) / rate
                    : 0);
        break;
    case PROGRESS_NONE: break;
    }
    fflush(stderr);
}

void progress_add(Progress *progress, uint64_t bytes)
{
    progress->done += bytes;
    if (progress->kind == PROGRESS_NONE) {
        return;
    }
    int64_t now = g_get_monotonic_time();
    int64_t interval = progress->kind == PROGRESS_BAR ? BAR_INTERVAL_US : LINE_INTERVAL_US;
    if (now - progress->printed_us >= interval) {
        progress->printed_us = now;
        print(progress, now);
    }
}

void progress_end(Progress *progress)
{
    if (progress->kind != PROGRESS_NONE) {
        print(progress, g_get_monotonic_time());
    }
    if (progress->kind == PROGRESS_BAR) {
        fputc('\n', stderr);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log (-d, -D, -dfilter). */
#include "util/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/atomic.h"
#include "util/error.h"
#include "util/fdset.h"
#include "util/nearest.h"

typedef struct {
    const char *name;
    uint32_t item;
    const char *help;
} LogName;

static const LogName log_names[] = {
    { "in_asm", LOG_IN_ASM, "guest code, as each block is translated" },
    { "op", LOG_OP, "intermediate code, as the front end made it" },
    { "op_opt", LOG_OP_OPT, "intermediate code after optimisation" },
    { "out_asm", LOG_OUT_ASM, "host code that was made" },
    { "int", LOG_INT, "interrupts and exceptions, briefly" },
    { "exec", LOG_EXEC, "each block before it runs (much output)" },
    { "cpu", LOG_CPU, "CPU registers before each block" },
    { "mmu", LOG_MMU, "address translation" },
    { "guest_errors", LOG_GUEST_ERROR, "what the guest did against the manual of its hardware" },
    { "unimp", LOG_UNIMPLEMENTED, "what the guest asked for and is not modelled" },
    { "nochain", LOG_NOCHAIN, "never jump from block to block, so that exec and cpu are complete" },
    { "page", LOG_PAGE, "changes of the memory map" },
    { "cpu_reset", LOG_RESET, "CPU registers before each reset" },
};

enum {
    LIMIT_SLOTS = 64, /* places (by format string) that are limited at a time */
    LIMIT_LINES = 25, /* lines a second a place may write */
    LIMIT_WINDOW_US = 1000000,
};

typedef struct {
    const char *format;
    int64_t start_us;
    unsigned lines, dropped;
} LimitSlot;

typedef struct {
    uint64_t first, last; /* inclusive */
} LogRange;

uint32_t log_mask;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows, except that filters
                                                            are read without it after start-up */
static FILE *file;                                       /* NULL: stderr */
static LimitSlot limits[LIMIT_SLOTS];
static GArray *filters;

static FILE *output(void)
{
    return file ? file : stderr;
}

void log_printf(uint32_t items, const char *format, ...)
{
    va_list args;

    if (items && !log_enabled(items)) {
        return;
    }
    va_start(args, format);
    pthread_mutex_lock(&lock);
    vfprintf(output(), format, args);
    fflush(output());
    pthread_mutex_unlock(&lock);
    va_end(args);
}

/* Context: lock held. */
static bool limit_passes(const char *format)
{
    LimitSlot *slot = &limits[g_direct_hash(format) % LIMIT_SLOTS];
    int64_t now_us = g_get_monotonic_time();

    if (slot->format != format || now_us - slot->start_us >= LIMIT_WINDOW_US) {
        if (slot->dropped) {
            fprintf(output(), "(%u more lines of one kind were left out)\n", slot->dropped);
        }
        *slot = (LimitSlot){ .format = format, .start_us = now_us };
    }
    if (slot->lines == LIMIT_LINES) {
        slot->dropped++;
        return false;
    }
    slot->lines++;
    return true;
}

void log_limited(uint32_t items, const char *format, ...)
{
    va_list args;

    if (!log_enabled(items)) {
        return;
    }
    va_start(args, format);
    pthread_mutex_lock(&lock);
    if (limit_passes(format)) {
        vfprintf(output(), format, args);
        if (!g_str_has_suffix(format, "\n")) {
            fputc('\n', output());
        }
        fflush(output());
    }
    pthread_mutex_unlock(&lock);
    va_end(args);
}

static const LogName *log_name_find(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(log_names); i++) {
        if (g_str_equal(log_names[i].name, word)) {
            return &log_names[i];
        }
    }
    return NULL;
}

static const char *log_name_nearest(const char *word)
{
    const char *names[G_N_ELEMENTS(log_names) + 1] = { NULL };

    for (size_t i = 0; i < G_N_ELEMENTS(log_names); i++) {
        names[i] = log_names[i].name;
    }
    return nearest_word(word, names);
}

static bool parse_item(char *word, uint32_t *mask, GError **errp)
{
    if (g_str_has_prefix(word, "trace:")) {
        if (!log_trace_enable(word + strlen("trace:"), true)) {
            error_set(errp, "-d %s: no trace point has this name ('-trace help' lists them)", word);
            return false;
        }
        *mask |= LOG_TRACE;
        return true;
    }
    g_strdelimit(word, "-", '_');
    if (g_str_equal(word, "all")) {
        for (size_t i = 0; i < G_N_ELEMENTS(log_names); i++) {
            *mask |= log_names[i].item & ~(uint32_t)LOG_NOCHAIN;
        }
        return true;
    }
    const LogName *name = log_name_find(word);
    if (!name) {
        const char *nearest = log_name_nearest(word);
        error_set(errp, "-d %s: unknown item%s%s%s ('-d help' lists them)", word,
                  nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
        return false;
    }
    *mask |= name->item;
    return true;
}

bool log_set_items(const char *list, GError **errp)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);
    uint32_t mask = log_mask;

    if (*list == '\0') {
        error_set(errp, "-d: expected items ('-d help' lists them)");
        return false;
    }
    for (char **word = words; *word; word++) {
        if (g_str_equal(*word, "none")) {
            mask = 0;
        } else if (!parse_item(*word, &mask, errp)) {
            return false;
        }
    }
    atomic_set(&log_mask, mask);
    return true;
}

/* "%d" stands for the process id; "%%" for a percent sign. */
static char *expand_path(const char *path, GError **errp)
{
    GString *out = g_string_new(NULL);

    for (const char *p = path; *p; p++) {
        if (*p != '%') {
            g_string_append_c(out, *p);
        } else if (p[1] == '%') {
            g_string_append_c(out, *++p);
        } else if (p[1] == 'd') {
            g_string_append_printf(out, "%d", (int)getpid());
            p++;
        } else {
            error_set(errp, "-D %s: only %%d (the process id) and %%%% may follow '%%'", path);
            g_string_free(out, TRUE);
            return NULL;
        }
    }
    return g_string_free(out, FALSE);
}

bool log_set_file(const char *path, GError **errp)
{
    FILE *opened = NULL;

    if (path) {
        g_autofree char *expanded = expand_path(path, errp);
        if (!expanded) {
            return false;
        }
        opened = fdset_fopen(expanded, "w");
        if (!opened) {
            error_set_errno(errp, errno, "-D %s: cannot write the log", expanded);
            return false;
        }
    }
    pthread_mutex_lock(&lock);
    if (file) {
        fclose(file);
    }
    file = opened;
    pthread_mutex_unlock(&lock);
    return true;
}

/* "start..end" (both included), "start+size", "start-size" (the size bytes that end with start). */
static bool parse_range(const char *text, LogRange *range)
{
    char *end = NULL;
    uint64_t start, other;
    char kind;

    if (!g_ascii_isxdigit(*text)) {
        return false;
    }
    errno = 0;
    start = g_ascii_strtoull(text, &end, 0);
    kind = *end;
    if (kind == '.' && *++end != '.') {
        return false;
    }
    end++;
    if (errno || !kind || !g_ascii_isxdigit(*end) || !strchr(".+-", kind)) {
        return false;
    }
    other = g_ascii_strtoull(end, &end, 0);
    if (errno || *end || (kind != '.' && other == 0)) {
        return false;
    }
    switch (kind) {
    case '.': *range = (LogRange){ start, other }; break;
    case '+': *range = (LogRange){ start, start + (other - 1) }; break;
    default: *range = (LogRange){ start - (other - 1), start }; break;
    }
    return range->first <= range->last;
}

bool log_set_filter(const char *ranges, GError **errp)
{
    g_auto(GStrv) words = g_strsplit(ranges, ",", -1);
    if (*ranges == '\0') {
        error_set(errp, "-dfilter: expected START..END, START+SIZE or START-SIZE");
        return false;
    }
    GArray *parsed = g_array_new(FALSE, FALSE, sizeof(LogRange));

    for (char **word = words; *word; word++) {
        LogRange range;
        if (!parse_range(*word, &range)) {
            error_set(errp, "-dfilter %s: expected START..END, START+SIZE or START-SIZE", *word);
            g_array_unref(parsed);
            return false;
        }
        g_array_append_val(parsed, range);
    }
    g_clear_pointer(&filters, g_array_unref);
    filters = parsed;
    return true;
}

bool log_in_filter(uint64_t guest_pc)
{
    if (!filters) {
        return true;
    }
    for (guint i = 0; i < filters->len; i++) {
        const LogRange *range = &g_array_index(filters, LogRange, i);
        if (guest_pc >= range->first && guest_pc <= range->last) {
            return true;
        }
    }
    return false;
}

char *log_help(void)
{
    GString *out = g_string_new("Log items (comma separated):\n");

    for (size_t i = 0; i < G_N_ELEMENTS(log_names); i++) {
        g_string_append_printf(out, "%-15s %s\n", log_names[i].name, log_names[i].help);
    }
    g_string_append_printf(out, "%-15s %s\n", "trace:PATTERN", "trace points whose names match");
    g_string_append_printf(out, "%-15s %s\n", "all", "everything but nochain and trace points");
    return g_string_free(out, FALSE);
}

void log_trace(const TracePoint *point, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pthread_mutex_lock(&lock);
    fprintf(output(), "%s ", point->name);
    vfprintf(output(), format, args);
    fputc('\n', output());
    fflush(output());
    pthread_mutex_unlock(&lock);
    va_end(args);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The human monitor: a prompt, lines, answers. */
#include "monitor/human.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "monitor/human_internal.h"
#include "monitor/line_edit.h"
#include "monitor/monitor_internal.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/version.h"

#define SPACES " \t\r\n"

#define MORE   "-- more --"
#define PROMPT "(qemu) " /* what scripts wait for */

typedef struct {
    Monitor monitor;
    LineEdit *edit;
    GByteArray *keys; /* typed, not looked at yet */
    char *rest;       /* of a long answer: not shown yet; NULL */
    bool open, greeted;
    bool turn; /* it has become this monitor's turn to show itself */
} HumanMonitor;

static HumanMonitor *human_monitor(Monitor *monitor)
{
    return container_of(monitor, HumanMonitor, monitor);
}

static bool is_named(const HumanCommand *command, const char *name)
{
    return strcmp(command->name, name) == 0 ||
           (command->alias && strcmp(command->alias, name) == 0);
}

const HumanCommand *human_find(const HumanCommand *table, const char *what, const char *name,
                               GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const HumanCommand *command = table; command->name; command++) {
        if (is_named(command, name)) {
            return command;
        }
        g_ptr_array_add(names, (gpointer)command->name);
    }
    g_ptr_array_add(names, NULL);
    const char *near = nearest_word(name, (const char *const *)names->pdata);
    if (near) {
        error_set(errp, "unknown %s '%s'; did you mean '%s'?", what, name, near);
    } else {
        error_set(errp, "unknown %s '%s'; 'help' lists all", what, name);
    }
    return NULL;
}

/* One word out of *@text, which moves behind it. */
static char *next_word(const char **text, GError **errp)
{
    GString *word = g_string_new(NULL);
    bool quoted = false;
    const char *at = *text;
    for (; *at && (quoted || !g_ascii_isspace(*at)); at++) {
        if (*at == '"') {
            quoted = !quoted;
        } else {
            at += quoted && *at == '\\' && at[1] ? 1 : 0;
            g_string_append_c(word, *at);
        }
    }
    *text = at;
    if (quoted) {
        error_set(errp, "a quote is not closed");
        g_string_free(word, TRUE);
        return NULL;
    }
    return g_string_free(word, FALSE);
}

char **human_words(const char *text, GError **errp)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    while (true) {
        text += strspn(text, " \t\r\n");
        if (!*text) {
            g_ptr_array_set_free_func(words, NULL);
            g_ptr_array_add(words, NULL);
            return (char **)g_ptr_array_free(words, FALSE);
        }
        char *word = next_word(&text, errp);
        if (!word) {
            g_ptr_array_unref(words);
            return NULL;
        }
        g_ptr_array_add(words, word);
    }
}

/* How many words @syntax asks for, and how many it allows. */
static void count_syntax(const char *syntax, unsigned *least, unsigned *most)
{
    g_auto(GStrv) words = g_strsplit(syntax, " ", -1);
    *least = *most = 0;
    for (char **word = words; *word && **word; word++) {
        bool optional = **word == '[';
        *least += !optional;
        *most = strstr(*word, "...") ? G_MAXUINT : *most + 1;
    }
}

static bool check_count(const HumanCommand *command, unsigned count, GError **errp)
{
    unsigned least, most;
    count_syntax(command->syntax, &least, &most);
    if (count >= least && count <= most) {
        return true;
    }
    error_set(errp, "%s arguments; usage: %s %s", count < least ? "missing" : "too many",
              command->name, command->syntax);
    return false;
}

static bool run_command(HumanCall *call, const HumanCommand *command, GError **errp)
{
    if (call->format && !command->formats) {
        error_set(errp, "%s takes no format", command->name);
        return false;
    }
    call->args = human_words(call->rest, errp);
    call->count = call->args ? g_strv_length(call->args) : 0;
    bool ok = call->args && check_count(command, call->count, errp) && command->run(call, errp);
    g_clear_pointer(&call->args, g_strfreev);
    return ok;
}

/* "/4i" at *@line, taken off it; NULL if there is none. */
static char *take_format(const char **line)
{
    if (**line != '/') {
        return NULL;
    }
    size_t length = strcspn(*line, SPACES);
    char *format = g_strndup(*line + 1, length - 1);
    *line += length;
    return format;
}

/* "x/4i $pc" and "x /4i $pc": command x, format 4i, rest $pc. */
static void run_line(HumanCall *call, const char *line, GError **errp)
{
    line += strspn(line, SPACES);
    size_t length = strcspn(line, SPACES "/");
    g_autofree char *name = g_strndup(line, length);
    line += length;
    g_autofree char *format = take_format(&line);
    if (!*name && !format) {
        return;
    }
    const HumanCommand *command = human_find(human_commands, "command", name, errp);
    if (command && command->formats && !format) {
        line += strspn(line, SPACES);
        format = take_format(&line);
    }
    g_autofree char *rest = g_strstrip(g_strdup(line));
    if (command) {
        call->rest = rest;
        call->format = format;
        run_command(call, command, errp);
    }
}

static char *run_on(const CommandContext *context, const char *line, unsigned *cpu_index)
{
    g_autoptr(GError) error = NULL;
    HumanCall call = { .context = *context, .cpu_index = *cpu_index, .out = g_string_new(NULL) };
    run_line(&call, line, &error);
    if (error) {
        if (call.out->len && call.out->str[call.out->len - 1] != '\n') {
            g_string_append_c(call.out, '\n');
        }
        human_text(&call, "Error: %s\n", error->message);
    }
    *cpu_index = call.cpu_index;
    return g_string_free(call.out, FALSE);
}

char *human_topic(const CommandContext *context, const char *topic, GError **errp)
{
    HumanCall call = { .context = *context, .out = g_string_new(NULL) };
    const HumanCommand *row = human_find(human_topics, "topic", topic, errp);
    bool ok = row && row->run(&call, errp);
    return g_string_free(call.out, !ok);
}

char *human_run(const CommandContext *context, const char *line, unsigned cpu_index)
{
    g_autofree char *text = run_on(context, line, &cpu_index);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    return g_strjoinv("\r\n", lines);
}

/* Terminals want "\r\n". */
static void say(Monitor *monitor, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *all = g_strjoinv("\r\n", lines);
    monitor_write(monitor, all, strlen(all));
}

static void edit_write(void *opaque, const char *text)
{
    say(opaque, text);
}

static GPtrArray *edit_complete(void *opaque, const char *start, size_t *offset)
{
    Monitor *monitor = opaque;
    return human_complete(&monitor->context, start, offset);
}

/* On a shared terminal nothing is said before it is this monitor's turn. */
static void greet(HumanMonitor *human)
{
    Monitor *monitor = &human->monitor;
    if (!human->open || monitor->port.chardev->port != &monitor->port) {
        return;
    }
    if (!human->greeted) {
        g_autofree char *text = g_strdup_printf(
            "Rhea %s monitor - type 'help' for more information\n", version_string());
        say(monitor, text);
        human->greeted = true;
    }
    line_edit_show(human->edit);
}

static void human_opened(Monitor *monitor)
{
    human_monitor(monitor)->open = human_monitor(monitor)->turn = true;
    monitor_wake(monitor); /* the machine may still be in the making, and fail */
}

static void human_closed(Monitor *monitor)
{
    HumanMonitor *human = human_monitor(monitor);
    human->open = human->greeted = human->turn = false;
    g_clear_pointer(&human->rest, g_free);
    line_edit_reset(human->edit);
    g_byte_array_set_size(human->keys, 0);
}

static void human_focus(Monitor *monitor)
{
    human_monitor(monitor)->turn = true;
    monitor_wake(monitor);
}

static void human_receive(Monitor *monitor, const uint8_t *bytes, size_t length)
{
    g_byte_array_append(human_monitor(monitor)->keys, bytes, length);
    monitor_wake(monitor);
}

/* Of the terminal that a person looks at; 0 rows: nobody does, or it cannot be known. */
static unsigned screen_rows(Monitor *monitor, unsigned *columns)
{
    struct winsize size = { 0 };
    g_autofree char *where = chardev_describe(monitor->port.chardev);
    bool terminal = strcmp(where, "stdio") == 0 && isatty(STDIN_FILENO) &&
                    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *columns = size.ws_col ? size.ws_col : 80;
    return terminal ? size.ws_row : 0;
}

/* Shows as much of @text as fits into @rows, a line at least, and keeps the rest until a key is
 * pressed. */
static void show_rows(HumanMonitor *human, const char *text, unsigned rows, unsigned columns)
{
    const char *end = text;
    for (unsigned used = 0; *end && rows;) {
        size_t length = strcspn(end, "\n");
        used += MAX(1, (unsigned)((length + columns - 1) / columns));
        if (used > rows && end > text) {
            break;
        }
        end += length + (end[length] == '\n');
    }
    g_autofree char *shown = g_strndup(text, end - text);
    g_autofree char *rest = *end ? g_strdup(end) : NULL;
    g_free(human->rest);
    human->rest = g_steal_pointer(&rest);
    say(&human->monitor, shown);
    if (human->rest) {
        say(&human->monitor, MORE);
    } else {
        line_edit_show(human->edit);
    }
}

/* Blank: a page more, Return: a line more, q: no more. */
static void more_key(HumanMonitor *human, char key)
{
    enum { CTRL_C = 3 };
    g_autofree char *rest = g_strdup(human->rest);
    unsigned columns, rows = screen_rows(&human->monitor, &columns);
    if (key != ' ' && key != '\r' && key != '\n' && key != 'q' && key != CTRL_C) {
        return;
    }
    say(&human->monitor, "\r\033[K");
    if (key == 'q' || key == CTRL_C) {
        show_rows(human, "", 0, columns);
    } else {
        show_rows(human, rest, key == ' ' && rows > 1 ? rows - 1 : 1, columns);
    }
}

static void run_typed(HumanMonitor *human, const char *line)
{
    Monitor *monitor = &human->monitor;
    g_autofree char *text = run_on(&monitor->context, line, &monitor->cpu_index);
    g_autofree char *lines =
        *text && text[strlen(text) - 1] != '\n' ? g_strconcat(text, "\n", NULL) : g_strdup(text);
    unsigned columns, rows = screen_rows(monitor, &columns);
    show_rows(human, lines, rows > 1 ? rows - 1 : G_MAXUINT, columns);
}

/* Up to the end of one line. */
static bool human_work(Monitor *monitor)
{
    HumanMonitor *human = human_monitor(monitor);
    char *line = NULL;
    guint used = 0;
    if (human->turn) {
        human->turn = false;
        greet(human);
    }
    while (!line && used < human->keys->len) {
        if (human->rest) {
            more_key(human, (char)human->keys->data[used++]);
            continue;
        }
        line = line_edit_key(human->edit, (char)human->keys->data[used++]);
    }
    used = MIN(used, human->keys->len); /* the line may have closed meanwhile */
    if (used) {
        g_byte_array_remove_range(human->keys, 0, used);
    }
    if (line) {
        run_typed(human, line);
        g_free(line);
    }
    return human->keys->len > 0;
}

static void human_init(Monitor *monitor)
{
    static const LineEditOps ops = { edit_write, edit_complete };
    human_monitor(monitor)->edit = line_edit_new(PROMPT, &ops, monitor);
    human_monitor(monitor)->keys = g_byte_array_new();
}

static void human_cleanup(Monitor *monitor)
{
    g_free(human_monitor(monitor)->rest);
    line_edit_free(human_monitor(monitor)->edit);
    g_byte_array_unref(human_monitor(monitor)->keys);
}

const MonitorOps monitor_human_ops = {
    .size = sizeof(HumanMonitor),
    .init = human_init,
    .cleanup = human_cleanup,
    .opened = human_opened,
    .closed = human_closed,
    .focus = human_focus,
    .receive = human_receive,
    .work = human_work,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Editing of one line with the keys that shells have made common. The terminal is a VT100. */
#include "monitor/line_edit.h"

#include <string.h>

enum {
    KEY_CTRL_A = 1,
    KEY_CTRL_B = 2,
    KEY_CTRL_C = 3,
    KEY_CTRL_D = 4,
    KEY_CTRL_E = 5,
    KEY_CTRL_F = 6,
    KEY_CTRL_G = 7,
    KEY_CTRL_H = 8,
    KEY_TAB = 9,
    KEY_CTRL_K = 11,
    KEY_CTRL_L = 12,
    KEY_CTRL_N = 14,
    KEY_CTRL_P = 16,
    KEY_CTRL_R = 18,
    KEY_CTRL_U = 21,
    KEY_CTRL_W = 23,
    KEY_ESCAPE = 27,
    KEY_DELETE = 127,
    MAX_HISTORY = 256,
    COLUMNS = 80,
};

typedef enum { STATE_PLAIN, STATE_ESCAPE, STATE_CSI } EscapeState;

struct LineEdit {
    char *prompt;
    const LineEditOps *ops;
    void *opaque;
    GString *line;
    size_t cursor;      /* byte in line */
    GPtrArray *history; /* char *, oldest first */
    guint recalled;     /* entry that is shown; history->len: none */
    char *typed;        /* the line before recalling began; NULL */
    EscapeState escape;
    int parameter;   /* of the escape sequence */
    GString *search; /* NULL: not searching */
    bool was_return; /* the last key was one: a newline after it is the same key */
};

static void put(LineEdit *edit, const char *text)
{
    edit->ops->write(edit->opaque, text);
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Where the character before, or after, byte @at begins. */
static size_t char_before(const LineEdit *edit, size_t at)
{
    while (at > 0 && is_continuation(edit->line->str[--at])) {
    }
    return at;
}

static size_t char_after(const LineEdit *edit, size_t at)
{
    if (at < edit->line->len) {
        at++;
    }
    while (at < edit->line->len && is_continuation(edit->line->str[at])) {
        at++;
    }
    return at;
}

static void redraw(LineEdit *edit)
{
    g_autofree char *text = NULL;
    glong behind = 0;
    for (size_t at = edit->cursor; at < edit->line->len; at = char_after(edit, at)) {
        behind++;
    }
    if (edit->search) {
        text = g_strdup_printf("\r(search '%s'): %s\033[K", edit->search->str, edit->line->str);
    } else {
        text = g_strdup_printf("\r%s%s\033[K", edit->prompt, edit->line->str);
    }
    put(edit, text);
    if (behind) {
        g_autofree char *back = g_strdup_printf("\033[%ldD", behind);
        put(edit, back);
    }
}

void line_edit_show(LineEdit *edit)
{
    redraw(edit);
}

static void set_line(LineEdit *edit, const char *text)
{
    g_string_assign(edit->line, text);
    edit->cursor = edit->line->len;
    redraw(edit);
}

static void insert(LineEdit *edit, const char *text)
{
    size_t length = strlen(text);
    if (edit->line->len + length > LINE_EDIT_MAX_BYTES) {
        return;
    }
    bool at_end = edit->cursor == edit->line->len;
    g_string_insert(edit->line, edit->cursor, text);
    edit->cursor += length;
    if (at_end) {
        put(edit, text);
    } else {
        redraw(edit);
    }
}

static void erase(LineEdit *edit, size_t from, size_t to)
{
    if (from < to) {
        g_string_erase(edit->line, from, to - from);
        edit->cursor = from;
        redraw(edit);
    }
}

static void move_to(LineEdit *edit, size_t at)
{
    if (edit->cursor != at) {
        edit->cursor = at;
        redraw(edit);
    }
}

static size_t word_before(const LineEdit *edit)
{
    size_t at = edit->cursor;
    while (at > 0 && edit->line->str[at - 1] == ' ') {
        at--;
    }
    while (at > 0 && edit->line->str[at - 1] != ' ') {
        at--;
    }
    return at;
}

static void recall(LineEdit *edit, int step)
{
    guint at = edit->recalled + step;
    if ((step < 0 && edit->recalled == 0) || at > edit->history->len) {
        return;
    }
    if (edit->recalled == edit->history->len) {
        g_free(edit->typed);
        edit->typed = g_strdup(edit->line->str);
    }
    edit->recalled = at;
    set_line(edit, at < edit->history->len ? g_ptr_array_index(edit->history, at) : edit->typed);
}

static void remember(LineEdit *edit, const char *line)
{
    GPtrArray *history = edit->history;
    bool again = history->len && strcmp(g_ptr_array_index(history, history->len - 1), line) == 0;
    if (*line && !again) {
        g_ptr_array_add(history, g_strdup(line));
    }
    if (history->len > MAX_HISTORY) {
        g_ptr_array_remove_index(history, 0);
    }
    edit->recalled = history->len;
}

/* The newest line before entry @before that contains what is searched for. */
static void search_from(LineEdit *edit, guint before)
{
    for (guint i = before; i-- > 0;) {
        const char *line = g_ptr_array_index(edit->history, i);
        if (strstr(line, edit->search->str)) {
            edit->recalled = i;
            set_line(edit, line);
            return;
        }
    }
    redraw(edit);
}

static void end_search(LineEdit *edit)
{
    g_string_free(edit->search, TRUE);
    edit->search = NULL;
    redraw(edit);
}

/* True when the key belonged to the search; any other key ends it and is taken as usual. */
static bool search_key(LineEdit *edit, char key)
{
    if (key == KEY_CTRL_R) {
        search_from(edit, edit->recalled);
    } else if (key == KEY_CTRL_G || key == KEY_CTRL_C) {
        g_string_truncate(edit->line, edit->cursor = 0);
        end_search(edit);
    } else if (key == KEY_DELETE || key == KEY_CTRL_H) {
        g_string_truncate(edit->search, edit->search->len ? edit->search->len - 1 : 0);
        search_from(edit, edit->history->len);
    } else if ((unsigned char)key >= ' ') {
        g_string_append_c(edit->search, key);
        search_from(edit, MIN(edit->recalled + 1, edit->history->len));
    } else {
        end_search(edit);
        return false;
    }
    return true;
}

static size_t common_length(const GPtrArray *words)
{
    const char *first = g_ptr_array_index(words, 0);
    size_t length = strlen(first);
    for (guint i = 1; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        size_t same = 0;
        while (same < length && word[same] == first[same]) {
            same++;
        }
        length = same;
    }
    return length;
}

static void show_choices(LineEdit *edit, const GPtrArray *words)
{
    size_t width = 0;
    for (guint i = 0; i < words->len; i++) {
        width = MAX(width, strlen(g_ptr_array_index(words, i)) + 2);
    }
    guint columns = MAX(1, COLUMNS / width);
    GString *text = g_string_new("\n");
    for (guint i = 0; i < words->len; i++) {
        bool last = (i + 1) % columns == 0 || i + 1 == words->len;
        const char *word = g_ptr_array_index(words, i);
        g_string_append_printf(text, "%-*s", last ? 0 : (int)width, word);
        if (last) {
            g_string_append_c(text, '\n');
        }
    }
    put(edit, text->str);
    g_string_free(text, TRUE);
    redraw(edit);
}

static void complete(LineEdit *edit)
{
    g_autofree char *start = g_strndup(edit->line->str, edit->cursor);
    size_t offset = 0;
    g_autoptr(GPtrArray) words = edit->ops->complete(edit->opaque, start, &offset);
    if (words->len == 0) {
        return;
    }
    size_t typed = edit->cursor - offset, common = common_length(words);
    if (common > typed || words->len == 1) {
        g_autofree char *more =
            g_strndup((char *)g_ptr_array_index(words, 0) + typed, common - typed);
        insert(edit, more);
        size_t length = strlen(more);
        bool open = length ? strchr("/=", more[length - 1]) != NULL : false;
        if (words->len == 1 && !open) {
            insert(edit, " ");
        }
    } else {
        show_choices(edit, words);
    }
}

/* What an escape sequence stands for. */
static void function_key(LineEdit *edit, char final)
{
    switch (final) {
    case 'A': recall(edit, -1); break;
    case 'B': recall(edit, 1); break;
    case 'C': move_to(edit, char_after(edit, edit->cursor)); break;
    case 'D': move_to(edit, char_before(edit, edit->cursor)); break;
    case 'H': move_to(edit, 0); break;
    case 'F': move_to(edit, edit->line->len); break;
    case '~':
        if (edit->parameter == 1 || edit->parameter == 7) {
            move_to(edit, 0);
        } else if (edit->parameter == 4 || edit->parameter == 8) {
            move_to(edit, edit->line->len);
        } else if (edit->parameter == 3) {
            erase(edit, edit->cursor, char_after(edit, edit->cursor));
        }
        break;
    default: break;
    }
}

static void escape_key(LineEdit *edit, char key)
{
    if (edit->escape == STATE_ESCAPE) {
        edit->escape = key == '[' || key == 'O' ? STATE_CSI : STATE_PLAIN;
        edit->parameter = 0;
    } else if (g_ascii_isdigit(key)) {
        edit->parameter = (edit->parameter * 10 + key - '0') % 1000;
    } else if (key >= '@' && key <= '~') {
        edit->escape = STATE_PLAIN;
        function_key(edit, key);
    }
}

static void control_key(LineEdit *edit, char key)
{
    switch (key) {
    case KEY_CTRL_A: move_to(edit, 0); break;
    case KEY_CTRL_B: function_key(edit, 'D'); break;
    case KEY_CTRL_C: set_line(edit, ""); break;
    case KEY_CTRL_D: erase(edit, edit->cursor, char_after(edit, edit->cursor)); break;
    case KEY_CTRL_E: move_to(edit, edit->line->len); break;
    case KEY_CTRL_F: function_key(edit, 'C'); break;
    case KEY_DELETE:
    case KEY_CTRL_H: erase(edit, char_before(edit, edit->cursor), edit->cursor); break;
    case KEY_TAB: complete(edit); break;
    case KEY_CTRL_K: erase(edit, edit->cursor, edit->line->len); break;
    case KEY_CTRL_L:
        put(edit, "\033[2J\033[1;1H");
        redraw(edit);
        break;
    case KEY_CTRL_N: recall(edit, 1); break;
    case KEY_CTRL_P: recall(edit, -1); break;
    case KEY_CTRL_R:
        edit->search = g_string_new(NULL);
        edit->recalled = edit->history->len;
        redraw(edit);
        break;
    case KEY_CTRL_U: erase(edit, 0, edit->cursor); break;
    case KEY_CTRL_W: erase(edit, word_before(edit), edit->cursor); break;
    case KEY_ESCAPE: edit->escape = STATE_ESCAPE; break;
    default: break;
    }
}

static char *end_line(LineEdit *edit)
{
    char *line = g_strdup(edit->line->str);
    put(edit, "\n");
    remember(edit, line);
    line_edit_reset(edit);
    return line;
}

char *line_edit_key(LineEdit *edit, char key)
{
    bool same_key = key == '\n' && edit->was_return;
    edit->was_return = key == '\r';
    if (same_key) {
        return NULL;
    }
    if (edit->escape != STATE_PLAIN) {
        escape_key(edit, key);
        return NULL;
    }
    if (edit->search && search_key(edit, key)) {
        return NULL;
    }
    if (key == '\r' || key == '\n') {
        return end_line(edit);
    }
    if ((unsigned char)key < ' ' || key == KEY_DELETE) {
        control_key(edit, key);
    } else {
        char text[] = { key, '\0' };
        insert(edit, text);
    }
    return NULL;
}

void line_edit_reset(LineEdit *edit)
{
    g_string_truncate(edit->line, edit->cursor = 0);
    edit->recalled = edit->history->len;
    edit->escape = STATE_PLAIN;
    if (edit->search) {
        g_string_free(edit->search, TRUE);
        edit->search = NULL;
    }
}

LineEdit *line_edit_new(const char *prompt, const LineEditOps *ops, void *opaque)
{
    LineEdit *edit = g_new0(LineEdit, 1);
    edit->prompt = g_strdup(prompt);
    edit->ops = ops;
    edit->opaque = opaque;
    edit->line = g_string_new(NULL);
    edit->history = g_ptr_array_new_with_free_func(g_free);
    return edit;
}

void line_edit_free(LineEdit *edit)
{
    line_edit_reset(edit);
    g_string_free(edit->line, TRUE);
    g_ptr_array_unref(edit->history);
    g_free(edit->prompt);
    g_free(edit->typed);
    g_free(edit);
}

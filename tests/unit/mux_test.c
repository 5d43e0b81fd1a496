/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys typed at a mux upon a file, which shows what was written. */
#include "chardev/mux.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "util/machine_lock.h"

typedef struct {
    ChardevPort port;
    GString *got;
    size_t room;
    int breaks, in, out;
} Frontend;

typedef struct {
    Object *root;
    Chardev *base, *mux;
    char *path;
    int quits;
    Frontend first, second;
} Fixture;

static size_t frontend_can_receive(void *opaque)
{
    return ((Frontend *)opaque)->room;
}

static void frontend_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    Frontend *frontend = opaque;
    g_assert_cmpuint(length, <=, frontend->room);
    frontend->room -= length;
    g_string_append_len(frontend->got, (const char *)bytes, length);
}

static void frontend_event(void *opaque, ChardevEvent event)
{
    Frontend *frontend = opaque;
    frontend->breaks += event == CHARDEV_EVENT_BREAK;
    frontend->in += event == CHARDEV_EVENT_FOCUS_IN;
    frontend->out += event == CHARDEV_EVENT_FOCUS_OUT;
}

static const ChardevHandlers handlers = {
    .can_receive = frontend_can_receive,
    .receive = frontend_receive,
    .event = frontend_event,
};

static void quit(void *opaque)
{
    ((Fixture *)opaque)->quits++;
}

static const ChardevMuxOps ops = { .quit = quit };

static void attach(Fixture *f, Frontend *frontend)
{
    frontend->got = g_string_new(NULL);
    frontend->room = 1000;
    g_assert_true(chardev_attach(&frontend->port, f->mux, &handlers, frontend, NULL));
}

static void setup(Fixture *f, gconstpointer data)
{
    machine_lock();
    f->root = object_new(&container_class);
    int fd = g_file_open_tmp("mux-XXXXXX", &f->path, NULL);
    close(fd);
    const char *const options[] = { "path", f->path, NULL };
    const ObjectClass *class = object_class_by_name("chardev-file");
    f->base = chardev_new(f->root, "base", (const ChardevClass *)class, options, NULL);
    f->mux = chardev_mux_new(f->root, "mux", f->base, &ops, f, NULL);
    g_assert_nonnull(f->mux);
    attach(f, &f->first);
    attach(f, &f->second);
}

static void teardown(Fixture *f, gconstpointer data)
{
    chardev_detach(&f->first.port);
    chardev_detach(&f->second.port);
    g_string_free(f->first.got, TRUE);
    g_string_free(f->second.got, TRUE);
    object_unref(f->root);
    g_unlink(f->path);
    g_free(f->path);
    machine_unlock();
}

static void type(Fixture *f, const char *keys)
{
    chardev_receive(f->base, (const uint8_t *)keys, strlen(keys));
}

static char *output(Fixture *f)
{
    char *text;
    chardev_drain(f->base, 100);
    g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
    return text;
}

static void test_first_frontend_gets_input(Fixture *f, gconstpointer data)
{
    type(f, "abc");
    g_assert_cmpstr(f->first.got->str, ==, "abc");
    g_assert_cmpstr(f->second.got->str, ==, "");
}

static void test_c_moves_the_input_on(Fixture *f, gconstpointer data)
{
    type(f, "a\001cb\001cd");
    g_assert_cmpstr(f->first.got->str, ==, "ad");
    g_assert_cmpstr(f->second.got->str, ==, "b");
    g_assert_cmpint(f->first.out, ==, 1);
    g_assert_cmpint(f->second.in, ==, 1);
}

static void test_c_says_so_when_alone(Fixture *f, gconstpointer data)
{
    chardev_detach(&f->second.port);
    type(f, "\001cx");
    g_autofree char *text = output(f);
    g_assert_cmpstr(text, ==,
                    "\r\nThere is only one console on this terminal, and no monitor.\r\n");
    g_assert_cmpstr(f->first.got->str, ==, "x");
}

static void test_escape_twice_sends_it(Fixture *f, gconstpointer data)
{
    type(f, "\001");
    type(f, "\001x");
    g_assert_cmpstr(f->first.got->str, ==, "\001x");
    g_assert_cmpint(f->quits, ==, 0);
}

static void test_x_quits_while_the_guest_is_stuck(Fixture *f, gconstpointer data)
{
    f->first.room = 0;
    for (int i = 0; i < 1000; i++) {
        type(f, "help");
    }
    type(f, "\001x");
    g_assert_cmpint(f->quits, ==, 1);
    f->first.room = 5000;
    chardev_accept_input(&f->first.port);
    g_assert_cmpuint(f->first.got->len, ==, 4000);
}

static void test_b_sends_a_break_to_the_focus(Fixture *f, gconstpointer data)
{
    type(f, "\001b");
    g_assert_cmpint(f->first.breaks, ==, 1);
    g_assert_cmpint(f->second.breaks, ==, 0);
}

static void test_h_is_answered_when_the_guest_fills_the_line(Fixture *f, gconstpointer data)
{
    g_byte_array_set_size(f->base->output, CHARDEV_OUTPUT_BYTES);
    memset(f->base->output->data, '.', CHARDEV_OUTPUT_BYTES);
    type(f, "\001h");
    g_assert_cmpuint(chardev_write(&f->first.port, "more", 4), ==, 4); /* the mux keeps it */
    chardev_flush(f->base);
    g_autofree char *text = output(f);
    const char *help = strstr(text, "leave the emulator");
    g_assert_nonnull(help);
    g_assert_nonnull(strstr(help, "more"));
}

static void test_h_lists_every_key(Fixture *f, gconstpointer data)
{
    type(f, "\001h");
    g_autofree char *text = output(f);
    for (const char *key = "hxstbc"; *key; key++) {
        g_autofree char *line = g_strdup_printf("\r\nCtrl-A %c ", *key);
        g_assert_nonnull(strstr(text, line));
    }
}

static void test_t_stamps_lines(Fixture *f, gconstpointer data)
{
    type(f, "\001t");
    g_assert_cmpuint(chardev_write(&f->first.port, "a\nb", 3), ==, 3);
    g_assert_cmpuint(chardev_write(&f->second.port, "c\n", 2), ==, 2);
    type(f, "\001t");
    g_assert_cmpuint(chardev_write(&f->second.port, "d\n", 2), ==, 2);
    g_autofree char *text = output(f);
    g_assert_true(g_regex_match_simple("^a\n\\[00:00:00\\.\\d{3}\\] bc\nd\n$", text, 0, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, fn) g_test_add("/mux/" path, Fixture, NULL, setup, fn, teardown)
    ADD("help_on_a_full_line", test_h_is_answered_when_the_guest_fills_the_line);
    ADD("focus", test_first_frontend_gets_input);
    ADD("c", test_c_moves_the_input_on);
    ADD("c-alone", test_c_says_so_when_alone);
    ADD("escape", test_escape_twice_sends_it);
    ADD("x", test_x_quits_while_the_guest_is_stuck);
    ADD("b", test_b_sends_a_break_to_the_focus);
    ADD("h", test_h_lists_every_key);
    ADD("t", test_t_stamps_lines);
#undef ADD
    return g_test_run();
}
